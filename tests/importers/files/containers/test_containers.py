"""Every container becomes a grid: cells where they stand, numbers and dates as plain text, identifiers as they are."""

import datetime as dt
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from importers.files.grid import Grid, Merge
from importers.files.guard import judge
from importers.files.opening import sheet_names
from tests.importers.files.made import LIMITS, cells, read, refusal

# --- .xlsx ----------------------------------------------------------------------------------------------------------


def test_a_workbook_gives_its_sheets_with_all_that_was_noted_of_them(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    may = book.worksheets[0]
    may.title = "May"
    may["C3"], may["E3"], may["C4"] = "code", "1.234", 1.234
    may["D4"], may["E4"], may["C5"] = dt.date(2026, 5, 1), "00123", "=C4*2"
    may.merge_cells("C3:D3")
    may.row_dimensions[4].hidden = True
    book.create_sheet("Old").sheet_state = "hidden"
    book.create_sheet("Older").sheet_state = "veryHidden"
    book.create_sheet("Notes")["A1"] = "x"
    book.save(tmp_path / "book")
    judged = judge(tmp_path / "book", "Report", LIMITS)
    assert [(one.name, one.visible) for one in sheet_names(judged, "Report")] == [
        ("May", True),
        ("Old", False),
        ("Older", False),
        ("Notes", True),
    ]
    grid, notes = read(tmp_path / "book")
    assert cells(grid)[2:] == [
        [None, None, "code", None, "1.234"],
        [None, None, "1.234", "2026-05-01 00:00:00", "00123"],
    ]
    assert grid.merged == (Merge(3, 2, 3, 3),)
    assert (grid.hidden_rows, grid.unvalued) == (frozenset({4}), ((5, 2),))
    assert {at: rows.tolist() for at, rows in grid.texts.items()} == {
        2: [False, False, False, False],
        4: [False, False, True, False],
    }
    assert (notes.name, cells(notes)) == ("Notes", [["x"]])
    (old,) = read(tmp_path / "book", sheets=["Old"])
    assert (old.visible, old.cells.num_rows) == (False, 0)
    assert [one.name for one in read(tmp_path / "book", most=1, tell_texts=False)] == ["May"]


# --- .ods -----------------------------------------------------------------------------------------------------------

ODS = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content'
    ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="Sales">{}</table:table></office:spreadsheet></office:body></office:document-content>'
)


