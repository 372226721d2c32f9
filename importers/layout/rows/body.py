"""What is below a header."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from importers.layout.tables.header import empty_cells


@dataclass(frozen=True)
class Body:
    """What is below a header: its cells, the number of each row, and the columns (places) of our fields."""

    cells: pa.Table
    row_number: np.ndarray
    columns: Mapping[str, int]

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.row_number)

    def without(self, marked: np.ndarray) -> "Body":
        """Leave out the rows that are marked."""
        if not marked.any():
            return self
        kept = ~marked
        return Body(self.cells.filter(pa.array(kept)), self.row_number[kept], self.columns)

    def narrowed(self, width: int) -> "Body":
        """Leave out all columns but the first ones."""
        columns = {field: at for field, at in self.columns.items() if at < width}
        return Body(self.cells.select(list(range(width))), self.row_number, columns)

    def cells_of(self, places: np.ndarray) -> list[list[str]]:
        """Give the cells of some rows, trimmed."""
        taken = self.cells.take(pa.array(places))
        columns = [[(cell or "").strip() for cell in column.to_pylist()] for column in taken.columns]
        return [list(row) for row in zip(*columns, strict=True)]


def blank_rows(cells: pa.Table) -> np.ndarray:
    """Mark the rows in which nothing stands."""
    blank: np.ndarray = np.ones(cells.num_rows, dtype=bool)
    for texts in cells.columns:
        blank &= empty_cells(texts)
        if not blank.any():
            break
    return blank
