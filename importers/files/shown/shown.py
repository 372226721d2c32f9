"""Number cells of which people see more than the number, gathered while somebody goes through a sheet, by column.

They are codes, such as 00123, or amounts in a currency that only their format says.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from importers.files.grid import Grid
from importers.files.shown.signs import Looks

_NUMBER = r"^-?[0-9][0-9.]*$"


@dataclass
class _Found:
    """The cells of one column, one behind the other: row, from 1, number of a code, look."""

    rows: "array[int]" = field(default_factory=lambda: array("q"))
    numbers: "array[int]" = field(default_factory=lambda: array("q"))
    looks: "array[int]" = field(default_factory=lambda: array("q"))


class Shown:
    """Gathers the number cells of one sheet that have one of some looks."""

    def __init__(self, looks: Looks) -> None:
        self._looks = looks
        self._codes: dict[int, _Found] = {}
        self._signed: dict[int, _Found] = {}

    def take(self, row: int, column: int, number: int | None, look: int) -> None:
        """Take a cell in: its row, from 1, and column, from 0; the number where ``whole_number`` gives one."""
        if number is not None and look in self._looks.zeros:
            found = self._codes.setdefault(column, _Found())
            found.rows.append(row)
            found.numbers.append(number)
            found.looks.append(look)
        if look in self._looks.signs:
            found = self._signed.setdefault(column, _Found())
            found.rows.append(row)
            found.looks.append(look)

    def on(self, grid: Grid) -> Grid:
        """Give a grid with the texts that people see, and with the signs that they see beside numbers.

        A text is believed only where the grid has that number in that very cell: whoever read the cells and whoever
        went through them have then counted alike. A sign is where the grid has a number.
        """
        shown, signs = self._texts(grid.cells, grid.row_number), self._signs(grid.cells, grid.row_number)
        return replace(grid, shown=dict(shown), signs=dict(signs))

    def _signs(self, cells: pa.Table, row_number: np.ndarray) -> Iterator[tuple[int, pa.Array]]:
        named = list(self._looks.signs)
        written = pa.array(self._looks.signs.values(), pa.large_string())
        for at, found in sorted(self._signed.items()):
            if at >= cells.num_columns or not len(row_number):
                continue
            rows, looks = (np.frombuffer(one, np.int64) for one in (found.rows, found.looks))
            places = np.minimum(np.searchsorted(row_number, rows), len(row_number) - 1)
            is_number = pc.fill_null(pc.match_substring_regex(cells.column(at).take(pa.array(places)), _NUMBER), False)  # noqa: FBT003
            there = (row_number[places] == rows) & np.asarray(is_number)
            of = np.full(len(cells), -1)
            order = np.argsort(named)
            of[places[there]] = order[np.searchsorted(named, looks[there], sorter=order)]
            if (of >= 0).any():
                yield at, written.take(pa.array(of, mask=of < 0))

    def _texts(self, cells: pa.Table, row_number: np.ndarray) -> Iterator[tuple[int, pa.Array]]:
        for at, found in sorted(self._codes.items()):
            if at >= cells.num_columns or not len(row_number):
                continue
            rows, numbers, looks = (np.frombuffer(one, np.int64) for one in (found.rows, found.numbers, found.looks))
            places = np.minimum(np.searchsorted(row_number, rows), len(row_number) - 1)
            said = cells.column(at).take(pa.array(places))
            same = pc.fill_null(pc.equal(said, pa.array(numbers).cast(said.type)), False)  # noqa: FBT003
            there = (row_number[places] == rows) & np.asarray(same)
            texts = pa.nulls(len(cells), pa.large_string())
            for look in np.unique(looks).tolist():
                zeros = self._looks.zeros[look]
                meant = np.flatnonzero(there & (looks == look) & zeros.shows(numbers))
                texts = pc.coalesce(_laid(zeros.texts(numbers[meant]), places[meant], len(cells)), texts)
            if texts.null_count < len(texts):
                yield at, texts


def _laid(texts: pa.Array, places: npt.NDArray[np.int64], rows: int) -> pa.Array:
    """Lay texts out over the rows of a column."""
    order = np.full(rows, -1)
    order[places] = np.arange(len(texts))
    return texts.take(pa.array(order, mask=order < 0))
