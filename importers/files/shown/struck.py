"""Rows of an .xlsx that are struck through: so whoever keeps a list by hand crosses out what was cancelled.

Runs in the process that may end. Nearly no workbook has a font that strikes through: it is known by its styles alone,
and its sheets are not looked at.
"""

import re
from collections.abc import Collection, Iterable, Iterator

from importers.files.containers.scan import filled, whole_rows
from importers.files.shown.styles import NAMED, STYLE, of_looks, within

_FONT = re.compile(rb"%bfont(?:\s[^<>]*)?(?:/>|>(.*?)</(?:\w+:)?font>)" % NAMED, re.DOTALL)
_STRIKE = re.compile(rb"""%bstrike(?:\s*/?>|\s+val=["'](?:1|true|on)["'])""" % NAMED)
_NUMBERED = re.compile(rb"""%brow\s[^<>]*?r=["'][0-9]""" % NAMED)


class Balance:
    """Weighs the cells of a sheet in which something stands: a row is struck through where most of its cells are."""

    def __init__(self) -> None:
        self._more: dict[int, int] = {}

    def take(self, row: int, *, struck: bool, times: int = 1) -> None:
        """Take in so many cells of a row."""
        self._more[row] = self._more.get(row, 0) + (times if struck else -times)

    def rows(self) -> frozenset[int]:
        """Give the numbers of the rows that are struck through."""
        return frozenset(row for row, more in self._more.items() if more > 0)

    @classmethod
    def of(cls, cells: Iterable[tuple[int, int]], struck: Collection[int]) -> frozenset[int]:
        """Give those rows, of row and look of each cell; ``struck`` are the looks that strike through."""
        balance = cls()
        for row, look in cells:
            balance.take(row, struck=look in struck)
        return balance.rows()


def struck_looks(styles: bytes) -> frozenset[int]:
    """Give the looks of cells (places in ``cellXfs``) whose font strikes through (ECMA-376 part 1, 18.4.10)."""
    fonts = _FONT.finditer(within(styles, b"fonts"))
    struck = {at for at, one in enumerate(fonts) if _STRIKE.search(one[1] or b"")}
    return frozenset(at for at, font in enumerate(of_looks(styles, b"fontId")) if font in struck)


def struck_rows(pieces: Iterable[bytes], looks: Collection[int]) -> frozenset[int]:
    """Give the numbers of the rows of a sheet of whose cells with something in them most have one of these looks."""
    any_look = b"|".join(b"%d" % look for look in sorted(looks))
    styled = re.compile(rb"""\ss=["'](?:%b)["']""" % any_look)
    unnamed = 0 in looks  # a cell that names no look has the first
    balance = Balance()
    for cell in filled(_looked_through(pieces, None if unnamed else styled)):
        named = STYLE.search(cell.attributes)
        balance.take(cell.row, struck=bool(styled.search(cell.attributes)) if named else unnamed)
    return balance.rows()


def _looked_through(pieces: Iterable[bytes], styled: re.Pattern[bytes] | None) -> Iterator[bytes]:
    """Pass over rows without such a cell, where those behind them say which they are."""
    for xml in whole_rows(pieces, b"row"):
        if styled is None or styled.search(xml) or not _NUMBERED.search(xml):
            yield xml
