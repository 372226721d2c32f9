"""What an .xls shows in number cells beyond the number: 00123, or the euro beside it.

The kinds of records and what stands in them are those of [MS-XLS] 2.4. Runs in the process that may
end.
"""

import struct
from collections.abc import Collection, Iterator
from pathlib import Path

from importers.files.containers.biff import BEGIN, END, begins_of_xls, records_of_xls
from importers.files.containers.compound import NotCompound, stream
from importers.files.shown.shown import Shown
from importers.files.shown.signs import Looks
from importers.files.shown.zeros import whole

_FORMAT, _LOOK = 0x41E, 0xE0
_FORMULA, _NUMBER, _RK, _SEVERAL_RK = 0x06, 0x203, 0x27E, 0xBD
_CELL, _RK_CELL = struct.Struct("<HHHd"), struct.Struct("<HHHI")
_NO_NUMBER = b"\xff\xff"
"""Ends the value of a formula that is no number."""


def shown_of_xls(path: Path, signs: Collection[str] = ()) -> dict[str, Shown]:
    """Gather the number cells that are codes or have one of these signs, by sheet.

    There are none in a workbook without such formats, or before Excel 97.
    """
    try:
        book = stream(path, "Workbook")
    except NotCompound:
        return {}
    formats: dict[int, str] = {}
    said: list[int] = []
    for kind, content in records_of_xls(book, 0):
        if kind == END:
            break
        if kind == _FORMAT and len(content) > 5:
            letters = int.from_bytes(content[2:4], "little")
            wide = content[4] & 1
            code = content[5 : 5 + letters * (2 if wide else 1)].decode("utf-16-le" if wide else "latin-1", "replace")
            formats[int.from_bytes(content[:2], "little")] = code
        elif kind == _LOOK and len(content) > 3:
            said.append(int.from_bytes(content[2:4], "little"))
    looks = Looks.of(formats, said, signs)
    return {name: _shown_of_xls(book, at, looks) for name, at in begins_of_xls(book).items()} if looks else {}


def _shown_of_xls(book: bytes, begin: int, looks: Looks) -> Shown:
    shown = Shown(looks)
    depth = 0
    for kind, content in records_of_xls(book, begin):
        depth += (kind == BEGIN) - (kind == END)
        if not depth:
            break
        if depth == 1:
            for row, column, look, number in _numbers(kind, content):
                if look in looks:
                    shown.take(row + 1, column, whole(number), look)
    return shown


def _numbers(kind: int, content: bytes) -> Iterator[tuple[int, int, int, float]]:
    """Give the number cells of a record: row and column, from 0, look, number."""
    if kind == _RK and len(content) >= _RK_CELL.size:
        row, column, look, written = _RK_CELL.unpack_from(content)
        yield row, column, look, of_rk(written)
    elif kind == _SEVERAL_RK and len(content) >= 6:
        row, first = struct.unpack_from("<HH", content)
        for at, (look, written) in enumerate(struct.iter_unpack("<HI", content[4 : 4 + (len(content) - 6) // 6 * 6])):
            yield row, first + at, look, of_rk(written)
    elif kind in (_NUMBER, _FORMULA) and len(content) >= _CELL.size and content[12:14] != _NO_NUMBER:
        yield _CELL.unpack_from(content)


def of_rk(written: int) -> float:
    """Read a number of four bytes: a whole one of 30 bits, or the first bits of a longer; perhaps in hundredths."""
    if written & 2:
        number = float((written >> 2) - ((written & 1 << 31) >> 1))
    else:
        (number,) = struct.unpack("<d", struct.pack("<II", 0, written & ~3))
    return number / 100 if written & 1 else number
