"""Number cells whose format is of zeros are read as the text that people see, in the very cell where they see it."""

import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import openpyxl
import pytest

from importers.files.containers.parts import Parts
from importers.files.grid import Grid
from importers.files.shown import looks
from importers.files.shown.looks import looks_in
from importers.files.shown.styles import styles_of
from tests.importers.files.made import LIMITS, read, text_cell, workbook

Cells = Mapping[str, tuple[Any, str]]

STYLES = (
    '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts count="1">'
    '<numFmt numFmtId="164" formatCode="{}"/></numFmts><fonts count="1"><font/></fonts><fills count="1"><fill/></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf numFmtId="0"/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="{}" xfId="0"/><xf numFmtId="164" xfId="0"/></cellXfs></styleSheet>'
)


def made(path: Path, **sheets: Cells) -> Path:
    """Write a workbook; each cell has its value and its number format."""
    book = openpyxl.Workbook()
    del book[book.sheetnames[0]]
    for name, cells in sheets.items():
        page = book.create_sheet(name)
        for place, (value, code) in cells.items():
            page[place] = value
            page[place].number_format = code
    book.save(path)
    return path


def styled(path: Path, rows: str, code: str = "00000", first: int = 0) -> Path:
    """Write a workbook by hand whose second look has a number format, and whose first has another."""
    return workbook(path, rows, **{"xl/styles.xml": STYLES.format(code, first).encode()})


def seen(grid: Grid) -> dict[tuple[int, int], str]:
    """Give what people see in the cells that are codes, by row and column, both as a spreadsheet counts them."""
    return {
        (row, at + 1): text
        for at, texts in grid.shown.items()
        for row, text in zip(grid.row_number.tolist(), texts.to_pylist(), strict=True)
        if text is not None
    }


def test_mixed_cells_of_a_column_are_each_what_people_see(tmp_path: Path) -> None:
    path = made(
        tmp_path / "mixed.xlsx",
        Sales={
            "A1": ("Kod", "General"),
            "A2": (123, "00000"),
            "A3": (5901234123457, "0000000000000"),
            "A4": (12, '"PL-"0000'),
            "A5": (7, "000-000"),
            "A6": ("00123", "00000"),
            "A7": (123, "General"),
            "A8": (12.5, "00000"),
            "A9": (-3, "00000"),
            "A10": (123456789012345678, "000000000000000000000"),
            "A11": (True, "00000"),
            "B2": (123, "0000.00"),
        },
    )
    (grid,) = read(path)
    assert seen(grid) == {(2, 1): "00123", (3, 1): "5901234123457", (4, 1): "PL-0012", (5, 1): "000-007"}
    assert grid.cells.column(0).to_pylist()[1:9] == ["123", "5901234123457", "12", "7", "00123", "123", "12.5", "-3"]
    assert grid.seen().column(0).to_pylist()[1:9] == [
        *("00123", "5901234123457", "PL-0012", "000-007", "00123", "123", "12.5", "-3"),
    ]
    assert grid.seen({0}).column(0).equals(grid.cells.column(0))


def test_blank_rows_and_columns_before_and_within_a_table_move_nothing(tmp_path: Path) -> None:
    cells = {"C5": ("Kod", "General"), "C6": (1, "000"), "C9": (2, "000"), "F9": (3, "0000"), "AB12": (4, "00")}
    (grid,) = read(made(tmp_path / "holes.xlsx", Sales=cells))
    assert seen(grid) == {(6, 3): "001", (9, 3): "002", (9, 6): "0003", (12, 28): "04"}
    assert grid.row_number.tolist() == list(range(1, 13))


def test_hidden_rows_and_several_sheets_keep_their_own(tmp_path: Path) -> None:
    path = made(tmp_path / "several.xlsx", A={"A1": (1, "000")}, B={"B2": (2, "0000"), "B3": (3, "0000")}, C={})
    book = openpyxl.load_workbook(path)
    book["B"].row_dimensions[2].hidden = True
    book["A"].sheet_state = "hidden"
    book.save(path)
    grids = {grid.name: grid for grid in read(path, sheets=["A", "B", "C"])}
    assert {name: seen(grid) for name, grid in grids.items()} == {
        "A": {(1, 1): "001"},
        "B": {(2, 2): "0002", (3, 2): "0003"},
        "C": {},
    }
    assert grids["B"].hidden_rows == {2}


