"""The header: in which rows of a grid it stands, and what it calls each column."""

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.domain.saying.wording import Said as Sentence
from app.domain.saying.wording import marked
from importers.errors import FileRefused
from importers.files.grid import Grid

_ = marked
MOST_ABOVE = 200
"""Rows that may stand above a header."""
MOST_ROWS = 3
"""Rows that a header may have."""
JOINT = " / "
"""Stands between the names of a column that has one in each of several rows."""
NAMELESS = "column "
"""Stands before the number of a column that has no name."""

Cells = list[list[str]]


def name_key(name: str) -> str:
    """Give what is compared of a column's name: not its case, nor how its words are parted."""
    return " ".join(name.split()).casefold()


@dataclass(frozen=True)
class Said:
    """Where a table stands, as somebody says: in which sheet, and in which row, counted as there, its header begins."""

    sheet: str | None = None
    row: int | None = None
    rows: int = 1


class HeaderNotThere(FileRefused):
    """Where somebody says that a header stands, there is none."""


@dataclass(frozen=True)
class Header:
    """A header: the place of its first row in the grid, its rows as they stand, and a name for each column."""

    at: int
    rows: Cells
    names: list[str]

    @property
    def below(self) -> int:
        """Give the place of the first row below it."""
        return self.at + len(self.rows)

    def of(self, kept: Sequence[int]) -> "Header":
        """Give the header of some columns only."""
        return Header(self.at, [[row[at] for at in kept] for row in self.rows], [self.names[at] for at in kept])


