"""Sheets as a look sees them: each with its header as it was guessed, and what stands below it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importers.files.grid import Grid
from importers.layout.columns.columns import found_in
from importers.layout.columns.months import MonthColumn, month_columns, say_months
from importers.layout.rows.body import Body
from importers.layout.rows.rows import numbers_columns, other_header
from importers.layout.tables.header import Header, distinct, empty_cells, kept_columns, name_key, top_of

_WIDE = 4
"""Columns of a table below whose header a text alone in its row is no line."""


@dataclass
class Sheet:
    """A sheet with its header as it was guessed."""

    grid: Grid
    header: Header
    confidence_bp: int
    names: list[str]
    kept: list[int]
    months: list[MonthColumn] = field(default_factory=list)

    @property
    def body(self) -> pa.Table:
        """Give what is below the header, where numbers are numbers."""
        return self.below(self.kept)

    def below(self, figures: Collection[int]) -> pa.Table:
        """Give what is below the header, as people see it but for the columns of figures."""
        return self.grid.seen(figures).slice(self.header.below).select(self.kept).rename_columns(self.names)

    @property
    def names_of_rows(self) -> tuple[tuple[str, ...], ...]:
        """Give what each row of a header of several would call the columns if it stood alone."""
        rows = self.header.rows if len(self.header.rows) > 1 else ()
        return tuple(tuple(distinct([row[at] for at in self.kept], ())) for row in rows)

    def called(self, names: Mapping[str, str]) -> "Sheet":
        """Give the sheet with other names of columns."""
        taken = {name_key(one) for one in names.values()}
        return replace(
            self, names=[names.get(one) or (one if name_key(one) not in taken else "") for one in self.names]
        )

    @cached_property
    def _of_lines(self) -> pa.Array | None:
        """Mark the rows that say more than titles do, which stand alone in a row; none where all do, or no row does.

        What numbers the columns, and what is of another table below this one, says nothing of them either.
        """
        said: np.ndarray = np.zeros(self.grid.cells.num_rows - self.header.below, dtype=np.int32)
        cells = [at for at in self.kept if at < self.grid.width]
        for at in cells:
            said += ~empty_cells(self.grid.cells.column(at).slice(self.header.below))
        lines = said > (0 if len(cells) < _WIDE else 1)
        lines &= ~self._of_another_table(len(lines))
        return pa.array(lines) if lines.any() and not lines.all() else None

    def _of_another_table(self, rows: int) -> np.ndarray:
        """Mark a row that numbers the columns, and what is below another header: a table of other columns."""
        marked: np.ndarray = np.zeros(rows, dtype=bool)
        body = Body(
            self.body, self.grid.row_number[self.header.below :], {name: at for at, name in enumerate(self.names)}
        )
        if not rows:
            return marked
        marked[0] = numbers_columns(body.cells_of(np.zeros(1, dtype=np.int64))[0])
        row = other_header(body, self.header.of(self.kept), self.names)
        return marked if row is None else marked | (body.row_number >= row)

    def said_of_lines(self, texts: pa.ChunkedArray) -> pa.ChunkedArray:
        """Leave out of a column what titles of pages say in it, and of groups of lines."""
        return texts if self._of_lines is None else texts.filter(self._of_lines)


def sheet_below(grid: Grid, header: Header, confidence_bp: int) -> Sheet:
    """Give the sheet whose header this is."""
    kept = kept_columns(grid, header)
    names = distinct([header.names[at] for at in kept], ())
    told = say_months(header.rows, top_of(grid, header.at))
    return Sheet(grid, header, confidence_bp, names, kept, month_columns(names, told=told))


def fitting_sheets(
    found: Sequence[Sheet], main: Sheet, columns: Mapping[str, str], kind: str
) -> tuple[list[Sheet], list[Sheet]]:
    """Part the sheets that have the columns which are read, called as the first sheet calls them, from the others."""
    fitting, beside = [], []
    for sheet in found:
        there = {field: one for field, one in found_in(sheet.names, columns, kind).items() if one is not None}
        if sheet is main or set(columns.values()) <= set(sheet.names):
            fitting.append(sheet)
        elif there.keys() == columns.keys():
            fitting.append(sheet.called({one: columns[field] for field, one in there.items()}))
        else:
            beside.append(sheet)
    return fitting, beside


def named_so(
    sheets: Sequence[Sheet], called: Mapping[str, Mapping[str, str]], columns: Mapping[str, str]
) -> list[Sheet]:
    """Give the sheets of which it is told what their columns are called, with the names of the first sheet."""
    told = [(one, names) for one in sheets if (names := called.get(one.grid.name))]
    return [one.called({names[field]: columns[field] for field in names}) for one, names in told]


def names_of_sheets(sheets: Sequence[Sheet]) -> list[str]:
    """Name the sheets; a text has none."""
    return [one.grid.name for one in sheets if one.grid.name]


def distinct_texts(sheets: Sequence[Sheet], name: str) -> pa.Array:
    """Give each text once that stands in the columns of this name."""
    columns = [sheet.body.column(name) for sheet in sheets if name in sheet.names]
    texts = pc.unique(pc.utf8_trim_whitespace(pa.chunked_array([chunk for one in columns for chunk in one.chunks])))
    return texts.filter(pc.fill_null(pc.not_equal(texts, ""), False))  # noqa: FBT003
