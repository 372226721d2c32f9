"""Disputes: what distributors say against their awards, each with the explanation beside it, and answered here."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, func, select
from werkzeug.wrappers import Response
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from app.db.first import First
from app.db.transaction import transaction
from app.domain.roles import GRANTS, Permission, Role
from app.domain.states import DisputeState
from app.extensions import db
from app.models.desk import AdjustmentRequest
from app.models.disputes import Dispute
from app.models.distributors import Distributor
from app.models.sales import SalesDocument
from app.services.by_hand import adjustments, disputes, granted_disputes
from app.services.counting import wordings
from app.services.tracing import chain, explanations
from app.web.context import now, person, scope, session
from app.web.forms.fields import Between, PointsField
from app.web.forms.form import Form
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Column, Kind, Listing, OneOf, Search, To
from app.web.words.movements import movement_name
from app.web.words.telling import Telling
from app.web.words.wording import DISPUTE_STATE, MOVEMENT, ROLE

bp = Blueprint("disputes", __name__)


class Granting(Form):
    """How many points are given, and what the distributor is told."""

    points = PointsField(_("Points to give"), [InputRequired(_("Say how many.")), Between(1, adjustments.MOST)])
    reply = TextAreaField(_("Answer"), [InputRequired(_("Say what you found.")), Length(max=500)])


class Declining(Form):
    """Why nothing is given."""

    answer = TextAreaField(_("Answer"), [InputRequired(_("Say why, in words that help.")), Length(max=500)])


_QUERY: Select[Any] = (
    select()
    .select_from(Dispute)
    .join(Distributor, Distributor.id == Dispute.distributor_id)
    .outerjoin(SalesDocument, SalesDocument.id == Dispute.document_id)
    .where(Dispute.program_id == HERE)
)
_ABOUT = func.coalesce(SalesDocument.number, func.concat("#", Dispute.transaction_id))
"""What a dispute is about: the number of a document, or of a movement."""

DISPUTES = Listing(
    name="disputes",
    title=_("Disputes"),
    columns=(
        Column("number", _("What about"), _ABOUT, link=To("disputes.show", dispute_id="row_id")),
        Column("name", _("Distributor"), Distributor.name, sort=Distributor.sort_key),
        Column("words", _("In words"), Dispute.words, phone=False),
        Column("amount", _("Given"), Dispute.amount, Kind.POINTS),
        Column("asked_at", _("Asked"), Dispute.asked_at, Kind.INSTANT, Dispute.asked_at),
        Column("answered_by", _("Answered by"), Dispute.answered_by, Kind.PERSON, phone=False),
        Column("state", _("State"), Dispute.state, badge=lambda state: DISPUTE_STATE[state]),
    ),
    query=_QUERY,
    id=Dispute.id,
    default="-asked_at",
    filters=(
        Search(SalesDocument.number, Distributor.name, Dispute.words, title=_("Document, distributor or words")),
        OneOf.named("state", _("State"), Dispute.state, DISPUTE_STATE, waits=(DisputeState.OPEN,)),
    ),
)


@bp.get("/programs/<code:program_code>/disputes")
def index(program_code: str) -> str | Response:
    return answer(DISPUTES, "admin/documents/disputes/list.html")


@bp.get("/programs/<code:program_code>/disputes/<id:dispute_id>")
def show(program_code: str, dispute_id: int) -> str:
    return _page(dispute_id, Granting(formdata=None), Declining(formdata=None))


def _page(dispute_id: int, granting: Granting, declining: Declining) -> str:
    found = session().get_one(Dispute, dispute_id)
    adjustment = session().get(AdjustmentRequest, found.adjustment_id) if found.adjustment_id else None
    said = _said(found)
    return render_template(
        "admin/documents/disputes/show.html",
        dispute=found,
        state=DISPUTE_STATE[found.state],
        states=DISPUTE_STATE,
        earlier=First((one for one in said if one.id != found.id), said.more),
        distributor=session().get_one(Distributor, found.distributor_id),
        **_explained(found),
        adjustment=adjustment,
        not_given=granted_disputes.not_given(session(), found),
        answerers=[str(ROLE[role]) for role in Role if Permission.REQUEST_ADJUSTMENT in GRANTS[role]],
        granting=granting,
        declining=declining,
        own={"program_code": scope().program.code, "distributor_id": found.distributor_id},
    )


def _said(found: Dispute) -> First[Dispute]:
    """Give what was said of the same document or movement."""
    if found.document_id is not None:
        return disputes.of_document(session(), wordings.newest(session(), found.document_id))
    assert found.transaction_id is not None, "a dispute is about one of the two"
    return disputes.of_movement(session(), found.transaction_id)


def _explained(found: Dispute) -> dict[str, Any]:
    """Explain what is disputed: lines of a document, or a movement in a sentence."""
    if found.document_id is not None:
        after, most = (found.line_number or 1) - 1, 1 if found.line_number else 10
        stands = wordings.newest(session(), found.document_id)
        document = explanations.explain_document(session(), scope().program, stands, Telling(), after=after, most=most)
        if found.rule_version_id is not None:
            document = replace(document, lines=[one.of_version(found.rule_version_id) for one in document.lines])
        corrected = stands != found.document_id
        return {"document": document, "movement": None, "about": document.number, "corrected": corrected}
    assert found.transaction_id is not None, "a dispute is about one of the two"
    movement = chain.movements(session(), [found.transaction_id])[found.transaction_id]
    about = movement_name(movement) or str(MOVEMENT[movement.kind])
    return {"document": None, "movement": movement, "about": about, "corrected": False}


@bp.post("/programs/<code:program_code>/disputes/<id:dispute_id>/grant")
def grant(program_code: str, dispute_id: int) -> str | Response | tuple[str, int]:
    form = Granting()
    if not form.validate():
        return _refused(dispute_id, form, Declining(formdata=None))
    try:
        with transaction(db.session) as writing:
            disputes.grant(
                writing,
                scope().program,
                dispute_id,
                int(form.points.data),
                form.reply.data or "",
                actor=person().login,
                now=now(),
            )
    except disputes.NotOpen:
        return _answered_before(dispute_id)
    flash(gettext("Granted. The adjustment waits for a second person."), "success")
    return _back(dispute_id)


@bp.post("/programs/<code:program_code>/disputes/<id:dispute_id>/decline")
def decline(program_code: str, dispute_id: int) -> str | Response | tuple[str, int]:
    form = Declining()
    if not form.validate():
        return _refused(dispute_id, Granting(formdata=None), form)
    try:
        with transaction(db.session) as writing:
            disputes.decline(
                writing, scope().program, dispute_id, form.answer.data or "", actor=person().login, now=now()
            )
    except disputes.NotOpen:
        return _answered_before(dispute_id)
    flash(gettext("Declined. The distributor reads your answer."), "success")
    return _back(dispute_id)


def _refused(dispute_id: int, granting: Granting, declining: Declining) -> Response | tuple[str, int]:
    """Give the form back; where somebody answered meanwhile, there is none any more."""
    if session().get_one(Dispute, dispute_id).state is not DisputeState.OPEN:
        return _answered_before(dispute_id)
    return _page(dispute_id, granting, declining), 400


def _answered_before(dispute_id: int) -> Response:
    flash(gettext("It was answered before."), "warning")
    return _back(dispute_id)


def _back(dispute_id: int) -> Response:
    return redirect(url_for("disputes.show", program_code=scope().program.code, dispute_id=dispute_id), 303)
