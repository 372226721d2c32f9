"""What only a number format writes beside a number is told: another currency, and that the number is of hundred."""

import struct
from pathlib import Path
from unittest import mock

import openpyxl
import pytest

from importers.files.grid import Grid
from importers.files.shown import looks
from importers.files.shown.signs import sign_of
from importers.files.shown.xlsb_sheets import looks_of_xlsb, noted_of_xlsb
from importers.layout.written.numbers import signs_of_others
from tests.importers.files.containers.test_biff import compound
from tests.importers.files.containers.test_biff12 import record
from tests.importers.files.made import LIMITS, read
from tests.importers.files.shown.test_biff_looks import rk, xls
from tests.importers.files.shown.test_opendocument_looks import number, ods, row
from tests.importers.files.shown.test_shown import styled
from tests.importers.files.shown.test_xlsb_sheets import STYLES as XLSB_STYLES
from tests.importers.files.shown.test_xlsb_sheets import cell, wide, xlsb

OTHERS = signs_of_others("PLN") | {"%"}


def told(grid: Grid) -> dict[tuple[int, int], str]:
    """Give the signs by row and column, both as a spreadsheet counts them."""
    return {
        (number_, at + 1): text
        for at, texts in grid.signs.items()
        for number_, text in zip(grid.row_number.tolist(), texts.to_pylist(), strict=True)
        if text is not None
    }


@pytest.mark.parametrize(
    ("code", "sign"),
    [
        ("#,##0.00 [$€-407]", "€"),
        ("[$€-2] #,##0.00", "€"),
        ("[$EUR] 0.00", "EUR"),
        ('#,##0.00\\ "EUR"', "EUR"),
        ('_-* #,##0.00\\ "Kč"_-;\\-* #,##0.00\\ "Kč"_-;_-* "-"??\\ "Kč"_-;_-@_-', "Kč"),
        ("#,##0.00\\ \\E\\U\\R", "EUR"),
        ("#,##0.00\\ €", "€"),
        ("$#,##0.00", "$"),
        ("£#,##0.00;[Red]-£#,##0.00", "£"),
        ('0" руб."', "руб"),
        ("[$US$-409]0", "US$"),
        ("0%", "%"),
        ("0.00%;[Red]-0.00%", "%"),
        *(
            (code, None)
            for code in ("General", "0.00", "#,##0", "yyyy-mm-dd", "[$-415]d mmm yyyy", "[h]:mm", "0.00E+00")
        ),
        *((code, None) for code in ('#,##0.00 "zł"', "#,##0.00 [$zł-415]", "[$PLN] 0.00", '0 "szt."', '0"%"', "0\\%")),
        ("0" * 300 + '"EUR"', None),
    ],
)
def test_a_format_writes_a_sign(code: str, sign: str | None) -> None:
    assert sign_of(code, OTHERS) == sign


def test_a_sign_that_a_currency_shares_is_its_own_as_well() -> None:
    assert "$" not in signs_of_others("CAD")
    assert {"$", "usd", "kr"} <= signs_of_others("PLN")
    assert not {"pln", "zł"} & signs_of_others("PLN")


