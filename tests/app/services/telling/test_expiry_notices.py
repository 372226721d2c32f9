"""Points that are about to expire are told of in time, each once, and nobody is told oftener than once a week."""

import datetime as dt

import pytest
from sqlalchemy import select, update

from app.domain.states import DocumentStatus
from app.models.messages import Notice
from app.services.telling import expiry_notices
from tests.support.desk import IN_REVIEW, Desk, Opening
from tests.support.programs import NOW


def at(day: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{day}T10:00+01:00")


@pytest.fixture
def month(open_desk: Opening) -> Desk:
    """A desk whose points expire two months after they are awarded: those of today on 21 January."""
    return open_desk(program={"expiry": {"months_after_award": 2}, "ends_on": "2027-12-31"})


def remind(desk: Desk, day: str) -> int:
    return expiry_notices.remind(desk.session, desk.program, now=at(day))


def told(desk: Desk, who: str = "D1") -> list[tuple[int, str, str]]:
    desk.session.flush()
    rows = desk.session.scalars(
        select(Notice.parts).where(Notice.distributor_id == desk.people[who]).order_by(Notice.id)
    )
    return [(parts["points"], parts["first"], parts["last"]) for parts in rows]


LAST = "2027-01-21"


def test_nothing_is_told_before_its_time_and_it_is_told_once(month: Desk) -> None:
    month.invoice("1", 10)
    assert remind(month, "2026-12-21") == 0
    assert remind(month, "2026-12-22") == 1
    assert told(month) == [(10, LAST, LAST)]
    assert [remind(month, day) for day in ("2026-12-22", "2026-12-30", "2027-01-20", LAST, "2027-01-22")] == [0] * 5


def test_whoever_was_not_told_in_time_is_told_on_the_last_day_and_no_later(month: Desk) -> None:
    month.invoice("1", 10)
    assert remind(month, "2027-01-22") == 0
    assert remind(month, LAST) == 1


def test_points_of_many_days_are_told_together_and_none_twice(month: Desk) -> None:
    for day in range(14):
        month.invoice(str(day), 10, now=NOW + dt.timedelta(days=day))
    assert remind(month, "2026-12-24") == 1  # what expires from 21 January to 23 January
    told_on = [day for day in range(25, 32) if remind(month, f"2026-12-{day}")]
    assert told_on == [31]
    assert remind(month, "2027-01-07") == 1
    assert told(month) == [
        (30, "2027-01-21", "2027-01-23"),
        (70, "2027-01-24", "2027-01-30"),
        (40, "2027-02-01", "2027-02-04"),
    ]


def test_where_points_are_told_of_late_what_ends_in_the_pause_is_told_before_it(open_desk: Opening) -> None:
    desk = open_desk(program={"expiry": {"months_after_award": 2, "remind_days": 3}, "ends_on": "2027-12-31"})
    for day in range(14):
        desk.invoice(str(day), 10, now=NOW + dt.timedelta(days=day))
    told_on = [day for day in range(10, 32) if remind(desk, f"2027-01-{day}")]
    assert told_on == [18, 25]
    assert told(desk) == [(50, "2027-01-21", "2027-01-25"), (60, "2027-01-26", "2027-02-01")]


def test_points_that_come_to_a_day_that_was_told_of_are_told_of_as_well(month: Desk) -> None:
    month.invoice("1", 10)
    held = month.reserve(4)
    assert remind(month, "2026-12-22") == 1
    month.cancel(held)
    month.invoice("2", 5)
    assert remind(month, "2026-12-28") == 0, "less than a week ago"
    assert remind(month, "2026-12-29") == 1
    again = month.reserve(15)
    month.cancel(again)
    assert [remind(month, day) for day in ("2027-01-05", "2027-01-12", LAST)] == [0] * 3
    assert told(month) == [(6, LAST, LAST), (9, LAST, LAST)]


def test_what_a_notice_of_an_earlier_version_told_of_is_not_told_again(month: Desk) -> None:
    month.invoice("1", 10)
    assert remind(month, "2026-12-22") == 1
    month.session.execute(update(Notice).values(parts=Notice.parts.op("-")("days")))
    assert remind(month, "2027-01-05") == 0
    month.invoice("2", 5, now=NOW + dt.timedelta(days=1))
    assert remind(month, "2027-01-05") == 1
    assert [points for points, *_ in told(month)] == [10, 5]
    month.invoice("3", 2)
    assert remind(month, "2027-01-12") == 1
    assert told(month)[-1] == (2, LAST, LAST), "what was told by then is known from that notice on"


def test_what_is_spent_pending_or_never_expires_is_not_told(month: Desk, desk: Desk) -> None:
    month.invoice("1", 10)
    month.reserve(10)
    month.invoice("2", 10, who="D2", source=IN_REVIEW)
    assert month.document("2").status is DocumentStatus.REVIEW
    desk.invoice("1", 10)
    assert remind(month, LAST) == 0
    assert remind(desk, LAST) == 0


def test_each_distributor_is_told_of_its_own(month: Desk) -> None:
    month.invoice("1", 10)
    month.invoice("2", 4, who="D2")
    assert remind(month, LAST) == 2
    assert (told(month), told(month, "D2")) == ([(10, LAST, LAST)], [(4, LAST, LAST)])
    assert told(month, "D3") == []


def test_the_programme_says_how_long_ahead_and_idle_accounts_are_told_too(open_desk: Opening) -> None:
    desk = open_desk(program={"expiry": {"months_without_activity": 2, "remind_days": 10}, "ends_on": "2027-12-31"})
    desk.invoice("1", 10)  # ends on 21 January, unless something happens
    assert expiry_notices.remind(desk.session, desk.program, now=NOW + dt.timedelta(days=50)) == 0
    assert expiry_notices.remind(desk.session, desk.program, now=NOW + dt.timedelta(days=51)) == 1
    silent = open_desk(program={"expiry": {"months_after_award": 1, "remind_days": 0}})
    silent.invoice("1", 10)
    assert expiry_notices.remind(silent.session, silent.program, now=NOW + dt.timedelta(days=30)) == 0
