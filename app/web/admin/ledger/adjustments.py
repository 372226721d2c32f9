"""Adjustments: points or money given or taken by hand, asked for by one person and decided by another."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session, aliased
from werkzeug.wrappers import Response
from wtforms import RadioField, SelectField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.db.transaction import transaction
from app.domain.states import Unit
from app.extensions import db
from app.models.desk import AdjustmentRequest
from app.models.disputes import Dispute
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.services.by_hand import adjustments
from app.services.participants import distributors
from app.services.same_person import is_same
from app.web.context import now, person, scope, session
from app.web.forms.asked import Refusal
from app.web.forms.fields import Between, MoneyField, PointsField
from app.web.forms.form import CodeField, Form, choice
from app.web.lists.answering import answer
from app.web.lists.asking import chosen_rows, kept_in
from app.web.lists.describing import HERE, Action, Column, Kind, Listing, OneOf, Search, To
from app.web.words.reasons import reason_name, reasons
from app.web.words.wording import ADJUSTMENT_STATE
from prepaid.reconciling.judging import judge_corrected

bp = Blueprint("adjustments", __name__)

MOST_AT_ONCE = 500
"""So many are decided while somebody waits for the page."""


class NewAdjustment(Form):
    """Whose points, how many, which way, and why. Two choices for the direction: nobody mistakes a sign."""

    distributor = CodeField(_("Distributor"), [InputRequired(_("Say whose points.")), Length(max=64)])
    direction = RadioField(
        _("What happens"),
        [InputRequired(_("Choose one."))],
        choices=[choice("give", _("Give points")), choice("take", _("Take points"))],
    )
    points = PointsField(_("Points"), [InputRequired(_("Say how many.")), Between(1, adjustments.MOST)])
    reason_code = SelectField(
        _("Reason"),
        [InputRequired(_("Choose a reason."))],
        choices=lambda: [choice("", _("Choose a reason")), *(choice(code, text) for code, text in reasons())],
    )
    note = TextAreaField(_("In words"), [InputRequired(_("Say why, for whoever approves it.")), Length(max=500)])

    def amount(self) -> tuple[Unit, int] | None:
        """Give what was typed: of what, and how much, without a sign. None where nothing was, which the form says."""
        return Unit.POINTS, int(self.points.data)


class NewOfEither(NewAdjustment):
    """An adjustment where accounts have money as well: of one of the two."""

    direction = RadioField(
        _("What happens"),
        [InputRequired(_("Choose one."))],
        choices=[choice("give", _("Something is given")), choice("take", _("Something is taken"))],
    )
    unit = RadioField(
        _("Of what"),
        [InputRequired(_("Choose one."))],
        choices=[choice("points", _("Points")), choice("money", _("Money"))],
    )
    points = PointsField(_("Points"), [Between(1, adjustments.MOST)])
    money = MoneyField(_("Amount"), [Between(1, adjustments.MOST)])

    def amount(self) -> tuple[Unit, int] | None:
        unit, own, other = (
            (Unit.MONEY, "money", "points") if self.unit.data == "money" else (Unit.POINTS, "points", "money")
        )
        if self[other].data:
            self.refuse(other, gettext("Leave it empty: this is not what you chose."))
            return None
        if not self[own].data:
            self.refuse(own, gettext("Say how much."))
            return None
        return unit, int(self[own].data)


def _of(unit: Unit) -> ColumnElement[int]:
    """Give the amount of an adjustment in one unit; none where it is in the other."""
    return case((AdjustmentRequest.unit == unit, AdjustmentRequest.amount))


_OWN = aliased(Account)
_QUERY: Select[Any] = (
    select()
    .select_from(AdjustmentRequest)
    .join(Distributor, Distributor.id == AdjustmentRequest.distributor_id)
    .where(AdjustmentRequest.program_id == HERE)
)

ADJUSTMENTS = Listing(
    name="adjustments",
    title=_("Adjustments"),
    columns=(
        Column(
            "name",
            _("Distributor"),
            Distributor.name,
            sort=Distributor.sort_key,
            link=To("adjustments.show", adjustment_id="row_id"),
        ),
        Column("code", _("Code"), Distributor.code, Kind.CODE, phone=False),
        Column("points", _("Points"), _of(Unit.POINTS), Kind.POINTS, _of(Unit.POINTS)),
        Column("money", _("Money"), _of(Unit.MONEY), Kind.MONEY, _of(Unit.MONEY), phone=False),
        Column("reason", _("Reason"), AdjustmentRequest.reason_code, words=reason_name),
        Column("note", _("In words"), AdjustmentRequest.note, phone=False),
        Column("requested_by", _("Asked for by"), AdjustmentRequest.requested_by, Kind.PERSON, phone=False),
        Column(
            "requested_at", _("Asked"), AdjustmentRequest.requested_at, Kind.INSTANT, AdjustmentRequest.requested_at
        ),
        Column("decided_by", _("Decided by"), AdjustmentRequest.decided_by, Kind.PERSON, phone=False),
        Column("state", _("State"), AdjustmentRequest.state, badge=lambda state: ADJUSTMENT_STATE[state]),
    ),
    query=_QUERY,
    id=AdjustmentRequest.id,
    default="-requested_at",
    actions=(
        Action(_("Approve…"), "adjustments.approve_many", "decide_adjustment"),
        Action(_("Refuse…"), "adjustments.refuse_many", "decide_adjustment", danger=True),
    ),
    filters=(
        Search(Distributor.name, Distributor.code, AdjustmentRequest.note, title=_("Distributor, code or words")),
        OneOf.named("state", _("State"), AdjustmentRequest.state, ADJUSTMENT_STATE, waits=("waiting",)),
    ),
)


@bp.get("/programs/<code:program_code>/adjustments")
def index(program_code: str) -> str | Response:
    return answer(ADJUSTMENTS, "admin/ledger/adjustments.html")


@bp.route("/programs/<code:program_code>/adjustments/new", methods=["GET", "POST"])
def new(program_code: str) -> str | Response | tuple[str, int]:
    form = NewOfEither() if adjustments.has_money(session(), scope().program) else NewAdjustment()
    if request.method == "GET":
        form.distributor.data = request.args.get("distributor", "")[:64]
        return render_template("admin/ledger/adjustment_new.html", form=form)
    wanted = form.amount() if form.validate() else None
    if wanted is not None:
        unit, amount = wanted
        with transaction(db.session) as writing:
            owner = _distributor_id(writing, form.distributor.data or "")
            if owner is not None:
                made = adjustments.request(
                    writing,
                    scope().program,
                    owner,
                    amount * (1 if form.direction.data == "give" else -1),
                    unit=unit,
                    reason_code=form.reason_code.data,
                    note=form.note.data or "",
                    actor=person().login,
                    now=now(),
                )
        if owner is not None:
            flash(gettext("Asked for. A second person decides."), "success")
            return redirect(url_for("adjustments.show", program_code=program_code, adjustment_id=made), 303)
        form.refuse("distributor", gettext("No distributor of this programme has this code."))
    return render_template("admin/ledger/adjustment_new.html", form=form), 400


def _distributor_id(writing: Session, code: str) -> int | None:
    return distributors.id_of_code(writing, scope().program.id, code)


@bp.post("/programs/<code:program_code>/adjustments/approve")
def approve_many(program_code: str) -> str | Response:
    """Show what the chosen adjustments come to, then let them happen."""
    chosen, decided = _chosen()
    if not chosen:
        return _nothing_chosen()
    if request.form.get("sure") != "yes":
        return _many(chosen, None, decided)
    with transaction(db.session) as writing:
        done = adjustments.approve_together(writing, scope().program, chosen, actor=person().login, now=now())
        judge_corrected(writing, scope().program, now=now())
    if done.decided:
        flash(ngettext("%(num)s adjustment is approved.", "%(num)s adjustments are approved.", done.decided), "success")
    if done.own:
        flash(
            ngettext(
                "%(num)s is your own: a second person must approve it.",
                "%(num)s are your own: a second person must approve them.",
                done.own,
            ),
            "warning",
        )
    if done.uncovered:
        flash(
            ngettext(
                "%(num)s asks for more than its account has, and this programme lets nobody owe.",
                "%(num)s ask for more than their accounts have, and this programme lets nobody owe.",
                done.uncovered,
            ),
            "warning",
        )
    if decided:
        flash(_decided_before(decided), "warning")
    return redirect(_list(), 303)


@bp.post("/programs/<code:program_code>/adjustments/refuse")
def refuse_many(program_code: str) -> str | Response | tuple[str, int]:
    """Ask once why the chosen adjustments are refused, then refuse them."""
    chosen, decided = _chosen()
    if not chosen:
        return _nothing_chosen()
    if "note" not in request.form:
        return _many(chosen, Refusal(formdata=None), decided)
    form = Refusal()
    if not form.validate():
        return _many(chosen, form, decided), 400
    with transaction(db.session) as writing:
        refused = adjustments.refuse_together(
            writing, scope().program, chosen, note=form.note.data or "", actor=person().login, now=now()
        )
    flash(ngettext("%(num)s adjustment is refused.", "%(num)s adjustments are refused.", refused), "success")
    if decided:
        flash(_decided_before(decided), "warning")
    return redirect(_list(), 303)


def _chosen() -> tuple[list[int], int]:
    """Give those of the chosen adjustments that wait, and how many of the ticked ones do not."""
    rows = chosen_rows(session(), ADJUSTMENTS).ids
    waiting = session().scalars(
        select(AdjustmentRequest.id)
        .where(AdjustmentRequest.id.in_(rows), AdjustmentRequest.state == "waiting")
        .order_by(AdjustmentRequest.id)
    )
    found = list(waiting)
    return found[:MOST_AT_ONCE], len(rows) - len(found)


def _decided_before(decided: int) -> str:
    """Say how many of the chosen adjustments wait no longer."""
    return ngettext(
        "%(num)s of those chosen is decided already; it stays as it is.",
        "%(num)s of those chosen are decided already; they stay as they are.",
        decided,
    )


def _nothing_chosen() -> Response:
    flash(gettext("Choose adjustments first: none of those chosen waits for a decision."), "warning")
    return redirect(_list(), 303)


def _list() -> str:
    """Give the address of the list as it was seen before."""
    return kept_in(ADJUSTMENTS, url_for("adjustments.index", program_code=scope().program.code))


def _many(chosen: list[int], refusal: Refusal | None, decided: int) -> str:
    sums = session().execute(
        select(
            AdjustmentRequest.unit,
            func.sum(func.greatest(AdjustmentRequest.amount, 0)),
            func.sum(func.least(AdjustmentRequest.amount, 0)),
        )
        .where(AdjustmentRequest.id.in_(chosen))
        .group_by(AdjustmentRequest.unit)
        .order_by(AdjustmentRequest.unit)
    )
    return render_template(
        "admin/ledger/adjustments_decide.html",
        chosen=chosen,
        sums=[(unit, int(given), -int(taken)) for unit, given, taken in sums],
        form=refusal or Form(formdata=None),
        back=_list(),
        refusing=refusal is not None,
        decided=_decided_before(decided) if decided else None,
        most=MOST_AT_ONCE,
    )


@bp.get("/programs/<code:program_code>/adjustments/<id:adjustment_id>")
def show(program_code: str, adjustment_id: int) -> str:
    return _page(adjustment_id, Refusal(formdata=None), asked=False)


def _page(adjustment_id: int, refusal: Refusal, *, asked: bool) -> str:
    row = (
        session()
        .execute(
            select(AdjustmentRequest, Distributor.id, Distributor.name, Distributor.code, Account.available)
            .join(Distributor, Distributor.id == AdjustmentRequest.distributor_id)
            .join(_OWN, (_OWN.distributor_id == Distributor.id) & (_OWN.unit == AdjustmentRequest.unit))
            .join(Account, Account.id == func.coalesce(_OWN.leads_to_id, _OWN.id))
            .where(AdjustmentRequest.id == adjustment_id)
        )
        .one()
    )
    asked_for = row[0]
    return render_template(
        "admin/ledger/adjustment.html",
        adjustment=asked_for,
        distributor=row[1:4],
        available=row.available,
        state=ADJUSTMENT_STATE[asked_for.state],
        reason=reason_name(asked_for.reason_code),
        dispute_id=session().scalar(select(Dispute.id).where(Dispute.adjustment_id == adjustment_id)),
        mine=is_same(session(), person().login, asked_for.requested_by),
        refusal=refusal,
        asked=asked,
    )


def _back(adjustment_id: int) -> Response:
    return redirect(url_for("adjustments.show", program_code=scope().program.code, adjustment_id=adjustment_id), 303)


@bp.post("/programs/<code:program_code>/adjustments/<id:adjustment_id>/approve")
def approve(program_code: str, adjustment_id: int) -> Response:
    try:
        with transaction(db.session) as writing:
            adjustments.approve(writing, scope().program, adjustment_id, actor=person().login, now=now())
            judge_corrected(writing, scope().program, now=now())
    except adjustments.SamePerson:
        flash(gettext("You asked for this: a second person must approve it."), "danger")
    except adjustments.NotWaiting:
        flash(gettext("Somebody was quicker: it is decided by now."), "warning")
    except adjustments.Uncovered:
        flash(gettext("The account does not have so much, and this programme lets nobody owe."), "danger")
    else:
        flash(gettext("Approved. It stands on the account."), "success")
    return _back(adjustment_id)


@bp.post("/programs/<code:program_code>/adjustments/<id:adjustment_id>/refuse")
def refuse(program_code: str, adjustment_id: int) -> Response | tuple[str, int]:
    form = Refusal()
    if not form.validate():
        return _page(adjustment_id, form, asked=True), 400
    try:
        with transaction(db.session) as writing:
            adjustments.refuse(
                writing, scope().program, adjustment_id, note=form.note.data or "", actor=person().login, now=now()
            )
    except adjustments.NotWaiting:
        flash(gettext("Somebody was quicker: it is decided by now."), "warning")
    else:
        flash(gettext("It will not happen."), "success")
    return _back(adjustment_id)


@bp.post("/programs/<code:program_code>/adjustments/<id:adjustment_id>/withdraw")
def withdraw(program_code: str, adjustment_id: int) -> Response:
    """Take one's own request back."""
    with transaction(db.session) as writing:
        asked_by = writing.scalars(
            select(AdjustmentRequest.requested_by).where(AdjustmentRequest.id == adjustment_id)
        ).one()
        if not is_same(writing, person().login, asked_by):
            abort(404)
        try:
            adjustments.refuse(writing, scope().program, adjustment_id, note="", actor=person().login, now=now())
        except adjustments.NotWaiting:
            flash(gettext("Somebody was quicker: it is decided by now."), "warning")
    return _back(adjustment_id)
