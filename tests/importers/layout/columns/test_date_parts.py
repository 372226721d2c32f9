"""Days whose parts stand in columns of their own, as programs of reports part them."""

import pytest

from importers.layout.columns.lifted import with_lifted
from importers.layout.looks.looking import look
from importers.layout.looks.proposing import propose
from tests.importers.layout.reports import grid, laid, typed

BESIDE = ["Customer", "Invoice", "Product", "Quantity", "Net Amount"]
ADDED_UP = [*BESIDE[:3], "Sum of Quantity", "Sum of Net Amount"]


def rows(header: list[str], *days: list[str], beside: list[str] = BESIDE) -> list[list[str]]:
    lines = [[*day, "D1", f"INV-{at}", "P1", "2", "20"] for at, day in enumerate(days)]
    return [[*header, *beside], *lines]


@pytest.mark.parametrize(
    ("header", "parts"),
    [
        (["Year", "Quarter", "Month", "Day"], [["2026", "Qtr 1", "January", "5"], ["2026", "Qtr 1", "January", "20"]]),
        (["Año", "Trimestre", "Mes", "Día"], [["2026", "Trim. 1", "enero", "5"], ["2026", "Trim. 1", "enero", "20"]]),
        (["Год", "Месяц", "День"], [["2026", "01", "05"], ["2026", "1", "20"]]),
    ],
)
def test_year_month_and_day_are_one(header: list[str], parts: list[list[str]]) -> None:
    report = rows(header, *parts)
    said = propose(look([grid(report)], [], "sales"))
    assert said.columns["issued_on"] == "Date"
    found = typed(laid(report, said), said)
    assert [one[1] for one in found.good] == ["2026-01-05", "2026-01-20"]


def test_days_of_a_month_are_no_dates_and_nobody_is_asked_which_column_has_these() -> None:
    parts = ["Rok", "Miesiąc", "Dzień"]
    seen = look([grid(rows(parts, ["2026", "1", "5"], ["2026", "1", "20"]))], [], "sales")
    assert (seen.questions, propose(seen).columns["issued_on"]) == ((), "Date")
    beside = look(
        [grid(rows([*parts, "Data"], ["2026", "1", "5", "2026-01-05"], ["2026", "1", "6", "2026-01-06"]))], [], "sales"
    )
    assert (beside.questions, propose(beside).columns["issued_on"]) == ((), "Data")
    for days in (("", ""), ("2026-01-05", ""), ("pon", "wt")):
        written = [["2026", "1", str(5 + at), day] for at, day in enumerate(days)]
        halves = look([grid(rows([*parts, "Data"], *written))], [], "sales")
        asked = {one.key: one.options for one in halves.questions}
        settled = not halves.questions and propose(halves).columns["issued_on"] == "Date"
        assert settled or "Date" in asked["column:issued_on"], "a column that lacks days is not the day"


def test_a_column_called_day_may_hold_the_last_part_or_is_chosen_instead() -> None:
    report = rows(["Rok", "Miesiąc", "Dzień"], ["2026", "styczeń", "5"])
    said = propose(look([grid(report)], [], "sales"), {"column:issued_on": "Date"})
    assert [one[1] for one in typed(laid(report, said), said).good] == ["2026-01-05"]


def test_a_part_that_is_missing_leaves_its_row_without_a_day() -> None:
    report = rows(
        ["Year", "Month", "Day"], *([["2026", "January", str(day)] for day in range(1, 6)]), ["2026", "", "6"]
    )
    said = propose(look([grid(report)], [], "sales"))
    assert typed(laid(report, said), said).outcomes == {7: ("refused", "missing")}


def test_a_pivot_table_says_years_and_months_once() -> None:
    parts = [["2025", "December", "30"], ["", "", "31"], ["2026", "January", "5"], ["", "", "6"], ["", "March", "1"]]
    report = rows(["Year", "Month", "Day"], *parts, beside=ADDED_UP)
    said = propose(look([grid(report)], [], "sales"))
    days = [one[1] for one in typed(laid(report, said), said).good]
    assert days == ["2025-12-30", "2025-12-31", "2026-01-05", "2026-01-06", "2026-03-01"]


@pytest.mark.parametrize(
    ("header", "day"),
    [
        (["Year", "Month", "Date"], ["2026", "January", "2026-01-05"]),
        (["Year", "Month", "Day"], ["26", "January", "5"]),
        (["Year", "Month", "Day"], ["2026", "13", "5"]),
        (["Year", "Month", "Day"], ["2026", "January", "Monday"]),
        (["Year", "Month", "Week"], ["2026", "January", "5"]),
    ],
)
def test_what_is_no_day_in_parts(header: list[str], day: list[str]) -> None:
    given = grid(rows(header, day))
    assert with_lifted(given, "sales") is given
