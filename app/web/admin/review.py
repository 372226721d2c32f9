"""Documents that wait for somebody to decide."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, Select, literal_column, select
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.domain.reasons import sentences
from app.domain.states import DocumentStatus
from app.extensions import db
from app.models.distributors import Distributor
from app.models.sales import SalesDocument
from app.web.admin.documents import Decision
from app.web.context import now, person, scope, session
from app.web.lists.answering import answer
from app.web.lists.asking import chosen_ids
from app.web.lists.describing import HERE, Action, Column, Days, Kind, Listing, Search, To
from app.web.wording import DOCUMENT_KIND
from verification import decisions

bp = Blueprint("review", __name__)

MOST_AT_ONCE = 200
"""So many are decided while somebody waits for the page."""


# the status is written out: an index serves it that the planner finds only if it can see it
_WAITS: ColumnElement[bool] = literal_column(f"sales_document.status = {int(DocumentStatus.REVIEW)}")
_QUERY: Select[Any] = (
    select()
    .select_from(SalesDocument)
    .join(Distributor, Distributor.id == SalesDocument.distributor_id)
    .where(SalesDocument.program_id == HERE, _WAITS)
)

REVIEW = Listing(
    name="review",
    title=_("Documents that wait for a decision"),
    columns=(
        Column(
            "number",
            _("Document"),
            SalesDocument.number,
            link=To("documents.show", document_id="row_id"),
            small="kind",
        ),
        Column("issued_on", _("Issued"), SalesDocument.issued_on, Kind.DAY, SalesDocument.issued_on),
        Column("came", _("Came in"), SalesDocument.counted_at, Kind.INSTANT, SalesDocument.counted_at, phone=False),
        Column("name", _("Distributor"), Distributor.name, sort=Distributor.sort_key),
        Column("net", _("Net amount"), SalesDocument.net_minor, Kind.MONEY, SalesDocument.net_minor),
        Column("why", _("Why"), SalesDocument.reasons, words=lambda reasons: sentences(reasons, gettext)),
        Column("kind", _("Kind"), SalesDocument.kind, words=lambda kind: DOCUMENT_KIND[kind], shown=False),
    ),
    query=_QUERY,
    id=SalesDocument.id,
    default="came",
    filters=(
        Search(SalesDocument.number, Distributor.name, Distributor.code, title=_("Number, distributor or code")),
        Days("issued", _("Issued"), SalesDocument.issued_on),
    ),
    actions=(
        Action(_("Accept…"), "review.accept", "decide"),
        Action(_("Refuse…"), "review.refuse", "decide", danger=True),
    ),
)


@bp.get("/programs/<code:program_code>/review")
def index(program_code: str) -> str | Response:
    return answer(REVIEW, "admin/review.html", counted=True)


@bp.post("/programs/<code:program_code>/review/accept")
def accept(program_code: str) -> str | Response | tuple[str, int]:
    return _decide(DocumentStatus.ACCEPTED)


@bp.post("/programs/<code:program_code>/review/refuse")
def refuse(program_code: str) -> str | Response | tuple[str, int]:
    return _decide(DocumentStatus.REFUSED)


def _decide(becomes: DocumentStatus) -> str | Response | tuple[str, int]:
    """Ask once why the chosen documents become that, then let them."""
    chosen = chosen_ids(session(), REVIEW)[:MOST_AT_ONCE]
    index = url_for("review.index", program_code=scope().program.code)
    if not chosen:
        flash(gettext("Choose documents first: none of those chosen waits for a decision."), "warning")
        return redirect(index, 303)
    if "reason" not in request.form:
        return _page(chosen, becomes, Decision(formdata=None))
    form = Decision()
    if not form.validate():
        return _page(chosen, becomes, form), 400
    with transaction(db.session) as writing:
        decided = decisions.decide_together(
            writing, scope().program, chosen, becomes, reason=form.reason.data or "", actor=person().login, now=now()
        )
    flash(
        ngettext("%(num)s document is accepted.", "%(num)s documents are accepted.", decided)
        if becomes is DocumentStatus.ACCEPTED
        else ngettext("%(num)s document is refused.", "%(num)s documents are refused.", decided),
        "success",
    )
    return redirect(index, 303)


def _page(chosen: list[int], becomes: DocumentStatus, form: Decision) -> str:
    numbers = session().scalars(select(SalesDocument.number).where(SalesDocument.id.in_(chosen)))
    return render_template(
        "admin/review_decide.html",
        form=form,
        chosen=chosen,
        numbers=sorted(numbers),
        accepting=becomes is DocumentStatus.ACCEPTED,
        most=MOST_AT_ONCE,
    )
