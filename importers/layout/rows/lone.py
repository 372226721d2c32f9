"""Texts that stand alone in their rows: some name a document in words that nobody knows, others a group of lines.

A report that is grouped by customers has the name of each alone in a row above their lines, often in merged cells.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from importers.files.grid import Grid
from importers.layout.rows.body import Body
from importers.layout.rows.headed import parts_lines
from importers.layout.rows.labelled import DAY, Labelled, column_names, is_page, labelled, perhaps_names_document
from importers.layout.tables.header import empty_cells
from importers.layout.words.around import DRAWN, TOTAL
from importers.layout.words.synonyms import spoken
from importers.layout.written.dates import read_moment
from importers.layout.written.numbers import PIECES, currencies_of

LEAST_WIDTH = 4
"""Columns of a table below which a text alone is a row that lacks something."""
_DAY = "Date"
"""What the column of days is called that stand alone above lines."""
_LONGEST = 100
_DEEPEST = 3
"""Rows of one text that say something of the lines below the last of them: of a region, a city and a customer, say."""
_WORD = re.compile(r"[^\W\d_]{3}")
"""What each name has: three letters."""


class Lone(NamedTuple):
    """A text, and the column in which it stands, from 0."""

    column: int
    text: str


def lone_texts(grid: Grid) -> dict[int, Lone]:
    """Find the rows of one text, in their order."""
    filled = np.zeros(grid.cells.num_rows, dtype=np.int32)
    for column in grid.cells.columns:
        filled += ~empty_cells(column)
    places = np.flatnonzero(filled == 1)
    rows = zip(grid.row_number[places].tolist(), Body(grid.cells, grid.row_number, {}).cells_of(places), strict=True)
    found = {row: next(Lone(at, cell) for at, cell in enumerate(cells) if cell) for row, cells in rows}
    for row, cells in grid.broken.items():
        if len(said := [Lone(at, text) for at, cell in enumerate(cells) if (text := cell.strip())]) == 1:
            found[row] = said[0]
    return dict(sorted(found.items()))


def above_lines(lone: Mapping[int, Lone], lines: np.ndarray) -> dict[int, Lone]:
    """Leave the rows that stand above lines, and of many on end the last few: nothing else is said of these.

    Args:
        lone: rows of one text.
        lines: the numbers of the rows that are lines, or add some up.
    """
    rows = np.asarray(sorted(lone), dtype=np.int64)
    before = np.searchsorted(lines, rows)
    kept = before < len(lines)
    kept[:-_DEEPEST] &= before[:-_DEEPEST] < before[_DEEPEST:]
    return {row: lone[row] for row in rows[kept].tolist()}


def perhaps_documents(lone: Mapping[int, Lone]) -> dict[int, Sequence[Labelled]]:
    """Give the rows that perhaps name a document in a way that we do not know."""
    found = {row: Labelled("", None, one.text) for row, one in lone.items()}
    return {row: [one] for row, one in found.items() if perhaps_names_document(one)}


def days(lone: Mapping[int, Lone]) -> dict[int, Sequence[Labelled]]:
    """Give the rows that say nothing but a day; digits alone are a number of something as well."""
    said = {row: one.text for row, one in lone.items() if not one.text.isdecimal()}
    return {row: [Labelled(_DAY, DAY, text)] for row, text in said.items() if read_moment(text).days}


def groups(lone: Mapping[int, Lone], lines: np.ndarray, width: int) -> dict[int, str]:
    """Give the rows that name a group of lines, in their order: in one column, the first of them above all lines.

    Args:
        lone: rows of one text.
        lines: the numbers of the rows that are lines, or add some up.
        width: how many columns the table has.
    """
    if width < LEAST_WIDTH:
        return {}
    rows = [*(lone := above_lines(lone, lines))]
    first = next((row for row in reversed(rows) if row < lines[0] and _is_name(lone[row].text)), None)
    if first is None:
        return {}
    beside = [row for row in rows if row >= first and lone[row].column == lone[first].column]
    return {row: lone[row].text for row in beside if _is_name(lone[row].text)}


def _is_name(text: str) -> bool:
    """Say whether a text may be what somebody is called: no label, total, day, page or number of a document.

    Nor is it what may stand in a header of several rows: the name of a column, or a unit.
    """
    unit = spoken(text)
    if unit in column_names() or unit in PIECES or currencies_of(unit):
        return False
    return (
        len(text) <= _LONGEST
        and bool(_WORD.search(text))
        and ":" not in text
        and not (TOTAL.match(text) or re.fullmatch(DRAWN, text) or is_page(text) or parts_lines(text))
        and not (labelled([text]) or perhaps_names_document(Labelled("", None, text)) or read_moment(text).days)
    )
