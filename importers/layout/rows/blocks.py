"""Blocks: rows of labels that follow each other, and say what holds for the lines below them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow.compute as pc

from importers.files.grid import Grid
from importers.layout.rows.body import Body
from importers.layout.rows.labelled import (
    NUMBER,
    Labelled,
    beginnings,
    labelled,
    names_customer,
    names_document,
    perhaps_names_document,
    says_day,
)
from importers.layout.tables.header import top_of
from importers.layout.words.synonyms import spoken

Rows = Mapping[int, Sequence[Labelled]]


@dataclass(frozen=True)
class Block:
    """Rows that follow each other, by number, and whether lines do."""

    rows: Rows
    has_lines: bool

    @cached_property
    def number(self) -> int | None:
        """Give the row that names the document, where one does."""
        return next((row for row, said in self.rows.items() if any(map(names_document, said))), None)

    @cached_property
    def said(self) -> dict[str, Labelled]:
        """Give what is said of fields, by key; the last of several."""
        return {key_of(one): one for said in self.rows.values() for one in said if one.field is not None}

    @cached_property
    def rows_of(self) -> dict[str, int]:
        """Give the last row in which each of them is said."""
        return {key_of(one): row for row, said in self.rows.items() for one in said if one.field is not None}

    @cached_property
    def perhaps_another(self) -> bool:
        """Say whether another document may be named, in a way that we do not know."""
        return any(perhaps_names_document(one) for said in self.rows.values() for one in said)


def key_of(one: Labelled) -> str:
    """Give what tells one thing said from another: of numbers there is one, whatever word stands before it."""
    return NUMBER if one.field == NUMBER else spoken(one.label)


def labelled_rows(grid: Grid) -> dict[int, Sequence[Labelled]]:
    """Find the rows in which nothing stands but labels and what they say; none where no row says what lines need."""
    found = {row: labelled(list(filter(None, map(str.strip, cells)))) for row, cells in grid.broken.items()}
    tops = [(_first(row), said) for row in top_of(grid) if (said := labelled(list(filter(None, row))))]
    pairs = [one for said in (*found.values(), *(said for _, said in tops)) for one in said]
    if not any(names_document(one) or says_day(one) or names_customer(one) for one in pairs):
        return {}
    seen = Body(grid.seen(), grid.row_number, {})
    for at in sorted({first for first, _ in tops}):
        may_be = pc.match_substring_regex(seen.cells.column(at), beginnings())
        places = np.flatnonzero(np.asarray(pc.fill_null(may_be, False), dtype=bool))  # noqa: FBT003
        for row, cells in zip(grid.row_number[places].tolist(), seen.cells_of(places), strict=True):
            found[row] = labelled(list(filter(None, cells)))
    return {row: said for row, said in sorted(found.items()) if said}


def _first(row: Sequence[str]) -> int:
    return next(at for at, cell in enumerate(row) if cell)


def blocks_of(said: Rows, lines: np.ndarray) -> list[Block]:
    """Part rows into those that follow each other; a document's number begins another block than the last one.

    ``said`` is in the order of the rows; ``lines`` are the numbers, in their order, of those that part them.
    """
    above = np.searchsorted(lines, np.asarray(list(said), dtype=lines.dtype)).tolist()  # lines above each of the rows
    parts: list[tuple[int, dict[int, Sequence[Labelled]]]] = []
    numbered = False
    for (row, pairs), before in zip(said.items(), above, strict=True):
        names = any(map(names_document, pairs))
        if not parts or before != parts[-1][0] or (names and numbered):
            parts.append((before, {}))
            numbered = False
        parts[-1][1][row] = pairs
        numbered = numbered or names
    ends = [*(before for before, _ in parts[1:]), len(lines)]
    return [Block(rows, before < end) for (before, rows), end in zip(parts, ends, strict=True)]
