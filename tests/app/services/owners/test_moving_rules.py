"""What points keep when they move: their last day, who owes them, and the reservations that stand on them."""

import datetime as dt
from collections.abc import Callable

import pytest

from app.services.books.history import months_of
from app.services.books.totals import totals_of
from app.services.ledger import figures, liability
from app.services.owners.errors import OwnersError
from tests.app.services.owners.conftest import Meeting
from tests.support.desk import Standing
from tests.support.programs import NOW

DAY = dt.timedelta(days=1)
IDLE = {"months_without_activity": 2}


def test_points_that_are_given_away_end_on_the_day_on_which_they_would_have(open_owners: Meeting) -> None:
    desk, owners = open_owners(expiry=IDLE)
    desk.invoice("1", 10, now=NOW)
    desk.invoice("2", 1, now=NOW + 50 * DAY)  # whoever gives is active: its points last two months from here
    desk.invoice("9", 5, who="D2", now=NOW + 40 * DAY)
    given = NOW + 70 * DAY
    owners.approve(owners.ask("D1", "D2", 11, now=given), now=given)
    assert desk.points("D2").available == 16
    desk.invoice("10", 1, who="D2", now=given)  # whoever has them is active: what was given does not last longer
    desk.expire(NOW + 105 * DAY)
    assert desk.points("D2").available == 17
    desk.expire(NOW + 115 * DAY)
    assert desk.points("D2").available == 6


def _joins(owners: object) -> None:
    owners.pool("D1", "D2")  # type: ignore[attr-defined]


def _merges(owners: object) -> None:
    owners.merge("D2", "D1")  # type: ignore[attr-defined]


@pytest.mark.parametrize("become_one", [_joins, _merges])
def test_whole_lots_bring_the_activity_along_that_keeps_them(
    open_owners: Meeting, become_one: Callable[[object], None]
) -> None:
    desk, owners = open_owners(expiry=IDLE)
    desk.invoice("0", 3, now=NOW - 100 * DAY)  # the other one was idle for long: its own points are over
    desk.invoice("1", 10, who="D2", now=NOW - 50 * DAY)
    desk.invoice("2", 1, who="D2", now=NOW - DAY)
    become_one(owners)
    assert desk.points("D1").available == 11
    desk.expire(NOW + 20 * DAY)
    assert desk.points("D1").available == 11
    desk.expire(NOW + 70 * DAY)
    assert desk.points("D1").available == 0


def test_what_a_member_earned_stays_while_a_part_of_it_is_reserved(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    pool = owners.pool("D1", "D2")
    desk.invoice("2", 10, who="D2")
    reservation = desk.reserve(4)
    with pytest.raises(OwnersError, match="reserved for a load or an order"):
        owners.leave(pool, "D2")
    desk.cancel(reservation)
    assert owners.leave(pool, "D2") == 10
    owners.join(pool, "D2")
    assert owners.leave(pool, "D2") == 10
    desk.refuse("2")
    assert (desk.points("D1"), desk.points("D2")) == (Standing(0, 0), Standing(0, 0))


def test_who_leaves_its_points_may_leave_though_they_are_reserved(open_owners: Meeting) -> None:
    desk, owners = open_owners()
    pool = owners.pool("D1", "D2")
    desk.invoice("2", 10, who="D2")
    reservation = desk.reserve(4)
    assert owners.leave(pool, "D2", takes_own=False) == 0
    desk.cancel(reservation)
    desk.refuse("2")
    assert (desk.points("D1"), desk.points("D2")) == (Standing(0, 0), Standing(0, 0))


@pytest.mark.parametrize("chores_have_run", [True, False])
def test_points_whose_day_is_over_pay_no_debt_of_who_joins(open_owners: Meeting, *, chores_have_run: bool) -> None:
    desk, owners = open_owners(expiry={"months_after_award": 1})
    desk.invoice("1", 10, now=NOW - 60 * DAY)
    desk.adjust(-7, who="D2", now=NOW)
    if chores_have_run:
        desk.expire(NOW)
    owners.pool("D1", "D2")
    desk.expire(NOW)
    assert (desk.points("D1"), desk.balance("D1").expired) == (Standing(0, -7), 10)


def test_two_pages_of_finance_say_alike_what_expired_and_came_back(open_owners: Meeting) -> None:
    desk, _ = open_owners(expiry={"months_after_award": 1})
    desk.invoice("1", 10, now=NOW - 60 * DAY)
    (lot,) = desk.lots()
    desk.expire(NOW)
    desk.reinstate(lot)
    figures.refresh(desk.session, desk.program.id, NOW + DAY)
    by_month = liability.points_by_month(desk.session, desk.program, dt.date(2020, 1, 1))
    months = months_of(totals_of(desk.session, desk.program))
    assert sum(one.expired for one in by_month) == sum(one.expired.points for one in months) == 0
    assert sum(one.adjusted for one in by_month) == sum(one.adjusted.points for one in months) == 0
