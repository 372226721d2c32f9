"""Workbooks: typed cells, one look, no formula, exact totals."""

import datetime as dt
import hashlib
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fastexcel
import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape
from openpyxl.worksheet.worksheet import Worksheet

from app.exports.cells import CUT
from app.exports.tables import Column, Kind, Layout, Pieces, TableError
from app.exports.totals import TotalRow, TotalsError, settle
from app.exports.workbook import Sheet, sheet_name, write_workbook
from tests.app.exports.hostile import PAYLOADS

SALES = Layout(
    (
        Column("name", "Name"),
        Column("pieces", "Pieces", Kind.INTEGER),
        Column("net", "Net", Kind.MONEY, 2),
        Column("yen", "Yen", Kind.MONEY, 0),
        Column("dinar", "Dinar", Kind.MONEY, 3),
        Column("points", "Points", Kind.POINTS),
        Column("day", "Day", Kind.DATE),
        Column("at", "At", Kind.INSTANT, zone="Europe/Warsaw"),
        Column("rate", "Rate", Kind.PERCENT_BP),
    ),
    totals=("pieces", "net", "dinar", "points"),
    total_label="=Razem",
)
ROWS: dict[str, list[Any]] = {
    "name": ["Łódź", None, "00123"],
    "pieces": [3, None, -1],
    "net": [123_456_789, -5, None],
    "yen": [7, 8, 9],
    "dinar": [1, 1000, 999_999_999_990_000],
    "points": [1_000_000, 0, 5],
    "day": [dt.date(2026, 1, 5), None, dt.date(2026, 12, 31)],
    "at": [dt.datetime(2026, 7, 1, 10, 0, 1, tzinfo=dt.UTC), None, dt.datetime(2026, 1, 1, 10, tzinfo=dt.UTC)],
    "rate": [1250, 0, 5],
}


def wall(text: str) -> dt.datetime:
    """Give a time of the clock on the wall: a workbook knows no other."""
    return dt.datetime.fromisoformat(text)


def opened(path: Path, at: int = 0) -> Worksheet:
    sheet = openpyxl.load_workbook(path).worksheets[at]
    assert isinstance(sheet, Worksheet)
    return sheet


def values(sheet: Worksheet) -> list[tuple[Any, ...]]:
    return list(sheet.iter_rows(values_only=True))


def raw(path: Path) -> str:
    with zipfile.ZipFile(path) as file:
        return "".join(file.read(one).decode() for one in file.namelist() if one.startswith("xl/worksheets/sheet"))


def texts(path: Path, column: list[str]) -> list[Any]:
    write_workbook(path, [Sheet("T", Layout((Column("t", "T"), Column("n", "N", Kind.INTEGER))), with_numbers(column))])
    return [row[0] for row in values(opened(path))[1:]]


def with_numbers(column: list[str]) -> dict[str, Any]:
    return {"t": column, "n": list(range(len(column)))}


def test_cells_have_types_and_formats(tmp_path: Path) -> None:
    written = write_workbook(tmp_path / "s.xlsx", [Sheet("Sales", SALES, ROWS)])
    sheet = opened(tmp_path / "s.xlsx")
    assert values(sheet) == [
        ("Name", "Pieces", "Net", "Yen", "Dinar", "Points", "Day", "At (Europe/Warsaw)", "Rate"),
        (
            "Łódź",
            3,
            1234567.89,
            7,
            0.001,
            1_000_000,
            wall("2026-01-05"),
            wall("2026-07-01T12:00:01"),
            0.125,
        ),
        (None, None, -0.05, 8, 1, 0, None, None, 0),
        ("00123", -1, None, 9, 999999999990, 5, wall("2026-12-31"), wall("2026-01-01T11:00"), 0.0005),
        ("=Razem", 2, 1234567.84, None, 999999999991.001, 1_000_005, None, None, None),
    ]
    assert [cell.number_format for cell in sheet[2]] == [
        *("@", "0", "#,##0.00", "#,##0", "#,##0.000", "#,##0"),
        *("yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss", "0.00%"),
    ]
    content = written.path.read_bytes()
    assert (written.sha256, written.size, written.rows) == (hashlib.sha256(content).digest(), len(content), 3)
    assert written.cut_texts == 0


