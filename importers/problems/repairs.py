"""Repairs: the problems of an import grouped by what repairs them, not a thousand rows one below the other."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import column, func, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from app.domain.states import Outcome
from app.models.imports import ImportProblem

EXAMPLES = 3
MOST_GROUPS = 50


@dataclass(frozen=True)
class Example:
    """One of the rows of a group: its number, and the reason as it is stored."""

    row: int
    reason: dict[str, Any]


@dataclass
class ToRepair:
    """Rows that one repair helps: the same reason, of the same column where it is of one."""

    code: str
    of: str | None
    outcome: Outcome
    rows: int
    examples: list[Example] = field(default_factory=list)


def to_repair(session: Session, batch_id: int) -> Sequence[ToRepair]:
    """Group the problems of a batch, those of most rows first, each with its first examples. One query."""
    reason = func.jsonb_array_elements(ImportProblem.reasons).table_valued(column("value", JSONB)).render_derived()
    code, of = reason.c.value["code"].astext, reason.c.value["field"].astext
    alike = (code, of, ImportProblem.outcome)
    each = (
        select(
            code.label("code"),
            of.label("of"),
            ImportProblem.outcome,
            ImportProblem.row_number,
            reason.c.value.label("value"),
            func.count().over(partition_by=alike).label("rows"),
            func.row_number().over(partition_by=alike, order_by=ImportProblem.row_number).label("place"),
        )
        .join(reason, literal_column("true"))
        .where(ImportProblem.batch_id == batch_id)
        .subquery()
    )
    found: dict[tuple[str, str | None, Outcome], ToRepair] = {}
    for one in session.execute(
        select(each)
        .where(each.c.place <= EXAMPLES)
        .order_by(each.c.rows.desc(), each.c.code, each.c.of, each.c.outcome, each.c.place)
        .limit(EXAMPLES * MOST_GROUPS)
    ):
        group = found.setdefault((one.code, one.of, one.outcome), ToRepair(one.code, one.of, one.outcome, one.rows))
        group.examples.append(Example(one.row_number, one.value))
    return list(found.values())