def test_an_xlsx_tells_the_signs_of_its_cells(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    for place, value, code in (
        *(("A2", 100, "#,##0.00 [$€-407]"), ("A3", 12.5, '0.00 "EUR"'), ("A4", 7, '0.00 "zł"'), ("A5", 8, "General")),
        *(("A6", "9 x", '0.00 "EUR"'), ("A7", True, '0.00 "EUR"'), ("B2", 0.05, "0%"), ("B4", 0.125, "0.00%")),
        *(("B5", -3.5, '00 "EUR"'), ("C9", 12, '000" EUR"')),
    ):
        page[place] = value
        page[place].number_format = code
    book.save(tmp_path / "book.xlsx")
    (grid,) = read(tmp_path / "book.xlsx", signs=OTHERS)
    assert told(grid) == {
        (2, 1): "€",
        (3, 1): "EUR",
        (2, 2): "%",
        (4, 2): "%",
        (5, 2): "EUR",
        (9, 3): "EUR",
    }
    assert grid.shown[2].to_pylist()[8] == "012 EUR"
    (plain,) = read(tmp_path / "book.xlsx")
    assert plain.signs == {}


@pytest.mark.parametrize("code", ["#,##0.00 &quot;zł&quot;", "0.00", "General", "yyyy-mm-dd"])
def test_a_workbook_of_ones_own_currency_is_known_by_its_styles_alone(tmp_path: Path, code: str) -> None:
    path = styled(tmp_path / "own.xlsx", '<row r="1"><c r="A1" s="1"><v>5</v></c></row>', code)
    grids = read(path)
    with mock.patch.object(looks, "filled") as filled, mock.patch.object(looks, "whole_rows") as whole_rows:
        list(looks.with_shown(grids, path, {"Sales": "xl/worksheets/sheet1.xml"}, LIMITS, signs_of_others("PLN")))
    assert (filled.called, whole_rows.called) == (False, False)


def test_a_cell_without_a_look_has_that_of_all(tmp_path: Path) -> None:
    path = styled(tmp_path / "first.xlsx", '<row r="2"><c r="A2"><v>5.5</v></c></row>', "0.00 [$€-407]", first=164)
    (grid,) = read(path, signs=OTHERS)
    assert told(grid) == {(2, 1): "€"}


def test_a_sheet_whose_cells_lie_far_apart_tells_them_too(tmp_path: Path) -> None:
    rows = '<row r="3"><c r="D3" s="1"><v>7.5</v></c></row><row r="1048576"><c r="XFD1048576"><v>9</v></c></row>'
    (grid,) = read(styled(tmp_path / "far.xlsx", rows, "0.00 [$€-407]"), signs=OTHERS)
    assert told(grid) == {(3, 4): "€"}


def test_an_xls_tells_the_signs_of_its_cells(tmp_path: Path) -> None:
    path = tmp_path / "book.xls"
    path.write_bytes(compound(xls("#,##0.00 [$€-407]").ljust(5_000, b"\0")))
    (grid,) = read(path, signs=OTHERS)
    assert told(grid) == dict.fromkeys(((3, 2), (3, 4), (5, 2), (5, 3), (5, 4), (6, 2), (7, 2)), "€")


def test_an_xlsb_tells_the_signs_of_its_cells(tmp_path: Path) -> None:
    styles = XLSB_STYLES.replace(wide("0.00"), wide("0 €"[:4]).ljust(len(wide("0.00")), b"\0"))
    (grid,) = read(xlsb(tmp_path / "book.xlsb"))
    sheet = record(0, b"\2\0\0\0") + cell(2, 2, 2, struct.pack("<I", rk(12)))
    assert told(noted_of_xlsb([sheet], looks_of_xlsb(styles, OTHERS), 9)[1].on(grid)) == {(3, 3): "€"}


def test_an_ods_tells_the_signs_of_its_cells(tmp_path: Path) -> None:
    named = (
        '<style:style style:name="{0}" style:family="table-cell" style:parent-style-name="Default" '
        'style:data-style-name="{1}"/>'
    )
    styles = (
        '<number:currency-style style:name="N1P0"><number:number/><number:text> </number:text>'
        "<number:currency-symbol>€</number:currency-symbol></number:currency-style>"
        '<number:currency-style style:name="N1"><number:text>-</number:text><number:number/>'
        '<style:map style:condition="value()&gt;=0" style:apply-style-name="N1P0"/></number:currency-style>'
        '<number:number-style style:name="N2"><number:number/><number:text> EUR</number:text></number:number-style>'
        '<number:currency-style style:name="N3"><number:number/><number:currency-symbol>zł</number:currency-symbol>'
        "</number:currency-style>"
    ) + "".join(named.format(f"ce{at}", f"N{at}") for at in (1, 2, 3))

    def of(kind: str, value: str, look: str = "ce9") -> str:
        return f'<table:table-cell table:style-name="{look}" office:value-type={kind} office:value="{value}"/>'

    path = ods(
        tmp_path / "book.ods",
        row(number("100.5", "ce1"), number("7", "ce2"), number("8", "ce3"), number("9", "ce9")),
        row(of('"currency" office:currency="USD"', "3.5"), of('"currency" office:currency="PLN"', "4")),
        row(
            of('"percentage"', "0.05"), of('"currency"', "5", "ce1"), of('"currency" office:currency="PLN"', "6", "ce1")
        ),
        styles=styles,
    )
    (grid,) = read(path, signs=OTHERS)
    assert told(grid) == {(1, 1): "€", (1, 2): "EUR", (2, 1): "USD", (3, 1): "%", (3, 2): "€", (3, 3): "€"}
    (plain,) = read(path)
    assert plain.signs == {}


def test_a_workbook_in_xml_tells_the_signs_of_its_cells(tmp_path: Path) -> None:
    formats = ("0.00", "Percent", "Euro Currency", "#,##0.00\\ [$€-407]", "Currency", *["General"] * 8)
    styles = "".join(
        f'<Style ss:ID="s{at}"><NumberFormat ss:Format="{one}"/></Style>' for at, one in enumerate(formats)
    )
    cells = "".join(f'<Cell ss:StyleID="s{at}"><Data ss:Type="Number">12.5</Data></Cell>' for at in range(len(formats)))
    (tmp_path / "book").write_text(
        '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
        f'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Styles>{styles}</Styles>'
        f'<Worksheet ss:Name="Sales"><Table><Row>{cells}</Row></Table></Worksheet></Workbook>',
        encoding="utf-8",
    )
    (grid,) = read(tmp_path / "book", signs=OTHERS)
    assert told(grid) == {(1, 2): "%", (1, 3): "€", (1, 4): "€"}


def test_a_page_has_the_number_beside_what_it_shows_of_it(tmp_path: Path) -> None:
    (tmp_path / "report.xls").write_text(
        '<html xmlns:x="urn:schemas-microsoft-com:office:excel"><table><tr><td>Kod<td>Kwota<td>Rabat<td>Data</tr>'
        '<tr><td x:num="123">00123<td x:num="1234.5678">1 234,57<td x:num="0.05">5%<td x:num="43891">01.03.2020</tr>'
        '<tr><td x:num>7<td x:num="1.2E3">1.200,00 €<td x:num="">8<td x:num>9</tr>'
        "<tr><td x:str>1.234<td>1.200<td x:num='x'>1,5<td x:num>1.234</tr></table></html>",
        encoding="utf-8",
    )
    (grid,) = read(tmp_path / "report.xls", signs=OTHERS)
    columns = [column.to_pylist() for column in grid.cells.columns]
    assert columns == [
        ["Kod", "123", "7", "1.234"],
        ["Kwota", "1234.5678", "1200", "1.200"],
        ["Rabat", "0.05", "8", "1,5"],
        ["Data", "43891", "9", "1.234"],
    ]
    seen = [column.to_pylist() for column in grid.seen({1, 2}).columns]
    assert (seen[0][1], seen[1][1], seen[3][1]) == ("00123", "1234.5678", "01.03.2020")
    assert grid.typed
    assert {at: marked.tolist() for at, marked in grid.texts.items()} == {
        0: [False, False, False, True],
        1: [False, False, False, True],
        3: [False, False, False, False],
    }
    assert told(grid) == {(2, 3): "%", (3, 2): "€"}


def test_a_page_without_such_numbers_is_one_of_text(tmp_path: Path) -> None:
    (tmp_path / "report.xls").write_text("<table><tr><td>1.234<td>5 €</tr></table>", encoding="utf-8")
    (grid,) = read(tmp_path / "report.xls", signs=OTHERS)
    assert (grid.typed, grid.texts, grid.shown, grid.signs) == (False, {}, {}, {})
