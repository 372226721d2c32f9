"""An .ods shows codes in number cells as people see them."""

import zipfile
from pathlib import Path

import pytest

from tests.importers.files.made import cells, read
from tests.importers.files.shown.test_shown import seen

OASIS = "urn:oasis:names:tc:opendocument:xmlns"
CONTENT = (
    f'<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="{OASIS}:office:1.0" '
    f'xmlns:table="{OASIS}:table:1.0" xmlns:text="{OASIS}:text:1.0" xmlns:style="{OASIS}:style:1.0" '
    f'xmlns:number="{OASIS}:datastyle:1.0" office:version="1.3"><office:automatic-styles>{{}}</office:automatic-styles>'
    "<office:body><office:spreadsheet>{}</office:spreadsheet></office:body></office:document-content>"
)
FIVE = (
    '<number:number-style style:name="N5"><number:number number:decimal-places="0" number:min-integer-digits="5"/>'
    "</number:number-style>"
)
CELL = (
    '<style:style style:name="ce1" style:family="table-cell" style:parent-style-name="Default" '
    'style:data-style-name="N5"/>'
)


def number(value: str, look: str | None = "ce1", *, shown: str = "", times: int = 1) -> str:
    """Write a number cell as LibreOffice does."""
    named = f' table:style-name="{look}"' if look else ""
    repeated = f' table:number-columns-repeated="{times}"' if times > 1 else ""
    return (
        f'<table:table-cell{named}{repeated} office:value-type="float" office:value="{value}">'
        f"<text:p>{shown or value}</text:p></table:table-cell>"
    )


def words(text: str, look: str = "ce1") -> str:
    return (
        f'<table:table-cell table:style-name="{look}" office:value-type="string"><text:p>{text}</text:p>'
        "</table:table-cell>"
    )


def row(*written: str, times: int = 1) -> str:
    repeated = f' table:number-rows-repeated="{times}"' if times > 1 else ""
    return f"<table:table-row{repeated}>{''.join(written)}</table:table-row>"


def ods(path: Path, *rows: str, styles: str = FIVE + CELL, columns: str = "", named: str | None = None) -> Path:
    """Write a workbook of one sheet."""
    sheet = f'<table:table table:name="Arkusz &amp; 1">{columns}{"".join(rows)}</table:table>'
    with zipfile.ZipFile(path, "w") as container:
        container.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        container.writestr("content.xml", CONTENT.format(styles, sheet))
        container.writestr("META-INF/manifest.xml", "<manifest/>")
        if named is not None:
            container.writestr("styles.xml", CONTENT.format(named, ""))
    return path


def shown_by(path: Path, format_: str) -> str | None:
    """Tell what is seen of the number 12 by this number format."""
    style = (
        format_
        if "<number:number-style" in format_
        else f'<number:number-style style:name="N5">{format_}</number:number-style>'
    )
    (grid,) = read(ods(path / "book.ods", row(number("12")), styles=style + CELL))
    assert cells(grid) == [["12"]]
    return seen(grid).get((1, 1))


def test_codes_are_seen_where_they_stand(tmp_path: Path) -> None:
    path = ods(
        tmp_path / "book.ods",
        row(words("Kod"), words("Klient"), words("Sztuk"), times=1),
        '<table:table-row table:number-rows-repeated="2"/>',
        row(number("123", shown="00123"), words("00123"), number("7", "ce2"), number("8", times=2, shown="00008")),
        row(number("1234567"), number("12.5"), "<table:covered-table-cell/>", number("9", shown="00009")),
        row(number("4", shown="00004"), times=2),
        row('<table:table-cell table:style-name="ce1" office:value-type="percentage" office:value="3"/>', number("-5")),
    )
    (grid,) = read(path)
    assert grid.name == "Arkusz & 1"
    assert seen(grid) == {
        (4, 1): "00123",
        (4, 4): "00008",
        (4, 5): "00008",
        (5, 1): "1234567",
        (5, 4): "00009",
        (6, 1): "00004",
        (7, 1): "00004",
    }
    assert cells(grid)[3] == ["123", "00123", "7", "8", "8"], "the numbers stay, for figures"


