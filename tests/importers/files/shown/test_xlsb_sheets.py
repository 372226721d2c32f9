"""An .xlsb says which rows are hidden and which cells merged, and shows codes in number cells as people see them."""

import io
import random
import struct
import zipfile
from pathlib import Path

import pytest

from importers.files.containers.scan import TooWild
from importers.files.grid import Merge
from importers.files.shown import xlsb_sheets
from importers.files.shown.signs import Looks
from importers.files.shown.xlsb_sheets import looks_of_xlsb, noted_of_xlsb
from tests.importers.files.containers.test_biff12 import record
from tests.importers.files.made import cells, read
from tests.importers.files.shown.test_biff_looks import rk
from tests.importers.files.shown.test_shown import seen

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
NO_LOOKS = Looks({}, {})


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


def xlsb(path: Path, properties: bytes = b"", sheet: bytes = SHEET) -> Path:
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
        "xl/worksheets/sheet1.bin": sheet,
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
    assert noted_of_xlsb([short], looks_of_xlsb(STYLES), 9)[1].on(grid).shown == {}


def row(number: int, *, hidden: bool) -> bytes:
    return record(0, struct.pack("<IIHBBB", number, 0, 300, 0, 0x10 if hidden else 0, 0) + bytes(12))


MARKED = (
    row(0, hidden=False)
    + record(2, b"x" * 200)
    + row(1, hidden=True)
    + row(2, hidden=False)
    + row(69_999, hidden=True)
    + record(177, struct.pack("<IIII", 0, 1, 2, 3))
)


def test_a_sheet_says_what_is_hidden_and_merged() -> None:
    marks, _ = noted_of_xlsb([MARKED], NO_LOOKS, 1)
    assert (marks.hidden_rows, marks.merged) == ({2, 70_000}, [Merge(1, 2, 2, 3)])
    with pytest.raises(TooWild, match="more merged"):
        noted_of_xlsb([MARKED], NO_LOOKS, 0)


def test_a_sheet_that_breaks_off_gives_what_it_has_or_says_so() -> None:
    assert noted_of_xlsb([MARKED[:-3]], NO_LOOKS, 9)[0].merged == []
    with pytest.raises(TooWild, match="breaks off"):
        noted_of_xlsb([MARKED + b"\x81"], NO_LOOKS, 9)


def test_a_sheet_of_hundreds_of_megabytes_is_gone_through_to_its_end(tmp_path: Path) -> None:
    """A limit of 64 MiB was there once: beyond it codes lost their zeros, and hidden rows counted."""
    long = record(9, struct.pack("<IId", 5, 0, 1.5) + bytes(1 << 20))
    sheet = SHEET[: SHEET.index(record(146, b""))] + long * 66 + row(9, hidden=True)
    sheet += cell(2, 1, 1, struct.pack("<I", rk(34))) + record(146, b"") + record(130, b"")
    (grid,) = read(xlsb(tmp_path / "book.xlsb", sheet=sheet))
    assert grid.hidden_rows == {10}
    assert seen(grid)[10, 2] == "PL-034"


def random_sheet(rng: random.Random) -> bytes:
    """Write rows of all kinds of records, hidden or not, with looks of which more is told and without."""
    sheet = b""
    for number in range(30):
        spans = rng.choice((0, 1, 2))
        head = struct.pack("<IIHBBB", number, 0, 300, 0, rng.choice((0, 0x10, 0x20, 0xEF)), 0)
        sheet += record(0, head + struct.pack("<I", spans) + bytes(8 * spans))
        for column in range(rng.randrange(12)):
            style = rng.choice((0, 1, 2, 256, 65_537))
            value = rng.choice(
                (
                    (1, b""),
                    (2, struct.pack("<I", rk(rng.randrange(1 << 20)))),
                    (3, b"\x2a"),
                    (4, b"\1"),
                    (5, struct.pack("<d", rng.randrange(1 << 40))),
                    (6, struct.pack("<I", 70) + b"x\0" * 70),
                    (7, struct.pack("<I", rng.randrange(300))),
                    (9, struct.pack("<d", rng.randrange(99)) + bytes(rng.randrange(20))),
                )
            )
            sheet += cell(value[0], column, style, value[1])
        if rng.random() < 0.1:
            sheet += record(177, struct.pack("<IIII", number, number + 1, 2, 3))
    return sheet


@pytest.mark.parametrize("looks", [NO_LOOKS, Looks({}, {1: "€", 256: "$"}), Looks({}, {0: "€"})])
def test_what_is_passed_over_tells_nothing(looks: Looks, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same is noted where every record is looked at."""
    rng = random.Random(11)
    for _ in range(40):
        sheet, size = random_sheet(rng), rng.randrange(1, 400)
        pieces = [sheet[at : at + size] for at in range(0, len(sheet), size)]
        passed = noted_of_xlsb(pieces, looks, 99)
        with monkeypatch.context() as patched:
            patched.setattr(xlsb_sheets, "_passing", lambda _: None)
            looked_at = noted_of_xlsb([sheet], looks, 99)
        assert [vars(one) for one in passed] == [vars(one) for one in looked_at]
        assert passed[0].hidden_rows
