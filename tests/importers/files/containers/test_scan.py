"""The scan tells how far a sheet goes and what is hidden, merged or never computed, however it is written."""

import random
from collections.abc import Iterator

import pytest
from openpyxl.utils import get_column_letter

from importers.files.containers.opendocument import scan_document
from importers.files.containers.scan import MOST_UNVALUED, TooWild, filled, root_of, scan_sheet, whole_rows
from importers.files.grid import Merge

SHEET = b'<?xml version="1.0"?><worksheet><dimension ref="A1:ZZ9999"/><sheetData>%b</sheetData>%b</worksheet>'


def pieces(xml: bytes, size: int) -> Iterator[bytes]:
    return (xml[at : at + size] for at in range(0, len(xml), size))


def rows_of(places: list[tuple[int, int]], cell: str = '<c r="{0}"><v>1</v></c>') -> bytes:
    by_row: dict[int, list[str]] = {}
    for row, column in sorted(places):
        by_row.setdefault(row, []).append(cell.format(f"{get_column_letter(column)}{row}"))
    return "".join(f'<row r="{row}">{"".join(found)}</row>' for row, found in by_row.items()).encode()


@pytest.mark.parametrize(
    ("cell", "manner"),
    [
        ('<c r="{0}"><v>1</v></c>', "as nearly all do"),
        ('<c s="1" r="{0}" t="n"><v>1</v></c>', "another attribute first"),
        ("<c r='{0}'><v>1</v></c>", "other quotes"),
        ('<x:c r="{0}"><x:v>1</x:v></x:c>', "with a prefix"),
        ('<c\n r="{0}"\n><v>1</v></c>', "with line breaks"),
    ],
    ids=lambda one: one if "<" not in one else "",
)
@pytest.mark.parametrize("size", [7, 1_000, 1 << 20])
def test_the_furthest_row_and_column_are_found(cell: str, manner: str, size: int) -> None:
    draw = random.Random(manner)
    places = [(draw.randint(1, 3_000), draw.choice([1, 3, 26, 27, 52, 701, 702, 703])) for _ in range(60)]
    places.append((3_333, draw.choice([5, 26, 700, 704, 16_384])))
    xml = SHEET % (rows_of(places, cell), b"")
    if ":c" in cell:
        xml = xml.replace(b"<row", b"<x:row").replace(b"</row", b"</x:row")
    marks = scan_sheet(pieces(xml, size), 10)
    assert (marks.rows, marks.columns) == (max(row for row, _ in places), max(column for _, column in places))
    assert {(one.row, one.column) for one in filled(pieces(xml, size))} == set(places)


def test_cells_and_rows_without_a_place_follow_one_another() -> None:
    xml = SHEET % (
        b'<row><c><v>1</v></c><c/></row><row r="7"><c><v>1</v></c></row><row><c r="D8"/><c><v>2</v></c></row>',
        b"",
    )
    marks = scan_sheet([xml], 10)
    assert (marks.rows, marks.columns) == (8, 5)
    assert [(one.row, one.column) for one in filled([xml])] == [(1, 1), (7, 1), (8, 5)]


@pytest.mark.parametrize("rest", ["", "<row/>", "<c/>", '<row r="9"/>', "<c", "<r", '<row r="', '<c r="'])
def test_xml_may_end_anywhere(rest: str) -> None:
    rows = '<row r="3"><c r="B3"><v>1</v></c></row>'
    assert scan_sheet([(rows + rest).encode()], 10).rows >= 3


def test_what_only_has_a_look_is_no_value() -> None:
    cells = (
        '<c r="A1"><v>0</v></c><c r="B1" s="1"/><c r="C1" s="1"></c><c r="D1"><f>A1</f><v></v></c>'
        '<c r="E1" t="inlineStr"><is><t>x</t></is></c><c r="F1" t="s"><v xml:space="preserve">3</v></c>'
    )
    found = filled([SHEET % (f'<row r="1">{cells}</row>'.encode(), b"")])
    assert [one.column for one in found] == [1, 5, 6]


@pytest.mark.parametrize(
    ("written", "unvalued"),
    [
        ('<c r="B2"><f>A1</f></c>', True),
        ('<c r="B2" s="4"><f>A1+1</f><v></v></c>', True),
        ('<c r="B2"><f>A1</f><v/></c>', True),
        ('<c r="B2"><f t="shared" si="0"/></c>', True),
        ('<c r="B2"><f>A1</f>\n  <v />\n</c>', True),
        ('<c r="B2" t="str"><f>A1</f></c>', True),
        ('<c r="B2"><f>A1</f><v>0</v></c>', False),
        ('<c r="B2" t="str"><f>A1&amp;""</f><v></v></c>', False),
        ('<c r="B2" t="b"><f t="shared" si="0"/><v>1</v></c>', False),
        ('<c r="B2"/>', False),
    ],
)
def test_formulas_that_nobody_computed_are_named(written: str, unvalued: bool) -> None:
    rows = f'<row r="2"><c r="A2"><v>1</v></c>{written}<c r="C2"><f>A2</f><v>1</v></c></row>'
    assert scan_sheet([SHEET % (rows.encode(), b"")], 10).unvalued == ([(2, 1)] if unvalued else [])


def test_of_many_such_formulas_the_first_are_named() -> None:
    rows = "".join(f'<row r="{at}"><c r="A{at}"><f>B1</f></c></row>' for at in range(1, 500)).encode()
    assert scan_sheet(pieces(SHEET % (rows, b""), 999), 10).unvalued == [(at, 0) for at in range(1, MOST_UNVALUED + 1)]


