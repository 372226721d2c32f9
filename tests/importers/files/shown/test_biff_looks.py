"""An .xls shows codes in number cells as people see them."""

import struct
from pathlib import Path

import pytest

from importers.files.shown.biff_looks import shown_of_xls
from tests.importers.files.containers.test_biff import biff, compound
from tests.importers.files.made import cells, read
from tests.importers.files.shown.test_shown import seen


def rk(number: int, *, hundredths: bool = False) -> int:
    """Write a whole number of at most 29 bits as a workbook does."""
    return (number << 2 | 2 | hundredths) & 0xFFFFFFFF


def xls(code: str = "00000", formats: bool = True) -> bytes:
    """Write a book of one sheet: its second look has a format of zeros."""
    written = code.encode("utf-16-le") if not code.isascii() else code.encode()
    begin, end = struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0), biff(0x0A, b"")
    head = biff(0x809, begin)
    if formats:
        head += biff(0x41E, struct.pack("<HHB", 164, len(code), not code.isascii()) + written)
    head += biff(0xE0, struct.pack("<HH", 0, 0) + bytes(16)) + biff(0xE0, struct.pack("<HH", 0, 164) + bytes(16))
    bound = struct.pack("<HBB", 0, 5, 0) + b"Sales"
    place = len(head) + 4 + 4 + len(bound) + len(end)
    sheet = biff(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0))
    sheet += biff(0x203, struct.pack("<HHHd", 2, 1, 1, 5901234123457.0))
    sheet += biff(0x203, struct.pack("<HHHd", 2, 2, 0, 7.0))
    sheet += biff(0x203, struct.pack("<HHHd", 2, 3, 1, 7.5))
    sheet += biff(0x27E, struct.pack("<HHHI", 4, 1, 1, rk(12)))
    sheet += biff(0x27E, struct.pack("<HHHI", 4, 2, 1, rk(-12)))
    sheet += biff(0x27E, struct.pack("<HHHI", 4, 3, 1, rk(1200, hundredths=True)))
    sheet += biff(0xBD, struct.pack("<HH", 5, 1) + struct.pack("<HIHI", 1, rk(3), 0, rk(4)) + struct.pack("<H", 2))
    sheet += biff(0x06, struct.pack("<HHHdHIH", 6, 1, 1, 8.0, 0, 0, 0))
    sheet += end
    return head + biff(0x85, struct.pack("<I", place) + bound) + end + sheet


def test_an_xls_shows_its_codes(tmp_path: Path) -> None:
    path = tmp_path / "book.xls"
    path.write_bytes(compound(xls().ljust(5_000, b"\0")))
    (grid,) = read(path)
    assert cells(grid)[2] == [None, "5901234123457", "7", "7.5"]
    assert seen(grid) == {
        (3, 2): "5901234123457",
        (5, 2): "00012",
        (5, 4): "00012",
        (6, 2): "00003",
        (7, 2): "00008",
    }


@pytest.mark.parametrize(("code", "text"), [('"Ł-"000', "Ł-003"), ('"PL-"00', "PL-03")])
def test_a_format_of_an_xls_has_letters_of_one_or_two_bytes(tmp_path: Path, code: str, text: str) -> None:
    path = tmp_path / "book.xls"
    path.write_bytes(compound(xls(code).ljust(5_000, b"\0")))
    (grid,) = read(path)
    assert seen(grid)[6, 2] == text


@pytest.mark.parametrize("content", [xls("0.00"), xls(formats=False), xls()[:60], b"", b"\0" * 700])
def test_an_xls_without_such_formats_and_a_broken_one_have_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "book").write_bytes(compound(content.ljust(5_000, b"\0")))
    assert shown_of_xls(tmp_path / "book") == {}
    (tmp_path / "book").write_bytes(content)
    assert shown_of_xls(tmp_path / "book") == {}
