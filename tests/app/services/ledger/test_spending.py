"""Points are reserved, settled, or given back to where they came from (rules.md 8)."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from app.domain.states import Bucket, LotState, TransactionKind, Unit
from app.services.ledger import ledger
from app.services.ledger.ledger import LotsToReserve
from app.services.ledger.wallets import lock_accounts
from tests.support.desk import CREDIT, IN_REVIEW, TODAY, Desk, LotSeen, Opening, Standing
from tests.support.programs import BASE_RULE, NOW


def months_later(months: int) -> dt.datetime:
    return NOW + dt.timedelta(days=31 * months)


@contextmanager
def refused(desk: Desk, error: type[Exception], match: str | None = None) -> Iterator[None]:
    """Expect an error, and that nothing was changed by what raised it."""
    before = (desk.balance(), desk.lots())
    with pytest.raises(error, match=match), desk.session.begin_nested():
        yield
    assert (desk.balance(), desk.lots()) == before


def test_reserved_points_are_held_and_not_spent(desk: Desk) -> None:
    desk.invoice("1", 10)
    transaction = desk.reserve(4, actor="ann", reason="a lamp")
    assert desk.points() == Standing(0, available=6, reserved=4)
    assert (desk.balance().earned, desk.balance().spent) == (10, 0)
    one = desk.newest()
    assert (one.id, one.kind, one.actor, one.reason) == (transaction, TransactionKind.RESERVE, "ann", "a lamp")
    assert one.effective_on == TODAY
    assert desk.entries(transaction) == [("D1", Bucket.AVAILABLE, -4), ("D1", Bucket.RESERVED, 4)]


def test_all_that_is_available_can_be_reserved_and_not_one_more(desk: Desk) -> None:
    desk.invoice("1", 10)
    with refused(desk, ledger.InsufficientPoints, "does not have 11 available"):
        desk.reserve(11)
    desk.reserve(10)
    assert list(desk.lots().values()) == [LotSeen(LotState.CLOSED, 0)]
    with refused(desk, ledger.InsufficientPoints):
        desk.reserve(1)


def test_an_error_tells_which_account_and_how_much(desk: Desk) -> None:
    with pytest.raises(ledger.InsufficientPoints) as found, desk.session.begin_nested():
        desk.reserve(3)
    assert (found.value.account_id, found.value.wanted) == (desk.account(), 3)


@pytest.mark.parametrize("amount", [0, -1, -(10**12)])
def test_nothing_and_less_cannot_be_reserved(desk: Desk, amount: int) -> None:
    desk.invoice("1", 10)
    with refused(desk, ledger.LedgerError, "above zero"):
        desk.reserve(amount)


@pytest.mark.parametrize("amount", [0, -4])
def test_the_database_refuses_it_as_well_whoever_calls(desk: Desk, amount: int) -> None:
    desk.invoice("1", 10)
    desk.reserve(5)
    with refused(desk, DBAPIError, "above zero"):
        desk.session.execute(
            text("select ledger_reserve(:account, :amount, 'x', current_date, null, null)"),
            {"account": desk.account(), "amount": amount},
        )


def test_a_key_reserves_once(desk: Desk) -> None:
    desk.invoice("1", 10)
    desk.reserve(4, key="order:1")
    with refused(desk, IntegrityError):
        desk.reserve(4, key="order:1")


def test_neither_the_programme_nor_anybody_unknown_can_spend(desk: Desk) -> None:
    desk.invoice("1", 10)
    own = ledger.program_accounts(desk.session, desk.program.id)[Unit.POINTS]
    for account in (own, 2**40):
        with refused(desk, ledger.InsufficientPoints):
            ledger.reserve(desk.session, account, 1, key="x", on=TODAY)


def test_money_is_spent_as_points_are(open_desk: Opening) -> None:
    cash = {"code": "cash", "name": "Cash", "kind": "per_document", "points": "2.50", "unit": "money"}
    desk = open_desk(earning_rules=[dict(BASE_RULE), cash])
    desk.invoice("1", 10)
    ledger.reserve(desk.session, desk.account(unit=Unit.MONEY), 200, key=f"{desk.program.code}:m", on=TODAY)
    assert desk.points(unit=Unit.MONEY) == Standing(0, available=50, reserved=200)
    assert desk.points(unit=Unit.POINTS) == Standing(0, available=10)


def test_what_expires_first_is_spent_first_then_the_oldest_and_what_never_expires_last(open_desk: Opening) -> None:
    desk = open_desk(program={"expiry": {"months_after_award": 12}})
    desk.adjust(5, now=months_later(6))  # lasts longest
    desk.invoice("1", 5)
    desk.invoice("2", 5)
    never = desk.lots()
    desk.session.execute(text("update lot set expires_on = null where id = :id"), {"id": min(never)})
    assert desk.left() == [5, 5, 5]
    desk.reserve(7)
    assert desk.left() == [5, 0, 3]
    desk.reserve(4)
    assert desk.left() == [4, 0, 0]


def test_a_spend_over_several_lots_is_one_transaction_with_a_pair_of_entries_for_each(desk: Desk) -> None:
    for number in range(4):
        desk.invoice(str(number), 3)
    transaction = desk.reserve(8)
    amounts = [amount for _, _, amount in desk.entries(transaction)]
    assert amounts == [-3, 3, -3, 3, -2, 2]
    assert desk.left() == [0, 0, 1, 3]
    states = [lot.state for lot in desk.lots().values()]
    assert states == [LotState.CLOSED, LotState.CLOSED, LotState.OPEN, LotState.OPEN]


def test_a_spend_that_takes_exactly_what_a_lot_has_closes_it(desk: Desk) -> None:
    desk.sell(desk.line("1", 3), desk.line("2", 4))
    desk.reserve(3)
    assert list(desk.lots().values()) == [LotSeen(LotState.CLOSED, 0), LotSeen(LotState.OPEN, 4)]


def test_pending_lots_are_not_spent(desk: Desk) -> None:
    desk.invoice("1", 5, source=IN_REVIEW)
    desk.invoice("2", 5)
    desk.reserve(5)
    assert desk.points() == Standing(pending=5, available=0, reserved=5)
    assert desk.left() == [5, 0]


def test_the_last_day_of_points_is_one_on_which_they_can_be_spent(open_desk: Opening) -> None:
    desk = open_desk(program={"expiry": {"months_after_award": 1}})
    desk.invoice("1", 10)
    desk.reserve(4, on=dt.date(2026, 12, 21))
    with refused(desk, ledger.ExpiredPointsWaiting, "written off"):
        desk.reserve(4, on=dt.date(2026, 12, 22))


def test_what_has_expired_and_waits_to_be_written_off_is_not_spent(open_desk: Opening) -> None:
    desk = open_desk(program={"expiry": {"months_after_award": 1}})
    desk.invoice("1", 10)
    later = months_later(2)
    desk.invoice("2", 3, now=later)
    desk.reserve(3, on=later.date())
    assert desk.left() == [10, 0]
    with refused(desk, ledger.ExpiredPointsWaiting):
        desk.reserve(1, on=later.date())
    desk.expire(later)
    with refused(desk, ledger.InsufficientPoints):
        desk.reserve(1, on=later.date())


def test_a_confirmed_load_turns_reserved_points_into_redeemed_ones(desk: Desk) -> None:
    desk.invoice("1", 10)
    reservation = desk.reserve(4)
    desk.settle(reservation)
    assert desk.points() == Standing(0, available=6)
    assert desk.balance().spent == 4
    assert desk.entries(desk.newest().id) == [("D1", Bucket.RESERVED, -4), ("programme", Bucket.REDEEMED, 4)]


def test_a_reservation_that_is_cancelled_goes_back_to_the_same_lots(desk: Desk) -> None:
    for number in range(3):
        desk.invoice(str(number), 3)
    reservation = desk.reserve(5)
    desk.invoice("4", 9)
    desk.cancel(reservation)
    assert desk.left() == [3, 3, 3, 9]
    assert desk.points() == Standing(0, available=18)
    assert [lot.state for lot in desk.lots().values()] == [LotState.OPEN] * 4
    one = desk.newest()
    assert (one.kind, one.reverses_id) == (TransactionKind.CANCEL, reservation)


def test_what_is_given_back_pays_what_is_owed_first(desk: Desk) -> None:
    desk.invoice("1", 10)
    reservation = desk.reserve(10)
    desk.credit("K1", 4)
    assert desk.points() == Standing(0, available=-4, reserved=10)
    desk.cancel(reservation)
    assert desk.points() == Standing(0, available=6)
    assert desk.left() == [6]


def test_what_goes_back_to_a_lot_whose_last_day_is_over_cannot_be_spent(open_desk: Opening) -> None:
    desk = open_desk(program={"expiry": {"months_after_award": 1}})
    desk.invoice("1", 10)
    reservation = desk.reserve(4)
    later = months_later(2)
    assert desk.expire(later) == 6
    desk.cancel(reservation, on=later.date())
    with refused(desk, ledger.ExpiredPointsWaiting):
        desk.reserve(4, on=later.date())
    assert desk.expire(later) == 4
    assert desk.points() == Standing(0, 0)
    assert desk.balance().expired == 10


def test_what_comes_back_after_its_last_day_has_the_programmes_grace(open_desk: Opening) -> None:
    desk = open_desk(program={"expiry": {"months_after_award": 1, "grace_days": 10}})
    desk.invoice("1", 10)
    reservation = desk.reserve(4)
    later = months_later(2)
    desk.cancel(reservation, on=later.date())
    assert (desk.points(), desk.balance().expired) == (Standing(0, 4), 6), "what was left in the lot has none"
    last_day = later + dt.timedelta(days=10)
    assert desk.expire(last_day) == 0
    desk.settle(desk.reserve(1, on=last_day.date()), on=last_day.date())
    assert desk.expire(last_day + dt.timedelta(days=1)) == 3


@pytest.mark.parametrize("first", ["settle", "cancel"])
@pytest.mark.parametrize("again", ["settle", "cancel"])
def test_a_reservation_is_resolved_once(desk: Desk, first: str, again: str) -> None:
    desk.invoice("1", 10)
    reservation = desk.reserve(4)
    getattr(desk, first)(reservation)
    with refused(desk, IntegrityError):
        getattr(desk, again)(reservation)


@pytest.mark.parametrize("resolve", ["settle", "cancel"])
def test_only_a_reservation_is_resolved(desk: Desk, resolve: str) -> None:
    desk.invoice("1", 10)
    award = desk.newest().id
    settled = desk.reserve(2)
    desk.settle(settled)
    for number in (award, desk.newest().id, 2**40):
        with refused(desk, ledger.LedgerError, f"no reservation has the number {number}"):
            getattr(desk, resolve)(number)


def test_many_reservations_are_resolved_at_once(desk: Desk) -> None:
    desk.sell(desk.line("1", 10), desk.line("2", 10, who="D2"))
    some = [desk.reserve(3), desk.reserve(2), desk.reserve(4, who="D2")]
    desk.settle(*some)
    assert [desk.balance(who).spent for who in ("D1", "D2")] == [5, 4]
    others = [desk.reserve(3), desk.reserve(2), desk.reserve(4, who="D2")]
    desk.cancel(*others)
    assert [desk.points(who) for who in ("D1", "D2")] == [Standing(0, 5), Standing(0, 6)]


def test_resolving_nothing_changes_nothing(desk: Desk) -> None:
    desk.invoice("1", 10)
    last = desk.newest().id
    desk.settle()
    desk.cancel()
    assert desk.newest().id == last


def chosen(desk: Desk, *parts: tuple[str, int, int]) -> LotsToReserve:
    """Choose parts of lots: whose, the lot's place among the owner's, how much."""
    rows = []
    for who, place, take in parts:
        number = list(desk.lots(who))[place]
        rows.append((desk.account(who), number, desk.lots(who)[number].remaining, take))
    columns = [np.asarray(column, dtype=np.int64) for column in zip(*rows, strict=True)]
    return LotsToReserve(*columns)


def test_chosen_lots_of_many_accounts_are_reserved_in_a_transaction_each(desk: Desk) -> None:
    desk.sell(desk.line("1", 10), desk.line("2", 10), desk.line("3", 10, who="D2"), desk.line("4", 10, who="D3"))
    lock_accounts(desk.session, [desk.account(who) for who in ("D1", "D2", "D3")])
    lots = chosen(desk, ("D1", 0, 10), ("D1", 1, 4), ("D2", 0, 3), ("D3", 0, 0))
    made = ledger.reserve_lots(
        desk.session, desk.program.id, lots, key=f"{desk.program.code}:run", on=TODAY, actor="ann", reason="run"
    )
    assert set(made) == {desk.account("D1"), desk.account("D2")}
    assert desk.left("D1") == [0, 6]
    assert [desk.points(who) for who in ("D1", "D2", "D3")] == [
        Standing(0, 6, 14),
        Standing(0, 7, 3),
        Standing(0, 10, 0),
    ]
    desk.cancel(made[desk.account("D1")])
    assert desk.left("D1") == [10, 10]


def test_where_nothing_of_the_chosen_lots_is_taken_nothing_is_reserved(desk: Desk) -> None:
    desk.invoice("1", 10)
    lots = chosen(desk, ("D1", 0, 0))
    made = ledger.reserve_lots(desk.session, desk.program.id, lots, key="x", on=TODAY, actor=None, reason=None)
    assert made == {}


def test_a_return_between_the_reservation_and_its_end_is_not_lost(desk: Desk) -> None:
    desk.invoice("1", 10)
    reservation = desk.reserve(6)
    desk.credit("K1", 10)
    desk.cancel(reservation)
    assert desk.points() == Standing(0, 0)
    assert desk.balance().earned == 0
    desk.refuse("K1", CREDIT)
    assert desk.points() == Standing(0, 10)


def test_the_application_cannot_lend_itself_the_owners_rights(desk: Desk) -> None:
    """What the function writes is not looked at again; nobody but the owner makes such a function, or calls it so."""
    definer = "create function public.mine() returns void security definer language sql as 'select 1'"
    for statement in (definer, "set role kontor_owner", "alter function ledger_reserve owner to current_user"):
        with pytest.raises(ProgrammingError), desk.session.begin_nested():
            desk.session.execute(text(statement))


def test_a_table_of_the_sessions_own_does_not_deceive_whoever_spends(desk: Desk) -> None:
    desk.invoice("1", 10)
    account = desk.account()
    for statement in (
        "create temporary table account on commit drop as table public.account",
        "update pg_temp.account set available = 1000",
    ):
        desk.session.execute(text(statement))
    with pytest.raises(ledger.InsufficientPoints), desk.session.begin_nested():
        ledger.reserve(desk.session, account, 11, key="x", on=TODAY)
    desk.session.execute(text("drop table pg_temp.account"))
    assert desk.points() == Standing(0, 10)