def test_a_sheet_whose_cells_lie_far_apart_keeps_them_too(tmp_path: Path) -> None:
    rows = (
        f'<row r="3">{text_cell("B3", "code")}<c r="D3" s="1"><v>7</v></c></row>'
        '<row r="1048576"><c r="B1048576" s="1"><v>12</v></c><c r="XFD1048576" s="1"><v>9</v></c></row>'
    )
    (grid,) = read(styled(tmp_path / "far.xlsx", rows))
    assert seen(grid) == {(3, 4): "00007", (1_048_576, 2): "00012", (1_048_576, 16_384): "00009"}


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="B2" s="1"><v>123</v></c>',
        '<c s="1" r="B2" t="n"><v>123</v></c>',
        "<c r='B2' s='1'><v>1.23E2</v></c>",
        '<c\n r="B2"\n s="1"\n><v>123</v></c>',
        '<c r="B2" s="1"><f>A1&lt;2</f><v>123</v></c>',
        '<c r="B2" s="1"><f t="shared" si="0"/><v>123.0</v></c>',
    ],
)
def test_a_cell_may_be_written_in_any_manner(tmp_path: Path, cell: str) -> None:
    for first in (0, 164):  # looked for by the look, and gone through one by one
        (grid,) = read(styled(tmp_path / "manner.xlsx", f'<row r="2"><c r="A2" s="1"/>{cell}</row>', first=first))
        assert seen(grid) == {(2, 2): "00123"}


def test_cells_and_rows_without_a_place_follow_one_another(tmp_path: Path) -> None:
    rows = '<row r="3"><c r="B3"><v>5</v></c><c s="1"><v>6</v></c></row><row><c s="1"><v>7</v></c><c><v>8</v></c></row>'
    (grid,) = read(styled(tmp_path / "placeless.xlsx", rows))
    assert seen(grid) == {(3, 3): "00006", (4, 1): "00007"}


def test_a_cell_that_names_no_look_has_the_first(tmp_path: Path) -> None:
    rows = '<row r="2"><c r="A2"><v>5</v></c><c r="B2" s="1"><v>6</v></c><c r="C2" t="str"><v>7</v></c></row>'
    (grid,) = read(styled(tmp_path / "first.xlsx", rows, first=164))
    assert seen(grid) == {(2, 1): "00005", (2, 2): "00006"}


def test_rows_with_a_prefix_are_gone_through_as_others(tmp_path: Path) -> None:
    sheet = (
        '<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData><x:row r="4">'
        '<x:c r="B4" s="1"><x:v>12</x:v></x:c></x:row></x:sheetData></x:worksheet>'
    )
    (grid,) = read(styled(tmp_path / "prefix.xlsx", sheet))
    assert seen(grid) == {(4, 2): "00012"}


def test_texts_that_look_like_cells_are_none(tmp_path: Path) -> None:
    rows = (
        f'<row r="1">{text_cell("A1", "&lt;c r=&quot;A2&quot; s=&quot;1&quot;>&lt;v>5&lt;/v>")}</row>'
        '<row r="2"><c r="A2"><v>5</v></c><c r="B2" t="inlineStr"><is><t><![CDATA[<c r="A2" s="1"><v>6</v></c>]]></t>'
        '</is></c><c r="D2" s="1" t="str"><v>7</v></c><c r="E2" s="1" t="b"><v>1</v></c></row>'
    )
    (grid,) = read(styled(tmp_path / "texts.xlsx", rows))
    assert seen(grid) == {}


@pytest.mark.parametrize("code", ["General", "0", "0.00", "#,##0", "yyyy-mm-dd", "&quot;PL-&quot;#"])
def test_a_workbook_without_such_a_format_is_known_by_its_styles_alone(tmp_path: Path, code: str) -> None:
    path = styled(tmp_path / "plain.xlsx", '<row r="1"><c r="A1" s="1"><v>5</v></c></row>', code)
    with mock.patch.object(looks, "filled") as filled, mock.patch.object(looks, "whole_rows") as whole_rows:
        (grid,) = looks.with_shown(grids_of(path), path, {"Sales": "xl/worksheets/sheet1.xml"}, LIMITS)
    assert (filled.called, whole_rows.called, seen(grid)) == (False, False, {})


