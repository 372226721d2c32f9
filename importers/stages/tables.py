"""The table that an import's file holds: opened as its profile says, and kept as it was read."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from app.domain.program_file.import_profile import ImportProfile
from app.domain.states import Outcome
from app.services.timing import stage
from importers.batches.store import BatchFiles
from importers.files.guard import Judged
from importers.layout.columns.columns import mapped
from importers.layout.tables.table import TextTable
from importers.layout.written.settling import settle
from importers.problems.problems import Problems
from importers.reading.card_numbers import refuse_card_numbers
from importers.reading.reading import read_as
from importers.stages.begun import Begun


@dataclass(frozen=True)
class Opened:
    """A file's table: which column holds which field, and how it is written, with nothing left to be found."""

    table: TextTable
    columns: dict[str, str]
    profile: ImportProfile


def open_table(begun: Begun, judged: Judged, problems: Problems) -> Opened:
    """Open the table of a judged file; rows that are wider or narrower than its header become problems."""
    with stage("read"):
        table = read_as(judged, begun.batch.file_name, begun.profile, currency=begun.program.currency)
    give_memory_back()
    columns = mapped(table, begun.profile)
    profile = settle(table, columns, begun.profile)
    refuse_wrong_widths(table, problems)
    return Opened(table, columns, profile)


def refuse_wrong_widths(table: TextTable, problems: Problems) -> None:
    """Refuse the rows that have more cells than the header, or fewer."""
    names = table.header
    for row, cells in table.wrong_width:
        if cells < len(names):
            missing = ", ".join(map(repr, names[cells:]))
            problems.add(row, Outcome.REFUSED, "cells_missing", found=cells, expected=len(names), columns=missing)
            continue
        problems.add(row, Outcome.REFUSED, "wrong_number_of_cells", found=cells, expected=len(table.header))


def keep(opened: Opened, name: str, files: BatchFiles, *, secret: Sequence[str] = ()) -> None:
    """Keep the rows of a file, unless it holds what nobody may keep; what is ``secret`` is kept as dots.

    Raises:
        CardNumbersFound: It holds numbers of cards.
    """
    table, columns = opened.table, opened.columns
    refuse_card_numbers(table, columns, name)
    hidden = [columns[field] for field in secret if field in columns]
    frame = table.masked(hidden) if hidden else table.frame
    files.save_rows(frame, table.row_number, {} if secret else table.broken, read_as=table.proved.said)
    if len(table.recognised):
        files.save_recognised(table.recognised)


def counts_of(table: TextTable) -> dict[str, int]:
    """Count the rows that were read, and those that are no lines, all and by what they are."""
    kinds = {f"rows_{kind}": count for kind, count in table.recognised.count().items()}
    return {"rows_read": table.rows_read, "rows_recognised": len(table.recognised), **kinds}


def give_memory_back() -> None:
    """Give memory back that a large step has let go of: what comes next stands beside it otherwise.

    A third of the largest process was such memory; giving it back costs a few milliseconds.
    """
    pa.default_memory_pool().release_unused()
