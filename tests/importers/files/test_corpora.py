"""Files that others wrote: each is read, or refused with a reason, and whoever asked for it goes on.

By default one in sixteen of the workbooks is read as well as judged, and those that ended other readers; all of them
with ``KONTOR_CORPORA=whole``.
"""

import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from importers.errors import FileRefused
from importers.files.guard import judge
from importers.files.opening import grids
from tests.importers.files.made import LIMITS, cells, read

WHOLE = os.environ.get("KONTOR_CORPORA") == "whole"
ENDED_OTHERS = ("OOM_alloc", "oleloop", "issue_594", "issue_666_panic", "ptgexp", "pwtest", "maccentral", "2x6m")
BOUNDED = replace(LIMITS, reader_memory_mb=2048, reader_seconds=120)


def corpus(test_data: Path, name: str) -> Path:
    folder = test_data / name
    if not folder.is_dir():
        pytest.skip(f"NOT RUN: the folder of test data has no {name}")
    return folder


def outcome(path: Path, *, reading: bool) -> str | None:
    """Read a file, or only judge it; give the reason of a refusal."""
    try:
        judged = judge(path, "Report", BOUNDED)
        if reading or judged.form == "text":
            for grid in grids(judged, "Report"):
                assert len(grid.row_number) == len(grid.cells)
                assert grid.cells.column_names == [str(at) for at in range(grid.cells.num_columns)]
    except FileRefused as refused:
        return str(refused)
    return None


def test_every_messy_file_is_read_or_refused_with_a_reason(test_data: Path) -> None:
    folder = corpus(test_data, "messy_spreadsheets")
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "INDEX.tsv")
    assert len(files) == 332
    chosen = {
        path for at, path in enumerate(files) if WHOLE or at % 16 == 5 or any(one in path.name for one in ENDED_OTHERS)
    }
    started = time.monotonic()
    with ThreadPoolExecutor(max_workers=2) as pool:
        reasons = dict(zip(files, pool.map(lambda path: outcome(path, reading=path in chosen), files), strict=True))
    refused = {path.name: reason for path, reason in reasons.items() if reason}
    assert all(reason.startswith("Report: ") and len(reason) > 30 for reason in refused.values())
    assert len(refused) <= 31
    for name, said in {
        "pass_protected.xlsx": "password",
        "pass_protected.xlsb": "password",
        "pass_protected.ods": "password",
        "pwtest3.xls": "password",
        "biff4_no_format_no_window2.xls": "Excel 4",
        "issue_594_dos.ods": "KONTOR_MAX_CELLS",
        "utf7white.dontuse": "document type",
        "issue.2267c.slk": "SYLK",
    }.items():
        assert said in refused[name]
    assert time.monotonic() - started < 3_600


def test_workbooks_show_the_sheets_that_another_reader_sees(test_data: Path) -> None:
    folder = corpus(test_data, "messy_spreadsheets")
    lines = [line.split("\t") for line in (folder / "INDEX.tsv").read_text().splitlines()[1:]]
    compared = 0
    for name, _, seen in lines:
        if not name.endswith((".xlsx", ".xlsm", ".ods")) or "calamine" not in seen or '"ERR' in seen:
            continue
        try:
            judged = judge(folder / name, name, LIMITS)
        except FileRefused:
            continue
        expected = [(one[0], one[1] == "Visible") for one in json.loads(seen)["calamine"]]
        listed = [(one.name, one.visible) for one in judged.sheets]
        assert [one for one in expected if one in listed] == listed, name
        compared += 1
    assert compared > 150


@pytest.mark.parametrize(
    ("file", "sheet", "merged"),
    [
        ("calamine/merge_cells.xls", "Sheet1", 3),
        ("calamine/issue_271.xls", "sheet1", 8),
        ("xlrd/Formate.xls", "ÖÄÜ", 1),
    ],
)
def test_old_workbooks_tell_their_merged_cells(test_data: Path, file: str, sheet: str, merged: int) -> None:
    found = {grid.name: len(grid.merged) for grid in read(corpus(test_data, "messy_spreadsheets") / file)}
    assert found[sheet] == merged


def test_the_torture_of_csv_reads_as_its_authors_say(test_data: Path) -> None:
    folder = corpus(test_data, "csv_torture") / "csv-spectrum"
    files = sorted((folder / "csvs").iterdir())
    assert len(files) == 12
    for path in files:
        (grid,) = read(path)
        header, *rows = [[cell or "" for cell in row] for row in cells(grid)]
        said = json.loads((folder / "json" / f"{path.stem}.json").read_text(encoding="utf-8"))
        said = said if isinstance(said, list) else [said]
        read_as = [dict(zip(header, row, strict=True)) for row in rows]
        if path.stem == "location_coordinates":  # its two files give one row two phone numbers
            assert read_as[0].pop("Contact Phone Number") != said[0].pop("Contact Phone Number")
        assert read_as == said, path.name
        assert grid.wrong_width == ()


def test_reports_of_public_spending_open_and_lose_no_row(test_data: Path) -> None:
    import csv

    folder = corpus(test_data, "uk_public_spend_csv") / "csv"
    files = sorted(folder.iterdir())
    assert len(files) == 7
    for path in files:
        (grid,) = read(path)
        text = path.read_bytes().decode(grid.encoding or "")
        rows = {at: row for at, row in enumerate(csv.reader(text.splitlines(keepends=True)), 1) if any(row)}
        found = dict(zip(grid.row_number.tolist(), cells(grid), strict=True)) | dict(grid.broken)
        for at, row in rows.items():
            kept = [cell or "" for cell in found[at]]
            assert kept[: len(row)] == row[: len(kept)], (path.name, at)
            assert not any(kept[len(row) :])
            assert not any(row[len(kept) :])


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("01", lambda grid: grid.encoding == "cp1250"),
        ("02", lambda grid: grid.encoding == "utf-8-sig"),
        ("03", lambda grid: (grid.encoding, grid.delimiter) == ("cp1252", "\t")),
        ("04", lambda grid: grid.encoding == "cp1251"),
        ("05", lambda grid: (grid.encoding, grid.delimiter) == ("utf-16", "\t")),
        ("07", lambda grid: grid.row_number[0] == 2),
        ("09", lambda grid: len(grid.merged) > 0),
        ("10", lambda grid: len(grid.unvalued) > 0),
        ("12", lambda grid: not any(cell and cell.endswith(".0") for cell in grid.cells.column(0).to_pylist())),
        ("13", lambda grid: grid.cells.num_rows > 50),
        ("14", lambda grid: grid.cells.num_rows < 100),
        ("17", lambda grid: grid.cells.shape == (57, 8)),
    ],
)
def test_reports_of_distributors_open(test_data: Path, start: str, expected: Callable[[object], bool]) -> None:
    folder = corpus(test_data, "derived_reports") / "files"
    grid, *_ = read(next(path for path in folder.iterdir() if path.name.startswith(start)))
    assert expected(grid)
