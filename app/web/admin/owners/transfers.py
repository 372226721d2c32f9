"""Transfers: points that one participant gives to another, asked for by one person and decided by another."""

import uuid
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, select
from sqlalchemy.orm import aliased
from werkzeug.wrappers import Response
from wtforms import HiddenField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.db.transaction import transaction
from app.domain.roles import Person
from app.extensions import db
from app.models.distributors import Distributor
from app.models.transfers import PointsTransfer
from app.services.owners import transfers
from app.services.owners.errors import NotWaiting, OwnersError
from app.services.participants import distributors
from app.services.same_person import is_same
from app.services.tracing import balances
from app.web.context import now, person, scope, session
from app.web.forms.asked import Refusal
from app.web.forms.fields import Between, PointsField
from app.web.forms.form import CodeField, Form
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Column, Kind, Listing, OneOf, Search, To
from app.web.words.owners import why_not
from app.web.words.wording import ADJUSTMENT_STATE

bp = Blueprint("transfers", __name__)

_GIVER, _RECEIVER = aliased(Distributor), aliased(Distributor)


class NewTransfer(Form):
    """Whose points, how many, to whom, and why."""

    giver = CodeField(_("From the distributor"), [InputRequired(_("Say whose points.")), Length(max=64)])
    receiver = CodeField(_("To the distributor"), [InputRequired(_("Say for whom.")), Length(max=64)])
    points = PointsField(_("Points"), [InputRequired(_("Say how many.")), Between(1, transfers.MOST)])
    note = TextAreaField(_("In words"), [InputRequired(_("Say why, for whoever approves it.")), Length(max=500)])
    key = HiddenField(validators=[Length(max=64)])


_QUERY: Select[Any] = (
    select()
    .select_from(PointsTransfer)
    .join(_GIVER, _GIVER.id == PointsTransfer.giver_id)
    .join(_RECEIVER, _RECEIVER.id == PointsTransfer.receiver_id)
    .where(PointsTransfer.program_id == HERE)
)

TRANSFERS = Listing(
    name="transfers",
    title=_("Transfers"),
    columns=(
        Column(
            "giver", _("From whom"), _GIVER.name, sort=_GIVER.sort_key, link=To("transfers.show", transfer_id="row_id")
        ),
        Column("receiver", _("To whom"), _RECEIVER.name, sort=_RECEIVER.sort_key),
        Column("points", _("Points"), PointsTransfer.amount, Kind.POINTS, PointsTransfer.amount),
        Column("note", _("In words"), PointsTransfer.note, phone=False),
        Column("requested_by", _("Asked for by"), PointsTransfer.requested_by, Kind.PERSON, phone=False),
        Column("requested_at", _("Asked"), PointsTransfer.requested_at, Kind.INSTANT, PointsTransfer.requested_at),
        Column("decided_by", _("Decided by"), PointsTransfer.decided_by, Kind.PERSON, phone=False),
        Column("state", _("State"), PointsTransfer.state, badge=lambda state: ADJUSTMENT_STATE[state]),
    ),
    query=_QUERY,
    id=PointsTransfer.id,
    default="-requested_at",
    filters=(
        Search(_GIVER.name, _GIVER.code, _RECEIVER.name, _RECEIVER.code, title=_("Distributor or code")),
        OneOf.named("state", _("State"), PointsTransfer.state, ADJUSTMENT_STATE, waits=("waiting",)),
    ),
)


@bp.get("/programs/<code:program_code>/transfers")
def index(program_code: str) -> str | Response:
    allowed = transfers.settings_of(scope().program).asked_by != "nobody"
    return answer(TRANSFERS, "admin/owners/transfers/index.html", allowed=allowed)


