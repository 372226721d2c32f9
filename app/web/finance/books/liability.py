"""What the sponsor owes in points: outstanding, by group and by month of expiry, and how it came to be."""

from flask import Blueprint, render_template
from flask_babel import gettext

from app.services.ledger import figures, liability
from app.services.ledger.liability import Outstanding, worth_minor
from app.services.reporting.reports import month_before
from app.web import formats
from app.web.context import scope, session, today

MONTHS = 24

bp = Blueprint("liability", __name__)


@bp.get("/programs/<code:program_code>/liability")
def index(program_code: str) -> str:
    program = scope().program
    groups = liability.outstanding_by_group(session(), program.id)
    since = month_before(today(), MONTHS)
    by_month = liability.points_by_month(session(), program, since)
    return render_template(
        "finance/books/liability.html",
        groups=groups,
        total=_together(groups),
        worth=lambda points: worth_minor(points, program.point_value_micro),
        expiring=liability.expiring_by_month(session(), program.id),
        labels=[formats.month(one.month_on) for one in by_month],
        series=[
            (gettext("Issued"), [one.issued for one in by_month]),
            (gettext("Redeemed"), [one.redeemed for one in by_month]),
            (gettext("Expired"), [one.expired for one in by_month]),
        ],
        refreshed_at=figures.refreshed_at(session(), program.id),
    )


def _together(groups: list[Outstanding]) -> Outstanding:
    return Outstanding(
        None,
        sum(one.distributors for one in groups),
        sum(one.available for one in groups),
        sum(one.pending for one in groups),
        sum(one.reserved for one in groups),
        sum(one.owed for one in groups),
    )