def test_the_look_of_a_sheet(tmp_path: Path) -> None:
    write_workbook(tmp_path / "s.xlsx", [Sheet("Sales", SALES, ROWS)])
    sheet = opened(tmp_path / "s.xlsx")
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:I4"  # without the totals
    assert all(cell.font.b for cell in sheet[1])
    assert all(cell.font.b for cell in sheet[5])
    assert not any(cell.font.b for cell in sheet[3])
    assert [cell.number_format for cell in sheet[5]][1:3] == ["0", "#,##0.00"]
    widths = {letter: dimension.width for letter, dimension in sheet.column_dimensions.items()}
    assert widths["H"] > widths["A"] >= 8
    assert sheet.dimensions == "A1:I5"


def test_totals_are_values_for_every_reader(tmp_path: Path) -> None:
    write_workbook(tmp_path / "s.xlsx", [Sheet("Sales", SALES, ROWS), Sheet("Again", SALES, ROWS)])
    assert "<f" not in raw(tmp_path / "s.xlsx")
    for name in ("Sales", "Again"):
        frame = pd.read_excel(tmp_path / "s.xlsx", sheet_name=name, dtype={"Name": str})
        assert list(frame["Net"].iloc[[-1]]) == [1234567.84]
    last = fastexcel.read_excel(tmp_path / "s.xlsx").load_sheet(0).to_arrow().to_pylist()[-1]
    assert (last["Name"], last["Net"]) == ("=Razem", 1234567.84)


def test_a_table_without_totals_and_one_without_rows(tmp_path: Path) -> None:
    plain = Layout(SALES.columns)
    nothing: dict[str, list[Any]] = {key: [] for key in ROWS}
    write_workbook(
        tmp_path / "s.xlsx", [Sheet("A", plain, ROWS), Sheet("B", plain, nothing), Sheet("C", SALES, nothing)]
    )
    assert len(values(opened(tmp_path / "s.xlsx"))) == 4
    assert len(values(opened(tmp_path / "s.xlsx", 1))) == 1
    assert len(values(opened(tmp_path / "s.xlsx", 2))) == 1
    assert opened(tmp_path / "s.xlsx", 1).auto_filter.ref == "A1:I1"


def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    read = texts(tmp_path / "h.xlsx", PAYLOADS)
    settled = [re.sub("\r\n?", "\n", text.replace("\0", "")) for text in PAYLOADS]
    assert [unescape(one or "") for one in read] == settled
    content = raw(tmp_path / "h.xlsx")
    assert "<f" not in content
    assert "hyperlink" not in content
    sheet = opened(tmp_path / "h.xlsx")
    assert {cell.data_type for cell in sheet["A"] if cell.value is not None} == {"s"}
    assert {cell.data_type for cell in sheet["B"][1:]} == {"n"}
    found = fastexcel.read_excel(tmp_path / "h.xlsx").load_sheet(0, dtypes={"T": "string"}).to_arrow().to_pydict()["T"]
    assert [one or "" for one in found] == settled


