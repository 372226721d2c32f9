"""Sheets are read in a process of their own: whatever a file makes of the reader, ours goes on."""

import zipfile
from pathlib import Path

import pytest

from importers.errors import FileRefused
from importers.guard import judge
from importers.reading import read

_PARTS = {
    "[Content_Types].xml": """<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
        <Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
        <Default Extension="xml" ContentType="application/xml"/></Types>""",
    "_rels/.rels": """<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
        <Relationship Id="r1" Target="xl/workbook.xml"
        Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/></Relationships>""",
    "xl/workbook.xml": """<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">
        <sheets><sheet name="Sales" sheetId="1" r:id="r1"/></sheets></workbook>""",
    "xl/_rels/workbook.xml.rels": """<Relationships
        xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
        <Relationship Id="r1" Target="worksheets/sheet1.xml"
        Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"/></Relationships>""",
}


def workbook(path: Path, rows: str) -> Path:
    """Write a workbook of one sheet by hand."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as container:
        for name, content in _PARTS.items():
            container.writestr(name, content)
        head = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        container.writestr("xl/worksheets/sheet1.xml", f"{head}{rows}</sheetData></worksheet>")
    return path


HEADER = '<row r="1"><c r="A1" t="inlineStr"><is><t>number</t></is></c></row>'


@pytest.mark.parametrize("far", ["XFD20000", "XFD1048576"])
def test_two_cells_far_apart_are_refused_and_nobody_dies(tmp_path: Path, far: str) -> None:
    row = far.lstrip("XFD")
    path = workbook(tmp_path / "far.xlsx", f'{HEADER}<row r="{row}"><c r="{far}"><v>1</v></c></row>')
    assert path.stat().st_size < 3_000
    with pytest.raises(FileRefused, match=r"far.xlsx: .*delete the rows and columns around the table"):
        read(judge(path, path.name, 1 << 20), path.name, None)


def test_a_sheet_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    path = workbook(tmp_path / "one.xlsx", HEADER)
    with pytest.raises(FileRefused, match=r"one.xlsx: no sheet is called 'Zwroty'; it has Sales\."):
        read(judge(path, path.name, 1 << 20), path.name, "Zwroty")


def test_a_workbook_of_a_path_with_spaces_and_a_dash_in_front_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workbook(tmp_path / "-c sales of may.xlsx", f'{HEADER}<row r="2"><c r="A2"><v>7</v></c></row>')
    monkeypatch.chdir(tmp_path)
    table = read(judge(path, path.name, 1 << 20), path.name, "Sales")
    assert table.column("number").to_pylist() == ["7"]
