"""What an .xls says of its sheets besides their cells: hidden rows and merged cells.

calamine reads the cells, and does not tell this. Runs in the process that may end.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

from importers.files.containers.compound import NotCompound, stream
from importers.files.containers.scan import Marks

BEGIN, END = 0x809, 0x0A
"""Records of an .xls between which a sheet stands, a drawing within it, or what goes for the whole workbook."""

_BOUND_SHEET, _ROW, _MERGED, _DATE_MODE = 0x85, 0x208, 0xE5, 0x22
_IS_HIDDEN = 0x20
_UNICODE_VERSION = b"\x00\x06"
_RANGE = struct.Struct("<HHHH")


def marks_of_xls(path: Path, most_merges: int) -> dict[str, Marks]:
    """Give what is noted of each sheet, by name; nothing of a workbook whose container is broken.

    Raises:
        TooWild: A sheet has more merged cells than any real one.
    """
    try:
        book = stream(path, "Workbook", "Book")
    except NotCompound:
        return {}
    return {name: _marks(book, begin, most_merges) for name, begin in begins_of_xls(book).items()}


def xls_counts_from_1904(path: Path) -> bool:
    """Say whether an .xls counts days from 1904 ([MS-XLS] 2.4.77)."""
    try:
        book = stream(path, "Workbook", "Book")
    except NotCompound:
        return False
    for kind, content in records_of_xls(book, 0):
        if kind in (_DATE_MODE, END):
            return kind == _DATE_MODE and content[:1] == b"\1"
    return False


def begins_of_xls(book: bytes) -> dict[str, int]:
    """Tell where the sheets of an .xls begin, by name."""
    begins: dict[str, int] = {}
    unicode = False
    for kind, content in records_of_xls(book, 0):
        if kind == END:
            break
        if kind == BEGIN:
            unicode = content[:2] == _UNICODE_VERSION
        if kind == _BOUND_SHEET and len(content) > 8:
            begins[_sheet_name(content[6:], unicode=unicode)] = int.from_bytes(content[:4], "little")
    return begins


def _sheet_name(written: bytes, *, unicode: bool) -> str:
    if not unicode:
        return written[1 : 1 + written[0]].decode("latin-1")
    if written[1] & 1:
        return written[2 : 2 + 2 * written[0]].decode("utf-16-le", "replace")
    return written[2 : 2 + written[0]].decode("latin-1")


def _marks(book: bytes, start: int, most_merges: int) -> Marks:
    marks, depth = Marks(), 0
    for kind, content in records_of_xls(book, start):
        if kind == BEGIN:
            depth += 1
        elif kind == END:
            depth -= 1
            if depth <= 0:
                break
        elif kind == _ROW and len(content) >= 14 and content[12] & _IS_HIDDEN:
            marks.hidden_rows.add(content[0] + 256 * content[1] + 1)
        elif kind == _MERGED:
            for at in range(2, len(content) - 7, _RANGE.size):
                first_row, last_row, first_column, last_column = _RANGE.unpack_from(content, at)
                marks.merge((first_row + 1, first_column), (last_row + 1, last_column), most_merges)
    return marks


def records_of_xls(book: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Take an .xls apart from a place on: each record has a kind and a length."""
    while at + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, at)
        yield kind, book[at + 4 : at + 4 + length]
        at += 4 + length
