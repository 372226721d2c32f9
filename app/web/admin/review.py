"""Documents that wait for somebody to decide."""

from typing import Any

from flask import Blueprint, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, Select, literal_column, select
from werkzeug.wrappers import Response

from app.domain.reasons import sentences
from app.domain.states import DocumentStatus
from app.models.distributors import Distributor
from app.models.sales import SalesDocument
from app.web.context import scope
from app.web.lists.answering import answer
from app.web.lists.describing import Column, Days, Kind, Listing, Search
from app.web.wording import DOCUMENT_KIND

bp = Blueprint("review", __name__)


def _query() -> Select[Any]:
    # the status is written out: an index serves it that the planner finds only if it can see it
    waits: ColumnElement[bool] = literal_column(f"sales_document.status = {int(DocumentStatus.REVIEW)}")
    return (
        select()
        .select_from(SalesDocument)
        .join(Distributor, Distributor.id == SalesDocument.distributor_id)
        .where(SalesDocument.program_id == scope().program.id, waits)
    )


def _document(row: Any) -> str:
    return url_for("documents.show", program_code=scope().program.code, document_id=row.row_id)


REVIEW = Listing(
    name="review",
    title=_("Documents that wait for a decision"),
    columns=(
        Column(
            "number",
            _("Document"),
            SalesDocument.number,
            link=_document,
            small=lambda row: DOCUMENT_KIND[row.kind],
        ),
        Column("issued_on", _("Issued"), SalesDocument.issued_on, Kind.DAY, SalesDocument.issued_on),
        Column("came", _("Came in"), SalesDocument.counted_at, Kind.INSTANT, SalesDocument.counted_at, phone=False),
        Column("name", _("Distributor"), Distributor.name, sort=Distributor.sort_key),
        Column("net", _("Net amount"), SalesDocument.net_minor, Kind.MONEY, SalesDocument.net_minor),
        Column("why", _("Why"), SalesDocument.reasons, words=lambda reasons: sentences(reasons, gettext)),
        Column("kind", _("Kind"), SalesDocument.kind, words=lambda kind: DOCUMENT_KIND[kind], shown=False),
    ),
    query=_query,
    id=SalesDocument.id,
    default="came",
    filters=(
        Search(SalesDocument.number, Distributor.name, Distributor.code, title=_("Number, distributor or code")),
        Days("issued", _("Issued"), SalesDocument.issued_on),
    ),
)


@bp.get("/programs/<code:program_code>/review")
def index(program_code: str) -> str | Response:
    return answer(REVIEW, "admin/review.html", counted=True)
