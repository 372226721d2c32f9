"""Points expire at midnight in the programme's zone, and are given back once, by a person with a reason."""

import datetime as dt

import pytest

from app.domain.states import Bucket, DocumentStatus, LotState, TransactionKind
from app.models.ledger import Lot
from app.services.ledger import expiring, ledger, liability
from tests.support.desk import CREDIT, IN_REVIEW, Desk, LotSeen, Opening, Standing
from tests.support.programs import NOW


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


@pytest.fixture
def month(open_desk: Opening) -> Desk:
    """A desk whose points expire a month after they are awarded."""
    return open_desk(program={"expiry": {"months_after_award": 1}})


LAST_DAY = dt.date(2026, 12, 21)
OVER = at("2026-12-22T10:00+01:00")


def test_points_expire_when_the_day_is_over_where_the_programme_is(month: Desk) -> None:
    month.invoice("1", 10)
    assert month.expire(at("2026-12-21T22:59:59+00:00")) == 0  # a second before midnight in Warsaw
    assert month.points() == Standing(0, 10)
    assert month.expire(at("2026-12-21T23:00:00+00:00")) == 10
    assert month.points() == Standing(0, 0)
    assert month.balance().expired == 10


def test_a_lot_whose_last_day_it_is_outlives_one_whose_day_is_over(month: Desk) -> None:
    month.invoice("1", 10, now=NOW - dt.timedelta(days=1))
    month.invoice("2", 5)
    assert month.expire(at("2026-12-21T10:00+01:00")) == 10
    assert month.points() == Standing(0, 5)


@pytest.mark.parametrize(
    ("zone", "last_moment"),
    [
        ("Pacific/Kiritimati", "2026-12-21T09:59:59+00:00"),
        ("UTC", "2026-12-21T23:59:59+00:00"),
        ("America/Los_Angeles", "2026-12-22T07:59:59+00:00"),
    ],
)
def test_midnight_is_that_of_the_zone(open_desk: Opening, zone: str, last_moment: str) -> None:
    desk = open_desk(program={"expiry": {"months_after_award": 1}, "time_zone": zone})
    desk.invoice("1", 10, now=at("2026-11-21T08:00+00:00"))
    (lot,) = desk.lots().values()
    assert lot.expires_on == LAST_DAY
    assert desk.expire(at(last_moment)) == 0
    assert desk.expire(at(last_moment) + dt.timedelta(seconds=1)) == 10


def test_an_expiry_belongs_to_the_day_after_the_last_however_late_it_is_written(month: Desk) -> None:
    month.invoice("1", 10)
    month.expire(at("2027-06-01T00:00+00:00"))
    one = month.newest()
    assert (one.kind, one.effective_on) == (TransactionKind.EXPIRE, dt.date(2026, 12, 22))
    assert month.entries(one.id) == [("D1", Bucket.AVAILABLE, -10), ("programme", Bucket.EXPIRED, 10)]


def test_what_was_written_off_is_not_written_off_again(month: Desk) -> None:
    month.invoice("1", 10)
    assert [month.expire(OVER), month.expire(OVER)] == [10, 0]
    assert month.balance().expired == 10


def test_points_without_a_last_day_never_expire(desk: Desk) -> None:
    desk.invoice("1", 10)
    assert desk.expire(at("2099-01-01T00:00+00:00")) == 0


def test_lots_of_one_last_day_expire_together_and_those_of_another_apart(month: Desk) -> None:
    month.sell(month.line("1", 3), month.line("2", 4), month.line("3", 5, who="D2"))
    month.invoice("4", 6, now=NOW + dt.timedelta(days=3))
    assert month.expire(at("2027-02-01T00:00+00:00")) == 18
    assert [(one.effective_on.day) for one in month.transactions(TransactionKind.EXPIRE)] == [22, 25, 22]
    assert [month.balance(who).expired for who in ("D1", "D2")] == [13, 5]


def test_pending_and_reserved_points_do_not_expire(month: Desk) -> None:
    month.invoice("1", 10, source=IN_REVIEW)
    month.invoice("2", 10)
    month.reserve(4)
    assert month.expire(OVER) == 6
    assert month.points() == Standing(pending=10, available=0, reserved=4)


def test_points_that_are_accepted_after_their_last_day_expire_then(month: Desk) -> None:
    month.invoice("1", 10, source=IN_REVIEW)
    month.accept("1", now=OVER)
    assert month.points() == Standing(0, 10)
    assert month.expire(OVER) == 10


def test_the_work_can_be_limited_to_some_accounts(month: Desk) -> None:
    month.sell(month.line("1", 3), month.line("2", 5, who="D2"))
    assert expiring.write_off(month.session, month.program.id, OVER.date(), [month.account("D2")]) == 5
    assert [month.points(who).available for who in ("D1", "D2")] == [3, 0]


