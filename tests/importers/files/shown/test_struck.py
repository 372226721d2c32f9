"""Rows that are struck through are told: most of what stands in them, wherever it stands, however it is written."""

from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles import Font

from importers.files.shown.struck import struck_looks, struck_rows
from tests.importers.files.made import read, text_cell, workbook

STYLES = (
    "<styleSheet><fonts>{}</fonts><cellStyleXfs><xf fontId='1'/></cellStyleXfs>"
    "<cellXfs><xf/><xf numFmtId='4' fontId='1'/><xf fontId='2'/></cellXfs></styleSheet>"
)
FONT = "<font><b/>{}<sz val='11'/></font>"


def struck(path: Path, *cells: str) -> frozenset[int]:
    """Write four rows of three cells, strike some through, and give what is read of it."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for row in range(4):
        page.append([f"FV/{row}", 10.5, None, "Klej"])
    page["C2"].font = Font(strike=True)  # nothing stands there
    for place in cells:
        page[place].font = Font(strike=True, bold=True)
    book.save(path)
    (grid,) = read(path)
    return grid.struck_rows


@pytest.mark.parametrize(
    ("cells", "rows"),
    [
        ((), set()),
        (("A2", "B2", "D2"), {2}),
        (("A2", "B2", "A4", "B4", "D4"), {2, 4}),  # a note behind it is not crossed out
        (("A3",), set()),
        (("C3", "B3"), set()),
    ],
)
def test_a_row_is_struck_through_where_most_of_it_is(tmp_path: Path, cells: tuple[str, ...], rows: set[int]) -> None:
    assert struck(tmp_path / "sales.xlsx", *cells) == rows


def test_rows_far_below_each_other_are_told_by_their_numbers(tmp_path: Path) -> None:
    rows = (
        f'<row r="3">{text_cell("B3", "code")}</row>'
        '<row r="1048576"><c r="B1048576" s="1"><v>12</v></c><c r="XFD1048576" s="1"><v>9</v></c></row>'
    )
    styles = STYLES.format("<font/>" + FONT.format("<strike/>")).replace("<xf/>", "<xf fontId='0'/>")
    styles = styles.replace(
        "<styleSheet>", '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    )
    (grid,) = read(workbook(tmp_path / "far.xlsx", rows, **{"xl/styles.xml": styles.encode()}))
    assert grid.struck_rows == {1_048_576}


@pytest.mark.parametrize(
    ("fonts", "looks"),
    [
        ("", set()),
        ("<font/><font/><font/>", set()),
        ("<font/>" + FONT.format("<strike/>"), {1}),
        ("<font/>" + FONT.format("<strike val='1'/>") + "<font><strike val='0'/></font>", {1}),
        (FONT.format("<strike/>") * 3, {0, 1, 2}),
        ("<x:font><x:strike/></x:font><font/>", {0}),
    ],
)
def test_what_strikes_through_is_known_by_the_styles(fonts: str, looks: set[int]) -> None:
    assert struck_looks(STYLES.format(fonts).encode()) == looks
    assert struck_looks(b"no styles at all") == set()


@pytest.mark.parametrize("place", ["r='{}' ", ""])
def test_rows_that_do_not_say_which_they_are_follow_one_another(place: str) -> None:
    def row(at: int, look: str) -> str:
        return f"<row {place.format(at)}><c{look}><v>1</v></c><c{look}><v>2</v></c></row>"

    xml = "".join(row(at, " s='1'" if at in (7, 40) else " s='2'") for at in range(1, 60)).encode()
    pieces = [xml[at : at + 100] for at in range(0, len(xml), 100)]
    assert struck_rows(pieces, {1}) == {7, 40}
    assert struck_rows([xml.replace(b" s='1'", b"")], {0}) == {7, 40}, "a cell without a look has the first"
    assert struck_rows([xml], {1, 11}) == {7, 40}
    assert struck_rows([xml.replace(b" s='2'", b" s='11'")], {11}) == set(range(1, 60)) - {7, 40}
