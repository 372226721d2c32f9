"""Profiles name files and sheets by patterns; whatever case a system writes, they are the same names."""

from pathlib import Path

import openpyxl
import pytest

from app.domain.program_file.import_profile import ImportProfile
from importers.files.guard import judge
from importers.files.opening import grids, sheet_names
from importers.reading.identifying import identify
from importers.reading.patterns import fits
from tests.importers.driver import HEADER, Desk
from tests.importers.files.made import LIMITS


@pytest.mark.parametrize(
    ("name", "pattern", "fitting"),
    [
        ("SPRZEDAZ_2026.XLSX", "sprzedaz_*.xlsx", True),
        ("sprzeda\u017c.csv", "SPRZEDAZ\u0307.CSV", True),
        ("sales-1.csv", "sales-[12].csv", True),
        ("sales-3.csv", "sales-[12].csv", False),
        ("returns.csv", "sales*", False),
    ],
)
def test_a_name_fits_whatever_its_case_and_form(name: str, pattern: str, fitting: bool) -> None:
    assert fits(name, pattern) is fitting


COLUMNS = dict(
    zip(("document_number", "issued_on", "distributor", "product", "quantity", "net_amount"), HEADER, strict=True)
)
ROW = ("1", "2026-01-05", "D1", "P1", 2, 100)


def book(path: Path, title: str) -> Path:
    """Write a report into a workbook's second sheet."""
    made = openpyxl.Workbook()
    made.worksheets[0].title = "Notes"
    page = made.create_sheet(title)
    page.append(HEADER)
    page.append(ROW)
    made.save(path)
    return path


def test_a_file_is_recognised_by_its_name_in_capitals(tmp_path: Path) -> None:
    name = "SALES_05.XLSX"
    judged = judge(book(tmp_path / "r.xlsx", "Data"), name, LIMITS)
    profiles = {
        one: ImportProfile.model_validate({"kind": "sales", "columns": COLUMNS, "files": f"{one}_*.xlsx"})
        for one in ("sales", "returns")
    }
    found = identify(list(grids(judged, name)), sheet_names(judged, name), name, profiles)
    assert (found.profile_name, found.recognised) == ("sales", True)


def test_a_sheet_is_found_whatever_its_case(desk: Desk) -> None:
    desk.people("D1")
    desk.goods(P1=None)
    desk.document["import_profiles"]["sales"] = {"columns": COLUMNS, "sheets": ["stycze\u0144", "luty"]}
    desk.reload()
    found = desk.run(book(desk.folder / "year.xlsx", "STYCZE\u0143"))
    assert found.counts["lines_accepted"] == 1
