"""What a promotion may have moved is told of equally many days before and during, and says which."""

import datetime as dt
from typing import Any

import pytest

from app.services.promotions import lift
from tests.app.services.promotions.running import Running
from tests.support.desk import Desk

JUNE = {"from": "2026-06-01", "until": "2026-06-30", "scope": {"distributors": ["D1"]}}


def told(desk: Desk, today: str, **changes: Any) -> lift.Lift | None:
    """Sell for 100.00 by D1 and for 10.00 by D2 on each day of some months; D1 takes part."""
    days = [(dt.date(2026, 1, 1) + dt.timedelta(days=at)).isoformat() for at in range(240)]
    desk.sell(
        *(
            desk.line(f"{who}{day}", points, who=who, issued_on=day)
            for day in days
            for who, points in (("D1", 10), ("D2", 1))
        )
    )
    running = Running(desk, **JUNE, **changes)
    running.bring_up()
    return lift.lift_of(desk.session, running.row, dt.date.fromisoformat(today))


def spans(found: lift.Lift | None) -> tuple[str, ...]:
    assert found is not None
    days = (found.before_from, found.before_until, found.during_from, found.during_until)
    return tuple(day.isoformat() for day in days)


BASE = {"target": {"growth": {"from": "2026-01-01", "until": "2026-03-31", "growth_bp": 1_000}}}
SHORT = {"target": {"growth": {"from": "2026-05-01", "until": "2026-05-07", "growth_bp": 1_000}}}


@pytest.mark.parametrize(
    ("today", "changes", "days"),
    [
        ("2026-10-01", {}, ("2026-05-02", "2026-05-31", "2026-06-01", "2026-06-30")),
        ("2026-06-11", {}, ("2026-05-22", "2026-05-31", "2026-06-01", "2026-06-10")),
        ("2026-06-02", {}, ("2026-05-31", "2026-05-31", "2026-06-01", "2026-06-01")),
        ("2026-10-01", BASE, ("2026-01-01", "2026-01-30", "2026-06-01", "2026-06-30")),
        ("2026-06-11", BASE, ("2026-01-01", "2026-01-10", "2026-06-01", "2026-06-10")),
        ("2026-10-01", SHORT, ("2026-05-01", "2026-05-07", "2026-06-01", "2026-06-07")),
    ],
)
def test_as_many_days_are_compared_as_are_over_of_both(
    desk: Desk, today: str, changes: dict[str, Any], days: tuple[str, ...]
) -> None:
    found = told(desk, today, **changes)
    assert spans(found) == days
    assert found is not None
    assert found.inside == lift.Moved(found.days * 100_00, found.days * 100_00), "the same was sold every day"
    assert found.outside == lift.Moved(found.days * 10_00, found.days * 10_00)
    assert found.lift_minor == 0


@pytest.mark.parametrize("today", ["2026-05-20", "2026-06-01"])
def test_nothing_is_compared_before_a_day_is_over(desk: Desk, today: str) -> None:
    running = Running(desk, **JUNE)
    assert lift.lift_of(desk.session, running.row, dt.date.fromisoformat(today)) is None


@pytest.mark.parametrize(("before", "during", "growth"), [(3, 2, -3_333), (3, 4, 3_333), (3, 5, 6_667), (7, 7, 0)])
def test_growth_is_rounded_as_other_shares_are(before: int, during: int, growth: int) -> None:
    assert lift.Moved(before, during).bp == growth


def test_nothing_grows_from_nothing() -> None:
    assert lift.Moved(0, 5).bp is None