def ods(path: Path, rows: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as container:
        container.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        container.writestr("content.xml", ODS.format(rows))
        container.writestr("META-INF/manifest.xml", "<manifest/>")
    return path


def of_ods(kind: str, value: str, shown: str) -> str:
    return f'<table:table-cell office:value-type="{kind}" {value}><text:p>{shown}</text:p></table:table-cell>'


def test_an_ods_is_read_up_to_where_anything_stands(tmp_path: Path) -> None:
    number, date = 'office:value="1.5"', 'office:date-value="2026-05-01"'
    rows = (
        f"<table:table-row>{of_ods('string', '', '00123')}{of_ods('float', number, '1,50 zł')}"
        f"{of_ods('date', date, '01.05.26')}<table:table-cell table:number-columns-repeated='16000'/></table:table-row>"
        "<table:table-row table:number-rows-repeated='2'><table:table-cell/></table:table-row>"
        f"<table:table-row>{of_ods('string', '', 'x')}</table:table-row>"
        "<table:table-row table:number-rows-repeated='1048000'><table:table-cell/></table:table-row>"
    )
    (grid,) = read(ods(tmp_path / "book", rows))
    first, *_, last = cells(grid)
    assert first[:2] == ["00123", "1.5"]
    assert str(first[2]).startswith("2026-05-01")
    assert (last[0], grid.row_number.tolist()) == ("x", [1, 2, 3, 4])


def test_an_ods_that_writes_a_value_a_million_times_over_is_refused(tmp_path: Path) -> None:
    cell = '<table:table-cell office:value-type="float" office:value="1" table:number-columns-repeated="16000"/>'
    path = ods(tmp_path / "book", f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>')
    assert "1,048,576 rows of 16,000 columns" in refusal(path)


# --- pages ----------------------------------------------------------------------------------------------------------


def page(path: Path, content: str, encoding: str = "utf-8") -> Grid:
    path.write_bytes(content.encode(encoding))
    (grid,) = read(path)
    return grid


def test_a_page_named_xls_is_laid_out_as_a_spreadsheet_program_does(tmp_path: Path) -> None:
    grid = page(
        tmp_path / "report.xls",
        """<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><style>td {color: red}</style>
        <meta http-equiv="Content-Type" content="text/html; charset=windows-1250"></head><body>
        <table><tr><td colspan=3><b>Raport</b> sprzedaży</td></tr></table>
        <table border=1><thead><tr><th rowspan=2>Kod</th><th colspan="2">Maj</th></tr>
        <tr><th>Ilość</th><th>Wartość</th></tr></thead>
        <tr style="display:none"><td>00123</td><td>1&nbsp;000</td><td> 12,50
           zł</td></tr>
        <tr><td>A<br>B</td><td>&nbsp;</td><td>&lt;5&gt;<script>1</script></td></tr></table></body></html>""",
        "cp1250",
    )
    assert cells(grid) == [
        ["Raport sprzedaży", None, None],
        ["Kod", "Maj", None],
        [None, "Ilość", "Wartość"],
        ["00123", "1 000", "12,50 zł"],
        ["A\nB", None, "<5>"],
    ]
    assert grid.merged == (Merge(1, 0, 1, 2), Merge(2, 0, 3, 0), Merge(2, 1, 2, 2))
    assert (grid.hidden_rows, grid.typed, grid.encoding) == (frozenset({4}), False, "windows-1250")


def test_what_a_page_hides_strikes_out_or_raises_within_a_cell_is_no_part_of_its_number(tmp_path: Path) -> None:
    hidden = '<span style="display: none">20260105</span>05.01.2026'
    row = "".join(f"<td>{one}</td>" for one in (hidden, "<del>9</del>13", "13<sup>1</sup>", "Płytka m<sup>2</sup> II"))
    grid = page(tmp_path / "x", f"<table><tr><td>a<td>b<td>c<td>d</tr><tr>{row}</tr></table>")
    assert cells(grid)[1] == ["05.01.2026", "13", "13¹", "Płytka m² II"]


def test_tables_that_lay_out_other_tables_are_looked_through(tmp_path: Path) -> None:
    grid = page(tmp_path / "x", "<table><tr><td>menu</td><td><table><tr><td>1<td>2<tr><td>3</table></td></tr></table>")
    assert cells(grid) == [["1", "2"], ["3", None]]


def test_cells_that_reach_down_push_others_aside(tmp_path: Path) -> None:
    grid = page(
        tmp_path / "x",
        "<table><tr><td rowspan=3>a<td>b<td rowspan=0>c<tr><td>d<td>e<tr><td>f<tr><td>g<td>h</table>",
    )
    assert cells(grid) == [
        ["a", "b", "c", None],
        [None, "d", None, "e"],
        [None, "f", None, None],
        ["g", "h", None, None],
    ]


def test_the_foot_of_a_table_is_read_last_wherever_it_is_written(tmp_path: Path) -> None:
    rows = "<tfoot><tr><td>Total</tr></tfoot><tbody><tr><td>a</tr></tbody><thead><tr><th>Code</tr></thead>"
    assert cells(page(tmp_path / "x", f"<table>{rows}</table>")) == [["Code"], ["a"], ["Total"]]


def test_a_page_is_not_made_larger_than_it_is(tmp_path: Path) -> None:
    grid = page(tmp_path / "x", "<table><tr><td colspan=9999999 rowspan=9999999>a</td></tr><tr><td>b</table>")
    assert cells(grid) == [["a"], ["b"]]
    (tmp_path / "x").write_text("<table><tr><td colspan=9999 rowspan=9>a</td><td>b" + "<tr><td>c" * 9 + "</table>")
    assert "KONTOR_MAX_CELLS" in refusal(tmp_path / "x", replace(LIMITS, max_cells=1_000))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<html><body><p>Session expired. <a href=/login>Sign in</a></body></html>", "a page without a table"),
        (b"<meta charset=utf-8><table><tr><td>\xb3</td></tr></table>", "says that it is written in utf-8, and is not"),
    ],
)
def test_a_page_that_holds_no_table_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "x").write_bytes(content)
    assert said in refusal(tmp_path / "x")


# --- Excel's XML ----------------------------------------------------------------------------------------------------

BOOK = (
    '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'
    '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:x="urn:schemas-microsoft-com:office:excel"'
    ' xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet" xmlns:h="http://www.w3.org/TR/REC-html40">'
    '<Worksheet ss:Name="Sales"><Table>{}</Table></Worksheet>'
    '<Worksheet ss:Name="Old"><Table><Row><Cell><Data ss:Type="String">old</Data></Cell></Row></Table>'
    "<x:WorksheetOptions><x:Visible>SheetHidden</x:Visible></x:WorksheetOptions></Worksheet></Workbook>"
)


