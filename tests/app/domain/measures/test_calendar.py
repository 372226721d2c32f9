"""Periods and dates, in the calendar of the programme's time zone."""

import calendar
import datetime as dt
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.measures.calendar import end_of, local_date, midnight, months_after, period_of, weekday_of
from app.domain.states import Cut
from tests.app.domain.profiles import searching
from tests.reference.ledger import last_day

DAYS = st.dates(dt.date(1901, 1, 1), dt.date(2199, 12, 31))


def days(*written: str | dt.date) -> np.ndarray:
    return np.asarray(written, dtype="datetime64[D]")


@searching(300)
@given(DAYS, DAYS)
def test_two_days_have_one_number_when_they_lie_in_one_period(one: dt.date, other: dt.date) -> None:
    alike = {
        Cut.DAY: one == other,
        Cut.MONTH: (one.year, one.month) == (other.year, other.month),
        Cut.QUARTER: (one.year, (one.month - 1) // 3) == (other.year, (other.month - 1) // 3),
        Cut.YEAR: one.year == other.year,
        Cut.PROGRAM: True,
        Cut.BUDGET: True,
    }
    for span, same in alike.items():
        first, second = period_of(span, days(one, other)).tolist()
        assert (first == second) is same, span


@pytest.mark.parametrize(
    ("span", "inside", "outside"),
    [
        (Cut.DAY, ["2025-03-30"], "2025-03-31"),
        (Cut.MONTH, ["2024-02-01", "2024-02-29"], "2024-03-01"),
        (Cut.QUARTER, ["2025-01-01", "2025-02-15", "2025-03-31"], "2025-04-01"),
        (Cut.QUARTER, ["2025-10-01", "2025-12-31"], "2026-01-01"),
        (Cut.QUARTER, ["1969-10-01", "1969-12-31"], "1970-01-01"),
        (Cut.YEAR, ["2024-01-01", "2024-12-31"], "2025-01-01"),
    ],
)
def test_where_periods_end(span: Cut, inside: list[str], outside: str) -> None:
    *numbers, other = period_of(span, days(*inside, outside)).tolist()
    assert len(set(numbers)) == 1
    assert other == numbers[0] + 1


@searching(200)
@given(DAYS)
def test_weekdays_begin_with_monday(day: dt.date) -> None:
    assert weekday_of(days(day)).tolist() == [day.weekday()]


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        ("2025-01-31", 1, "2025-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-02-29", 48, "2028-02-29"),
        ("2000-02-29", 1200, "2100-02-28"),  # 2100 is no leap year
        ("2025-11-30", 3, "2026-02-28"),
        ("2025-12-31", 36, "2028-12-31"),
        ("2025-05-15", 0, "2025-05-15"),
        ("2025-08-31", 1, "2025-09-30"),
    ],
)
def test_so_many_months_later(day: str, months: int, later: str) -> None:
    assert months_after(dt.date.fromisoformat(day), months) == dt.date.fromisoformat(later)


@searching(200)
@given(st.lists(DAYS, min_size=1, max_size=5), st.integers(0, 600))
def test_months_later_are_the_references(given_: list[dt.date], months: int) -> None:
    wanted = [last_day(day, {"months_after_award": months}) for day in given_]
    assert [months_after(day, months) for day in given_] == wanted


def test_every_last_day_of_a_month_is_a_last_day_twelve_months_later_but_in_leap_years() -> None:
    for year in (2023, 2024, 2025):
        for month in range(1, 13):
            day = dt.date(year, month, calendar.monthrange(year, month)[1])
            later = months_after(day, 12)
            assert (later.year, later.month) == (year + 1, month)
            assert later.day == min(day.day, calendar.monthrange(year + 1, month)[1])


@pytest.mark.parametrize(
    ("now", "zone", "date"),
    [
        ("2025-06-30T21:59:59+00:00", "Europe/Warsaw", "2025-06-30"),
        ("2025-06-30T22:00:00+00:00", "Europe/Warsaw", "2025-07-01"),  # summer time
        ("2025-12-31T22:59:59+00:00", "Europe/Warsaw", "2025-12-31"),
        ("2025-12-31T23:00:00+00:00", "Europe/Warsaw", "2026-01-01"),  # winter time
        ("2026-01-01T04:59:59+00:00", "America/New_York", "2025-12-31"),
        ("2025-03-30T00:59:59+00:00", "Europe/Warsaw", "2025-03-30"),  # the night in which an hour is missing
        ("2025-10-26T01:30:00+00:00", "Europe/Warsaw", "2025-10-26"),  # the night in which one comes twice
        ("2025-12-31T10:00:00+00:00", "Pacific/Kiritimati", "2026-01-01"),
    ],
)
def test_the_date_at_an_instant(now: str, zone: str, date: str) -> None:
    assert local_date(dt.datetime.fromisoformat(now), zone) == dt.date.fromisoformat(date)


@pytest.mark.parametrize(("day", "hours"), [("2025-03-30", 23), ("2025-10-26", 25), ("2025-12-31", 24)])
def test_a_day_ends_where_the_next_begins_however_long_it_was(day: str, hours: int) -> None:
    one = dt.date.fromisoformat(day)
    ended = end_of(one, "Europe/Warsaw")
    assert ended == midnight(one + dt.timedelta(days=1), "Europe/Warsaw")
    assert ended.astimezone(dt.UTC) - midnight(one, "Europe/Warsaw").astimezone(dt.UTC) == dt.timedelta(hours=hours)


def test_the_last_day_there_is_ends_as_well() -> None:
    assert end_of(dt.date.max, "Europe/Warsaw") > midnight(dt.date.max, "Pacific/Kiritimati")


@pytest.mark.parametrize("zone", ["Europe/Warsaw", "America/New_York", "Pacific/Apia"])
def test_no_day_of_a_year_is_left_out_or_counted_twice(zone: str) -> None:
    """A clock that is put forward or back moves no date: hour by hour, dates only rise, by one."""
    hours = [dt.datetime(2025, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=at) for at in range(24 * 366)]
    dates = [local_date(hour, zone) for hour in hours]
    steps = {(later - sooner).days for sooner, later in itertools.pairwise(dates)}
    assert steps == {0, 1}
