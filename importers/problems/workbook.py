"""The problems workbook: the file's own columns with one more, the reason; fix it and import it again.

Most of its rows are known once the file is read, so it is prepared while others count the shards. Rows of problems are
only ever added: where there are as many at the end, it is the finished one.
"""

import itertools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from app.domain.measures.exact import Ints
from app.domain.saying.reasons import sentences
from app.domain.saying.wording import marked
from app.domain.states import Outcome
from app.exports.tables import Column, Layout
from app.exports.workbook import Sheet, write_workbook
from app.models.imports import ImportBatch, ImportProblem
from app.models.programs import Program
from app.services.telling.languages import writing
from app.services.telling.texts import translated
from importers.batches.store import BatchFiles
from importers.layout.tables.handed_back import names_in, title_of
from importers.layout.tables.table import Stretch, place_of, stretches_of

_ = marked
_OUTCOMES = {Outcome.HELD: _("Held: %(why)s"), Outcome.REFUSED: _("Refused: %(why)s")}
_PIECE = 20_000
"""Reasons that are turned into sentences at once: each of a million rows may have one of its own."""


@dataclass(frozen=True)
class ProblemRows:
    """Rows of the file that did not count, in the file's order: their numbers, and what became of them and why.

    ``stretches`` tell of which sheets they are, where there are several; ``language`` is that of the reasons.
    """

    row_number: Ints
    told: pa.Array
    stretches: tuple[Stretch, ...] = ()
    language: str = "en"

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.row_number)


def count_problems(session: Session, batch_id: int) -> int:
    """Count the rows of a batch that were held or refused."""
    return session.execute(
        select(func.count()).select_from(ImportProblem).where(ImportProblem.batch_id == batch_id)
    ).scalar_one()


def problem_rows(session: Session, batch_id: int) -> ProblemRows:
    """Give every row of a batch that was held or refused, with the reasons in the programme's language."""
    program = session.get_one(Program, session.get_one(ImportBatch, batch_id).program_id)
    language = program.locale[:2]
    show = writing(language).stored

    def say(text: str) -> str:
        return translated(text, language)

    reasons = cast(ImportProblem.reasons, Text)
    groups = session.execute(
        # rows that wait for one document say the same: it is made a sentence once
        select(ImportProblem.outcome, reasons.label("reasons"), func.array_agg(ImportProblem.row_number).label("rows"))
        .where(ImportProblem.batch_id == batch_id)
        .group_by(ImportProblem.outcome, reasons)
        .execution_options(yield_per=_PIECE)
    )
    numbers: list[Ints] = [np.zeros(0, dtype=np.int64)]
    said: list[str] = []
    for piece in groups.partitions():
        numbers += [np.asarray(group.rows, dtype=np.int64) for group in piece]
        said += [
            say(_OUTCOMES[group.outcome]) % {"why": sentences(json.loads(group.reasons), say, show)} for group in piece
        ]
    rows = np.concatenate(numbers)
    order = np.argsort(rows)
    of = np.repeat(np.arange(len(said)), np.asarray([len(group) for group in numbers[1:]], dtype=np.int64))
    stretches = stretches_of(session.get_one(ImportBatch, batch_id).stretches)
    told = pa.array(said, type=pa.large_string()).take(pa.array(of[order]))
    return ProblemRows(rows[order], told, stretches, language)


def write_problems(path: Path, found: ProblemRows, files: BatchFiles) -> None:
    """Write the workbook of these rows."""
    cells = files.load_rows(found.row_number)
    keys = {f"c{at}": name for at, name in enumerate(cells)}
    data: dict[str, Any] = {key: cells[name] for key, name in keys.items()}
    titles, ours = list(keys.items()), names_in(found.language)
    if found.stretches:
        places = [place_of(row, found.stretches) for row in found.row_number.tolist()]
        data["sheet"] = pa.array([stretch.sheet if stretch else "" for stretch, _ in places], type=pa.large_string())
        data["row"] = pa.array([str(row) for _, row in places], type=pa.large_string())
        titles += [(key, _free(name, cells)) for key, name in (("sheet", ours.sheet), ("row", ours.row))]
    data["reason"] = found.told
    reason = _free(title_of(files.read_as(), ours), cells)
    columns = (*(Column(key, name) for key, name in titles), Column("reason", reason))
    write_workbook(path, [Sheet(ours.problems, Layout(columns), data)])


def _free(name: str, taken: Iterable[str]) -> str:
    """Give a column a name that no other has, not even in other letters: headers compare without case."""
    keys = {one.casefold() for one in taken}
    names = itertools.chain([name], (f"{name} ({number})" for number in itertools.count(2)))
    return next(one for one in names if one.casefold() not in keys)