def data(kind: str, value: str, attributes: str = "") -> str:
    return f'<Cell {attributes}><Data ss:Type="{kind}">{value}</Data></Cell>'


def test_a_workbook_in_xml_is_read_with_its_gaps_and_types(tmp_path: Path) -> None:
    rows = (
        f'<Row ss:Index="3">{data("String", "code", "ss:MergeAcross=" + chr(34) + "1" + chr(34))}'
        f"{data('String', '1.234')}</Row>"
        f'<Row ss:Hidden="1">{data("String", "00123")}{data("Number", "1.234")}'
        f"{data('DateTime', '2026-05-01T00:00:00.000', 'ss:Index=' + chr(34) + '4' + chr(34))}</Row>"
        '<Row ss:Index="9"><Cell ss:Formula="=RC[-1]"/><Cell><ss:Data ss:Type="String" xmlns="http://www.w3.org/TR/REC-'
        'html40"><B>bo</B>ld</ss:Data></Cell></Row>'
        f"<Row>{data('Number', '123456789012345678')}{data('Number', '1.5E-2')}{data('Number', '5.0')}"
        f"{data('Boolean', '1')}{data('Error', '#N/A')}</Row>"
    )
    (tmp_path / "book").write_text(BOOK.format(rows), encoding="utf-8")
    (grid,) = read(tmp_path / "book")
    assert dict(zip(grid.row_number.tolist(), cells(grid), strict=True)) == {
        3: ["code", None, "1.234", None, None],
        4: ["00123", "1.234", None, "2026-05-01 00:00:00", None],
        9: [None, "bold", None, None, None],
        10: ["123456789012345678", "0.015", "5", "true", "#N/A"],
    }
    assert (grid.merged, grid.hidden_rows) == ((Merge(3, 0, 3, 1),), frozenset({4}))
    assert (grid.unvalued, grid.typed) == (((9, 0),), True)
    assert {at: rows.tolist() for at, rows in grid.texts.items()} == {2: [True, False, False, False]}
    judged = judge(tmp_path / "book", "Report", LIMITS)
    seen = [(one.name, one.visible, one.rows) for one in sheet_names(judged, "Report")]
    assert seen == [("Sales", True, 10), ("Old", False, 1)]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0.30000000000000004", "0.3"),
        ("-0", "-0"),
        ("-0.0", "0"),
        ("1E+3", "1000"),
        ("1.0E-12", "0"),
        ("x", "x"),
        ("NaN", "NaN"),
        ("1e999999", "1e999999"),
    ],
)
def test_numbers_in_xml_are_written_plainly(number: str, text: str) -> None:
    from importers.files.cells import plain_number

    assert plain_number(number) == text


def test_a_workbook_in_broken_xml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "book").write_text(BOOK.format("<Row><Cell>"), encoding="utf-8")
    assert "its XML is broken" in refusal(tmp_path / "book")


def test_digits_that_a_number_cell_does_not_keep_are_not_made_up(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (
        ["kod", "EAN"],
        [590123456789012345, 5901234567890],
        ["590123456789012345", "x"],
        [-1234567890123456, 1],
    ):
        book.worksheets[0].append(row)
    book.save(tmp_path / "kept")
    (grid,) = read(tmp_path / "kept")
    assert cells(grid) == [
        ["kod", "EAN"],
        ["5.90123456789012E+17", "5901234567890"],
        ["590123456789012345", "x"],
        ["-1.23456789012345E+15", "1"],
    ]


def test_a_table_in_a_cell_of_a_line_is_what_that_cell_says(tmp_path: Path) -> None:
    """The lines were left out, and the tables of their cells read."""
    goods = "<table><tr><td>Taśma<td>5 m</tr><tr><td>biała</table>"
    lines = "".join(f"<tr><td>F/{at}<td>{goods}</td><td>2<td>20,00</tr>" for at in (1, 2))
    grid = page(tmp_path / "x", f"<table><tr><td>Nr<td>Towar<td>Ilość<td>Netto</tr>{lines}</table>")
    assert cells(grid)[1:] == [[f"F/{at}", "Taśma 5 m\nbiała", "2", "20,00"] for at in (1, 2)]
