"""Days whose month and day somebody swapped, among those of a report of one month."""

import pytest

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
