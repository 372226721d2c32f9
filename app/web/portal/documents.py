"""A document with everything that came of it: which line earned what, by which rule, and what returns took back."""

from flask import Blueprint, render_template

from app.services import explanations
from app.web import paging, queries
from app.web.addresses import id_asked
from app.web.context import scope, session

bp = Blueprint("documents", __name__)


@bp.get("/programs/<code:program_code>/documents/<id:document_id>")
def show(program_code: str, document_id: int) -> str:
    here = scope()
    explained = explanations.explain_document(session(), here.program, document_id)
    after = id_asked("line") or 0
    lines = [line for line in explained.lines if line.line_number > after]
    return render_template(
        "portal/document.html",
        document=explained,
        page=paging.page(lines, first=after == 0),
        returns=queries.returns_of(session(), document_id),
        sales=queries.sales_of(session(), document_id),
    )
