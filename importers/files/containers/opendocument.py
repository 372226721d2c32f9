"""The scan of an .ods: its sheets lie in one part, and its cells and rows may be written once for many."""

import html
import re
from collections.abc import Iterable, Iterator

from importers.files.containers.scan import MOST_UNVALUED, Marks, root_of, whole_rows

_TAG = re.compile(rb"<(/?)table:(table|table-row|table-cell|covered-table-cell)(?=[\s/>])([^>]*?)(/?)>")
CELLS_ACROSS = re.compile(rb"number-columns-repeated=[\"']([0-9]{1,9})")
ROWS_DOWN = re.compile(rb"number-rows-repeated=[\"']([0-9]{1,9})")
_WIDE = re.compile(rb"number-columns-spanned=[\"']([0-9]{1,9})")
_HIGH = re.compile(rb"number-rows-spanned=[\"']([0-9]{1,9})")
_NAME = re.compile(rb"""table:name=(?:"([^"]*)"|'([^']*)')""")
_UNSEEN = re.compile(rb"visibility=[\"'](?:collapse|filter)")
_STYLED = re.compile(rb"""table:style-name=["']([^"']*)["']""")
_NOT_DISPLAYED = re.compile(
    rb"""<style:style\s[^>]*?style:name=["']([^"']*)["'][^>]*>\s*<style:table-properties[^>]*table:display=["']false["']"""
)
_HEAD = 1 << 16
_MOST_HIDDEN = 1 << 21


def scan_document(pieces: Iterable[bytes], most_merges: int) -> Iterator[tuple[str, bool, Marks]]:
    """Give the sheets of an .ods: name, whether people see it, and what was noted of it.

    Raises:
        TooWild: It is nothing that a spreadsheet program writes.
    """
    name, visible, sheet, not_displayed = "", True, _Sheet(most_merges), None
    for xml in whole_rows(pieces, b"table:table-row"):
        if not_displayed is None:
            root_of(xml[:_HEAD])
            not_displayed = set(_NOT_DISPLAYED.findall(xml))
        for closing, element, attributes, alone in _TAG.findall(xml):
            if element == b"table":
                if closing:
                    sheet.marks.clip_merges()
                    yield name, visible, sheet.marks
                else:
                    name = name_of(attributes)
                    styled = _STYLED.search(attributes)
                    visible = styled is None or styled[1] not in not_displayed
                    sheet = _Sheet(most_merges)
            elif element == b"table-row":
                if not closing:
                    sheet.begin_row(attributes)
                if closing or alone:
                    sheet.end_row()
            elif not closing:
                sheet.cell(attributes, empty=bool(alone))


class _Sheet:
    """Counts the rows and columns of one sheet: those written once for many, and of empty ones none at the end."""

    def __init__(self, most_merges: int) -> None:
        self.marks = Marks()
        self._most_merges = most_merges
        self._row, self._times, self._column = 0, 1, 0
        self._filled, self._hidden = False, False

    def begin_row(self, attributes: bytes) -> None:
        self._times = repeated(ROWS_DOWN, attributes)
        self._column = 0
        self._filled = False
        self._hidden = _UNSEEN.search(attributes) is not None

    def cell(self, attributes: bytes, *, empty: bool) -> None:
        times = repeated(CELLS_ACROSS, attributes)
        wide, high = repeated(_WIDE, attributes), repeated(_HIGH, attributes)
        here = self._row + 1, self._column
        if wide > 1 or high > 1:
            self.marks.merge(here, (self._row + high, self._column + wide - 1), self._most_merges)
        unvalued = empty and b"table:formula=" in attributes and b"value-type=" not in attributes
        if unvalued and len(self.marks.unvalued) < MOST_UNVALUED:
            self.marks.unvalued.append(here)
        self._column += times
        if not empty or b"value-type=" in attributes:
            self._filled = True
            self.marks.columns = max(self.marks.columns, self._column)

    def end_row(self) -> None:
        if self._hidden and self._times + len(self.marks.hidden_rows) < _MOST_HIDDEN:
            self.marks.hidden_rows.update(range(self._row + 1, self._row + self._times + 1))
        self._row += self._times
        if self._filled:
            self.marks.rows = self._row


def name_of(attributes: bytes) -> str:
    """Give the name of a sheet that has these attributes."""
    found = _NAME.search(attributes)
    return html.unescape((found[1] or found[2] or b"").decode()) if found else ""


def repeated(pattern: re.Pattern[bytes], attributes: bytes) -> int:
    """Tell for how many rows or cells these attributes stand."""
    found = pattern.search(attributes)
    return int(found[1]) if found else 1