@bp.route("/programs/<code:program_code>/transfers/new", methods=["GET", "POST"])
def new(program_code: str) -> str | Response | tuple[str, int]:
    form = NewTransfer()
    if request.method == "GET":
        form.giver.data, form.key.data = request.args.get("giver", "")[:64], str(uuid.uuid4())
        return render_template("admin/owners/transfers/new.html", form=form)
    if form.validate():
        try:
            with transaction(db.session) as writing:
                ids = {
                    name: distributors.id_of_code(writing, scope().program.id, form[name].data or "")
                    for name in ("giver", "receiver")
                }
                for name, found in ids.items():
                    if found is None:
                        form.refuse(name, gettext("No distributor of this programme has this code."))
                if None not in ids.values():
                    made = transfers.request(
                        writing,
                        scope().program,
                        ids["giver"] or 0,
                        ids["receiver"] or 0,
                        int(form.points.data),
                        key=form.key.data or str(uuid.uuid4()),
                        note=form.note.data or "",
                        actor=person().login,
                        by_participant=False,
                        now=now(),
                    )
                    flash(gettext("Asked for. A second person decides."), "success")
                    return redirect(url_for("transfers.show", program_code=program_code, transfer_id=made), 303)
        except OwnersError as error:
            form.refuse(None, why_not(error))
    return render_template("admin/owners/transfers/new.html", form=form), 400


@bp.get("/programs/<code:program_code>/transfers/<id:transfer_id>")
def show(program_code: str, transfer_id: int) -> str:
    return _page(transfer_id, Refusal(formdata=None), asked=False)


def _page(transfer_id: int, refusal: Refusal, *, asked: bool) -> str:
    found = session().get_one(PointsTransfer, transfer_id)
    program = scope().program
    people = {
        one.id: one
        for one in session().scalars(select(Distributor).where(Distributor.id.in_((found.giver_id, found.receiver_id))))
    }
    giver, receiver = people[found.giver_id], people[found.receiver_id]
    return render_template(
        "admin/owners/transfers/show.html",
        transfer=found,
        giver=giver,
        receiver=receiver,
        available={
            one.id: balances.balance_of(session(), program.id, one.code, found.unit).available
            for one in (giver, receiver)
        },
        state=ADJUSTMENT_STATE[found.state],
        mine=is_same(session(), person().login, found.requested_by),
        refusal=refusal,
        asked=asked,
    )


def _back(transfer_id: int) -> Response:
    return redirect(url_for("transfers.show", program_code=scope().program.code, transfer_id=transfer_id), 303)


def _roles(who: Person) -> set[str]:
    """Name the roles of somebody in this programme; an owner of the platform has them all."""
    program = scope().program
    if who.platform_owner:
        return set(transfers.settings_of(program).approved_by)
    return {seat.role.value for seat in who.seats if seat.program_id == program.id}


@bp.post("/programs/<code:program_code>/transfers/<id:transfer_id>/approve")
def approve(program_code: str, transfer_id: int) -> Response:
    who, program = person(), scope().program
    roles = _roles(who)
    try:
        with transaction(db.session) as writing:
            transfers.approve(writing, program, transfer_id, actor=who.login, roles=roles, now=now())
    except OwnersError as error:
        flash(why_not(error), "danger")
    else:
        flash(gettext("Approved. The points have moved."), "success")
    return _back(transfer_id)


@bp.post("/programs/<code:program_code>/transfers/<id:transfer_id>/refuse")
def refuse(program_code: str, transfer_id: int) -> Response | tuple[str, int]:
    form = Refusal()
    if not form.validate():
        return _page(transfer_id, form, asked=True), 400
    return _refused(transfer_id, form.note.data or "")


@bp.post("/programs/<code:program_code>/transfers/<id:transfer_id>/withdraw")
def withdraw(program_code: str, transfer_id: int) -> Response:
    """Take one's own request back."""
    asked_by = session().get_one(PointsTransfer, transfer_id).requested_by
    if not is_same(session(), person().login, asked_by):
        abort(404)
    return _refused(transfer_id, "")


def _refused(transfer_id: int, note: str) -> Response:
    try:
        with transaction(db.session) as writing:
            transfers.refuse(writing, scope().program, transfer_id, note=note, actor=person().login, now=now())
    except NotWaiting as error:
        flash(why_not(error), "warning")
    else:
        flash(gettext("It will not happen."), "success")
    return _back(transfer_id)
