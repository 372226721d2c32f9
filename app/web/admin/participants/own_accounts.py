"""Accounts of people beside their company's: who has one, what stands there, and how one is opened by name."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, select
from sqlalchemy.orm import aliased
from werkzeug.wrappers import Response
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from app.db.transaction import transaction
from app.domain.states import Unit
from app.extensions import db
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.services.ledger.counters import MERGED, counted
from app.services.participants import distributors
from app.services.persons import opening
from app.web import formats
from app.web.context import now, person, scope, session
from app.web.forms.form import Form
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Column, Kind, Listing, Search, To
from app.web.lists.participants import TAKES_PART, WHO_TAKES_PART

bp = Blueprint("own_accounts", __name__)

_COMPANY = aliased(Distributor)
_QUERY: Select[Any] = (
    select()
    .select_from(Distributor)
    .join(_COMPANY, _COMPANY.id == Distributor.person_of_id)
    .join(Account, Account.distributor_id == Distributor.id)
    .outerjoin(*MERGED)
    .where(Distributor.program_id == HERE, Account.unit == Unit.POINTS)
)


def _points(key: str, title: Any, value: Any, *, phone: bool = True) -> Column:
    return Column(key, title, value, Kind.POINTS, value, phone=phone)


OWN_ACCOUNTS = Listing(
    name="own_accounts",
    title=_("Accounts of people"),
    columns=(
        Column(
            "name",
            _("Person"),
            Distributor.name,
            sort=Distributor.sort_key,
            link=To("records.show", distributor_id="row_id"),
        ),
        Column(
            "company",
            _("Company"),
            _COMPANY.name,
            sort=_COMPANY.sort_key,
            link=To("records.show", distributor_id="company_id"),
        ),
        Column("company_id", "", _COMPANY.id, shown=False, exported=False),
        Column("code", _("Code"), Distributor.code, Kind.CODE, Distributor.code_key, phone=False),
        _points("available", _("Available"), Account.available),
        _points("pending", _("Pending"), Account.pending, phone=False),
        _points("earned", _("Earned"), counted("earned"), phone=False),
        _points("spent", _("Spent"), counted("spent"), phone=False),
        TAKES_PART,
    ),
    query=_QUERY,
    id=Distributor.id,
    default="name",
    filters=(
        Search(Distributor.name, Distributor.code, _COMPANY.name, _COMPANY.code, title=_("Person, company or code")),
        WHO_TAKES_PART,
    ),
)


class OpenForm(Form):
    """Whose account is opened."""

    name = StringField(
        _("Full name"),
        [InputRequired(_("Fill in the full name.")), Length(max=opening.LONGEST_NAME)],
        description=_("As the company’s documents write it: documents that name them are shared from then on."),
    )


def shares_in_words() -> str:
    """Say who gets the points of a document that names somebody with an account."""
    shares = opening.shares_of(scope().program)
    if shares.to == "company":
        return gettext(
            "All points go to the company. Who has a share in them stands in the programme file, which administrators "
            "edit and load on the page Programme."
        )
    if shares.to == "person":
        return gettext("All points of a document that names somebody with an account go to that person.")
    share = formats.share(shares.of_person)
    return gettext("Of a document that names somebody with an account, %(share)s go to that person.", share=share)


@bp.get("/programs/<code:program_code>/own-accounts")
def index(program_code: str) -> str | Response:
    return answer(OWN_ACCOUNTS, "admin/participants/own_accounts/index.html", shares=shares_in_words())


@bp.route(
    "/programs/<code:program_code>/distributors/<id:distributor_id>/own-accounts/open",
    methods=["GET", "POST"],
)
def open_one(program_code: str, distributor_id: int) -> str | Response | tuple[str, int]:
    form = OpenForm()
    if request.method == "POST" and form.validate():
        try:
            with transaction(db.session) as writing:
                made = opening.open_account(
                    writing, scope().program, distributor_id, form.name.data or "", actor=person().login, now=now()
                )
            flash(gettext("The account is open."), "success")
            return redirect(url_for("records.show", program_code=program_code, distributor_id=made), 303)
        except opening.NameUnfit:
            form.refuse("name", gettext("Write a name, without the number of a card."))
        except opening.NoCompany:
            form.refuse(None, gettext("Only a company that takes part has people with accounts of their own."))
    page = render_template(
        "admin/participants/own_accounts/open.html",
        form=form,
        data=distributors.data_of(session(), distributor_id),
        shares=shares_in_words(),
        own={"program_code": program_code, "distributor_id": distributor_id},
    )
    return page if request.method == "GET" else (page, 400)
