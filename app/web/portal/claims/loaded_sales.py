"""Sales of the sponsor's own report that somebody may claim: ticked, and said to be theirs; and what was claimed."""

from collections.abc import Iterator, Sequence
from typing import Any

from flask import Blueprint, abort, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import SelectField

from app.domain.program_file.definition import ProgramSettings
from app.domain.roles import Role
from app.domain.states import COUNTING
from app.models.catalogue import Product
from app.models.claims import SaleClaim
from app.models.sales import SalesDocument, SalesLine
from app.services.access import memberships
from app.services.persons.rosters import name_key
from app.services.persons.sellers import OF_THE_SALE
from app.web import formats
from app.web.access.own import sees_all
from app.web.context import distributor_here, now, person, scope, session
from app.web.forms.form import Form, choice
from app.web.lists import together
from app.web.lists.answering import answer
from app.web.lists.describing import Action, Column, Days, Kind, Listing, Search, To
from app.web.lists.together import Deed, Row, Stays
from app.web.portal.home import own
from app.web.words.wording import DOCUMENT_STATUS
from verification.claiming import picking

bp = Blueprint("portal_sales", __name__, url_prefix="/portal/<code:program_code>/<id:distributor_id>/sales")


def _query() -> Select[Any]:
    here = scope()
    # an owner claims in others' names as well: what bears their own is offered for those
    name = None if _for_others() else _own_name()
    settings = picking.settings_of(session(), here.program.id)
    return (
        select()
        .select_from(SalesDocument)
        .where(*picking.to_claim(here.program, settings, distributor_here().id, name, now=now()))
    )


_GOODS = (
    select(func.string_agg(Product.name.distinct(), ", "))
    .select_from(SalesLine)
    .join(Product, Product.id == SalesLine.product_id)
    .where(SalesLine.document_id == SalesDocument.id)
    .correlate(SalesDocument)
    .scalar_subquery()
)

SALES = Listing(
    name="sales_to_claim",
    title=_("Sales to claim"),
    columns=(
        Column("number", _("Document"), SalesDocument.number, small="goods"),
        Column("goods", _("Products"), func.left(_GOODS, 120), shown=False),
        Column("issued_on", _("Issued on"), SalesDocument.issued_on, Kind.DAY, SalesDocument.issued_on),
        Column("net", _("Net amount"), SalesDocument.net_minor, Kind.MONEY),
        Column("outlet", _("Outlet"), SalesDocument.outlet, phone=False),
        Column("people", _("People"), picking.people(), Kind.NUMBER, phone=False),
        Column("status", _("State"), SalesDocument.status, badge=lambda status: DOCUMENT_STATUS[status], phone=False),
    ),
    query=_query,
    id=SalesDocument.id,
    default="-issued_on",
    actions=(Action(_("Claim…"), "portal_sales.claim_many", "register_claim"),),
    filters=(
        Search(SalesDocument.number, SalesDocument.outlet, title=_("Number of a document, or outlet")),
        Days("issued", _("Issued on"), SalesDocument.issued_on),
    ),
    export_permission="list_documents",
)


def _claimed() -> Select[Any]:
    here = scope()
    return (
        select()
        .select_from(SaleClaim)
        .join(SalesDocument, OF_THE_SALE)
        .where(
            SalesDocument.program_id == here.program.id,
            SalesDocument.distributor_id == distributor_here().id,
            SalesDocument.status.in_(COUNTING),
            *_their_claims(),
        )
    )


def _their_claims() -> tuple[ColumnElement[bool], ...]:
    """Narrow claims to those that somebody made, or that are of their own sales; an owner sees all."""
    if _for_others():
        return ()
    return (or_(SaleClaim.claimed_by == person().login, SaleClaim.person_key == name_key(_own_name())),)


CLAIMED = Listing(
    name="claimed_sales",
    title=_("Claimed sales"),
    columns=(
        Column(
            "number",
            _("Document"),
            SalesDocument.number,
            link=To("documents.show", document_id="document_id"),
            small="person",
        ),
        Column("person", _("Whose sales they were"), SaleClaim.person, Kind.PERSON, shown=False),
        Column("issued_on", _("Issued on"), SalesDocument.issued_on, Kind.DAY, SalesDocument.issued_on),
        Column("net", _("Net amount"), SalesDocument.net_minor, Kind.MONEY),
        Column("claimed_at", _("Claimed"), SaleClaim.claimed_at, Kind.INSTANT, SaleClaim.claimed_at, phone=False),
        Column("claimed_by", _("By"), SaleClaim.claimed_by, Kind.PERSON, phone=False),
        Column("document_id", _("Document"), SalesDocument.id, shown=False, exported=False),
    ),
    query=_claimed,
    id=SaleClaim.id,
    default="-claimed_at",
    actions=(Action(_("Take back…"), "portal_sales.take_back_many", "register_claim"),),
    filters=(
        Search(SalesDocument.number, SaleClaim.person, title=_("Number of a document, or name")),
        Days("issued", _("Issued on"), SalesDocument.issued_on),
    ),
    export_permission="list_documents",
)


