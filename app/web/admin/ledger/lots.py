"""Lots: points with one last day, who pays for them and what they may buy; a manager extends and gives back."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Date, Select, exists, select, type_coerce
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from app.db.transaction import transaction
from app.domain.points.expiry import last_day_of
from app.domain.program_file.definition import ProgramSettings
from app.domain.program_file.point_terms import PointTerms
from app.domain.states import LotState, TransactionKind, Unit
from app.extensions import db
from app.models.distributors import Distributor
from app.models.ledger import Account, LedgerEntry, LedgerTransaction, Lot
from app.models.lot_terms import LotExtension, LotTerms
from app.services.by_hand import reinstating
from app.services.ledger.ledger import LedgerError
from app.services.rulebooks import rules_of
from app.web import formats
from app.web.admin.ledger.ledger import MOST_ENTRIES, more_entries
from app.web.context import now, person, scope, session, today
from app.web.forms.fields import DayField
from app.web.forms.form import Form
from app.web.lists import together
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Action, Choice, Column, Days, Kind, Listing, OneOf, Search, To
from app.web.lists.together import Deed, Row, Stays
from app.web.words.wording import LOT_STATE, REWARD_KIND

bp = Blueprint("lots", __name__)


class Longer(Form):
    """Until when lots may be spent, and why."""

    until = DayField(_("New last day"), [InputRequired(_("Say until when."))])
    reason = TextAreaField(_("Reason"), [InputRequired(_("Say why.")), Length(max=500)])


_QUERY: Select[Any] = (
    select()
    .select_from(Lot)
    .join(Account, Account.id == Lot.account_id)
    .join(Distributor, Distributor.id == Account.distributor_id)
    .outerjoin(LotTerms, LotTerms.id == Lot.terms_id)
    .where(Account.program_id == HERE, Account.unit == Unit.POINTS)
)
_EXPIRED = exists(
    select(LedgerEntry.lot_id)
    .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
    .where(
        LedgerEntry.account_id == Account.id,
        LedgerEntry.lot_id == Lot.id,
        LedgerTransaction.kind == TransactionKind.EXPIRE,
    )
).correlate(Account, Lot)

LOTS = Listing(
    name="lots",
    title=_("Lots of points"),
    columns=(
        Column("number", _("Lot"), Lot.id, Kind.CODE, Lot.id, link=To("lots.show", transaction_id="row_id")),
        Column("name", _("Distributor"), Distributor.name, sort=Distributor.sort_key),
        Column("code", _("Code"), Distributor.code, Kind.CODE, phone=False),
        Column("earned_on", _("Earned"), Lot.earned_on, Kind.DAY, phone=False),
        Column("amount", _("Came in"), Lot.amount, Kind.POINTS),
        Column("remaining", _("Left"), Lot.remaining, Kind.POINTS),
        Column("expires_on", _("Last day"), Lot.expires_on, Kind.DAY),
        Column("funded_by", _("Funded by"), LotTerms.funded_by, phone=False),
        Column("state", _("State"), Lot.state, badge=lambda state: LOT_STATE[state]),
    ),
    query=_QUERY,
    id=Lot.id,
    default="-number",
    actions=(
        Action(_("Extend…"), "lots.extend_many", "decide_adjustment"),
        Action(_("Give back what expired…"), "lots.reinstate_many", "decide_adjustment"),
    ),
    filters=(
        Search(Distributor.name, Distributor.code, title=_("Distributor or code")),
        OneOf(
            "state",
            _("State"),
            (
                Choice("open", _("Open")),
                Choice("pending", _("Pending")),
                Choice("closed", _("Used up")),
                Choice("expired", _("Some of it expired")),
            ),
            lambda value: _EXPIRED if value == "expired" else Lot.state == LotState[value.upper()],
        ),
        Days("expires", _("Last day"), type_coerce(Lot.expires_on, Date)),
    ),
)


@bp.get("/programs/<code:program_code>/lots")
def index(program_code: str) -> str | Response:
    return answer(LOTS, "admin/ledger/lots/index.html")


@bp.get("/programs/<code:program_code>/lots/<id:transaction_id>")
def show(program_code: str, transaction_id: int) -> str:
    return _page(transaction_id, Longer(formdata=None))


def _page(lot_id: int, form: Longer) -> str:
    found = (
        session()
        .execute(
            select(Lot, Account.active_on, Account.unit, Distributor, LotTerms.definition, _EXPIRED)
            .join(Account, Account.id == Lot.account_id)
            .join(Distributor, Distributor.id == Account.distributor_id)
            .outerjoin(LotTerms, LotTerms.id == Lot.terms_id)
            .where(Lot.id == lot_id)
        )
        .one_or_none()
    )
    if found is None:
        abort(404)
    lot, active_on, unit, distributor, definition, expired = found
    movements = (
        session()
        .execute(
            select(LedgerTransaction, LedgerEntry.bucket, LedgerEntry.amount)
            .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
            .where(LedgerEntry.account_id == lot.account_id, LedgerEntry.lot_id == lot.id)
            .order_by(LedgerTransaction.id, LedgerEntry.position)
            .limit(MOST_ENTRIES)
        )
        .all()
    )
    settings = ProgramSettings.model_validate(scope().program.settings)
    terms = None if definition is None else PointTerms.model_validate(definition)
    return render_template(
        "admin/ledger/lots/show.html",
        lot=lot,
        unit=unit,
        distributor=distributor,
        ends_on=last_day_of(lot.expires_on, lot.idle_months, active_on, lot.earned_on),
        terms=terms,
        source=scope().program.sponsor
        if terms is None or terms.funded_by is None
        else settings.funding.sources.get(terms.funded_by, terms.funded_by),
        kind_names=lambda kinds: ", ".join(str(REWARD_KIND[kind]) for kind in kinds),
        movements=movements,
        more=more_entries(LedgerEntry.account_id == lot.account_id, LedgerEntry.lot_id == lot.id),
        extensions=session()
        .scalars(select(LotExtension).where(LotExtension.lot_id == lot.id).order_by(LotExtension.id))
        .all(),
        expired=expired,
        form=form,
    )


@bp.post("/programs/<code:program_code>/lots/<id:transaction_id>/extend")
def extend(program_code: str, transaction_id: int) -> str | Response | tuple[str, int]:
    """Let a lot be spent until a later day."""
    return _one(transaction_id, _extend, gettext("It can be spent until then."))


@bp.post("/programs/<code:program_code>/lots/<id:transaction_id>/reinstate")
def reinstate(program_code: str, transaction_id: int) -> str | Response | tuple[str, int]:
    """Give back what expired of a lot, in a lot of its own."""
    return _one(transaction_id, _reinstate, gettext("The points are back, in a lot of their own."))


def _one(lot_id: int, do: Callable[[Session, int, Longer], None], said: str) -> str | Response | tuple[str, int]:
    form = Longer()
    if not form.validate():
        return _page(lot_id, form), 400
    try:
        with transaction(db.session) as writing:
            do(writing, lot_id, form)
    except Stays as problem:
        form.refuse("until", str(problem.why))
        return _page(lot_id, form), 400
    flash(said, "success")
    return redirect(url_for("lots.show", program_code=scope().program.code, transaction_id=lot_id), 303)


def _extend(writing: Session, lot_id: int, form: Longer) -> None:
    try:
        reinstating.extend(
            writing,
            rules_of(writing, scope().program.id),
            lot_id,
            until=form.until.data,
            now=now(),
            actor=person().login,
            reason=form.reason.data or "",
        )
    except LedgerError as problem:
        raise Stays(gettext("It has nothing left, has ended, or would not end later.")) from problem


def _reinstate(writing: Session, lot_id: int, form: Longer) -> None:
    if form.until.data is not None and form.until.data < today():
        raise Stays(gettext("This day is over: its points would end at once."))
    try:
        reinstating.reinstate(
            writing,
            rules_of(writing, scope().program.id),
            lot_id,
            expires_on=form.until.data,
            now=now(),
            actor=person().login,
            reason=form.reason.data or "",
        )
    except LedgerError as problem:
        raise Stays(gettext("Nothing of it has expired that was not given back already.")) from problem


@bp.post("/programs/<code:program_code>/lots/extend")
def extend_many(program_code: str) -> together.Answer:
    """Look at lots once more, then let them be spent until a later day."""
    form = Longer()
    return together.decide(
        Deed(
            LOTS,
            url_for("lots.index", program_code=program_code),
            "lots",
            heading=lambda count: ngettext("Extend %(num)s lot", "Extend %(num)s lots", count),
            means=_("What is left of them can be spent until the new last day. What has expired stays expired."),
            now=_("Last day"),
            button=_("Extend"),
            done=lambda count: ngettext("%(num)s lot is extended.", "%(num)s lots are extended.", count),
            form=form,
            look=lambda ids: _seen(ids, open_ones=True),
            do=lambda writing, lot_id: _extend(writing, lot_id, form),
        )
    )


@bp.post("/programs/<code:program_code>/lots/reinstate")
def reinstate_many(program_code: str) -> together.Answer:
    """Look at lots once more, then give back what expired of them."""
    form = Longer()
    return together.decide(
        Deed(
            LOTS,
            url_for("lots.index", program_code=program_code),
            "lots",
            heading=lambda count: ngettext(
                "Give back what expired of %(num)s lot", "Give back what expired of %(num)s lots", count
            ),
            means=_("What expired comes back as lots of their own, which can be spent until the new last day."),
            now=_("Last day"),
            button=_("Give back"),
            done=lambda count: ngettext(
                "The points of %(num)s lot are back.", "The points of %(num)s lots are back.", count
            ),
            form=form,
            look=lambda ids: _seen(ids, open_ones=False),
            do=lambda writing, lot_id: _reinstate(writing, lot_id, form),
        )
    )


def _seen(ids: Sequence[int], *, open_ones: bool) -> Iterable[Row]:
    rows = session().execute(
        select(Lot.id, Distributor.name, Lot.remaining, Lot.expires_on, Lot.state, _EXPIRED)
        .join(Account, Account.id == Lot.account_id)
        .join(Distributor, Distributor.id == Account.distributor_id)
        .where(Lot.id.in_(ids))
    )
    for id_, name, remaining, expires_on, state, expired in rows:
        if open_ones:
            stays = gettext("It has nothing left.") if state is LotState.CLOSED else None
        else:
            stays = None if expired else gettext("Nothing of it has expired.")
        yield Row(id_, name, f"{id_} · {formats.points(remaining)}", _last_day(expires_on), stays)


def _last_day(expires_on: dt.date | None) -> str:
    return gettext("none of its own") if expires_on is None else formats.day(expires_on)
