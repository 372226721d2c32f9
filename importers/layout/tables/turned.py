"""Tables that lie on their side: the names of columns stand one beneath the other, and each line is a column."""

from collections.abc import Sequence

from importers.files.grid import Grid
from importers.layout.tables.header import top_of
from importers.layout.words.synonyms import names_of, spoken

_LEAST = 4
"""Fields that a column names, which is then a header."""
_FIRST = 2
"""Columns in which such names stand: an empty one may be before them."""
_LOOKED_AT = 60


def lies_turned(grid: Grid, kind: str) -> bool:
    """Say whether most of what a column of a sheet holds are names of fields of a kind, and no row has as many."""
    top = top_of(grid, _LOOKED_AT)
    for column in list(zip(*top, strict=True))[:_FIRST]:
        most = _fields(column, kind)
        if most >= _LEAST and 2 * most > sum(map(bool, column)):
            return max(_fields(row, kind) for row in top) < most
    return False


def _fields(cells: Sequence[str], kind: str) -> int:
    """Count the fields that cells name, each once."""
    said = {spoken(cell) for cell in cells if cell}
    return sum(not said.isdisjoint(names) for names in names_of(kind).values())
