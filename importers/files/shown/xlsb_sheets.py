"""What a sheet of an .xlsb says besides its cells: hidden rows, merged cells, and what people see of numbers.

calamine reads the cells, and does not tell this. The kinds of records and what stands in them are those of [MS-XLSB]
2.4. Runs in the process that may end. However large a sheet is, it is gone through once, in little memory; records of
which nothing is told, nearly all, are passed over by one pattern.
"""

import re
import struct
from collections.abc import Collection, Iterable

from importers.files.containers.biff12 import records
from importers.files.containers.scan import Marks, TooWild
from importers.files.shown.biff_looks import of_rk
from importers.files.shown.shown import Shown
from importers.files.shown.signs import Looks
from importers.files.shown.zeros import whole

_ROW, _RK, _NUMBER, _FORMULA, _MERGED = 0, 2, 5, 9, 177
_FORMAT, _LOOK, _BEGIN_LOOKS, _END_LOOKS = 44, 47, 617, 618
_IS_HIDDEN = 0x10
_RANGE = struct.Struct("<IIII")

_SEEN = rb"[\x00-\x0f\x20-\x2f\x40-\x4f\x60-\x6f\x80-\x8f\xa0-\xaf\xc0-\xcf\xe0-\xef]"
"""A byte without the bit of hidden rows."""
_NO_NUMBERS = (rb"\x01\x08.{8}", rb"\x07\x0c.{12}", rb"[\x03\x04]\x09.{9}")
"""Cells that are empty, have a text of the table of texts, an error or a truth."""
_ROWS_SEEN = (rb"\x00\x19.{11}%b.{13}" % _SEEN, rb"\x00\x11.{11}%b.{5}" % _SEEN)
"""Rows that are not hidden, as programs write them: with one range of columns, or with none."""


def looks_of_xlsb(styles: bytes, signs: Collection[str] = ()) -> Looks:
    """Give the looks of cells of which more is told than a number; none of styles that break off."""
    formats: dict[int, str] = {}
    said: list[int] = []
    within = False
    try:
        for kind, content in records([styles]):
            if kind == _FORMAT and len(content) >= 6:
                number, letters = struct.unpack_from("<HI", content)
                formats[number] = content[6 : 6 + 2 * letters].decode("utf-16-le", "replace")
            elif kind in (_BEGIN_LOOKS, _END_LOOKS):
                within = kind == _BEGIN_LOOKS
            elif kind == _LOOK and within and len(content) >= 4:
                said.append(int.from_bytes(content[2:4], "little"))
    except TooWild:
        return Looks({}, {})
    return Looks.of(formats, said, signs)


def noted_of_xlsb(pieces: Iterable[bytes], looks: Looks, most_merges: int) -> tuple[Marks, Shown]:
    """Go through a sheet: what is noted of it, and the number cells that have one of these looks.

    Raises:
        TooWild: It has more merged cells than any real one, or breaks off.
    """
    marks, shown = Marks(), Shown(looks)
    row = 0
    for kind, content in records(pieces, _passing(looks)):
        if kind == _ROW and len(content) >= 4:
            row = int.from_bytes(content[:4], "little") + 1
            if len(content) > 11 and content[11] & _IS_HIDDEN:
                marks.hidden_rows.add(row)
        elif kind in (_RK, _NUMBER, _FORMULA) and len(content) >= (12 if kind == _RK else 16):
            look = int.from_bytes(content[4:7], "little")
            if look in looks:
                rk = int.from_bytes(content[8:12], "little")
                number = whole(of_rk(rk) if kind == _RK else struct.unpack_from("<d", content, 8)[0])
                shown.take(row, int.from_bytes(content[:4], "little"), number, look)
        elif kind == _MERGED and len(content) >= _RANGE.size:
            first_row, last_row, first_column, last_column = _RANGE.unpack_from(content)
            marks.merge((first_row + 1, first_column), (last_row + 1, last_column), most_merges)
    return marks, shown


def _passing(looks: Looks) -> re.Pattern[bytes]:
    """Make the pattern of records of which nothing is told. Where a number may be, its row has to be known."""
    told = b"|".join(re.escape(look.to_bytes(3, "little")) for look in sorted(looks.all) if look < 1 << 24)
    plain = rb".{4}(?!%b)" % told if told else rb".{4}"
    numbers = (rb"\x02\x0c%b.{8}" % plain, rb"\x05\x10%b.{12}" % plain)
    return re.compile(rb"(?:%b)*+" % b"|".join((*_NO_NUMBERS, *numbers, *(() if looks else _ROWS_SEEN))), re.DOTALL)
