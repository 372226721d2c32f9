"""The problems workbook: the file's own columns with one more, the reason; fix it and import it again."""

import itertools
import json
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session

from app.domain.exact import Ints
from app.domain.reasons import sentences
from app.exports.tables import Column, Layout
from app.exports.workbook import Sheet, write_workbook
from app.models.imports import ImportProblem
from importers.store import BatchFiles

REASON = "Reason"


_PIECE = 20_000
"""Rows that are turned into sentences at once: a whole file may be held because of one thing that it lacks."""


@dataclass(frozen=True)
class ProblemRows:
    """Rows of the file that did not count, in the file's order: their numbers, and what became of them and why."""

    row_number: Ints
    told: pa.Array

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.row_number)


def problem_rows(session: Session, batch_id: int) -> ProblemRows:
    """Give every row of a batch that was held or refused."""
    rows = session.execute(
        # as text: rows that wait for one document say the same, and it is made a sentence once
        select(ImportProblem.row_number, ImportProblem.outcome, cast(ImportProblem.reasons, Text).label("reasons"))
        .where(ImportProblem.batch_id == batch_id)
        .order_by(ImportProblem.row_number)
        .execution_options(yield_per=_PIECE)
    )
    numbers: list[Ints] = [np.zeros(0, dtype=np.int64)]
    told: list[pa.Array] = [pa.array([], type=pa.large_string())]
    for piece in rows.partitions():
        numbers.append(np.asarray([row.row_number for row in piece], dtype=np.int64))
        said = {
            (outcome, reasons): f"{outcome.capitalize()}: {sentences(json.loads(reasons))}"
            for outcome, reasons in {(row.outcome, row.reasons) for row in piece}
        }
        told.append(pa.array([said[row.outcome, row.reasons] for row in piece], type=pa.large_string()))
    return ProblemRows(np.concatenate(numbers), pa.concat_arrays(told))


def write_problems(found: ProblemRows, files: BatchFiles) -> None:
    """Write the rows that were held or refused, if any."""
    if not len(found):
        return
    cells = files.load_rows(found.row_number)
    keys = {f"c{at}": name for at, name in enumerate(cells)}
    reason = _free(REASON, cells)
    layout = Layout((*(Column(key, name) for key, name in keys.items()), Column("reason", reason)))
    data = {key: cells[name] for key, name in keys.items()} | {"reason": found.told}
    write_workbook(files.problems, [Sheet("Problems", layout, data)])


def _free(name: str, taken: Iterable[str]) -> str:
    """Give a column a name that no other has, not even in other letters: headers compare without case."""
    keys = {one.casefold() for one in taken}
    names = itertools.chain([name], (f"{name} ({number})" for number in itertools.count(2)))
    return next(one for one in names if one.casefold() not in keys)
