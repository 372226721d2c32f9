import csv
import datetime as dt
import hashlib
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from app.db.transaction import transaction
from app.domain.states import TaxStatus, TopUpStatus
from app.models.programs import Program
from prepaid import histories, sending
from tests.prepaid.conftest import NOW, World

DAY = dt.date(2026, 11, 21)
HEADERS = [
    "Date",
    "Programme",
    "Distributor code",
    "Distributor",
    "Card (last 4)",
    "Kind",
    "Points",
    "Amount",
    "Loaded",
    "Currency",
    "Status",
    "Reference",
    "Run",
    "Batch",
    "Tax rule",
    "Failure",
]


def export(world: World, path: Path, *, everybody: bool = False, day: dt.date = DAY, **more: Any) -> histories.Exported:
    with transaction(world.registry) as session:
        program = None if everybody else session.get_one(Program, world.program_id)
        return histories.export_top_ups(session, path, **({"from_on": day, "to_on": day, "program": program} | more))


@pytest.fixture
def sent(world: World) -> World:
    world.refuse = {("B", "reward"): "card_blocked"}
    world.load().add("P", 10_000, TaxStatus.PRIVATE_PERSON, name="=HYPERLINK(1)").add("B", 31).add("A", 200)
    run = world.preview()
    world.approve(run)
    sending.send(world.registry, world.settings, world.provider, run.id, actor="cleo", now=NOW)
    world.add("OPEN", 100)
    world.preview()
    return world


def test_the_workbook_says_what_the_run_says(sent: World, tmp_path: Path) -> None:
    done = export(sent, tmp_path / "top-ups.xlsx")
    book = openpyxl.load_workbook(tmp_path / "top-ups.xlsx")
    assert book.sheetnames == ["Top-ups", "Totals"]
    header, *rows, total = book["Top-ups"].iter_rows(values_only=True)
    assert list(header) == HEADERS
    cells = [dict(zip(HEADERS, row, strict=True)) for row in rows]
    assert [(one["Distributor code"], one["Kind"], one["Points"], one["Amount"], one["Status"]) for one in cells] == [
        ("A", "reward", 200, 100, "loaded"),
        ("B", "reward", 31, 15.5, "failed"),
        ("P", "reward", 10_000, 5_000, "loaded"),
        ("P", "compensation", 0, 556, "loaded"),
        # what failed was converted again, and is open
        ("B", "reward", 31, 15.5, "reserved"),
        ("OPEN", "reward", 100, 50, "reserved"),
    ]
    assert cells[2]["Distributor"] == "=HYPERLINK(1)"
    assert book["Top-ups"]["D4"].data_type == "s"
    assert cells[0]["Date"].date() == DAY
    assert cells[2]["Tax rule"] == "PL-PREMIUM-SALE v1"
    assert cells[1]["Failure"] == "card_blocked: The card is blocked."
    assert [one["Loaded"] for one in cells] == [100, 0, 5_000, 556, 0, 0]
    assert total[6:9] == (10_362, 5_737, 5_656)
    assert [list(row) for row in book["Totals"].iter_rows(values_only=True, min_row=2)] == [
        ["PLN", "reward", "failed", 1, 15.5],
        ["PLN", "reward", "loaded", 2, 5_100],
        ["PLN", "reward", "reserved", 2, 65.5],
        ["PLN", "compensation", "loaded", 1, 556],
    ]
    assert done.written.rows == 6
    assert done.amount_minor() == {"PLN": 573_700}
    assert done.amount_minor(TopUpStatus.LOADED) == {"PLN": 565_600}
    assert done.written.sha256 == hashlib.sha256((tmp_path / "top-ups.xlsx").read_bytes()).digest()


def test_csv_is_the_same_with_safe_cells(sent: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histories, "_PIECE_ROWS", 2)
    done = export(sent, tmp_path / "top-ups.csv", fmt="csv")
    with (tmp_path / "top-ups.csv").open(encoding="utf-8", newline="") as file:
        header, *rows, total = list(csv.reader(file))
    assert header == HEADERS
    assert len(rows) == done.written.rows == 6
    assert rows[2][3] == "'=HYPERLINK(1)"
    assert [row[7] for row in rows] == ["100.00", "15.50", "5000.00", "556.00", "15.50", "50.00"]
    assert rows[0][0] == "2026-11-21"
    assert (total[0], *total[6:9]) == ("Total", "10362", "5737.00", "5656.00")


def test_days_are_those_of_the_programme(world: World, tmp_path: Path) -> None:
    late = dt.datetime(2026, 11, 21, 23, 30, tzinfo=dt.UTC)  # the 22nd in Warsaw
    world.load().add("A", 100)
    world.preview(now=late)
    assert export(world, tmp_path / "a.csv", fmt="csv").written.rows == 0
    assert export(world, tmp_path / "b.csv", fmt="csv", day=dt.date(2026, 11, 22)).written.rows == 1
    assert (tmp_path / "b.csv").read_text().splitlines()[1].startswith("2026-11-22,")


def test_nothing_to_export_is_a_file_with_a_header(world: World, tmp_path: Path) -> None:
    world.load()
    for fmt in ("csv", "xlsx"):
        done = export(world, tmp_path / f"none.{fmt}", fmt=fmt)
        assert (done.written.rows, done.totals, done.amount_minor()) == (0, [], {})
    assert (tmp_path / "none.csv").read_text().startswith("Date,Programme,")


def test_programmes_of_several_currencies_have_no_common_total(world: World, worlds: Any, tmp_path: Path) -> None:
    world.load().add("A", 3)
    world.preview(now=NOW + dt.timedelta(days=400))
    other = worlds().load(currency="JPY", value="2", tax="{}", country="US").add("A", 3)
    other.preview(now=NOW + dt.timedelta(days=400))
    other.registry.remove()
    day = (NOW + dt.timedelta(days=400)).date()
    done = export(world, tmp_path / "all.csv", everybody=True, fmt="csv", day=day)
    with (tmp_path / "all.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert [[row[7], row[9]] for row in rows[1:]] == [["1.50", "PLN"], ["6.00", "JPY"]]
    assert done.amount_minor() == {"PLN": 150, "JPY": 6}
    export(world, tmp_path / "all.xlsx", everybody=True, day=day)
    totals = openpyxl.load_workbook(tmp_path / "all.xlsx")["Totals"]
    assert [row[4] for row in totals.iter_rows(values_only=True, min_row=2)] == [6, 1.5]


def test_a_period_that_ends_before_it_begins_is_refused(world: World, tmp_path: Path) -> None:
    world.load()
    with pytest.raises(ValueError, match="before it begins"):
        export(world, tmp_path / "x.csv", to_on=dt.date(2026, 11, 20))
