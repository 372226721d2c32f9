"""The overview of a programme."""

from dataclasses import dataclass

from flask import Blueprint, render_template

from app.domain.states import Unit
from app.services import balances
from app.web import queries
from app.web.context import now, scope, session
from importers import batches

NEWEST_IMPORTS = 5
FIRST_DISTRIBUTORS = 10

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
    total = queries.points_sum(session(), program.id)
    return render_template(
        "admin/overview.html",
        total=total,
        bar=_bar(total),
        counted=queries.documents_counted(session(), program.id),
        imports=batches.newest(session(), program.code, NEWEST_IMPORTS, now()),
        distributors=balances.balances(session(), program.id, Unit.POINTS, limit=FIRST_DISTRIBUTORS),
    )


def _bar(total: queries.PointsSum) -> list[Part]:
    """Cut a bar of a thousand by how many points are where; what is owed takes no room."""
    amounts = {name: max(0, getattr(total, name)) for name in ("available", "pending", "reserved", "spent", "expired")}
    whole, parts, before = sum(amounts.values()), [], 0
    for name, amount in amounts.items():
        start, end = (1000 * edge // whole if whole else 0 for edge in (before, before + amount))
        if end > start:
            parts.append(Part(name, start, end - start))
        before += amount
    return parts
