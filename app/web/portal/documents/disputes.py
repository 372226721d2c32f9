"""A distributor disputes an award from the document it stands on, and sees what was answered."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, case, select
from werkzeug.wrappers import Response
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from app.db.transaction import transaction
from app.domain.points import chain as words
from app.extensions import db
from app.models.desk import AdjustmentRequest
from app.models.disputes import Dispute
from app.models.ledger import LedgerTransaction
from app.models.sales import SalesDocument
from app.services.by_hand import disputes, granted_disputes
from app.services.tracing import chain
from app.web.access.own import own_documents_only, sees_all
from app.web.context import distributor_here, now, person, scope, session
from app.web.forms.form import Form
from app.web.lists.answering import answer
from app.web.lists.describing import Column, Kind, Listing, To
from app.web.portal.points.chain import cause
from app.web.words.wording import DISPUTE_STATE, MOVEMENT

bp = Blueprint("portal_disputes", __name__)


class Disputing(Form):
    """What is wrong, in words."""

    words = TextAreaField(
        _("What is wrong?"), [InputRequired(_("Say what is wrong.")), Length(max=disputes.MOST_WORDS)]
    )


def _query() -> Select[Any]:
    return (
        select()
        .select_from(Dispute)
        .outerjoin(SalesDocument, SalesDocument.id == Dispute.document_id)
        .outerjoin(AdjustmentRequest, AdjustmentRequest.id == Dispute.adjustment_id)
        .where(Dispute.distributor_id == distributor_here().id, *own_documents_only())
    )


_CAME = case((AdjustmentRequest.state == "approved", AdjustmentRequest.amount))
"""What was granted, once it stands on the account: a second person decides that."""

_MOVED = (
    select(LedgerTransaction.kind).where(LedgerTransaction.id == Dispute.transaction_id).correlate(Dispute)
).scalar_subquery()

DISPUTES = Listing(
    name="own_disputes",
    title=_("Disputes"),
    columns=(
        Column("number", _("Document"), SalesDocument.number, link=To("documents.show", document_id="document_id")),
        Column(
            "movement",
            _("Movement"),
            _MOVED,
            words=lambda kind: MOVEMENT[kind] if kind is not None else "",
            link=To("chain.movement", movement_id="transaction_id"),
        ),
        Column("words", _("What you said"), Dispute.words, small="answer"),
        Column("answer", _("Answer"), granted_disputes.told_answer(), shown=False),
        Column("points", _("Points given"), _CAME, Kind.POINTS),
        Column("asked_at", _("Asked"), Dispute.asked_at, Kind.INSTANT, Dispute.asked_at),
        Column("state", _("State"), granted_disputes.told_state(), badge=lambda state: DISPUTE_STATE[state]),
        Column("document_id", "", Dispute.document_id, shown=False, exported=False),
        Column("transaction_id", "", Dispute.transaction_id, shown=False, exported=False),
    ),
    query=_query,
    id=Dispute.id,
    default="-asked_at",
    export_permission="list_documents",
)


@bp.get("/portal/<code:program_code>/<id:distributor_id>/disputes")
def index(program_code: str, distributor_id: int) -> str | Response:
    return answer(DISPUTES, "portal/documents/disputes.html")


@bp.route("/programs/<code:program_code>/documents/<id:document_id>/dispute", methods=["GET", "POST"])
def ask(program_code: str, document_id: int) -> str | Response | tuple[str, int]:
    form, line, version = Disputing(), _number("line"), _number("rule")
    if request.method == "GET":
        return _page(Disputing(formdata=None), line, version)
    if not form.validate():
        return _page(form, line, version), 400
    try:
        with transaction(db.session) as writing:
            disputes.ask(
                writing,
                scope().program,
                document_id,
                form.words.data or "",
                line_number=line,
                rule_version_id=version,
                actor=person().login,
                now=now(),
            )
    except disputes.Already:
        flash(gettext("You said so already; an answer is on its way."), "warning")
    except disputes.NothingThere:
        form.refuse(None, gettext("The document has no such line."))
        return _page(form, line, version), 400
    else:
        flash(gettext("Thank you. Somebody looks at it and answers you here."), "success")
    return redirect(url_for("documents.show", program_code=program_code, document_id=document_id), 303)


@bp.route(
    "/programs/<code:program_code>/distributors/<id:distributor_id>/movements/<id:movement_id>/dispute",
    methods=["GET", "POST"],
)
def ask_of_movement(program_code: str, distributor_id: int, movement_id: int) -> str | Response | tuple[str, int]:
    form = Disputing()
    if not sees_all(person(), scope().program.id, distributor_id):
        abort(404)  # what an account has is not its sales reps' business
    try:
        movement, unit, parts = chain.movement(session(), distributor_id, movement_id)
    except chain.NotTheirs:
        abort(404)
    if movement.document_id is not None:  # which is disputed on its own page
        return redirect(
            url_for("portal_disputes.ask", program_code=program_code, document_id=movement.document_id), 303
        )
    if movement.kind not in disputes.MOVEMENTS:
        abort(404)
    amount = sum(part.changed for part in parts)
    say = words.took if amount < 0 else words.brought
    here: dict[str, Any] = {
        "program_code": program_code,
        "distributor_id": distributor_id,
        "movement_id": movement_id,
    }

    def page(filled: Disputing) -> str:
        sentence = say(cause(movement, amount, unit), gettext)
        return render_template("portal/documents/dispute_movement.html", form=filled, sentence=sentence, which=here)

    if request.method == "GET":
        return page(Disputing(formdata=None))
    if not form.validate():
        return page(form), 400
    try:
        with transaction(db.session) as writing:
            disputes.ask_of_movement(
                writing,
                scope().program,
                distributor_id,
                movement_id,
                form.words.data or "",
                actor=person().login,
                now=now(),
            )
    except disputes.Already:
        flash(gettext("You said so already; an answer is on its way."), "warning")
    else:
        flash(gettext("Thank you. Somebody looks at it and answers you here."), "success")
    return redirect(url_for("chain.movement", **here), 303)


def _number(name: str) -> int | None:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _page(form: Disputing, line: int | None, version: int | None) -> str:
    document = session().get_one(SalesDocument, scope().thing_id)
    return render_template("portal/documents/dispute.html", form=form, document=document, line=line, version=version)


@bp.post("/programs/<code:program_code>/disputes/<id:dispute_id>/withdraw")
def withdraw(program_code: str, dispute_id: int) -> Response:
    found = session().get_one(Dispute, dispute_id)
    try:
        with transaction(db.session) as writing:
            disputes.withdraw(writing, scope().program, dispute_id, actor=person().login, now=now())
    except disputes.NotOpen:
        flash(gettext("It was answered before."), "warning")
    else:
        flash(gettext("You took it back."), "success")
    if found.document_id is not None:
        return redirect(url_for("documents.show", program_code=program_code, document_id=found.document_id), 303)
    of: dict[str, Any] = {"distributor_id": found.distributor_id, "movement_id": found.transaction_id}
    return redirect(url_for("chain.movement", program_code=program_code, **of), 303)
