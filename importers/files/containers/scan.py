"""The scan of a sheet's XML: how far it goes, what is hidden, merged or never computed, without reading its values.

Whoever reads a sheet lays out one rectangle from its first cell to its last, so it is told first how large that is.
Nearly all workbooks are written in one manner, and their cells are found by whole arrays of bytes, ten million of them
in a third of a second; what is written in another manner is gone through cell by cell.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from app.domain.saying.wording import Told, marked
from importers.files.grid import Grid, Merge

MOST_UNVALUED = 100

_LONGEST_ROW = 1 << 26
_BLOCK = 1 << 18
"""Bytes looked at together: what stays in the processor's cache from one comparison to the next."""
_DIGITS = re.compile(rb"[0-9]{1,9}")

_NAMED = rb"<(?:\w+:)?"
_PROLOG = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?(?:(?!\?>).)*\?>\s*|<!--(?:(?!-->).)*-->\s*)*<(?:([\w.-]+):)?([\w.-]+)[\s/>]",
    re.DOTALL,
)
_ROW_OR_CELL = re.compile(
    _NAMED + rb"(?:(row)(\s[^>]*?)?/?>|c(\s[^>]*?)?(?:/>|>(.*?)</(?:\w+:)?c>))",
    re.DOTALL,
)
_AT = re.compile(rb"""\sr\s*=\s*["']([A-Z]{0,3})([0-9]{1,9})["']""")
_VALUE = re.compile(_NAMED + rb"(?:v(?:\s[^>]*)?>[^<]|is[\s>])")
_HIDDEN = re.compile(_NAMED + rb"""row(?=\s)(\s[^>]*?\shidden=["'](?:1|true)["'][^>]*)>""")
_UNVALUED = re.compile(
    _NAMED + rb"c(\s[^>]*)>\s*" + _NAMED + rb"f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)\s*"
    rb"(<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_MERGED = re.compile(_NAMED + rb"""mergeCell\s[^>]*?ref=["']([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})["']""")
_COMPUTED_TEXT = re.compile(rb"""\st=["']str["']""")


_ = marked


class There(NamedTuple):
    """What stands among some rows besides plain cells: formulas, and perhaps hidden rows."""

    formulas: bool
    maybe_hidden: bool


class TooWild(Told):
    """The XML is nothing that a spreadsheet program writes; what it says tells in what."""


class TooManyMerged(TooWild):
    """A sheet has more merged cells than are taken in."""


class Cell(NamedTuple):
    """A cell as it is written: where it stands, both from 1, its attributes, what is inside."""

    row: int
    column: int
    attributes: bytes
    content: bytes | None


@dataclass
class Marks:
    """What a scan tells of one sheet.

    Attributes:
        rows: the last row with a cell in it.
        columns: the number of columns up to the last with a cell in it.
        hidden_rows: the rows that people do not see.
        merged: the cells that are shown as one.
        unvalued: the first cells with a formula that nobody computed.
    """

    rows: int = 0
    columns: int = 0
    hidden_rows: set[int] = field(default_factory=set)
    merged: list[Merge] = field(default_factory=list)
    unvalued: list[tuple[int, int]] = field(default_factory=list)

    def merge(self, first: tuple[int, int], last: tuple[int, int], most: int) -> None:
        """Note merged cells, each given by its row, from 1, and column, from 0.

        Raises:
            TooWild: There are more than ``most``.
        """
        if len(self.merged) == most:
            raise TooManyMerged(_("more merged cells"))
        self.merged.append(Merge(*first, *last))

    def on(self, grid: Grid) -> Grid:
        """Give a grid with these marks; of merged cells what lies within its cells.

        Raises:
            TooWild: They lie one upon the other.
        """
        self.rows = int(grid.row_number[-1]) if len(grid.row_number) else 0
        self.columns = grid.cells.num_columns
        self.clip_merges()
        return replace(
            grid,
            hidden_rows=frozenset(self.hidden_rows),
            merged=tuple(self.merged),
            unvalued=tuple(self.unvalued),
        )

    def clip_merges(self) -> None:
        """Leave of merged cells what lies within the sheet's cells.

        Raises:
            TooWild: They lie one upon the other.
        """
        within = [
            Merge(one.first_row, one.first_column, min(one.last_row, self.rows), min(one.last_column, self.columns - 1))
            for one in self.merged
            if one.first_row <= self.rows and one.first_column < self.columns
        ]
        area = sum((one.last_row - one.first_row + 1) * (one.last_column - one.first_column + 1) for one in within)
        if area > self.rows * self.columns:
            raise TooWild(_("its merged cells lie one upon the other"))
        self.merged = within


def root_of(head: bytes) -> str:
    """Name the root element of an XML part, and refuse a document type: no spreadsheet program writes one.

    Raises:
        TooWild: The part does not begin as XML in UTF-8 does.
    """
    found = _PROLOG.match(head)
    if found is None:
        declares = b"<!DOCTYPE" in head or b"<!ENTITY" in head
        words = _("it declares a document type") if declares else _("it does not begin as XML in UTF-8 does")
        raise TooWild(words)
    return found[2].decode()


def scan_sheet(pieces: Iterable[bytes], most_merges: int) -> Marks:
    """Look through the XML of an .xlsx sheet: every cell that is written, also where nothing but a colour stands.

    Raises:
        TooWild: A row, or the list of merged cells, is longer than any real one.
    """
    marks = Marks()
    alike = True
    for rows in whole_rows(pieces, b"row"):
        alike = alike and b":row" not in rows[:_BLOCK]
        try:
            there = _measure(rows, marks) if alike else None
        except IndexError:  # the last tag is shorter than one of that manner
            there = None
        if there is None:
            alike, there = False, There(formulas=True, maybe_hidden=True)
            for cell in _cells(rows, marks.rows):
                marks.rows, marks.columns = max(marks.rows, cell.row), max(marks.columns, cell.column)
        if there.maybe_hidden and b"hidden=" in rows:
            _note_hidden(rows, marks)
        if there.formulas and len(marks.unvalued) < MOST_UNVALUED:
            _note_unvalued(rows, marks)
    for found in _MERGED.finditer(rows):
        marks.merge((int(found[2]), column_of(found[1]) - 1), (int(found[4]), column_of(found[3]) - 1), most_merges)
    return marks


def filled(pieces: Iterable[bytes]) -> Iterator[Cell]:
    """Give the cells in which a value stands, one by one; a cell that only has a look is not among them."""
    last = 0
    for piece in whole_rows(pieces, b"row"):
        for cell in _cells(piece, last):
            last = cell.row
            if cell.content is not None and _VALUE.search(cell.content):
                yield cell


def place_in(attributes: bytes) -> tuple[int, int] | None:
    """Give the row and the column, both from 1, that the attributes of a cell name; None where they name none."""
    place = _AT.search(attributes)
    return (int(place[2]), column_of(place[1])) if place and place[1] else None


def whole_rows(pieces: Iterable[bytes], name: bytes) -> Iterator[bytes]:
    """Cut XML before the start of a row, wherever its pieces end. The last of what is given holds all behind the rows.

    Raises:
        TooWild: A row is longer than any real one.
    """
    pending = b""
    for piece in pieces:
        pending += piece
        cut = _last_start(pending, name)
        if cut > 0:
            yield pending[:cut]
            pending = pending[cut:]
        elif len(pending) > _LONGEST_ROW:
            raise TooWild(_("one of its rows is longer than any real one"))
    yield pending


def _last_start(xml: bytes, name: bytes) -> int:
    for start in (b"<%b " % name, b"<%b>" % name):
        if (cut := xml.rfind(start)) >= 0:
            return cut
    return xml.rfind(b"<", 0, max(0, xml.rfind(b":%b " % name)))


def _measure(rows: bytes, marks: Marks) -> There | None:
    """Take in where the cells of these rows stand, and tell what else is there.

    Gives None where cells or rows are written in another manner than ``<c r="A1"``, ``<row r="1"``.
    """
    letters = np.frombuffer(rows, dtype=np.uint8)
    formulas = maybe_hidden = False
    for start in range(0, len(rows), _BLOCK):
        block = letters[start : min(start + _BLOCK, len(rows)) + 1]
        opens, after = block[:-1] == ord("<"), block[1:]
        cells = _tags(letters, np.flatnonzero(opens & (after == ord("c"))) + start, b"c")
        heads = _tags(letters, np.flatnonzero(opens & (after == ord("r"))) + start, b"row")
        if cells is None or heads is None:
            return None
        formulas = formulas or bool((opens & (after == ord("f"))).any())
        maybe_hidden = maybe_hidden or bool(((block[:-1] == ord(" ")) & (after == ord("h"))).any())
        marks.columns = max(marks.columns, _furthest_column(letters, cells))
        marks.rows = max(marks.rows, _furthest_row(rows, heads))
    return There(formulas, maybe_hidden)


def _tags(letters: npt.NDArray[np.uint8], at: npt.NDArray[np.intp], name: bytes) -> npt.NDArray[np.intp] | None:
    """Of places where a tag may begin, give the places of what stands in its attribute r; None if one has none."""
    for place, letter in enumerate(name[1:], 2):
        at = at[letters[at + place] == letter]
    behind = letters[at + len(name) + 1]
    at = at[(behind < ord("A"))]  # another element, whose name begins with this one, goes on
    at = at + len(name) + 2
    if not ((letters[at] == ord("r")) & (letters[at + 2] == ord('"'))).all():
        return None
    return at + 3


def _furthest_column(letters: npt.NDArray[np.uint8], at: npt.NDArray[np.intp]) -> int:
    if not len(at):
        return 0
    first, second, third = (letters[at + place].astype(np.int32) - 64 for place in range(3))
    column = first
    if (two := second > 0).any():
        column = np.where(two, column * 26 + second, column)
        column = np.where(two & (third > 0), column * 26 + third, column)
    return int(column.max())


def _furthest_row(rows: bytes, at: npt.NDArray[np.intp]) -> int:
    """Read the number of the last row: they rise in every workbook, and who reads it takes the last for the largest."""
    found = _DIGITS.match(rows, int(at[-1])) if len(at) else None
    return int(found[0]) if found else 0


def _cells(rows: bytes, row: int) -> Iterator[Cell]:
    """Go through the cells of these rows, which come behind ``row``."""
    column = 0
    for found in _ROW_OR_CELL.finditer(rows):
        if found[1]:
            place = _AT.search(found[2] or b"")
            row, column = int(place[2]) if place else row + 1, 0
            continue
        row, column = place_in(found[3] or b"") or (row, column + 1)
        yield Cell(row, column, found[3] or b"", found[4])


def _note_hidden(rows: bytes, marks: Marks) -> None:
    for found in _HIDDEN.finditer(rows):
        if place := _AT.search(found[1]):
            marks.hidden_rows.add(int(place[2]))


def _note_unvalued(rows: bytes, marks: Marks) -> None:
    for found in _UNVALUED.finditer(rows):
        if found[2] and _COMPUTED_TEXT.search(found[1]):
            continue  # a formula whose value is a text without letters
        if len(marks.unvalued) < MOST_UNVALUED and (place := _AT.search(found[1])):
            marks.unvalued.append((int(place[2]), column_of(place[1]) - 1))


def column_of(letters: bytes) -> int:
    """Give the number of a column, from 1, that is named by letters."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
