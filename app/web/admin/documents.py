"""Documents: the list of all, and one with everything that came of it."""

import re
from typing import Any

from flask import Blueprint, render_template
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, Select, or_, select
from werkzeug.wrappers import Response

from app.domain.numbering import number_key
from app.domain.states import DocumentKind, DocumentStatus
from app.models.distributors import Distributor
from app.models.sales import SalesDocument
from app.services import explanations
from app.web import paging, queries
from app.web.addresses import id_asked
from app.web.context import scope, session
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Choice, Column, Days, Kind, Listing, OneOf, Search, To
from app.web.permissions import can
from app.web.verdicts import told
from app.web.wording import DOCUMENT_KIND, DOCUMENT_STATUS
from verification.timeline import timeline

bp = Blueprint("documents", __name__)

LINES = 20
"""Lines on one page of a document: below each stand the awards it earned, easily five."""

_YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")


_QUERY: Select[Any] = (
    select()
    .select_from(SalesDocument)
    .join(Distributor, Distributor.id == SalesDocument.distributor_id)
    .where(SalesDocument.program_id == HERE)
)


def _numbered(typed: str) -> ColumnElement[bool]:
    """Find numbers that begin like the typed one, however it is written (rules.md 9): an index serves that."""
    keys = {number_key(typed, year) for year in (0, *map(int, _YEAR.findall(typed)))} - {""}
    return or_(*(SalesDocument.number_key.startswith(key, autoescape=True) for key in sorted(keys)))


DOCUMENTS = Listing(
    name="documents",
    title=_("Documents"),
    columns=(
        Column(
            "number",
            _("Document"),
            SalesDocument.number,
            link=To("documents.show", document_id="row_id"),
            small="kind",
        ),
        Column("issued_on", _("Issued"), SalesDocument.issued_on, Kind.DAY, SalesDocument.issued_on),
        Column("name", _("Distributor"), Distributor.name, link=To("records.show", distributor_id="distributor_id")),
        Column("code", _("Code"), Distributor.code, Kind.CODE, phone=False),
        Column("lines", _("Lines"), SalesDocument.line_count, Kind.NUMBER, phone=False),
        Column("net", _("Net amount"), SalesDocument.net_minor, Kind.MONEY),
        Column("source", _("Source"), SalesDocument.source, phone=False),
        Column("counted_at", _("Came in"), SalesDocument.counted_at, Kind.INSTANT, phone=False),
        Column("status", _("State"), SalesDocument.status, badge=lambda status: DOCUMENT_STATUS[status]),
        Column("kind", _("Kind"), SalesDocument.kind, words=lambda kind: DOCUMENT_KIND[kind], shown=False),
        Column("distributor_id", "", Distributor.id, shown=False, exported=False),
    ),
    query=_QUERY,
    id=SalesDocument.id,
    default="-issued_on",
    filters=(
        Search(title=_("Number of a document"), also=_numbered),
        OneOf(
            "state",
            _("State"),
            [Choice(status.name.lower(), badge.text) for status, badge in DOCUMENT_STATUS.items()],
            lambda value: SalesDocument.status == DocumentStatus[value.upper()],
        ),
        OneOf(
            "kind",
            _("Kind"),
            [Choice(kind.name.lower(), text) for kind, text in DOCUMENT_KIND.items()],
            lambda value: SalesDocument.kind == DocumentKind[value.upper()],
        ),
        Days("issued", _("Issued"), SalesDocument.issued_on),
    ),
)


@bp.get("/programs/<code:program_code>/documents")
def index(program_code: str) -> str | Response:
    return answer(DOCUMENTS, "admin/documents.html")


@bp.get("/programs/<code:program_code>/documents/<id:document_id>")
def show(program_code: str, document_id: int) -> str:
    here = scope()
    after = id_asked("line") or 0
    explained = explanations.explain_document(
        session(), here.program, document_id, gettext, after=after, most=LINES + 1
    )
    return render_template(
        "admin/document.html",
        document=explained,
        page=paging.page(explained.lines, first=after == 0, size=LINES),
        returns=queries.returns_of(session(), document_id),
        sales=queries.sales_of(session(), document_id),
        happened=told(timeline(session(), document_id, public=not can("see_review"))),
    )