def test_hidden_rows_are_told_from_hidden_columns() -> None:
    rows = (
        '<row r="1" hidden="0"><c r="A1"><v>1</v></c></row><row r="2" spans="1:1" hidden="1"><c r="A2"/></row>'
        '<row r="3" ht="0" hidden="true" customHeight="1"/>'
        '<row r="4"><c r="A4" t="inlineStr"><is><t> hidden="1"</t></is></c></row>'
    )
    xml = (SHEET % (rows.encode(), b"")).replace(
        b"<sheetData>", b'<cols><col min="1" max="1" hidden="1"/></cols><sheetData>'
    )
    assert scan_sheet([xml], 10).hidden_rows == {2, 3}


def test_merged_cells_are_read_and_counted() -> None:
    merged = b'<mergeCells count="2"><mergeCell ref="A1:C1"/><mergeCell ref="AA10:XFD1048576"/></mergeCells>'
    marks = scan_sheet(pieces(SHEET % (rows_of([(1, 1), (20, 30)]), merged), 50), 2)
    assert marks.merged == [Merge(1, 0, 1, 2), Merge(10, 26, 1_048_576, 16_383)]
    marks.clip_merges()
    assert marks.merged == [Merge(1, 0, 1, 2), Merge(10, 26, 20, 29)]
    with pytest.raises(TooWild, match="more merged"):
        scan_sheet([SHEET % (b"", merged)], 1)


def test_merged_cells_one_upon_the_other_are_refused() -> None:
    marks = scan_sheet([SHEET % (rows_of([(1, 1), (9, 9)]), b'<mergeCell ref="A1:I9"/>' * 2)], 10)
    with pytest.raises(TooWild, match="one upon the other"):
        marks.clip_merges()


@pytest.mark.parametrize(
    ("head", "root"),
    [
        (b"<worksheet xmlns=''>", "worksheet"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\r\n<!-- a <b> --><x:worksheet>', "worksheet"),
        (
            b"<?xml version='1.0'?><?mso-application progid=\"Excel.Sheet\"?><office:document-content/>",
            "document-content",
        ),
    ],
)
def test_the_first_element_is_named(head: bytes, root: str) -> None:
    assert root_of(head) == root


@pytest.mark.parametrize(
    "head",
    [
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><worksheet>',
        b"<!-- <worksheet> --><!DOCTYPE x><worksheet>",
        '<?xml version="1.0" encoding="utf-16"?><worksheet>'.encode("utf-16"),
        b"+ADw-worksheet+AD4-",
        b"",
    ],
)
def test_what_begins_in_another_way_is_no_sheet(head: bytes) -> None:
    with pytest.raises(TooWild):
        root_of(head)


def test_a_row_without_an_end_is_refused_before_it_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importers.files.containers.scan._LONGEST_ROW", 1 << 16)
    endless = (b"<c>" * 1_000 for _ in range(1_000_000))
    with pytest.raises(TooWild, match="longer than any real one"):
        list(whole_rows(endless, b"row"))


ODS = (
    '<?xml version="1.0"?><office:document-content><office:automatic-styles>'
    '<style:style style:name="ta2" style:family="table"><style:table-properties table:display="false"/></style:style>'
    "</office:automatic-styles>{}</office:document-content>"
)
VALUE = '<table:table-cell office:value-type="float" office:value="1"><text:p>1</text:p></table:table-cell>'


def ods(*rows: str, style: str = "ta1") -> str:
    return f'<table:table table:name="M&amp;J" table:style-name="{style}">{"".join(rows)}</table:table>'


def test_an_ods_is_counted_without_what_is_empty_at_its_end() -> None:
    xml = ODS.format(
        ods(
            f"<table:table-row>{VALUE}<table:table-cell table:number-columns-repeated='3'/>{VALUE}"
            "<table:table-cell table:number-columns-repeated='16000'/></table:table-row>",
            "<table:table-row table:number-rows-repeated='5'><table:table-cell/></table:table-row>",
            f"<table:table-row table:number-rows-repeated='3' table:visibility='filter'>{VALUE}</table:table-row>",
            "<table:table-row table:number-rows-repeated='1048000'><table:table-cell/></table:table-row>",
        )
        + ods(f"<table:table-row>{VALUE}</table:table-row>", style="ta2")
    ).encode()
    (name, visible, marks), (_, hidden, other) = scan_document(pieces(xml, 64), 10)
    assert (name, visible, hidden) == ("M&J", True, False)
    assert (marks.rows, marks.columns, marks.hidden_rows) == (9, 5, {7, 8, 9})
    assert (other.rows, other.columns) == (1, 1)


def test_an_ods_tells_merged_cells_and_formulas_without_a_value() -> None:
    wide = VALUE.replace(
        "office:value-type", "table:number-columns-spanned='3' table:number-rows-spanned='2' office:value-type"
    )
    rows = (
        f"<table:table-row>{wide}<table:covered-table-cell table:number-columns-repeated='2'/>{VALUE}",
        "</table:table-row>",
        f"<table:table-row>{VALUE * 4}<table:table-cell table:formula='of:=[.A1]'/></table:table-row>",
    )
    ((_, _, marks),) = scan_document([ODS.format(ods(*rows)).encode()], 10)
    assert marks.merged == [Merge(1, 0, 2, 2)]
    assert marks.unvalued == [(2, 4)]
    assert (marks.rows, marks.columns) == (2, 4)
