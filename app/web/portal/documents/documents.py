"""A distributor's own documents, and where each stands."""

from typing import Any

from flask import Blueprint
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import BigInteger, Select, case, cast, func, select
from werkzeug.wrappers import Response

from app.domain.saying.decision_codes import said
from app.domain.states import COUNTING, DocumentStatus, ReviewState, Unit
from app.models.reviews import Review
from app.models.sales import Award, Decision, SalesDocument
from app.services.counting.returns import taken_by
from app.web.access.own import own_documents_only
from app.web.context import distributor_here, scope
from app.web.lists.answering import answer
from app.web.lists.describing import Column, Days, Kind, Listing, OneOf, Search, To
from app.web.portal.documents.standing import why_in_checks
from app.web.portal.home import own
from app.web.words.wording import DOCUMENT_KIND, DOCUMENT_STATUS

bp = Blueprint("portal_documents", __name__)


def _query() -> Select[Any]:
    here = scope()
    return (
        select()
        .select_from(SalesDocument)
        .outerjoin(Review, Review.document_id == SalesDocument.id)
        .where(
            SalesDocument.program_id == here.program.id,
            SalesDocument.distributor_id == distributor_here().id,
            *own_documents_only(),
        )
    )


_GAVE = (
    select(func.coalesce(func.sum(Award.amount), 0))
    .where(Award.document_id == SalesDocument.id, Award.unit == Unit.POINTS)
    .correlate(SalesDocument)
    .scalar_subquery()
)
_TOOK_BACK = taken_by(SalesDocument.id, Unit.POINTS).correlate(SalesDocument).scalar_subquery()
_POINTS = case((SalesDocument.status.in_(COUNTING), cast(_GAVE - _TOOK_BACK, BigInteger)), else_=0)
"""What a document gave less what it took back, as its own page has it; what does not count gave nothing."""

_DECIDED = (
    select(func.jsonb_build_array(Decision.reason_code, Decision.reason))
    .where(Decision.document_id == SalesDocument.id)
    .order_by(Decision.id.desc())
    .limit(1)
    .correlate(SalesDocument)
    .scalar_subquery()
)


def _why(row: Any) -> str:
    """Say why a document does not count, or not yet: in the words of whoever decided, else in those of the checks."""
    if row.status not in (DocumentStatus.REFUSED, DocumentStatus.REVIEW):
        return ""
    if row.review is ReviewState.ASKED:
        return str(gettext("You are asked for more about it: open it and answer."))
    return _decided(row.decided) or why_in_checks(row.reasons)


def _decided(why: tuple[str | None, str] | None) -> str:
    return said(why[0], why[1], gettext) if why else ""


DOCUMENTS = Listing(
    name="own_documents",
    title=_("My documents"),
    columns=(
        Column(
            "number",
            _("Document"),
            SalesDocument.number,
            link=To("documents.show", document_id="row_id"),
            small=lambda row: _why(row) or DOCUMENT_KIND[row.kind],
        ),
        Column("issued_on", _("Issued on"), SalesDocument.issued_on, Kind.DAY, SalesDocument.issued_on),
        Column("net", _("Net amount"), SalesDocument.net_minor, Kind.MONEY),
        Column("points", _("Points"), _POINTS, Kind.POINTS),
        Column("person", _("Sales rep"), SalesDocument.person, Kind.PERSON, phone=False),
        Column("status", _("State"), SalesDocument.status, badge=lambda status: DOCUMENT_STATUS[status]),
        Column("review", "", Review.state, shown=False, exported=False),
        Column("kind", _("Kind"), SalesDocument.kind, words=lambda kind: DOCUMENT_KIND[kind], shown=False),
        Column("reasons", _("Why"), SalesDocument.reasons, words=why_in_checks, shown=False),
        Column(
            "decided",
            _("Decided because"),
            _DECIDED,
            words=_decided,
            shown=False,
        ),
    ),
    query=_query,
    id=SalesDocument.id,
    default="-issued_on",
    filters=(
        Search(SalesDocument.number, title=_("Number of a document")),
        OneOf.named("state", _("State"), SalesDocument.status, DOCUMENT_STATUS),
        Days("issued", _("Issued on"), SalesDocument.issued_on),
    ),
    export_permission="list_documents",
)


@bp.get("/portal/<code:program_code>/<id:distributor_id>/documents")
def index(program_code: str, distributor_id: int) -> str | Response:
    return answer(DOCUMENTS, "portal/documents/documents.html", own=own())