@settings(max_examples=60, deadline=None)
@given(column=st.lists(st.text(st.characters(codec="utf-8")), min_size=1, max_size=20))
def test_every_text_comes_back(column: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    read = texts(tmp_path_factory.mktemp("x") / "t.xlsx", column)
    settled = [re.sub("[\ufffe\uffff]", "\ufffd", re.sub("\r\n?", "\n", text.replace("\0", ""))) for text in column]
    assert [unescape(one or "") for one in read] == settled


@settings(max_examples=60, deadline=None)
@given(amounts=st.lists(st.integers(-(10**15) + 1, 10**15 - 1), min_size=1, max_size=30), decimals=st.integers(0, 3))
def test_amounts_are_read_back_exactly(
    amounts: list[int], decimals: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("x") / "a.xlsx"
    write_workbook(path, [Sheet("A", Layout((Column("a", "A", Kind.MONEY, decimals),)), {"a": amounts})])
    read = [row[0] for row in values(opened(path))[1:]]
    assert [round(one * 10**decimals) for one in read] == amounts
    written = re.findall("<v>(.*?)</v>", raw(path))
    assert all(len(re.sub("[-.]|e.*", "", number).strip("0")) <= 15 for number in written)


def test_numbers_that_no_double_holds_are_written_as_text(tmp_path: Path) -> None:
    layout = Layout((Column("n", "N", Kind.INTEGER), Column("m", "M", Kind.MONEY, 2)), totals=("n", "m"))
    rows = {"n": [123_456_789_012_345_678, 1], "m": [999_999_999_999_999, 1]}
    write_workbook(tmp_path / "n.xlsx", [Sheet("N", layout, rows)])
    assert values(opened(tmp_path / "n.xlsx"))[1:] == [
        ("123456789012345678", 9999999999999.99),
        ("1", 0.01),
        ("123456789012345679", "10000000000000.00"),
    ]


def test_days_that_a_workbook_cannot_count_are_written_as_text(tmp_path: Path) -> None:
    days = [dt.date(1899, 12, 31), None, dt.date(2026, 1, 1)]
    instants = [None if day is None else dt.datetime.combine(day, dt.time(12), dt.UTC) for day in days]
    layout = Layout((Column("d", "D", Kind.DATE), Column("i", "I", Kind.INSTANT)))
    write_workbook(tmp_path / "d.xlsx", [Sheet("D", layout, {"d": days, "i": instants})])
    assert values(opened(tmp_path / "d.xlsx"))[1:] == [
        ("1899-12-31", "1899-12-31 12:00:00"),
        (None, None),
        ("2026-01-01", "2026-01-01 12:00:00"),
    ]


def test_long_texts_are_cut_and_counted(tmp_path: Path) -> None:
    written = write_workbook(
        tmp_path / "l.xlsx", [Sheet("L", Layout((Column("t", "T"),)), {"t": ["y" * 40_000, "z" * 32_767]})]
    )
    read = [row[0] for row in values(opened(tmp_path / "l.xlsx"))[1:]]
    assert written.cut_texts == 1
    assert read[0].endswith(CUT)
    assert len(read[0]) == 32_767 == len(read[1])


def test_a_table_longer_than_a_sheet_goes_on_in_the_next(tmp_path: Path) -> None:
    layout = Layout((Column("t", "T"), Column("n", "N", Kind.INTEGER)), totals=("n",))
    rows = {"t": [f"r{number}" for number in range(20)], "n": list(range(20))}
    written = write_workbook(tmp_path / "b.xlsx", [Sheet("Big", layout, rows)], rows_per_sheet=11)
    book = openpyxl.load_workbook(tmp_path / "b.xlsx")
    assert book.sheetnames == ["Big", "Big (2)", "Big (3)"]
    read = [list(sheet.iter_rows(values_only=True)) for sheet in book]
    assert [len(one) for one in read] == [10, 10, 4]
    assert [one[0] for one in read] == [("T", "N")] * 3
    assert read[2][1:] == [("r18", 18), ("r19", 19), ("Total", sum(range(20)))]
    assert written.rows == 20


@pytest.mark.slow
def test_a_sheet_is_filled_to_its_last_row(tmp_path: Path) -> None:
    layout = Layout((Column("n", "N", Kind.INTEGER),))
    write_workbook(tmp_path / "b.xlsx", [Sheet("Big", layout, {"n": range(1_048_577)})])
    book = fastexcel.read_excel(tmp_path / "b.xlsx")
    assert book.sheet_names == ["Big", "Big (2)"]
    assert [book.load_sheet(name).height for name in book.sheet_names] == [1_048_575, 2]


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("Sales", "Sales"),
        ("a[b]:c*d?e/f\\g", "a b  c d e f g"),
        ("", "Sheet"),
        ("'''", "Sheet"),
        ("x" * 40, "x" * 31),
        ("Comparación de los distribuidores", "Comparación de los"),
        ("Dokumenty, które czekają na decyzję", "Dokumenty, które czekają na"),
        ("Punkty przekazane i otrzymane, według", "Punkty przekazane i otrzymane"),
        ("taken, and what comes behind it all", "taken, and what comes behind it"),
        ("A " + "x" * 40, "A " + "x" * 29),
        ("history", "history -"),
        ("general", "general -"),
        ("TAKEN", "TAKEN (2)"),
        ("a\nb", "a b"),
        ("😀\ud800 Łódź", "Łódź"),
    ],
)
def test_a_sheet_gets_a_name_it_may_bear(wanted: str, name: str, tmp_path: Path) -> None:
    assert sheet_name(wanted, {"taken"}) == name
    write_workbook(tmp_path / "n.xlsx", [Sheet(wanted, SALES, ROWS), Sheet(wanted, SALES, ROWS)])
    assert len(openpyxl.load_workbook(tmp_path / "n.xlsx").sheetnames) == 2


