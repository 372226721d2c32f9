"""A grid: the cells of one sheet, or of a text file, as they lie there. What they mean is for the layout to find.

The layout may put columns behind them of what other cells say (`Lifted`): from there on they are columns as any others.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


class Merge(NamedTuple):
    """Cells that are shown as one; the text stands in the first of them. Rows count from 1, columns from 0."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int


@dataclass(frozen=True)
class SheetSeen:
    """A sheet that a file has: its name, whether people see it, and its last row with anything in it, where known."""

    name: str
    visible: bool
    rows: int | None


@dataclass(frozen=True, eq=False)
class Lifted:
    """Columns that stand in no cells of their own: what rows of a sheet say of all below them, up to the next such row.

    Attributes:
        names: of the columns; they are the last ones of the grid.
        rows: the numbers of the rows from which on something else holds; they rise.
        values: of each column, what holds from each of these rows on; missing where nothing does.
        headings: the numbers of the rows that say it; they are not among the cells.
        each: the names of those that each row says itself, in another column, and of none else.
    """

    names: tuple[str, ...]
    rows: np.ndarray
    values: tuple[pa.Array, ...]
    headings: np.ndarray
    each: tuple[str, ...] = ()

    def of(self, numbers: np.ndarray) -> list[pa.Array]:
        """Give what holds in rows of these numbers, column by column."""
        last = np.searchsorted(self.rows, numbers, side="right") - 1
        places = pa.array(last, mask=last < 0)
        return [column.take(places) for column in self.values]


@dataclass(frozen=True, eq=False)
class Grid:
    """The cells of one sheet, from its very first row and column.

    Attributes:
        name: the sheet's name; empty for a text file.
        cells: columns named "0" to "n-1" of ``large_string``, missing where a cell is empty.
        row_number: the number of each row of ``cells`` as a spreadsheet program counts; it rises, with gaps where a
            text file's row has another number of cells, or where a sheet goes on far below its last row of text.
        visible: whether people see the sheet.
        hidden_rows: numbers of the rows that people do not see.
        struck_rows: numbers of the rows that are struck through.
        merged: cells that are shown as one.
        unvalued: the first cells that hold a formula and no value, at most 100: row number, column from 0.
        typed: whether numbers came from number cells. Such text is plain: a point before the decimals, no ".0" behind
            a whole number, dates and times in ISO form, ``true`` and ``false``.
        texts: by column, which rows of ``cells`` hold text that looks like a number with a thousands point, such as
            1.234; a number cell can look the same. Only columns in which it occurs.
        shown: by column, what a spreadsheet program shows in number cells that are codes, such as 00123 where 123
            stands in ``cells``; missing in all other cells. Only columns in which it occurs.
        signs: by column, what the format of a number cell writes beside the number, of what was asked for: ``€``, or
            ``%`` where 0.05 is shown as 5 %; missing in all other cells. Only columns in which it occurs.
        wrong_width: rows of a text file whose number of cells is not that of ``cells``: row number, cells found.
            Shorter rows above the first whole one are not among them: a title stands in ``cells``, and nothing beside.
        broken: what stands in the cells of those rows, by row number.
        blank: numbers of the rows of a text file that hold nothing and are not among ``cells``.
        from_1904: whether a number that is a day counts from 1904, as on a Macintosh once. Cells that have a look of
            days are in ISO form whatever they count from.
        encoding: of a text file, as Python names it.
        encodings: other encodings in which the file reads as well, where it cannot be told which is meant.
        pasted: how many lines of a text file are in UTF-8 where all others are not, and the row of the first.
        delimiter: what stands between the cells of a text file.
        lifted: the last of the columns, where they stand in no cells of their own.
    """

    name: str
    cells: pa.Table
    row_number: np.ndarray
    visible: bool = True
    hidden_rows: frozenset[int] = frozenset()
    struck_rows: frozenset[int] = frozenset()
    merged: tuple[Merge, ...] = ()
    unvalued: tuple[tuple[int, int], ...] = ()
    typed: bool = False
    texts: Mapping[int, np.ndarray] = field(default_factory=dict)
    shown: Mapping[int, pa.Array] = field(default_factory=dict)
    signs: Mapping[int, pa.Array] = field(default_factory=dict)
    wrong_width: tuple[tuple[int, int], ...] = ()
    broken: Mapping[int, list[str]] = field(default_factory=dict)
    blank: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    from_1904: bool = False
    encoding: str | None = None
    encodings: tuple[str, ...] = ()
    pasted: tuple[int, int] | None = None
    delimiter: str | None = None
    lifted: Lifted | None = None

    @property
    def width(self) -> int:
        """Count the columns that stand in cells."""
        return int(self.cells.num_columns) - (len(self.lifted.names) if self.lifted else 0)

    def head(self, rows: int) -> "Grid":
        """Cut it to its first rows."""
        if self.cells.num_rows <= rows:
            return self
        last = int(self.row_number[rows - 1])
        return replace(
            self,
            cells=self.cells.slice(0, rows),
            row_number=self.row_number[:rows],
            texts={at: marked[:rows] for at, marked in self.texts.items()},
            shown={at: texts.slice(0, rows) for at, texts in self.shown.items()},
            signs={at: texts.slice(0, rows) for at, texts in self.signs.items()},
            wrong_width=tuple(one for one in self.wrong_width if one[0] <= last),
            broken={row: cells for row, cells in self.broken.items() if row <= last},
        )

    def without(self, rows: Collection[int]) -> "Grid":
        """Leave out the rows of these numbers."""
        if not rows:
            return self
        kept = ~np.isin(self.row_number, list(rows))
        marked = pa.array(kept)
        return replace(
            self,
            cells=self.cells.filter(marked),
            row_number=self.row_number[kept],
            texts={at: texts[kept] for at, texts in self.texts.items()},
            shown={at: texts.filter(marked) for at, texts in self.shown.items()},
            signs={at: texts.filter(marked) for at, texts in self.signs.items()},
            wrong_width=tuple(one for one in self.wrong_width if one[0] not in rows),
            broken={row: cells for row, cells in self.broken.items() if row not in rows},
        )

    def seen(self, figures: Collection[int] = ()) -> pa.Table:
        """Give the cells as people see them, but for the columns of figures: there the numbers stay."""
        cells = self.cells
        for at, texts in self.shown.items():
            if at not in figures:
                cells = cells.set_column(at, cells.column_names[at], pc.coalesce(texts, cells.column(at)))
        return cells
