"""Numbers that are days mean what their workbook counts from, with or without a look of days."""

import datetime as dt
import struct
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.program_file.import_profile import ImportProfile
from app.models.sales import SalesDocument
from importers.files.containers.biff import xls_counts_from_1904
from importers.files.guard import judge
from importers.layout.columns.columns import mapped
from importers.layout.written.settling import settle
from importers.reading.reading import read_as
from tests.importers.driver import HEADER, Desk
from tests.importers.files.containers.test_biff import biff, compound
from tests.importers.files.containers.test_biff12 import record
from tests.importers.files.made import LIMITS, read
from tests.importers.files.shown.test_xlsb_sheets import xlsb

DAY = dt.date(2026, 1, 5)
SINCE_1904 = (DAY - dt.date(1904, 1, 1)).days
SINCE_1900 = (DAY - dt.date(1899, 12, 30)).days


def report(path: Path, *rows: tuple[object, ...], epoch: dt.datetime = CALENDAR_MAC_1904) -> Path:
    book = openpyxl.Workbook()
    book.epoch = epoch
    for row in (HEADER, *rows):
        book.worksheets[0].append(row)
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("epoch", "number"), [(CALENDAR_MAC_1904, SINCE_1904), (CALENDAR_WINDOWS_1900, SINCE_1900)], ids=["1904", "1900"]
)
def test_an_import_counts_on_the_day_that_a_number_means(desk: Desk, epoch: dt.datetime, number: int) -> None:
    desk.people("D1")
    desk.goods(P1=None)
    desk.profile(dates="found")
    rows = (("A", number, "D1", "P1", 1, 120), ("B", DAY, "D1", "P1", 1, 120), ("C", "2026-01-05", "D1", "P1", 1, 120))
    path = report(desk.folder / "report.xlsx", *rows, epoch=epoch)
    found = desk.run(path)
    assert found.counts["lines_accepted"] == 3
    with transaction(desk.registry) as session:
        days = session.execute(select(SalesDocument.issued_on).where(SalesDocument.program_id == desk.program_id))
        assert days.scalars().all() == [DAY] * 3


def test_numbers_of_other_columns_and_those_that_are_no_days_stay(tmp_path: Path) -> None:
    path = report(tmp_path / "report.xlsx", (SINCE_1904, SINCE_1904 + 0.5, SINCE_1904, 7, SINCE_1904, 99_999))
    judged = judge(path, "report.xlsx", LIMITS)
    profile = ImportProfile(
        columns={
            "document_number": HEADER[0],
            "issued_on": HEADER[1],
            "distributor": HEADER[2],
            "booked_on": HEADER[5],
        },
        dates="found",
    )
    table = read_as(judged, "report.xlsx", profile)
    settle(table, mapped(table, profile), profile)
    assert table.from_1904
    number = str(SINCE_1904)
    assert [table.column(one).to_pylist() for one in HEADER] == [
        [number],
        ["2026-01-05"],
        [number],
        ["7"],
        [number],
        ["99999"],
    ]


def test_a_workbook_of_every_form_says_what_it_counts_from(tmp_path: Path) -> None:
    for name, epoch in (("old", CALENDAR_MAC_1904), ("new", CALENDAR_WINDOWS_1900)):
        (grid,) = read(report(tmp_path / f"{name}.xlsx", epoch=epoch))
        assert grid.from_1904 is (name == "old")
    for flags, said in ((1, True), (2, False)):
        (grid,) = read(xlsb(tmp_path / "book.xlsb", record(153, struct.pack("<III", flags, 0, 0))))
        assert grid.from_1904 is said
    excel = '<x:ExcelWorkbook xmlns:x="urn:schemas-microsoft-com:office:excel">{}</x:ExcelWorkbook>'
    for said in (True, False):
        (tmp_path / "book.xml").write_text(
            '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
            'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
            + excel.format("<x:Date1904/>" if said else "")
            + '<Worksheet ss:Name="Sales"><Table><Row><Cell><Data ss:Type="Number">44565</Data></Cell></Row></Table>'
            "</Worksheet></Workbook>"
        )
        (grid,) = read(tmp_path / "book.xml")
        assert grid.from_1904 is said


@pytest.mark.parametrize(("mode", "said"), [(b"\x01\x00", True), (b"\x00\x00", False), (None, False)])
def test_an_xls_says_so_before_its_sheets(tmp_path: Path, mode: bytes | None, said: bool) -> None:
    begin, end = biff(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0)), biff(0x0A, b"")
    later = biff(0x22, b"\x01\x00")  # of what comes behind the workbook's own records nothing counts
    book = begin + (biff(0x22, mode) if mode is not None else b"") + end + later
    (tmp_path / "book.xls").write_bytes(compound(book.ljust(5_000, b"\0")))
    assert xls_counts_from_1904(tmp_path / "book.xls") is said
    (tmp_path / "book.xls").write_bytes(b"no container")
    assert not xls_counts_from_1904(tmp_path / "book.xls")
