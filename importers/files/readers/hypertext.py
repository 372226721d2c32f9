"""Tables of an HTML page, which many systems send under the name of .xls. Runs in the process that may end.

The tables of a page stand on one sheet, one below the other, as a spreadsheet program shows them. Tables that only lay
out other tables are looked through; one in a cell of a line is what that cell says. A spreadsheet program writes the
number beside what it shows of it (``x:num``): 1234.5678 where people see 1 234,57, and 123 where they see 00123.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from lxml import etree

from app.domain.saying.wording import marked
from importers.files.cells import Unreadable, as_column, as_table, may_be_thousand, plain_number
from importers.files.grid import Grid, Merge
from importers.files.limits import Limits
from importers.files.shown.signs import PERCENT, sign_in

_SPACES = re.compile(r"[ \t\r\n\f]+")
_AROUND_BREAKS = re.compile(r" *\n *")
_ = marked
_MORE_CELLS = _("more cells than are taken in (%(limit)s).")
_NOT_DISPLAYED = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_NO_TEXT = ("script", "style", "title", "noscript", "template", "del", "s", "strike")
"""Elements that hold nothing to be read: what is struck out was written before what stands beside it."""
_WITHIN = frozenset({"span", "div", "p", "b", "i", "font", "a", "small", "em", "strong"})
"""Pieces of a cell that may be hidden by themselves."""
_LEAST_BESIDE = 3
"""Cells that say something beside a table in another cell of their row, where that is one of lines."""
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_WIDEST = 16_384
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")


def read_hypertext(path: Path, encoding: str, limits: Limits, signs: Collection[str] = ()) -> Iterator[Grid]:
    """Read the tables of a page, which is written in that encoding.

    ``signs`` are told where they stand beside what is shown of a number.

    Raises:
        Unreadable: Nobody can read it, or it holds no table.
    """
    try:
        page = path.read_bytes().decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as wrong:
        words = _("it says that it is written in %(encoding)s, and is not (byte %(byte)s); save it again as .xlsx.")
        raise Unreadable(words, encoding=encoding, byte=wrong.start + 1) from None
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(page.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError) as broken:
        raise Unreadable(_("the page cannot be read (%(found)s); save it again as .xlsx."), found=str(broken)) from None
    tables = [] if root is None else list(_tables_in(root))
    if not tables:
        raise Unreadable(_("a page without a table; save the table as .xlsx or CSV."))
    sheet = _Sheet(limits, signs)
    for table in tables:
        sheet.add(table)
    yield sheet.grid(encoding)


def _tables_in(element: etree._Element) -> Iterator[etree._Element]:
    """Give the tables that hold what people read: of those within others the inner ones, where the outer only lay out.

    An outer one holds lines where several of its rows say more beside the tables in their cells.
    """
    for table in element.iterchildren():
        if table.tag != "table" or (table.find(".//table") is not None and not _has_lines(table)):
            yield from _tables_in(table)
        else:
            yield table


def _has_lines(table: etree._Element) -> bool:
    rows = [list(row.iterchildren("td", "th")) for row in table.iter("tr") if _table_of(row) is table]
    nesting = [row for row in rows if any(cell.find(".//table") is not None for cell in row)]
    said = [sum(cell.find(".//table") is None and bool(_text(cell)) for cell in row) for row in nesting]
    return sum(cells >= _LEAST_BESIDE for cells in said) > 1


def _table_of(row: etree._Element) -> etree._Element | None:
    return next(row.iterancestors("table"), None)


class _Sheet:
    """Lays rows out on a sheet: a cell that reaches over several rows or columns pushes the others aside."""

    def __init__(self, limits: Limits, signs: Collection[str]) -> None:
        self._limits = limits
        self._wanted = signs
        self._row = 0
        self._cells: dict[int, dict[int, str]] = {}
        self._numbers: dict[int, set[int]] = {}
        self._shown: dict[int, dict[int, str]] = {}
        self._signs: dict[int, dict[int, str]] = {}
        self._taken: set[tuple[int, int]] = set()
        self._hidden: set[int] = set()
        self._merged: list[Merge] = []

    def add(self, table: etree._Element) -> None:
        """Add the rows of a table in the order in which people see them: its head first, its foot last."""
        rows = sorted((one for one in table.iter("tr") if _table_of(one) is table), key=_part_of_table)
        last = self._row + len(rows)
        for row in rows:
            if _is_hidden(row):
                self._hidden.add(self._row + 1)
            column = 0
            for cell in row.iterchildren("td", "th"):
                while (self._row, column) in self._taken:
                    column += 1
                column += self._place(cell, column, last)
            self._row += 1
        self._taken.clear()

    def _place(self, cell: etree._Element, column: int, last: int) -> int:
        """Put a cell where it stands, and tell how many columns it takes."""
        wide = min(_span(cell, "colspan"), _WIDEST - column)
        high = min(_span(cell, "rowspan") or last, last - self._row)
        if column >= _WIDEST or wide < 1:
            raise Unreadable(_("a row of more than %(most)s cells; save the table as .xlsx or CSV."), most=_WIDEST)
        if text := _text(cell):
            self._cells.setdefault(column, {})[self._row] = text
            if (number := cell.get("x:num")) is not None:
                self._number(column, number.strip(), text)
        if wide > 1 or high > 1:
            if len(self._merged) == self._limits.max_merges:
                words = _("more merged cells than are taken in (%(limit)s).")
                raise Unreadable(words, limit=self._limits.said("max_merges"))
            self._merged.append(Merge(self._row + 1, column, self._row + high, column + wide - 1))
        if high > 1:
            self._taken.update(
                (below, beside)
                for below in range(self._row + 1, self._row + high)
                for beside in range(column, column + wide)
            )
            if len(self._taken) > self._limits.max_cells:
                raise Unreadable(_MORE_CELLS, limit=self._limits.said("max_cells"))
        return wide

    def _number(self, column: int, number: str, shown: str) -> None:
        """Take the number of a cell, and what people see of it; where they are the same, it says none."""
        self._numbers.setdefault(column, set()).add(self._row)
        if not _NUMBER.fullmatch(number):
            return
        self._cells[column][self._row] = plain_number(number)
        self._shown.setdefault(column, {})[self._row] = shown
        sign = PERCENT if PERCENT in self._wanted and shown.endswith(PERCENT) else sign_in(shown, self._wanted)
        if sign is not None:
            self._signs.setdefault(column, {})[self._row] = sign

    def _texts(self, columns: Sequence[pa.Array]) -> dict[int, np.ndarray]:
        """Tell text cells from number cells where a thousand might be written with a point."""
        found: dict[int, np.ndarray] = {}
        for at, column in enumerate(columns if self._numbers else ()):
            doubtful = np.asarray(may_be_thousand(column).fill_null(False))  # noqa: FBT003
            if doubtful.any():
                doubtful = doubtful.copy()
                doubtful[list(self._numbers.get(at, ()))] = False
                found[at] = doubtful
        return found

    def grid(self, encoding: str) -> Grid:
        """Give all that was added."""
        width = max(self._cells, default=-1) + 1
        if self._row * width > self._limits.max_cells:
            raise Unreadable(_MORE_CELLS, limit=self._limits.said("max_cells"))
        columns = [as_column(self._cells.get(column, {}), self._row) for column in range(width)]
        return Grid(
            "",
            as_table(columns),
            np.arange(1, self._row * bool(width) + 1, dtype=np.int32),
            hidden_rows=frozenset(self._hidden),
            merged=tuple(self._merged),
            typed=bool(self._numbers),
            texts=self._texts(columns),
            shown={at: as_column(cells, self._row) for at, cells in sorted(self._shown.items())},
            signs={at: as_column(cells, self._row) for at, cells in sorted(self._signs.items())},
            encoding=encoding,
        )


def _part_of_table(row: etree._Element) -> int:
    """Number the parts of a table in the order in which they are shown."""
    around = row.getparent()
    return {"thead": 0, "tfoot": 2}.get(around.tag if around is not None else "", 1)


def _span(cell: etree._Element, name: str) -> int:
    """Read a colspan or rowspan. A rowspan of 0 goes to the end of the table."""
    written = (cell.get(name) or "1").strip()
    return int(written) if written.isdecimal() and len(written) < 7 else 1


def _is_hidden(row: etree._Element) -> bool:
    """Say whether a row is not shown, or a piece of a cell: pages keep so what sorts a column."""
    return row.get("hidden") is not None or _NOT_DISPLAYED.search(row.get("style") or "") is not None


def _text(cell: etree._Element) -> str:
    """Give what people read in a cell: spaces are one, breaks stay, and a space that holds the cell open is nothing.

    One that keeps words on a line is a space like any other: a name is the same with it and without.
    """
    text = "".join(_pieces(cell)).replace("\u00a0", " ")
    return _AROUND_BREAKS.sub("\n", text).strip()


def _pieces(element: etree._Element) -> Iterator[str]:
    if element.tag == "br":
        yield "\n"
    elif element.tag == "sup":  # a note's mark is no digit of the number before it
        yield "".join(element.itertext()).translate(_RAISED)
    elif element.tag not in _NO_TEXT and not (element.tag in _WITHIN and _is_hidden(element)):
        if element.text:
            yield _SPACES.sub(" ", element.text)
        for child in element:
            yield from _pieces(child)
            if child.tag in ("p", "div", "li", "tr") and child.getnext() is not None:
                yield "\n"
            elif child.tag in ("td", "th") and child.getnext() is not None:
                yield " "
            if child.tail:
                yield _SPACES.sub(" ", child.tail)
