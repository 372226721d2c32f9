"""Files are read in a process of their own: whatever a file makes of the reader, ours goes on."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from importers.files import opening
from importers.files.elsewhere.process import read_elsewhere
from importers.files.grid import Grid, SheetSeen
from importers.files.guard import judge
from importers.files.limits import Limits
from importers.files.opening import sheet_names, whole
from tests.importers.files.made import LIMITS, cells, read, refusal, text_cell, workbook

HEADER = f'<row r="1">{text_cell("A1", "number")}</row>'


@pytest.mark.parametrize("far", ["XFD20000", "XFD1048576"])
def test_two_cells_far_apart_are_read_as_two_cells(tmp_path: Path, far: str) -> None:
    row = int(far.removeprefix("XFD"))
    cell = f'<row r="{row}"><c s="0" r="{far}"><v>1.5</v></c></row>'
    path = workbook(tmp_path / "far.xlsx", HEADER + cell)
    assert path.stat().st_size < 3_000
    (grid,) = read(path)
    assert grid.row_number.tolist() == [1, row]
    assert grid.cells.num_columns == 16_384
    assert grid.cells.column(0).to_pylist() == ["number", None]
    assert grid.cells.column(16_383).to_pylist() == [None, "1.5"]


def test_a_look_without_a_value_makes_no_sheet_larger(tmp_path: Path) -> None:
    path = workbook(tmp_path / "look.xlsx", f'{HEADER}<row r="1048576"><c r="XFD1048576" s="0"/></row>')
    (grid,) = read(path)
    assert (grid.row_number.tolist(), cells(grid)) == ([1], [["number"]])


def test_of_the_sheets_of_a_workbook_one_may_be_far_and_the_other_not(tmp_path: Path) -> None:
    far = f'{HEADER}<row r="1048576"><c r="XFD1048576"><v>7</v></c></row>'
    path = workbook(tmp_path / "two.xlsx", {"Far": far, "Near": HEADER})
    assert [(grid.name, grid.cells.shape) for grid in read(path)] == [("Far", (2, 16_384)), ("Near", (1, 1))]


def test_more_cells_than_may_be_are_refused_with_the_setting(tmp_path: Path) -> None:
    rows = "".join(f'<row r="{at}"><c r="A{at}"><v>1</v></c><c r="B{at}"><v>2</v></c></row>' for at in range(1, 601))
    path = workbook(tmp_path / "many.xlsx", rows)
    message = refusal(path, replace(LIMITS, max_cells=1_000))
    assert "the sheet 'Sales' has 600 rows of 2 columns" in message
    assert "setting KONTOR_MAX_CELLS, now 1,000" in message


def test_a_reader_that_wants_too_much_memory_is_a_refusal_with_the_setting(tmp_path: Path) -> None:
    far = f'{HEADER}<row r="20000"><c r="XFD20000"><v>1</v></c></row>'
    path = workbook(tmp_path / "large.xlsx", far)
    message = refusal(path, replace(LIMITS, max_cells=1 << 40, reader_memory_mb=512))
    assert "more memory than it may, in MiB (setting KONTOR_READER_MEMORY_MB, now 512)" in message


def test_a_reader_that_takes_too_long_is_a_refusal_with_the_setting(tmp_path: Path) -> None:
    path = workbook(tmp_path / "slow.xlsx", HEADER)
    message = refusal(path, replace(LIMITS, reader_seconds=0))
    assert "longer than it may, in seconds (setting KONTOR_READER_SECONDS, now 0)" in message


def test_a_sheet_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    path = workbook(tmp_path / "one.xlsx", HEADER)
    with pytest.raises(Exception, match=r"Report: no sheet is called 'Zwroty'; it has Sales\."):
        read(path, sheets=["Zwroty"])


def test_a_workbook_of_a_path_with_spaces_and_a_dash_in_front_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workbook(tmp_path / "-c sales of may.xls", f'{HEADER}<row r="2"><c r="A2"><v>7</v></c></row>')
    monkeypatch.chdir(tmp_path)
    (grid,) = read(Path(path.name))
    assert cells(grid) == [["number"], ["7"]]


@pytest.mark.skipif(sys.platform != "linux", reason="NOT RUN: only Linux shows what a process has")
def test_what_forks_readers_has_one_thread(tmp_path: Path) -> None:
    read(workbook(tmp_path / "one.xlsx", HEADER))
    ours = [child for task in Path("/proc/self/task").iterdir() for child in (task / "children").read_text().split()]
    forking = [one for one in ours if b"importers.files.elsewhere.reader" in Path(f"/proc/{one}/cmdline").read_bytes()]
    assert [len(list(Path(f"/proc/{one}/task").iterdir())) for one in forking] == [1]


def test_the_sheets_of_a_workbook_are_named_without_reading_it(tmp_path: Path) -> None:
    path = workbook(tmp_path / "two.xlsx", {"May": HEADER, "June": HEADER + '<row r="9"><c r="A9"><v>1</v></c></row>'})
    seen = sheet_names(judge(path, "Report", replace(LIMITS, reader_seconds=0)), "Report")
    assert [(one.name, one.visible, one.rows) for one in seen] == [("May", True, 1), ("June", True, 9)]


def test_a_look_reads_a_file_once_though_its_scan_names_no_sheets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of, row = "urn:schemas-microsoft-com:office", "<Row><Cell><Data ss:Type='String'>{}</Data></Cell></Row>"
    sheet = f"<Worksheet ss:Name='{{}}'><Table>{row}</Table>{{}}</Worksheet>"
    hidden = f"<WorksheetOptions xmlns='{of}:excel'><Visible>SheetHidden</Visible></WorksheetOptions>"
    book = f"<?xml version='1.0'?><Workbook xmlns='{of}:spreadsheet' xmlns:ss='{of}:spreadsheet'>"
    path = tmp_path / "book.xml"
    path.write_text(book + sheet.format("May", "a", "") + sheet.format("Old", "b", hidden) + "</Workbook>")
    judged, tasks = judge(path, "Report", LIMITS), list[object]()

    def noted(task: Mapping[str, Any], limits: Limits) -> Iterator[Grid]:
        tasks.append(task)
        return read_elsewhere(task, limits)

    monkeypatch.setattr(opening, "read_elsewhere", noted)
    found, sheets = whole(judged, "Report")
    assert [(one.name, cells(one)) for one in found] == [("May", [["a"]])]
    assert sheets == [SheetSeen("May", visible=True, rows=1), SheetSeen("Old", visible=False, rows=1)]
    assert len(tasks) == 1
    assert sheets == sheet_names(judged, "Report")
