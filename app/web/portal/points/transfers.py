"""Points that one's company gives to another participant, and those that it was given; asked for here."""

import uuid
from typing import Any

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, case, func, or_, select
from sqlalchemy.orm import aliased
from werkzeug.wrappers import Response
from wtforms import HiddenField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.db.first import First, first
from app.db.transaction import transaction
from app.domain.states import Unit
from app.extensions import db
from app.models.distributors import Distributor
from app.models.transfers import PointsTransfer
from app.services.owners import pools, transfers
from app.services.owners.errors import NotWaiting, OwnersError
from app.services.participants import distributors
from app.services.tracing import balances
from app.web.context import distributor_here, now, person, scope, session
from app.web.forms.fields import Between, PointsField
from app.web.forms.form import CodeField, Form
from app.web.lists.answering import answer
from app.web.lists.describing import Column, Kind, Listing, OneOf
from app.web.portal.home import own
from app.web.words.owners import why_not
from app.web.words.wording import ADJUSTMENT_STATE

bp = Blueprint("portal_transfers", __name__)

MOST_WAITING = 10

_OTHER = aliased(Distributor)


class Giving(Form):
    """To whom, how many, and why."""

    receiver = CodeField(
        _("To: the participant's code"),
        [InputRequired(_("Say for whom.")), Length(max=64)],
        description=_("Ask them for it: it stands on their page of points."),
    )
    points = PointsField(_("Points"), [InputRequired(_("Say how many.")), Between(1, transfers.MOST)])
    note = TextAreaField(_("Why"), [InputRequired(_("Say why, for whoever approves it.")), Length(max=500)])
    key = HiddenField(validators=[Length(max=64)])


def _query() -> Select[Any]:
    mine = distributor_here().id
    return (
        select()
        .select_from(PointsTransfer)
        .join(
            _OTHER,
            _OTHER.id
            == case((PointsTransfer.giver_id == mine, PointsTransfer.receiver_id), else_=PointsTransfer.giver_id),
        )
        # what somebody only means to give is theirs until it is approved
        .where(
            or_(
                PointsTransfer.giver_id == mine,
                (PointsTransfer.receiver_id == mine) & (PointsTransfer.state == "approved"),
            )
        )
    )


def _signed() -> Any:
    return case((PointsTransfer.receiver_id == _OTHER.id, -PointsTransfer.amount), else_=PointsTransfer.amount)


TRANSFERS = Listing(
    name="own_transfers",
    title=_("Points given and received"),
    columns=(
        Column("requested_at", _("Asked for"), PointsTransfer.requested_at, Kind.INSTANT, PointsTransfer.requested_at),
        Column("other", _("Participant"), _OTHER.name, sort=_OTHER.sort_key),
        Column("points", _("Points"), _signed(), Kind.POINTS),
        Column("note", _("Why"), PointsTransfer.note, phone=False),
        Column("state", _("State"), PointsTransfer.state, badge=lambda state: ADJUSTMENT_STATE[state]),
        Column("answer", _("Answer"), func.coalesce(PointsTransfer.decision_note, ""), phone=False),
    ),
    query=_query,
    id=PointsTransfer.id,
    default="-requested_at",
    filters=(OneOf.named("state", _("State"), PointsTransfer.state, ADJUSTMENT_STATE),),
    export_permission="convert_points",
)


@bp.get("/portal/<code:program_code>/<id:distributor_id>/transfers")
def index(program_code: str, distributor_id: int) -> str | Response:
    form = Giving(formdata=None)
    form.key.data = str(uuid.uuid4())
    return _page(form, asked=False)


def _page(form: Giving, *, asked: bool) -> str | Response:
    here, of = scope(), distributor_here()
    program = here.program
    return answer(
        TRANSFERS,
        "portal/points/transfers.html",
        form=form,
        asked=asked,
        allowed=transfers.settings_of(program).asked_by == "participants",
        may_spend=pools.may_spend(session(), of.id),
        balance=balances.balance_of(session(), program.id, of.code, Unit.POINTS),
        left=transfers.left_this_month(session(), program, of.id, now()),
        waiting=_waiting(of.id),
        own=own(),
    )


def _waiting(distributor_id: int) -> First[Any]:
    """Give what this person asked for and nobody decided: it can be taken back."""
    waiting = (
        select(PointsTransfer.id, PointsTransfer.amount, Distributor.name)
        .join(Distributor, Distributor.id == PointsTransfer.receiver_id)
        .where(
            PointsTransfer.giver_id == distributor_id,
            PointsTransfer.state == "waiting",
            func.lower(PointsTransfer.requested_by) == person().login.lower(),
        )
        .order_by(PointsTransfer.id)
    )
    return first(session(), waiting, MOST_WAITING)


@bp.post("/portal/<code:program_code>/<id:distributor_id>/transfers")
def ask(program_code: str, distributor_id: int) -> str | Response | tuple[str | Response, int]:
    form = Giving()
    if form.validate():
        program = scope().program
        try:
            with transaction(db.session) as writing:
                receiver = distributors.id_of_code(writing, program.id, form.receiver.data or "")
                if receiver is not None:
                    transfers.request(
                        writing,
                        program,
                        distributor_id,
                        receiver,
                        int(form.points.data),
                        key=form.key.data or str(uuid.uuid4()),
                        note=form.note.data or "",
                        actor=person().login,
                        by_participant=True,
                        now=now(),
                    )
                    flash(gettext("Asked for. As soon as the programme approves it, the points move."), "success")
                    return redirect(url_for("portal_transfers.index", **own()), 303)
            form.refuse("receiver", gettext("Nobody in this programme has this code."))
        except OwnersError as error:
            form.refuse(None, why_not(error))
    return _page(form, asked=True), 400


@bp.post("/portal/<code:program_code>/<id:distributor_id>/transfers/withdraw")
def withdraw(program_code: str, distributor_id: int) -> Response:
    """Take back what one asked for."""
    chosen = request.form.get("id", "")
    mine = {str(one.id): one.id for one in _waiting(distributor_id)}
    if chosen not in mine:
        abort(404)
    try:
        with transaction(db.session) as writing:
            transfers.refuse(writing, scope().program, mine[chosen], note="", actor=person().login, now=now())
    except NotWaiting as error:
        flash(why_not(error), "warning")
    else:
        flash(gettext("It will not happen."), "success")
    return redirect(url_for("portal_transfers.index", **own()), 303)