@pytest.mark.parametrize("does", ["a sale that is refused", "an order that is called off"])
def test_what_was_activity_on_its_day_stays_so(open_desk: Opening, does: str) -> None:
    idle = open_desk(program={"expiry": {"months_without_activity": 1}})
    idle.invoice("1", 10)
    if does == "a sale that is refused":
        idle.invoice("2", 5, source=IN_REVIEW, now=NOW + dt.timedelta(days=20))
        idle.refuse("2", now=NOW + dt.timedelta(days=21))
    else:
        idle.cancel(idle.reserve(4, on=(NOW + dt.timedelta(days=20)).date()))
    assert idle.expire(at("2027-01-11T12:00+01:00")) == 0
    assert idle.expire(at("2027-01-12T00:00+01:00")) == 10


def test_another_programmes_points_do_not_expire_with_these(open_desk: Opening) -> None:
    month = {"expiry": {"months_after_award": 1}}
    one, other = open_desk(program=month), open_desk(program=month)
    one.invoice("1", 3)
    other.invoice("1", 5)
    assert one.expire(OVER) == 3
    assert other.points() == Standing(0, 5)


def test_expired_points_are_given_back_in_a_lot_with_a_new_last_day(month: Desk) -> None:
    month.invoice("1", 10, issued_on="2026-03-09")
    (lot,) = month.lots()
    month.expire(OVER)
    expiry = month.newest().id
    assert month.reinstate(lot, dt.date(2027, 1, 31), now=OVER) == 10
    one = month.newest()
    assert (one.kind, one.key, one.reverses_id) == (TransactionKind.REINSTATE, f"reinstate:{expiry}:{lot}", expiry)
    assert (one.actor, one.reason) == ("ann", "asked for it")
    assert month.lots() == {
        lot: LotSeen(LotState.CLOSED, 0, LAST_DAY),
        one.id: LotSeen(LotState.OPEN, 10, dt.date(2027, 1, 31)),
    }
    assert (month.points(), month.balance().expired) == (Standing(0, 10), 0)
    old, new = month.rows(Lot, account_id=month.account())
    assert (new.earned_on, new.unit_value_micro) == (old.earned_on, old.unit_value_micro)


def test_each_expiry_is_given_back_once(month: Desk) -> None:
    month.invoice("1", 10)
    (lot,) = month.lots()
    month.expire(OVER)
    month.reinstate(lot, now=OVER)
    with pytest.raises(ledger.LedgerError, match="reinstated already"):
        month.reinstate(lot, now=OVER)


def test_what_expired_of_a_lot_at_two_times_is_given_back_twice(month: Desk) -> None:
    month.invoice("1", 10)
    (lot,) = month.lots()
    reservation = month.reserve(4)
    month.expire(OVER)
    month.cancel(reservation, on=OVER.date())
    month.expire(OVER)
    assert [month.reinstate(lot, now=OVER), month.reinstate(lot, now=OVER)] == [6, 4]
    assert month.points() == Standing(0, 10)


def test_of_lots_that_expired_together_each_is_given_back_by_itself(month: Desk) -> None:
    month.sell(month.line("1", 3), month.line("2", 4))
    first, second = month.lots()
    month.expire(OVER)
    assert month.reinstate(second, now=OVER) == 4
    assert month.points() == Standing(0, 4)
    assert month.reinstate(first, now=OVER) == 3
    assert month.balance().expired == 0


@pytest.mark.parametrize("lot", [0, 2**40])
def test_nothing_is_given_back_of_a_lot_that_is_not_there(month: Desk, lot: int) -> None:
    with pytest.raises(ledger.LedgerError, match=f"lot {lot} has no expired points"):
        month.reinstate(lot, now=OVER)


def test_points_are_given_back_until_today_at_the_earliest(month: Desk) -> None:
    month.invoice("1", 10)
    (lot,) = month.lots()
    month.expire(OVER)
    with pytest.raises(ledger.LedgerError, match="would have ended on 2026-12-21"):
        month.reinstate(lot, LAST_DAY, now=OVER)
    assert month.reinstate(lot, OVER.date(), now=OVER) == 10


def test_nothing_is_given_back_of_a_lot_of_another_programme(open_desk: Opening) -> None:
    month = {"expiry": {"months_after_award": 1}}
    one, other = open_desk(program=month), open_desk(program=month)
    other.invoice("1", 5)
    (lot,) = other.lots()
    other.expire(OVER)
    with pytest.raises(ledger.LedgerError, match="no expired points"):
        one.reinstate(lot, now=OVER)
    assert other.points() == Standing(0, 0)


