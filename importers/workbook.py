"""The problems workbook: the file's own columns with one more, the reason; fix it and import it again."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.reasons import sentences
from app.domain.states import Outcome
from app.exports.tables import Column, Layout
from app.exports.workbook import Sheet, write_workbook
from app.models.imports import ImportProblem
from importers.store import BatchFiles

REASON = "Reason"


@dataclass(frozen=True)
class ProblemRow:
    """A row of the file that did not count: its number, its outcome, and why."""

    row_number: int
    outcome: Outcome
    reasons: list[dict[str, Any]]


def problem_rows(session: Session, batch_id: int) -> list[ProblemRow]:
    """Give every row of a batch that was held or refused, in the file's order."""
    rows = session.execute(
        select(ImportProblem.row_number, ImportProblem.outcome, ImportProblem.reasons)
        .where(ImportProblem.batch_id == batch_id)
        .order_by(ImportProblem.row_number)
    )
    return [ProblemRow(*row) for row in rows]


def write_problems(found: Sequence[ProblemRow], files: BatchFiles) -> None:
    """Write the rows that were held or refused, if any."""
    if not found:
        return
    rows = np.asarray([row.row_number for row in found], dtype=np.int64)
    cells = files.load_rows(rows)
    keys = {f"c{at}": name for at, name in enumerate(cells)}
    columns = [Column(key, name) for key, name in keys.items()]
    reason = _free(REASON, cells)
    data = {key: cells[name] for key, name in keys.items()}
    data["reason"] = [f"{row.outcome.capitalize()}: {sentences(row.reasons)}" for row in found]
    layout = Layout((*columns, Column("reason", reason)))
    write_workbook(files.problems, [Sheet("Problems", layout, data)])


def _free(name: str, taken: Iterable[str]) -> str:
    """Give a column a name that no other has, not even in other letters: headers compare without case."""
    keys = {one.casefold() for one in taken}
    names = itertools.chain([name], (f"{name} ({number})" for number in itertools.count(2)))
    return next(one for one in names if one.casefold() not in keys)
