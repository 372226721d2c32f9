"""All distributors of a programme, with what stands on their accounts."""

from flask import Blueprint, render_template

from app.domain.states import Unit
from app.services import balances
from app.web import paging, queries
from app.web.addresses import id_asked, text_asked
from app.web.context import scope, session

bp = Blueprint("distributors", __name__)


@bp.get("/programs/<code:program_code>/distributors")
def index(program_code: str) -> str:
    program, search, after = scope().program, text_asked("q"), id_asked("after")
    place = None if after is None else queries.place_of(session(), program.id, after)
    found = balances.balances(
        session(), program.id, Unit.POINTS, after=place, limit=paging.ROWS + 1, search=search or None
    )
    return render_template("admin/distributors.html", page=paging.page(found, first=place is None), search=search)
