"""Workbooks in the XML of Excel 2003, in which many systems still write what they call .xls.

Runs in the process that may end.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from lxml import etree

from app.domain.saying.wording import marked
from importers.files.cells import Unreadable, as_column, as_table, may_be_thousand, plain_number
from importers.files.containers.scan import MOST_UNVALUED, TooWild
from importers.files.containers.xml import walk
from importers.files.grid import Grid, Merge
from importers.files.limits import Limits, too_many_cells
from importers.files.shown.shown import Shown
from importers.files.shown.signs import Looks
from importers.files.shown.zeros import whole_number

_ = marked
_SS = "{urn:schemas-microsoft-com:office:spreadsheet}"
_SHEET, _ROW, _CELL, _DATA = (f"{_SS}{name}" for name in ("Worksheet", "Row", "Cell", "Data"))
_STYLE, _FORMAT = f"{_SS}Style", f"{_SS}NumberFormat"
_VISIBLE, _FROM_1904 = (f"{{urn:schemas-microsoft-com:office:excel}}{name}" for name in ("Visible", "Date1904"))
_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T([0-9:]{8})(?:\.[0-9]*)?)?")
_CODES = {"Percent": "0.00%", "Euro Currency": "#,##0.00 [$€-2]"}
"""Formats with a name of their own that write a sign. ``Currency`` is that of whoever opens the file."""
_OWN = 164
"""Numbers of formats below it are those that other workbooks do not write out."""


def read_spreadsheetml(
    path: Path, sheets: Sequence[str] | None, limits: Limits, signs: Collection[str] = (), *, hidden: bool = False
) -> Iterator[Grid]:
    """Read sheets, all that people see where none is named; with ``hidden`` the others as well.

    ``signs`` are told where number cells have them beside their numbers.

    Raises:
        Unreadable: Nobody can read it, or it has no such sheet.
    """
    seen: list[str] = []
    book = _Book(signs)
    try:
        with path.open("rb") as file:
            sheet = _Sheet("", limits, book)
            for event, element in walk(file, (_STYLE, _SHEET, _ROW, _CELL, _VISIBLE, _FROM_1904)):
                if event == "start":
                    if element.tag == _SHEET:
                        sheet = _Sheet(element.get(f"{_SS}Name", ""), limits, book)
                    elif element.tag == _ROW:
                        sheet.begin_row(element.attrib)
                elif element.tag == _CELL:
                    _take_cell(sheet, element)
                elif element.tag in (_STYLE, _FROM_1904):
                    book.take(element)
                elif element.tag == _VISIBLE:
                    sheet.visible = element.text not in ("SheetHidden", "SheetVeryHidden")
                elif element.tag == _SHEET:
                    seen.append(sheet.name)
                    if sheet.name in sheets if sheets is not None else hidden or sheet.visible:
                        yield sheet.grid()
    except TooWild as wild:
        words = _("the workbook cannot be read: %(why)s; open and save it again as .xlsx.")
        raise Unreadable(words, why=wild.said) from None
    missing = next((name for name in sheets or () if name not in seen), None)
    if missing is not None:
        raise Unreadable(_("no sheet is called %(sheet)s; it has %(has)s."), sheet=repr(missing), has=seen)


def _take_cell(sheet: "_Sheet", element: etree._Element) -> None:
    data = element.find(_DATA)
    text = None if data is None else "".join(data.itertext())
    sheet.cell(element.attrib, text, "String" if data is None else data.get(f"{_SS}Type", "String"))


@dataclass
class _Book:
    """What stands before the sheets: the number formats of the styles, by name, and what days count from."""

    signs: Collection[str]
    formats: dict[str, str] = field(default_factory=dict)
    from_1904: bool = False

    def take(self, element: etree._Element) -> None:
        if element.tag == _FROM_1904:
            self.from_1904 = True
            return
        written = element.find(_FORMAT)
        if written is not None:
            self.formats[element.get(f"{_SS}ID", "")] = written.get(f"{_SS}Format", "")

    def looks(self) -> Looks:
        """Give what the styles tell, each by its place."""
        codes = {_OWN + at: _CODES.get(name, name) for at, name in enumerate(self.formats.values())}
        return Looks.of(codes, codes, self.signs)


class _Sheet:
    """Gathers the cells of one sheet, row by row; rows and cells may be left out."""

    def __init__(self, name: str, limits: Limits, book: _Book) -> None:
        self.name = name
        self.visible = True
        self._limits = limits
        self._from_1904 = book.from_1904
        told = book.looks()
        self._looks = {name: at for at, name in enumerate(book.formats) if at in told}
        self._shown = Shown(told)
        self._row_style = ""
        self._row, self._next_row, self._column = 0, 1, 0
        self._cells: dict[int, dict[int, str]] = {}
        self._text_cells: dict[int, set[int]] = {}
        self._hidden: set[int] = set()
        self._merged: list[Merge] = []
        self._unvalued: list[tuple[int, int]] = []

    def begin_row(self, attributes: Mapping[str, str]) -> None:
        self._row = _number(attributes, "Index") or self._next_row
        self._next_row = self._row + 1 + _number(attributes, "Span")
        self._column = 0
        self._row_style = attributes.get(f"{_SS}StyleID", "")
        if attributes.get(f"{_SS}Hidden") == "1":
            self._hidden.update(range(self._row, min(self._next_row, self._row + (1 << 20))))

    def cell(self, attributes: Mapping[str, str], text: str | None, kind: str) -> None:
        column = (_number(attributes, "Index") or self._column + 1) - 1
        across, down = _number(attributes, "MergeAcross"), _number(attributes, "MergeDown")
        if across or down:
            if len(self._merged) == self._limits.max_merges:
                words = _("a sheet has more merged cells than are taken in (%(limit)s).")
                raise Unreadable(words, limit=self._limits.said("max_merges"))
            self._merged.append(Merge(self._row, column, self._row + down, column + across))
        self._column = column + 1 + across
        if text is None:
            if attributes.get(f"{_SS}Formula") and len(self._unvalued) < MOST_UNVALUED:
                self._unvalued.append((self._row, column))
        elif text:
            self._cells.setdefault(column, {})[self._row] = _plain(text, kind)
            if kind == "String":
                self._text_cells.setdefault(column, set()).add(self._row)
            look = self._looks.get(attributes.get(f"{_SS}StyleID", self._row_style))
            if kind == "Number" and look is not None:
                self._shown.take(self._row, column, whole_number(text.encode()), look)

    def grid(self) -> Grid:
        numbers = np.array(sorted(set().union(*self._cells.values())), dtype=np.int32)
        width = max(self._cells, default=-1) + 1
        if len(numbers) * width > self._limits.max_cells:
            said = too_many_cells(self.name, len(numbers), width, self._limits)
            raise Unreadable(said.text, **said.values)
        at = {row: place for place, row in enumerate(numbers.tolist())}
        columns = [
            as_column({at[row]: text for row, text in self._cells.get(column, {}).items()}, len(numbers))
            for column in range(width)
        ]
        texts = {}
        for column, rows in self._text_cells.items():
            doubtful = np.asarray(may_be_thousand(columns[column]).fill_null(False))  # noqa: FBT003
            doubtful = doubtful & np.isin(numbers, list(rows))
            if doubtful.any():
                texts[column] = doubtful
        grid = Grid(
            self.name,
            as_table(columns),
            numbers,
            visible=self.visible,
            hidden_rows=frozenset(self._hidden),
            merged=tuple(self._merged),
            unvalued=tuple(self._unvalued),
            typed=True,
            from_1904=self._from_1904,
            texts=texts,
        )
        return self._shown.on(grid)


def _number(attributes: Mapping[str, str], name: str) -> int:
    written = attributes.get(f"{_SS}{name}", "")
    return int(written) if written.isdecimal() and len(written) < 9 else 0


def _plain(text: str, kind: str) -> str:
    """Write a typed value as every reader here writes it."""
    if kind == "Number":
        return plain_number(text)
    if kind == "DateTime" and (found := _TIME.fullmatch(text)):
        return f"{found[1]} {found[2] or '00:00:00'}"
    if kind == "Boolean":
        return "true" if text == "1" else "false"
    return text
