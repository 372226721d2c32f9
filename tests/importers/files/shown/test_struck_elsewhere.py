"""Rows of an .xls, an .xlsb and an .ods that are struck through are told as those of an .xlsx."""

import struct
from pathlib import Path

import pytest

from importers.files.shown.struck_binary import struck_looks_of_xlsb, struck_rows_of_xls, struck_rows_of_xlsb
from tests.importers.files.containers.test_biff import biff, compound
from tests.importers.files.containers.test_biff12 import record
from tests.importers.files.made import read
from tests.importers.files.shown import test_xlsb_sheets as binary
from tests.importers.files.shown.test_biff_looks import rk
from tests.importers.files.shown.test_opendocument_looks import number, ods, row, words

STRIKES = 0x8
NUMBER = struct.pack("<I", rk(12))


def xls(font: int = 6) -> bytes:
    """Write a book whose second look has that font; the seventh, which is the sixth that is kept, strikes through."""
    begin, end = struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0), biff(0x0A, b"")
    head = biff(0x809, begin)
    for at in range(6):
        head += biff(0x31, struct.pack("<HH", 220, STRIKES if at == 5 else 0x2) + bytes(10) + b"\5\0Arial")
    head += biff(0xE0, struct.pack("<HH", 0, 0) + bytes(16)) + biff(0xE0, struct.pack("<HH", font, 0) + bytes(16))
    bound = struct.pack("<HBB", 0, 5, 0) + b"Sales"
    place = len(head) + 4 + 4 + len(bound) + len(end)
    sheet = biff(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0))
    for at, looks in enumerate([(1, 0, 0), (1, 1, 0), (0, 1, 1), (0, 0, 0)]):
        sheet += biff(0x203, struct.pack("<HHHd", at, 0, looks[0], 7.5))
        sheet += biff(0xBD, struct.pack("<HHHIHIH", at, 1, looks[1], rk(3), looks[2], rk(4), 2))
        sheet += biff(0x201, struct.pack("<HHH", at, 5, 1)) * 3  # nothing stands there
    return head + biff(0x85, struct.pack("<I", place) + bound) + end + sheet + end


@pytest.mark.parametrize(("font", "rows"), [(6, {2, 3}), (5, set()), (0, set()), (40, set())])
def test_an_xls_tells_them(tmp_path: Path, font: int, rows: set[int]) -> None:
    path = tmp_path / "book.xls"
    path.write_bytes(compound(xls(font).ljust(5_000, b"\0")))
    (grid,) = read(path)
    assert grid.struck_rows == rows
    path.write_bytes(xls(font))
    assert struck_rows_of_xls(path) == {}, "a broken container"


def xlsb_styles(*fonts: int) -> bytes:
    looks = b"".join(record(47, struct.pack("<HHH", 0, 0, font) + bytes(10)) for font in fonts)
    kept = b"".join(record(43, struct.pack("<HH", 220, flags) + bytes(20)) for flags in (0x2, STRIKES))
    return (
        record(278, b"")
        + kept
        + record(47, struct.pack("<HHH", 0, 0, 1))
        + record(617, struct.pack("<I", len(fonts)))
        + looks
        + record(618, b"")
    )


def test_an_xlsb_tells_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binary, "STYLES", xlsb_styles(0, 1))
    cells = [(2, 1, 1), (2, 2, 0), (2, 3, None), (4, 1, 1), (4, 2, 1), (4, 3, 0)]
    sheet, last = record(129, b"") + record(148, struct.pack("<IIII", 2, 4, 1, 3)) + record(145, b""), 0
    for at, column, style in cells:
        sheet += record(0, struct.pack("<IIHHHI", at, 0, 300, 0, 0, 0)) if at != last else b""
        sheet += binary.cell(1, column, 1, b"") if style is None else binary.cell(2, column, style, NUMBER)
        last = at
    sheet += record(146, b"") + record(130, b"")
    (grid,) = read(binary.xlsb(tmp_path / "book.xlsb", sheet=sheet))
    assert grid.struck_rows == {5}


def test_styles_of_an_xlsb_say_which_looks_strike_through() -> None:
    assert struck_looks_of_xlsb(xlsb_styles(1, 0, 1, 9)) == {0, 2}
    assert struck_looks_of_xlsb(xlsb_styles(1) + b"\x81") == set(), "they break off"
    assert struck_looks_of_xlsb(b"") == set()
    assert struck_rows_of_xlsb([record(0, b"\2") + record(2, b"1234")], {0}) == set(), "cells that are too short"


LINE = '<style:style style:name="{}" style:family="table-cell" style:parent-style-name="{}">{}</style:style>'
THROUGH = '<style:text-properties style:text-line-through-style="{}"/>'


@pytest.mark.parametrize(
    ("styles", "rows"),
    [
        (LINE.format("ce2", "Default", THROUGH.format("solid")), {2, 4, 5}),
        (LINE.format("up", "Default", THROUGH.format("solid")) + LINE.format("ce2", "up", ""), {2, 4, 5}),
        (
            LINE.format("up", "Default", THROUGH.format("solid")) + LINE.format("ce2", "up", THROUGH.format("none")),
            set(),
        ),
        (LINE.format("ce2", "Default", ""), set()),
    ],
)
def test_an_ods_tells_them(tmp_path: Path, styles: str, rows: set[int]) -> None:
    empty = '<table:table-cell table:style-name="ce2" table:number-columns-repeated="9"/>'
    path = ods(
        tmp_path / "book.ods",
        row(words("FV/1", "ce1"), number("2", "ce2"), words("Klej", "ce1"), empty),
        row(words("FV/2", "ce2"), number("2", "ce2"), words("Klej", "ce1")),
        row(words("FV/3", "ce1"), number("2", "ce1"), empty),
        row(words("FV/4", "ce2"), number("2", "ce2", times=2), times=2),
        styles=styles,
    )
    (grid,) = read(path)
    assert grid.struck_rows == rows
