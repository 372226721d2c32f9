"""Number cells that are codes, gathered while somebody goes through a sheet: what people see in them, by column."""

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from importers.files.grid import Grid
from importers.files.zeros import Zeros


@dataclass
class _Found:
    """The cells of one column, one behind the other: row, from 1, number, look."""

    rows: "array[int]" = field(default_factory=lambda: array("q"))
    numbers: "array[int]" = field(default_factory=lambda: array("q"))
    looks: "array[int]" = field(default_factory=lambda: array("q"))


class Shown:
    """Gathers the number cells of one sheet that have one of some looks, each with a number format of zeros."""

    def __init__(self, looks: Mapping[int, Zeros]) -> None:
        self._looks = looks
        self._found: dict[int, _Found] = {}

    def take(self, row: int, column: int, number: int, look: int) -> None:
        """Take a cell in: its row, from 1, and column, from 0; a number such as ``whole_number`` gives."""
        found = self._found.setdefault(column, _Found())
        found.rows.append(row)
        found.numbers.append(number)
        found.looks.append(look)

    def on(self, grid: Grid) -> Grid:
        """Give a grid with the texts that people see.

        A text is believed only where the grid has that number in that very cell: whoever read the cells and whoever
        went through them have then counted alike.
        """
        return replace(grid, shown=dict(self._texts(grid.cells, grid.row_number)))

    def _texts(self, cells: pa.Table, row_number: np.ndarray) -> Iterator[tuple[int, pa.Array]]:
        for at, found in sorted(self._found.items()):
            if at >= cells.num_columns or not len(row_number):
                continue
            rows, numbers, looks = (np.frombuffer(one, np.int64) for one in (found.rows, found.numbers, found.looks))
            places = np.minimum(np.searchsorted(row_number, rows), len(row_number) - 1)
            said = cells.column(at).take(pa.array(places))
            same = pc.fill_null(pc.equal(said, pa.array(numbers).cast(said.type)), False)  # noqa: FBT003
            there = (row_number[places] == rows) & np.asarray(same)
            texts = pa.nulls(len(cells), pa.large_string())
            for look in np.unique(looks).tolist():
                meant = np.flatnonzero(there & (looks == look) & self._looks[look].shows(numbers))
                texts = pc.coalesce(_laid(self._looks[look].texts(numbers[meant]), places[meant], len(cells)), texts)
            if texts.null_count < len(texts):
                yield at, texts


def _laid(texts: pa.Array, places: npt.NDArray[np.int64], rows: int) -> pa.Array:
    """Lay texts out over the rows of a column."""
    order = np.full(rows, -1)
    order[places] = np.arange(len(texts))
    return texts.take(pa.array(order, mask=order < 0))
