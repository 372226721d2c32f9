"""Binary workbooks show codes in number cells as people see them."""

import io
import struct
import zipfile
from pathlib import Path

import pytest

from importers.files.shown.biff_looks import looks_of_xlsb, shown_of_xls, shown_of_xlsb
from tests.importers.files.containers.test_biff import biff, compound, record
from tests.importers.files.made import cells, read
from tests.importers.files.shown.test_shown import seen

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


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


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def look(format_: int) -> bytes:
    return record(47, struct.pack("<HH", 0, format_) + bytes(12))


STYLES = (
    record(278, b"")
    + record(44, struct.pack("<H", 164) + wide('"PL-"000'))
    + record(44, struct.pack("<H", 165) + wide("0.00"))
    + look(164)  # of the styles that have names, which are no looks of cells
    + record(617, struct.pack("<I", 3))
    + look(0)
    + look(164)
    + look(165)
    + record(618, b"")
)


def cell(kind: int, column: int, style: int, value: bytes) -> bytes:
    return record(kind, struct.pack("<II", column, style) + value)


SHEET = (
    record(129, b"")
    + record(148, struct.pack("<IIII", 2, 4, 1, 3))
    + record(145, b"")
    + record(0, struct.pack("<IIHHHI", 2, 0, 300, 0, 0, 0))
    + cell(2, 1, 1, struct.pack("<I", rk(12)))
    + cell(2, 2, 2, struct.pack("<I", rk(12)))
    + cell(2, 3, 1, struct.pack("<I", struct.unpack("<II", struct.pack("<d", 4096.0))[1]))
    + record(0, struct.pack("<IIHHHI", 4, 0, 300, 0, 0, 0))
    + cell(5, 1, 1, struct.pack("<d", 7.0))
    + cell(5, 2, 1, struct.pack("<d", 7.5))
    + cell(9, 3, 1, struct.pack("<d", 8.0) + bytes(10))
    + record(146, b"")
    + record(130, b"")
)


def xlsb(path: Path, properties: bytes = b"") -> Path:
    book = record(131, b"") + properties + record(143, b"")
    book += record(156, struct.pack("<II", 0, 1) + wide("r1") + wide("Sales")) + record(144, b"") + record(132, b"")
    kind = "application/vnd.ms-excel.sheet.binary.macroEnabled.main"
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="bin" ContentType="{kind}"/>'
        "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" Target="xl/workbook.bin" '
        f'Type="{OFFICE}/officeDocument"/></Relationships>',
        "xl/_rels/workbook.bin.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{OFFICE}/worksheet" Target="worksheets/sheet1.bin"/></Relationships>',
        "xl/workbook.bin": book,
        "xl/styles.bin": STYLES,
        "xl/worksheets/sheet1.bin": SHEET,
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as container:
        for name, part in parts.items():
            container.writestr(name, part)
    path.write_bytes(content.getvalue())
    return path


def test_an_xlsb_shows_its_codes(tmp_path: Path) -> None:
    (grid,) = read(xlsb(tmp_path / "book.xlsb"))
    assert cells(grid)[2] == [None, "12", "12", "4096"]
    assert seen(grid) == {(3, 2): "PL-012", (3, 4): "PL-4096", (5, 2): "PL-007", (5, 4): "PL-008"}


def test_styles_of_an_xlsb_that_break_off_have_no_looks() -> None:
    assert looks_of_xlsb(STYLES).all == {1}
    assert not looks_of_xlsb(STYLES + b"\x81")
    assert not looks_of_xlsb(b"")


def test_cells_that_are_too_short_are_passed_over(tmp_path: Path) -> None:
    (grid,) = read(xlsb(tmp_path / "book.xlsb"))
    short = record(0, b"\2") + record(2, b"12345678") + record(5, b"123456789012")
    assert shown_of_xlsb(short, looks_of_xlsb(STYLES)).on(grid).shown == {}
