"""A distributor's statement: what stands on its account, what expires next, and every movement."""

import datetime as dt

from flask import Blueprint, flash, render_template, request
from flask_babel import gettext as _

from app.domain.states import Unit
from app.services.owners import pools
from app.services.tracing import balances
from app.web.addresses import id_asked
from app.web.context import distributor_here, scope, session
from app.web.lists import paging

bp = Blueprint("statements", __name__)


@bp.get("/programs/<code:program_code>/distributors/<id:distributor_id>")
def show(program_code: str, distributor_id: int) -> str:
    here = scope()
    before, from_on, to_on = id_asked("before"), _day_asked("from"), _day_asked("to")
    of_unit = {unit: balances.balance_of(session(), here.program.id, distributor_here().code, unit) for unit in Unit}
    unit = Unit.MONEY if request.args.get("unit") == "money" else Unit.POINTS
    lines = balances.statement(
        session(), distributor_id, unit, from_on=from_on, to_on=to_on, before=before, limit=paging.ROWS + 1
    )
    return render_template(
        "portal/points/statement.html",
        balance=of_unit[unit],
        unit=unit,
        has_money=of_unit[Unit.MONEY].moved,
        expiring=balances.expiring(session(), distributor_id, unit),
        page=paging.page(lines, first=before is None),
        seat=pools.seat_of(session(), distributor_id),
        from_on=from_on,
        to_on=to_on,
    )


def _day_asked(name: str) -> dt.date | None:
    """Read a date from the query; what is none is said, and counts as not given."""
    text = request.args.get(name, "").strip()
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        flash(_("This is no date; it was left out."), "warning")
        return None