def test_hostile_headers_are_texts(tmp_path: Path) -> None:
    layout = Layout((Column("a", "=1+1\r\n"), Column("b", "http://x", Kind.INTEGER)), totals=("b",))
    write_workbook(tmp_path / "h.xlsx", [Sheet("H", layout, {"a": ["x"], "b": [1]})])
    assert values(opened(tmp_path / "h.xlsx")) == [("=1+1\n", "http://x"), ("x", 1), ("Total", 1)]
    assert "<f" not in raw(tmp_path / "h.xlsx")


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "s.xlsx").write_bytes(b"before")
    with pytest.raises(TableError, match="column 'net'"):
        write_workbook(tmp_path / "s.xlsx", [Sheet("S", SALES, ROWS | {"net": [0.5, 1.0, 2.0]})])
    with pytest.raises(ValueError, match="at least one sheet"):
        write_workbook(tmp_path / "s.xlsx", [])
    assert (tmp_path / "s.xlsx").read_bytes() == b"before"
    assert [one.name for one in tmp_path.iterdir()] == ["s.xlsx"]


def test_totals_that_are_not_where_they_should_be_are_an_error(tmp_path: Path) -> None:
    write_workbook(tmp_path / "s.xlsx", [Sheet("S", Layout(SALES.columns), ROWS)])
    before = (tmp_path / "s.xlsx").read_bytes()
    with pytest.raises(TotalsError, match="0 formulas"):
        settle(tmp_path / "s.xlsx", {0: TotalRow(("1",) * 9, (False,) * 9)})
    assert (tmp_path / "s.xlsx").read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["s.xlsx"]


MOMENT = dt.datetime(2026, 11, 21, 12, 0, 5, tzinfo=dt.UTC)


def numbered(count: int, held: int) -> Pieces:
    """Give so many rows, so many at a time: names that grow, days, instants, and amounts that add up."""

    def read() -> Iterator[dict[str, Any]]:
        for start in range(0, max(count, 1), held):
            numbers = range(start, min(start + held, count))
            yield {
                "name": [f"=Name {'x' * (one % 7)}" for one in numbers],
                "day": [dt.date(2026, 1, 1) + dt.timedelta(days=one % 300) for one in numbers],
                "at": pa.array([MOMENT for _ in numbers], pa.timestamp("us", "UTC")),
                "amount": pa.array([one * 101 for one in numbers], pa.int64()),
            }

    return Pieces(read)


STREAMED = Layout(
    (
        Column("name", "Name"),
        Column("day", "Day", Kind.DATE),
        Column("at", "At", Kind.INSTANT, zone="Europe/Warsaw"),
        Column("amount", "Amount", Kind.MONEY, decimals=2),
    ),
    totals=("amount",),
)


def test_rows_in_pieces_are_the_file_of_the_whole_byte_for_byte_on_several_sheets(tmp_path: Path) -> None:
    for held in (7, 50):
        sheets = [Sheet("Rows", STREAMED, numbered(50, held)), Sheet("None", STREAMED, numbered(0, held))]
        written = write_workbook(tmp_path / f"{held}.xlsx", sheets, rows_per_sheet=22, made_at=MOMENT)
        assert written.rows == 50
    assert (tmp_path / "7.xlsx").read_bytes() == (tmp_path / "50.xlsx").read_bytes()
    book = openpyxl.load_workbook(tmp_path / "7.xlsx")
    assert book.sheetnames == ["Rows", "Rows (2)", "Rows (3)", "None"]
    assert book.properties.created == MOMENT.replace(tzinfo=None)
    rows = [row for name in book.sheetnames[:3] for row in book[name].iter_rows(min_row=2, values_only=True)]
    assert [row[3] for row in rows] == [*(one * 101 / 100 for one in range(50)), 1237.25]
    assert rows[8][:3] == ("=Name x", *map(dt.datetime.fromisoformat, ("2026-01-09", "2026-11-21T13:00:05")))


def test_what_goes_wrong_while_pieces_come_is_told_as_it_is(tmp_path: Path) -> None:
    tries = iter(range(9))

    def read() -> Iterator[dict[str, Any]]:
        yield from numbered(5, 5).read()
        if next(tries):
            raise LookupError("the second time something was missing")

    with pytest.raises(LookupError, match="was missing"):
        write_workbook(tmp_path / "none.xlsx", [Sheet("Rows", STREAMED, Pieces(read))])
    assert list(tmp_path.iterdir()) == []
