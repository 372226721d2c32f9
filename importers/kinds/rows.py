"""The rows of a file in which one row is one thing: their cells by field, each thing once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from app.domain.states import Outcome
from app.domain.typed.codes import code_key
from importers.layout.tables.table import TextTable
from importers.layout.written.settling import DATES, NUMBERS
from importers.problems.problems import Problems
from importers.typed.parsing import (
    MAX_TEXT,
    Column,
    codes_of_floats,
    refuse_days,
    refuse_errors,
    require_digits,
    require_short,
)

Cells = dict[str, str | None]

_MOST = {
    "tier": 64,
    "tax_id": 64,
    "tax_status": 64,
    "country": 64,
    "ean": 64,
    "note": 500,
    "category": 64,
    "description": 4_000,
    "family": 64,
    "variant": 64,
    "supplier": 64,
    "about": 64,
    "carrier": 64,
    "tracking": 64,
    "seasons": 2_000,
    "groups": 2_000,
    "tiers": 2_000,
}
"""Longest texts of fields whose length is not that of names."""
_FREE = frozenset({"note", "about", "description", "reference", "booking", "seasons"})
"""Fields that may say a day as well as anything else: they name nothing that we know by it."""


@dataclass
class ThingRows:
    """Rows of distinct keys, by key as compared: (row number, cells by field).

    Attributes:
        by_key: the rows that may be taken in.
        columns: the file's name of each field, for messages.
        typed: the cells of each field, a column.
        row_number: the row of each cell.
        repeated: how many rows said again what one before them said.
    """

    columns: Mapping[str, str]
    typed: Mapping[str, Column]
    row_number: np.ndarray
    by_key: dict[tuple[str, ...], tuple[int, Cells]] = field(default_factory=dict)
    repeated: int = 0

    def __iter__(self) -> Iterator[tuple[int, Cells]]:
        """Go through them in the order of the file."""
        return iter(self.by_key.values())


def read_rows(
    table: TextTable,
    columns: Mapping[str, str],
    problems: Problems,
    *,
    needed: Sequence[str],
    key: Sequence[str],
    secret: Sequence[str] = (),
) -> ThingRows:
    """Take the rows in which the needed fields are filled.

    A key that comes again with the same cells is one row; with other cells it is a problem. Without a key each row is
    a thing of its own. No message shows what is ``secret``.
    """
    typed = {field_: Column.of(header, table.column(header)) for field_, header in columns.items()}
    names = typed.keys() - {*NUMBERS, *DATES, *_FREE}
    typed |= {field_: codes_of_floats(typed[field_]) for field_ in names}
    typed |= {field_: Column.of(field_, texts) for field_, texts in table.given.items()}
    typed |= {field_: typed[field_].unshown() for field_ in secret if field_ in typed}
    columns = {field_: column.name for field_, column in typed.items()}
    for field_, column in typed.items():
        require_short(column, table.row_number, problems, _MOST.get(field_, MAX_TEXT))
        if field_ not in NUMBERS:
            require_digits(column, table.row_number, problems)
            refuse_errors(column, table.row_number, problems)
        if field_ in names:
            refuse_days(column, table.row_number, problems)
    read = {field_: column.texts() for field_, column in typed.items()}
    rows = ThingRows(columns, typed, table.row_number)
    for at, row in enumerate(table.row_number.tolist()):
        cells: Cells = {field_: values[at] for field_, values in read.items()}
        for name in needed:
            if cells.get(name) is None:
                problems.add(row, Outcome.REFUSED, "missing", field=columns.get(name, name))
        if row in problems.outcome:
            continue
        own = tuple(code_key(cells.get(name) or "") for name in key) if key else (str(row),)
        known = rows.by_key.get(own)
        if known is None:
            rows.by_key[own] = (row, cells)
        elif known[1] | {name: cells.get(name) for name in key} == cells:
            rows.repeated += 1
        else:
            found = ", ".join(repr(cells.get(name) or "") for name in key)
            problems.add(row, Outcome.REFUSED, "repeated_code", found=found)
    return rows


def accepted(table: TextTable, rows: ThingRows, problems: Problems) -> int:
    """Count the rows that were taken in: all that have no problem and do not repeat another."""
    return int(len(table.row_number) - rows.repeated - np.isin(table.row_number, problems.rows()).sum())