class WhoseForm(Form):
    """Whose sales they were."""

    person = SelectField(_("Whose sales they were"))

    @classmethod
    def offered(cls) -> "WhoseForm":
        """Offer oneself, and to whoever may claim for others the sales reps."""
        form = cls()
        people = {_own_name(): gettext("my own")} if _is_of_it() else {}
        if _for_others():
            team = memberships.team(session(), distributor_here().id)
            people |= {one.known_as or one.login: one.name for one in team if one.role is Role.REP}
        form.person.choices = [choice(value, text) for value, text in people.items()]
        return form


@bp.get("/")
def index(program_code: str, distributor_id: int) -> str | Response:
    _must_be_claimed_here()
    settings = picking.settings_of(session(), scope().program.id)
    return answer(SALES, "portal/claims/sales_to_claim.html", own=own(), verification=settings)


@bp.post("/claim")
def claim_many(program_code: str, distributor_id: int) -> together.Answer:
    _must_be_claimed_here()
    form = WhoseForm.offered()

    def claim(writing: Session, document_id: int) -> None:
        by: dict[str, Any] = {"actor": person().login, "now": now()}
        try:
            picking.claim(writing, scope().program, distributor_here().id, document_id, form.person.data, **by)
        except picking.CannotPick as why:
            raise Stays(why.sentence(gettext)) from None

    return together.decide(
        Deed(
            SALES,
            url_for("portal_sales.index", **own()),
            "portal_documents",
            heading=lambda count: ngettext("Claim %(num)s sale", "Claim %(num)s sales", count),
            means=_("They will bear the name of whose they were, and give them their part of the points."),
            now=_("Net amount"),
            button=_("Claim"),
            done=lambda count: ngettext("%(num)s sale is claimed.", "%(num)s sales are claimed.", count),
            form=form,
            look=_look,
            do=claim,
        )
    )


def _look(ids: Sequence[int]) -> Iterator[Row]:
    found = session().execute(
        select(SalesDocument.id, SalesDocument.number, SalesDocument.issued_on, SalesDocument.net_minor).where(
            SalesDocument.id.in_(ids), SalesDocument.distributor_id == distributor_here().id
        )
    )
    for id_, number, issued_on, net in found:
        yield Row(id_, number, formats.day(issued_on), formats.money(net))


@bp.get("/claimed")
def claimed(program_code: str, distributor_id: int) -> str | Response:
    _must_be_claimed_here()
    settings = picking.settings_of(session(), scope().program.id)
    return answer(CLAIMED, "portal/claims/claimed_sales.html", own=own(), verification=settings)


@bp.post("/claimed/taken-back")
def take_back_many(program_code: str, distributor_id: int) -> together.Answer:
    _must_be_claimed_here()

    def take_back(writing: Session, claim_id: int) -> None:
        by: dict[str, Any] = {"anybodys": _for_others(), "actor": person().login, "now": now()}
        try:
            picking.take_back(writing, scope().program, distributor_here().id, claim_id, **by)
        except picking.CannotPick as why:
            raise Stays(why.sentence(gettext)) from None

    return together.decide(
        Deed(
            CLAIMED,
            url_for("portal_sales.claimed", **own()),
            "portal_documents",
            heading=lambda count: ngettext("Take %(num)s claim back", "Take %(num)s claims back", count),
            means=_("The sales may be claimed again. Points that came by the claims go back."),
            now=_("Net amount"),
            button=_("Take back"),
            done=lambda count: ngettext("%(num)s claim is taken back.", "%(num)s claims are taken back.", count),
            form=Form(),
            look=_look_at_claims,
            do=take_back,
        )
    )


def _look_at_claims(ids: Sequence[int]) -> Iterator[Row]:
    found = session().execute(
        select(SaleClaim.id, SalesDocument.number, SaleClaim.person, SalesDocument.net_minor)
        .join(SalesDocument, OF_THE_SALE)
        .where(
            SaleClaim.id.in_(ids),
            SalesDocument.program_id == scope().program.id,
            SalesDocument.distributor_id == distributor_here().id,
            SalesDocument.status.in_(COUNTING),
            *_their_claims(),
        )
    )
    for id_, number, whose, net in found:
        yield Row(id_, number, whose, formats.money(net))


@bp.app_template_global()
def sales_are_claimed() -> bool:
    """Say whether the programme lets people claim what it loaded. What an older Kontor stored has no word on it."""
    return ProgramSettings.model_validate(scope().program.settings).verification.people_per_sale is not None


def _must_be_claimed_here() -> None:
    if not sales_are_claimed():
        abort(404)


def _is_of_it() -> bool:
    return any(seat.distributor_id == distributor_here().id for seat in person().seats)


def _for_others() -> bool:
    return sees_all(person(), scope().program.id, distributor_here().id) or not _is_of_it()


def _own_name() -> str:
    """Give the name by which documents know whoever is signed in."""
    seats = [seat for seat in person().seats if seat.distributor_id == distributor_here().id]
    return next((seat.known_as for seat in seats if seat.known_as), person().login)
