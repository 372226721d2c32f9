"""Documents that wait for somebody to decide."""

from flask import Blueprint, render_template

from app.domain.states import DocumentStatus
from app.web import paging
from app.web.addresses import id_asked
from app.web.context import scope, session
from verification import decisions

bp = Blueprint("review", __name__)


@bp.get("/programs/<code:program_code>/review")
def index(program_code: str) -> str:
    after = id_asked("after")
    found = decisions.documents(
        session(), scope().program.id, DocumentStatus.REVIEW, after=after or 0, limit=paging.ROWS + 1
    )
    return render_template("admin/review.html", page=paging.page(found, first=after is None))