def empty_cells(texts: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Mark the cells in which nothing stands, or nothing but spaces."""
    return np.asarray(pc.fill_null(pc.equal(pc.utf8_trim_whitespace(texts), ""), True), dtype=bool)  # noqa: FBT003


def top_of(grid: Grid, rows: int = MOST_ABOVE) -> Cells:
    """Give the first rows of a grid, trimmed; empty cells are empty texts."""
    columns = [column.slice(0, rows).to_pylist() for column in grid.cells.columns]
    return [[(cell or "").strip() for cell in row] for row in zip(*columns, strict=True)]


def find_header(
    grid: Grid, top: Cells, wanted: Collection[str], rows: int, called: Mapping[str, str] | None = None
) -> tuple[Header | None, int]:
    """Find the rows that name most of the wanted columns, and say how many of them they name.

    Of equals it is the first, or of several rows that which names more columns: what stands above a header names few.
    ``called`` gives of a name by which a column may go as well the wanted one; both as they are compared.
    """
    called = called or {}
    keys = {name_key(one) for one in wanted}
    best, most = None, 0
    for at in range(len(top) - rows + 1):
        here = {called.get(key, key) for row in top[at : at + rows] for key in map(name_key, row)}
        if not here & keys and rows == 1:
            continue
        names = names_at(grid, top, at, rows)
        named = keys & {called.get(key, key) for name in names for key in keys_of(name)}
        rather = best is not None and rows > 1 and len(named) == most and _is_rather(top[at], names, best)
        if len(named) > most or rather:
            best, most = Header(at, top[at : at + rows], names), len(named)
    return best, most


def _is_rather(first: Sequence[str], names: Sequence[str], other: Header) -> bool:
    """Say whether rows are rather a header than others that name as many of the wanted columns."""
    more = len({name_key(one) for one in names if one}) > len({name_key(one) for one in other.names if one})
    return more or (_is_title(other.rows[0]) and not _is_title(first))


def _is_title(row: Sequence[str]) -> bool:
    """Say whether nothing stands in a row but one text, or nothing: no part of a header, but what is above it."""
    return sum(map(bool, row)) <= 1


def said_header(grid: Grid, said: Said) -> Header:
    """Give the header that stands where somebody says.

    Raises:
        HeaderNotThere: The sheet has no such rows, or nothing is written there.
    """
    assert said.row is not None, "the caller asked"
    at = int(np.searchsorted(grid.row_number, said.row))
    top = top_of(grid, at + said.rows)
    if at >= len(top) or int(grid.row_number[at]) != said.row or not any(top[at]):
        raise HeaderNotThere(
            _("Row %(row)s has no names of columns; say the row in which they stand."), row=str(said.row)
        )
    if at >= MOST_ABOVE:
        words = _("Row %(row)s is below the first %(most)s rows; remove what stands above the header.")
        raise HeaderNotThere(words, row=str(said.row), most=MOST_ABOVE)
    rows = top[at : at + said.rows]
    return Header(at, rows, names_at(grid, top, at, len(rows)))


def keys_of(name: str) -> list[str]:
    """Give the keys by which a column is found: its whole name, and of several rows that in the last."""
    return list(dict.fromkeys((name_key(name), name_key(name.rpartition(JOINT)[2]))))


def names_at(grid: Grid, top: Cells, at: int, rows: int) -> list[str]:
    """Join what the rows of a header call each column: a cell that goes over several columns names them all."""
    cells = [list(row) for row in top[at : at + rows]]
    if rows > 1:
        _spread(grid, cells, at)
    return [JOINT.join(dict.fromkeys(filter(None, column))) for column in zip(*cells, strict=True)]


def _spread(grid: Grid, cells: Cells, at: int) -> None:
    """Write into the cells that a name goes over what it is: where cells are one, and where nothing stands beside it.

    Whoever joins cells says how far a name goes; one that stands alone goes as far as the columns named below it alone.
    """
    places = {int(row): place for place, row in enumerate(grid.row_number[at : at + len(cells)])}
    joined: set[tuple[int, int]] = set()
    for one in grid.merged:
        if one.first_row not in places:
            continue
        text = cells[places[one.first_row]][one.first_column]
        for row in range(one.first_row, min(one.last_row, max(places)) + 1):
            for column in range(one.first_column, min(one.last_column, len(cells[0]) - 1) + 1):
                if row in places:
                    cells[places[row]][column] = text
                    joined.add((places[row], column))
    for place, upper in enumerate(cells[:-1]):
        for column in range(1, len(upper)):
            if not upper[column] and cells[-1][column] and (place, column - 1) not in joined:
                upper[column] = upper[column - 1]


def distinct(names: Sequence[str], wanted: Collection[str] | None, place: Sentence | None = None) -> list[str]:
    """Give every column a name of its own; names compare without case.

    Raises:
        FileRefused: A name stands twice that is wanted; without ``wanted`` any name that stands twice.
    """
    named = [name or f"{NAMELESS}{at}" for at, name in enumerate(names, 1)]
    keys = [name_key(name) for name in named]
    repeated = {key for key in keys if keys.count(key) > 1}
    asked = repeated if wanted is None else repeated & {name_key(one) for one in wanted}
    if asked:
        shown = sorted({name for name, key in zip(named, keys, strict=True) if key in asked})
        words = _("%(place)s names %(names)s more than once; give each column a name of its own.")
        raise FileRefused(words, place=place or "", names=list(map(repr, shown)))
    taken: set[str] = set()
    for at, name in enumerate(named):
        spellings = itertools.chain([name], (f"{name} ({number})" for number in itertools.count(2)))
        named[at] = next(one for one in spellings if name_key(one) not in taken)
        taken.add(name_key(named[at]))
    return named


def kept_columns(grid: Grid, header: Header) -> list[int]:
    """Give the columns that are any: what stands without a name and without a value is only the look of cells."""
    below = grid.cells.slice(header.below)
    return [at for at, name in enumerate(header.names) if name or not empty_cells(below.column(at)).all()]


def row_of(grid: Grid, header: Header) -> int:
    """Give the number of the header's last row."""
    return int(grid.row_number[min(header.below, len(grid.row_number)) - 1])


def rows_above(grid: Grid, header: Header) -> np.ndarray:
    """Give the numbers of the rows above the header."""
    return np.asarray(grid.row_number[: header.at], dtype=np.int64)
