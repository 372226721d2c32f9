"""Rows of an .xls and of an .xlsb that are struck through: both keep fonts, looks and cells in much the same records.

The kinds of records and what stands in them are those of [MS-XLS] 2.4 and [MS-XLSB] 2.4. Runs in the process that may
end. Nearly no workbook has a look whose font strikes through, and then its sheets are not looked at.
"""

import struct
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from importers.files.containers.biff import BEGIN, END, begins_of_xls, records_of_xls
from importers.files.containers.biff12 import records
from importers.files.containers.compound import NotCompound, stream
from importers.files.containers.scan import TooWild
from importers.files.shown.struck import Balance

_STRIKES = 0x8
"""The bit of a font that strikes through, in both."""

_FONT, _LOOK = 0x31, 0xE0
_CELLS = frozenset((0x06, 0xD6, 0xFD, 0x203, 0x204, 0x205, 0x27E))
"""Cells in which something stands: formulas, texts, numbers, truths and errors."""
_SEVERAL = 0xBD
_SKIPPED = 4
"""No font of an .xls has this number: those behind it are counted on as if one had."""

_FONT_12, _LOOK_12, _BEGIN_LOOKS, _END_LOOKS, _ROW_12 = 43, 47, 617, 618, 0
_CELLS_12 = frozenset((*range(2, 12), 62))


def struck_rows_of_xls(path: Path) -> dict[str, frozenset[int]]:
    """Give the numbers of the rows that are struck through, by sheet; none of a workbook that is broken."""
    try:
        book = stream(path, "Workbook", "Book")
    except NotCompound:
        return {}
    fonts: list[bool] = []
    named: list[int] = []
    for kind, content in records_of_xls(book, 0):
        if kind == END:
            break
        if kind == _FONT and len(content) >= 4:
            if len(fonts) == _SKIPPED:
                fonts.append(False)
            fonts.append(bool(content[2] & _STRIKES))
        elif kind == _LOOK and len(content) >= 2:
            named.append(int.from_bytes(content[:2], "little"))
    struck = _looks(fonts, named)
    if not struck:
        return {}
    return {name: Balance.of(_cells(book, begin), struck) for name, begin in begins_of_xls(book).items()}


def _cells(book: bytes, begin: int) -> Iterator[tuple[int, int]]:
    """Give row, from 1, and look of the cells of a sheet in which something stands."""
    depth = 0
    for kind, content in records_of_xls(book, begin):
        depth += (kind == BEGIN) - (kind == END)
        if not depth:
            break
        if depth > 1:
            continue
        if kind in _CELLS and len(content) >= 6:
            row, _, look = struct.unpack_from("<HHH", content)
            yield row + 1, look
        elif kind == _SEVERAL and len(content) >= 6:
            row = int.from_bytes(content[:2], "little") + 1
            for look, _ in struct.iter_unpack("<HI", content[4 : 4 + (len(content) - 6) // 6 * 6]):
                yield row, look


def struck_looks_of_xlsb(styles: bytes) -> frozenset[int]:
    """Give the looks of cells whose font strikes through; none of styles that break off."""
    fonts: list[bool] = []
    named: list[int] = []
    within = False
    try:
        for kind, content in records([styles]):
            if kind == _FONT_12 and len(content) >= 4:
                fonts.append(bool(content[2] & _STRIKES))
            elif kind in (_BEGIN_LOOKS, _END_LOOKS):
                within = kind == _BEGIN_LOOKS
            elif kind == _LOOK_12 and within and len(content) >= 6:
                named.append(int.from_bytes(content[4:6], "little"))
    except TooWild:
        return frozenset()
    return _looks(fonts, named)


def struck_rows_of_xlsb(pieces: Iterable[bytes], struck: Collection[int]) -> frozenset[int]:
    """Give the numbers of the rows of a sheet that have these looks.

    Raises:
        TooWild: The sheet breaks off.
    """
    return Balance.of(_cells_12(pieces), struck)


def _cells_12(pieces: Iterable[bytes]) -> Iterator[tuple[int, int]]:
    row = 0
    for kind, content in records(pieces):
        if kind == _ROW_12 and len(content) >= 4:
            row = int.from_bytes(content[:4], "little") + 1
        elif kind in _CELLS_12 and len(content) >= 8:
            yield row, int.from_bytes(content[4:7], "little")


def _looks(fonts: list[bool], named: list[int]) -> frozenset[int]:
    return frozenset(look for look, font in enumerate(named) if font < len(fonts) and fonts[font])