def test_nothing_is_given_back_of_a_lot_of_which_nothing_expired(month: Desk) -> None:
    month.invoice("1", 10)
    (lot,) = month.lots()
    month.reserve(10)
    month.expire(OVER)
    with pytest.raises(ledger.LedgerError, match="no expired points"):
        month.reinstate(lot, now=OVER)


def test_points_that_are_given_back_pay_what_is_owed_first(month: Desk) -> None:
    month.sell(month.line("1", 10), month.line("2", 6, what="Q"))
    first, _ = month.lots()
    month.reserve(16)
    month.cancel(month.transactions(TransactionKind.RESERVE)[0].id)
    month.expire(OVER)
    month.credit("K1", 6, what="Q", now=OVER, issued_on="2026-12-22")
    assert month.points() == Standing(0, available=-6)
    month.reinstate(first, now=OVER)
    assert month.points() == Standing(0, available=4)


def test_points_that_were_given_back_may_expire_again_and_be_given_back_again(month: Desk) -> None:
    month.invoice("1", 10)
    (lot,) = month.lots()
    month.expire(OVER)
    month.reinstate(lot, dt.date(2027, 1, 31), now=OVER)
    later = at("2027-02-01T10:00+01:00")
    assert month.expire(later) == 10
    assert month.reinstate(month.newest().id - 1, now=later) == 10
    assert month.points() == Standing(0, 10)


def test_a_document_whose_points_expired_leaves_a_debt_when_it_is_refused(month: Desk) -> None:
    month.invoice("1", 10)
    month.refuse("1", now=OVER)
    assert (month.points(), month.balance().expired) == (Standing(0, -10), 10)


def test_a_credit_note_that_is_refused_gives_back_to_a_lot_that_is_over_and_it_expires(month: Desk) -> None:
    month.invoice("1", 10)
    month.credit("K1", 4)
    assert month.expire(OVER) == 6
    month.refuse("K1", CREDIT, now=OVER)
    assert month.points() == Standing(0, 4)
    assert month.expire(OVER) == 4
    assert month.document("K1", CREDIT).status is DocumentStatus.REFUSED


# ---------------------------------------------------------------------------------------- by idleness, by calendar


@pytest.fixture
def idle(open_desk: Opening) -> Desk:
    """A desk where all points end after two months in which nothing was earned or spent."""
    return open_desk(program={"expiry": {"months_without_activity": 2}})


def test_what_ends_by_idleness_is_not_said_to_last_for_ever(idle: Desk) -> None:
    idle.invoice("1", 10)
    assert liability.expiring_by_month(idle.session, idle.program.id) == [liability.Expiring(None, True, 10)]
    (lot,) = idle.lots()
    idle.extend(lot, None)
    assert liability.expiring_by_month(idle.session, idle.program.id) == [liability.Expiring(None, False, 10)]


def test_the_whole_balance_ends_after_months_without_activity(idle: Desk) -> None:
    idle.invoice("1", 10)
    idle.invoice("2", 5, now=NOW + dt.timedelta(days=40))  # on the last day of the year: the first lot lives on
    assert idle.expire(at("2027-02-28T22:59:59+00:00")) == 0
    assert idle.expire(at("2027-02-28T23:00:00+00:00")) == 15
    assert [one.effective_on for one in idle.transactions(TransactionKind.EXPIRE)] == [dt.date(2027, 3, 1)]


def test_spending_is_activity_and_what_a_manager_gives_is_none(idle: Desk) -> None:
    idle.invoice("1", 10)
    idle.reserve(1, on=dt.date(2027, 1, 10))
    assert [lot.expires_on for lot in idle.lots().values()] == [dt.date(2027, 3, 10)]
    idle.adjust(4, now=at("2027-02-20T10:00+01:00"))
    assert [lot.expires_on for lot in idle.lots().values()] == [dt.date(2027, 3, 10), dt.date(2027, 4, 20)]


def test_what_ended_does_not_come_to_life_by_a_late_sale_or_order(idle: Desk) -> None:
    idle.invoice("1", 10)
    late = at("2027-02-10T10:00+01:00")
    with pytest.raises(ledger.ExpiredPointsWaiting), idle.session.begin_nested():
        idle.reserve(1, on=late.date())
    idle.invoice("2", 3, now=late)
    assert (idle.points(), idle.balance().expired) == (Standing(0, 3), 10)


def test_a_year_of_the_calendar_ends_on_its_last_day(open_desk: Opening) -> None:
    desk = open_desk(program={"expiry": {"calendar_years_after_award": 1}})
    desk.invoice("1", 10)
    assert desk.expire(at("2027-12-31T22:59:59+00:00")) == 0
    assert desk.expire(at("2027-12-31T23:00:00+00:00")) == 10
