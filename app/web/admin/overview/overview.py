"""The overview of a programme: what needs somebody today, what runs, and how sales and points go."""

import datetime as dt
from dataclasses import dataclass

from flask import Blueprint, render_template
from flask_babel import gettext

from app.services.ledger import liability
from app.services.reporting import reports
from app.web import formats
from app.web.admin.overview import waiting
from app.web.admin.overview.duties import duties
from app.web.context import now, scope, session
from importers.batches import batches

NEWEST_IMPORTS = 5
MONTHS = 12

bp = Blueprint("overview", __name__)


@dataclass(frozen=True)
class Part:
    """One piece of the bar that shows where the points are, in thousandths of its length."""

    name: str
    start: int
    width: int


@bp.get("/programs/<code:program_code>/")
def overview(program_code: str) -> str:
    program = scope().program
    total = waiting.points_sum(session(), program.id)
    sold = reports.sales_of_program(session(), program.id)
    sales = sold.net_minor
    window = reports.window_until(max(sales, default=now().date().replace(day=1)), MONTHS)
    points = {one.month_on: one for one in liability.points_by_month(session(), program, window.first)}
    months = window.each()
    # points are redeemed and expire after the last sale as well
    moving = reports.window_until(max([months[-1], *points]), MONTHS).each()
    return render_template(
        "admin/overview/overview.html",
        total=total,
        bar=_bar(total),
        worth=liability.worth_minor(total.available + total.pending + total.reserved, program.point_value_micro),
        duties=duties(),
        imports=batches.newest(session(), program.code, NEWEST_IMPORTS, now(), checks=False),
        labels=[formats.month(month) for month in months],
        point_labels=[formats.month(month) for month in moving],
        sales=_sales(sales, months),
        points=[
            (gettext("Issued"), [points[month].issued if month in points else 0 for month in moving]),
            (gettext("Redeemed"), [points[month].redeemed if month in points else 0 for month in moving]),
            (gettext("Expired"), [points[month].expired if month in points else 0 for month in moving]),
        ]
        if points
        else [],
        newest=(months[-1], sales.get(months[-1], 0), sales.get(reports.month_before(months[-1], 1), 0))
        if sales
        else None,
        refreshed_at=sold.refreshed_at,
    )


def _sales(sales: dict[dt.date, int], months: list[dt.date]) -> list[tuple[str, list[int]]]:
    """Give the lines of the chart: these months, and the same a year before where there were any."""
    if not sales:
        return []
    lines = [(gettext("These months"), [sales.get(month, 0) for month in months])]
    before = [sales.get(reports.month_before(month, MONTHS), 0) for month in months]
    return [*lines, (gettext("A year before"), before)] if any(before) else lines


def _bar(total: waiting.PointsSum) -> list[Part]:
    """Cut a bar of a thousand by how many points are where; what is owed takes no room."""
    amounts = {name: max(0, getattr(total, name)) for name in ("available", "pending", "reserved", "spent", "expired")}
    whole, parts, before = sum(amounts.values()), [], 0
    for name, amount in amounts.items():
        start, end = (1000 * edge // whole if whole else 0 for edge in (before, before + amount))
        if end > start:
            parts.append(Part(name, start, end - start))
        before += amount
    return parts
