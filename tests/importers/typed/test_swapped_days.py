"""Days whose month and day somebody swapped, among those of a report of one month."""

import pytest

from importers.errors import QuestionOpen
from tests.importers.layout.reports import HEADER, laid, line, profile, typed

SAID = profile(decimal=",", dates="dmy")
OF_FEBRUARY = [f"{day:02}.02.2026" for day in range(3, 28)]


def told(*days: str) -> list[tuple[object, object]]:
    rows = [HEADER, *(line(f"FV/{at}", date=day) for at, day in enumerate((*OF_FEBRUARY, *days)))]
    return [(one["found"], one["count"]) for one in typed(laid(rows, SAID), SAID).table.warnings]


def test_days_are_told_that_are_of_the_month_of_the_report_when_swapped() -> None:
    assert told("02.11.2026", "02.05.2026", "02.11.2026") == [("'02.11.2026', '02.05.2026'", 3)]


@pytest.mark.parametrize(
    "days",
    [
        ("02.11.2026",),
        ("02.11.2026", "02.11.2026"),
        ("02.03.2026", "02.01.2026"),
        ("02.11.2026", "02.05.2026", "17.10.2025"),
        ("02.11.2025", "02.05.2025"),
        tuple(f"02.{month:02}.2026" for month in range(3, 13)),
    ],
    ids=["one", "one day", "months beside it", "others", "of another year", "no report of one month"],
)
def test_days_that_may_be_what_they_say_are_not_told(days: tuple[str, ...]) -> None:
    assert told(*days) == []


US = [f"03/{day:02}/2025" for day in range(2, 13)]


def read(*days: str, above: str = "", name: str = "") -> list[object]:
    """Read a report of these days by a profile that says day first; give what is told of it."""
    rows = [*([[above]] if above else []), HEADER, *(line(f"FV/{at}", date=day) for at, day in enumerate(days))]
    return [(one["code"], one["found"]) for one in typed(laid(rows, SAID, name=name), SAID).table.warnings]


@pytest.mark.parametrize(
    ("above", "name"),
    [
        ("Sales for March 2025", ""),
        ("Period: 03/01/2025 - 03/31/2025", ""),
        ("Period: 3/1/25 - 3/31/25", ""),
        ("", "2025-03"),
        ("", "sales_mar2025"),
        ("", "03.2025"),
    ],
)
def test_days_in_another_order_stop_the_import_where_the_file_says_of_which_time_it_is(above: str, name: str) -> None:
    with pytest.raises(QuestionOpen, match=r"'Data': its dates are in the order mdy, and the profile says dmy"):
        read("03/04/2025", "03/05/2025", "03/03/2025", above=above, name=name)


def test_an_order_that_one_of_many_days_with_times_proves_stops_the_import() -> None:
    times = [f"01/{1 + at % 12:02}/2025 {8 + at // 3_600:02}:{at // 60 % 60:02}:{at % 60:02}" for at in range(10_080)]
    with pytest.raises(QuestionOpen, match="its dates are in the order mdy"):
        read(*times, "01/13/2025 20:00:00")


def test_days_in_another_order_stop_the_import_where_some_would_be_still_to_come() -> None:
    with pytest.raises(QuestionOpen, match="its dates are in the order mdy"):
        read(*(f"01/{day:02}/2026" for day in (2, 5, 6, 7, 8)))


def test_days_that_would_be_of_few_months_in_the_other_order_are_told() -> None:
    assert read(*US) == [("all_days_perhaps_swapped", "'03/02/2025', '03/04/2025', '03/05/2025'")]


@pytest.mark.parametrize(
    ("days", "above"),
    [
        ([f"01.{month:02}.2025" for month in range(1, 13)], ""),
        (["05.03.2025", "05.04.2025", "05.05.2025"], ""),
        ([*US, "13.03.2025"], ""),
        (["05.03.2025", "07.03.2025"], "Printed on 2 May 2025"),
        (["05.03.2025", "05.04.2025"], "Quarter: March 2025 to April 2025"),
        (["05.03.2025", "07.03.2025"], "03/12/2025, version 1.2.13"),
        (["03.03.2025", "2025-03-04"], "March 2025"),
    ],
    ids=["days of months", "too few", "one proves it", "another month", "two months", "no proof", "the same day"],
)
def test_days_are_read_as_the_profile_says_where_nothing_speaks_against_it(days: list[str], above: str) -> None:
    assert read(*days, above=above) == []
