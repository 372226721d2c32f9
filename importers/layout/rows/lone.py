"""Texts that stand alone in their rows: some name a document in words that nobody knows, others a group of lines.

A report that is grouped by customers has the name of each alone in a row above their lines, often in merged cells, or
its code beside it.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from importers.files.grid import Grid
from importers.layout.rows.body import Body
from importers.layout.rows.headed import parts_lines
from importers.layout.rows.labelled import DAY, Labelled, column_names, is_page, labelled, perhaps_names_document
from importers.layout.tables.header import empty_cells
from importers.layout.words.around import DRAWN, TOTAL, WHOLE_TOTAL
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
_CODE = re.compile(r"(?=\D*\d)[\w./-]{1,20}")
_WORD = re.compile(r"[^\W\d_]{3}")
"""What the first name has: three letters."""
_LETTER = re.compile(r"[^\W\d_]")


class Lone(NamedTuple):
    """A text, and the column in which it stands, from 0; ``name`` is what stands behind one that is a code."""

    column: int
    text: str
    name: str = ""


def lone_texts(grid: Grid) -> dict[int, Lone]:
    """Find the rows of one text, in their order."""
    return {row: said[0] for row, said in _rows_of(grid, 1).items()}


def coded_names(grid: Grid, others: Collection[int]) -> dict[int, Lone]:
    """Find the rows of a code and a name, such as ``K-001`` and ``Hurtownia Północ``, in their order.

    In a row where both stand in ``others`` goods have them, of which perhaps none was sold.
    """
    pairs = {row: said for row, said in _rows_of(grid, 2).items() if not {one.column for one in said} <= {*others}}
    return {row: Lone(*code[:2], name.text) for row, (code, name) in pairs.items() if _LETTER.search(name.text)}


def _rows_of(grid: Grid, texts: int) -> dict[int, list[Lone]]:
    """Find the rows in which so many cells are filled, in their order."""
    filled = np.zeros(grid.cells.num_rows, dtype=np.int32)
    for column in grid.cells.columns:
        filled += ~empty_cells(column)
    places = np.flatnonzero(filled == texts)
    rows = zip(grid.row_number[places].tolist(), Body(grid.cells, grid.row_number, {}).cells_of(places), strict=True)
    several = [*rows, *((row, [cell.strip() for cell in cells]) for row, cells in grid.broken.items())]
    said = {row: [Lone(at, cell) for at, cell in enumerate(cells) if cell] for row, cells in several}
    return {row: one for row, one in sorted(said.items()) if len(one) == texts}


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


def groups(lone: Mapping[int, Lone], lines: np.ndarray, width: int, *, numbered: bool = False) -> dict[int, str]:
    """Give the rows that name a group of lines, in their order: in one column, the first of them above all lines.

    Args:
        lone: rows of one text.
        lines: the numbers of the rows that are lines, or add some up.
        width: how many columns the table has.
        numbered: whether one of them has the numbers of documents: then no such row names one.
    """
    if width < LEAST_WIDTH:
        return {}
    lone = above_lines(lone, lines)
    may_be = {row: one for row, one in lone.items() if _is_name(one.name or one.text)}
    names = {row: one for row, one in may_be.items() if not _is_document(one.name or one.text, numbered=numbered)}
    first = next((row for row in reversed(names) if row < lines[0] and _is_surely_one(names[row])), None)
    if first is None:
        return {}
    coded, column = bool(lone[first].name), lone[first].column
    below = may_be if coded and numbered else names
    beside = {row: one for row, one in below.items() if row >= first and one.column == column}
    return {row: one.text for row, one in beside.items() if coded or (not one.name and _LETTER.search(one.text))}


def _is_surely_one(one: Lone) -> bool:
    """Say whether this is a name, or one behind its code; of those below it some are perhaps ``4F``, or ``Total GmbH``.

    What is below such a row would be of the one above it.
    """
    if TOTAL.match(one.text):
        return False
    return bool(_WORD.search(one.name or one.text)) and (not one.name or bool(_CODE.fullmatch(one.text)))


def _is_document(text: str, *, numbered: bool) -> bool:
    """Say whether a text perhaps names a document; where a column has their numbers, none has words beside it."""
    if not perhaps_names_document(Labelled("", None, text)):
        return False
    words = (word for word in text.split() if not perhaps_names_document(Labelled("", None, word)))
    return not numbered or not any(map(_WORD.search, words))


def _is_name(text: str) -> bool:
    """Say whether a text may be what somebody is called: no label, total, day or page.

    Nor is it what may stand in a header of several rows: the name of a column, or a unit.
    """
    unit = spoken(text)
    if unit in column_names() or unit in PIECES or currencies_of(unit):
        return False
    return (
        len(text) <= _LONGEST
        and ":" not in text
        and not (WHOLE_TOTAL.fullmatch(text) or re.fullmatch(DRAWN, text) or is_page(text) or parts_lines(text))
        and not (labelled([text]) or read_moment(text).days)
    )