def grids_of(path: Path) -> Iterable[Grid]:
    return [replace(grid, shown={}) for grid in read(path)]


def test_a_format_that_no_cell_may_have_is_none(tmp_path: Path) -> None:
    path = styled(tmp_path / "used.xlsx", "")
    assert looks_in(styles_of(Parts(path, "used", LIMITS))).all == {1}
    unused = STYLES.format("00000", 0).replace('<xf numFmtId="164" xfId="0"/>', '<xf numFmtId="2"/>')
    of_conditions = "<dxfs><dxf><numFmt numFmtId='2' formatCode='000'/></dxf></dxfs></styleSheet>"
    unused = unused.replace("</styleSheet>", of_conditions)
    path = workbook(tmp_path / "unused.xlsx", "", **{"xl/styles.xml": unused.encode()})
    assert not looks_in(styles_of(Parts(path, "unused", LIMITS)))


def test_a_look_that_says_nothing_has_its_place_among_the_others(tmp_path: Path) -> None:
    styles = STYLES.format("00000", 0).replace('<xf numFmtId="0" xfId="0"/>', "<xf/><xf></xf><xf xfId='0'/>")
    path = workbook(tmp_path / "looks.xlsx", "", **{"xl/styles.xml": styles.encode()})
    assert looks_in(styles_of(Parts(path, "looks", LIMITS))).all == {3}


@pytest.mark.parametrize("styles", [b"", b"\x00\xff" * 50, b"<numFmts>" * 9, STYLES.format("00000", 1).encode()[:300]])
def test_styles_that_are_broken_have_no_such_format(tmp_path: Path, styles: bytes) -> None:
    path = workbook(tmp_path / "broken.xlsx", "", **{"xl/styles.xml": styles})
    assert not looks_in(styles_of(Parts(path, "broken", LIMITS)))


def test_a_look_told_a_million_times_over_ends_soon(tmp_path: Path) -> None:
    cell = '<row r="1"><c r="A1" s="1"><v>5</v></c>'
    path = styled(tmp_path / "wild.xlsx", cell + 's="1"' * 200_000 + "</row>")
    (grid,) = read(path, replace(LIMITS, max_ratio=10_000, reader_cpu_seconds=20))
    assert seen(grid) == {(1, 1): "00005"}


def test_numbers_are_believed_only_where_the_reader_read_them(tmp_path: Path) -> None:
    path = styled(tmp_path / "twice.xlsx", '<row r="1"><c r="A1" s="1"><v>5</v></c></row>')
    (grid,) = read(path)
    other = path.with_name("other.xlsx")
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(other, "w") as copy:
        for name in whole.namelist():
            copy.writestr(name, whole.read(name).replace(b"<v>5<", b"<v>6<"))
    (told,) = looks.with_shown([replace(grid, shown={})], other, {"Sales": "xl/worksheets/sheet1.xml"}, LIMITS)
    assert (seen(grid), seen(told)) == ({(1, 1): "00005"}, {})


def test_a_workbook_in_xml_shows_its_codes_too(tmp_path: Path) -> None:
    book = (
        '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
        'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Styles>'
        '<Style ss:ID="s1"><NumberFormat ss:Format="00000"/></Style><Style ss:ID="s2"><NumberFormat ss:Format="0.00"/>'
        '</Style><Style ss:ID="s3"><NumberFormat ss:Format="&quot;PL-&quot;000"/></Style><Style ss:ID="s4"/></Styles>'
        '<Worksheet ss:Name="Sales"><Table><Row ss:Index="3" ss:StyleID="s3"><Cell ss:StyleID="s1">'
        '<Data ss:Type="Number">12</Data></Cell><Cell><Data ss:Type="Number">7</Data></Cell></Row>'
        '<Row><Cell><Data ss:Type="Number">5</Data></Cell><Cell ss:Index="3" ss:StyleID="s1"><Data ss:Type="Number">6'
        '</Data></Cell><Cell ss:StyleID="s1"><Data ss:Type="String">8</Data></Cell><Cell ss:StyleID="s2">'
        '<Data ss:Type="Number">9</Data></Cell></Row></Table></Worksheet></Workbook>'
    )
    (tmp_path / "book").write_text(book, encoding="utf-8")
    (grid,) = read(tmp_path / "book")
    assert seen(grid) == {(3, 1): "00012", (3, 2): "PL-007", (4, 3): "00006"}