def test_a_cell_that_names_no_look_has_its_rows_or_its_columns(tmp_path: Path) -> None:
    columns = (
        '<table:table-column table:number-columns-repeated="2" table:default-cell-style-name="Default"/>'
        '<table:table-column table:style-name="co1" table:default-cell-style-name="ce1"/>'
    )
    plain = [number("1", None), number("2", None), number("3", None), number("4", None)]
    fields = number("5", None) + number("6", "other")
    of_row = f'<table:table-row table:default-cell-style-name="ce1">{fields}</table:table-row>'
    (grid,) = read(ods(tmp_path / "book.ods", row(*plain), of_row, row(number("7", None)), columns=columns))
    assert seen(grid) == {(1, 3): "00003", (2, 1): "00005"}


def test_looks_of_the_document_are_known_as_well_and_pass_to_those_made_of_them(tmp_path: Path) -> None:
    named = FIVE + '<style:style style:name="Kod" style:family="table-cell" style:data-style-name="N5"/>'
    below = (
        '<style:style style:name="ce1" style:family="table-cell" style:parent-style-name="Kod"/>'
        '<style:style style:name="ce2" style:family="table-cell" style:parent-style-name="ce3"/>'
        '<style:style style:name="ce3" style:family="table-cell" style:parent-style-name="ce2"/>'
    )
    rows = row(number("12", "Kod"), number("12"), number("12", "ce2"))
    (grid,) = read(ods(tmp_path / "book.ods", rows, styles=below, named=named))
    assert seen(grid) == {(1, 1): "00012", (1, 2): "00012"}


@pytest.mark.parametrize(
    ("format_", "shown"),
    [
        ('<number:number number:min-integer-digits="4"/>', "0012"),
        ('<number:text>PL-</number:text><number:number number:min-integer-digits="3"/>', "PL-012"),
        ('<number:number number:min-integer-digits="3"/><number:text>/A</number:text>', "012/A"),
        (
            '<number:number number:min-integer-digits="5"><number:embedded-text number:position="3">-'
            "</number:embedded-text></number:number>",
            "00-012",
        ),
        (
            '<number:number number:min-integer-digits="6"><number:embedded-text number:position="2">/'
            '</number:embedded-text><number:embedded-text number:position="4">-</number:embedded-text></number:number>',
            "00-00/12",
        ),
        (
            '<number:number-style style:name="N5P0"><number:number number:min-integer-digits="4"/>'
            '</number:number-style><number:number-style style:name="N5"><number:text>-</number:text>'
            '<number:number number:min-integer-digits="4"/>'
            '<style:map style:condition="value()&gt;=0" style:apply-style-name="N5P0"/></number:number-style>',
            "0012",
        ),
        ('<number:number number:min-integer-digits="1"/>', None),
        ('<number:number number:decimal-places="2" number:min-integer-digits="4"/>', None),
        ('<number:number number:grouping="true" number:min-integer-digits="4"/>', None),
        ('<number:number number:display-factor="1000" number:min-integer-digits="4"/>', None),
        ('<number:scientific-number number:min-exponent-digits="2"/>', None),
        ('<number:fraction number:min-integer-digits="4"/>', None),
        (
            '<number:number number:min-integer-digits="3"><number:embedded-text number:position="7">-'
            "</number:embedded-text></number:number>",
            None,
        ),
    ],
)
def test_formats_of_zeros_are_those_of_other_workbooks(tmp_path: Path, format_: str, shown: str | None) -> None:
    assert shown_by(tmp_path, format_) == shown


def test_styles_that_are_broken_have_no_looks(tmp_path: Path) -> None:
    (grid,) = read(ods(tmp_path / "book.ods", row(number("12")), styles=FIVE + CELL + "<style:style>"))
    assert seen(grid) == {}
    assert cells(grid) == [["12"]]
