"""The wallet against a plain model that somebody else wrote from the rules alone (rules.md 5, 6 and 8)."""

import datetime as dt
from collections import defaultdict

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app.domain.points.lots import Leg, LotBalance, Wallet, spending_order
from app.domain.states import Bucket, LotState
from tests.app.domain.profiles import searching
from tests.reference import ledger as reference

TODAY = dt.date(2025, 1, 1)
AMOUNTS = st.integers(1, 30)
LAST_DAYS = st.one_of(st.none(), st.integers(0, 5).map(lambda days: TODAY + dt.timedelta(days)))


class Wallets(RuleBasedStateMachine):
    """One wallet of ours and one of the reference, moved side by side; and a book of our legs."""

    @initialize(may_owe=st.booleans())
    def open(self, may_owe: bool) -> None:
        self.today = TODAY
        self.wallet = Wallet(may_owe=may_owe)
        self.model = reference.Wallet(reference.NEGATIVE if may_owe else reference.CLAMP)
        self.book: dict[Bucket, int] = defaultdict(int)
        self.lots: dict[int | None, int] = defaultdict(int)
        self.given_back: dict[int, int] = defaultdict(int)

    def enter(self, legs: list[Leg]) -> int:
        """Write legs into the book. Gives their sum."""
        for leg in legs:
            assert leg.amount != 0
            self.book[leg.bucket] += leg.amount
            self.lots[leg.lot_id] += leg.amount
        return sum(leg.amount for leg in legs)

    def standing(self) -> list[int]:
        """Name the awards that can still be reversed."""
        return [lot.id for lot in self.model.lots.values() if lot.kind == "award" and lot.reversed < lot.points]

    @rule(amount=AMOUNTS, last_day=LAST_DAYS, pending=st.booleans())
    def award(self, amount: int, last_day: dt.date | None, pending: bool) -> None:
        if last_day is not None and last_day < self.today:
            last_day = self.today
        lot_id = self.model.award(amount, last_day, pending=pending)
        state = LotState.PENDING if pending else LotState.OPEN
        legs = self.wallet.receive(LotBalance(lot_id, state, self.today, last_day, 0), amount)
        assert self.enter(legs) == amount

    @precondition(lambda self: any(lot.pending for lot in self.model.lots.values()))
    @rule(choice=st.integers(0, 100))
    def release(self, choice: int) -> None:
        pending = [lot.id for lot in self.model.lots.values() if lot.pending]
        lot_id = pending[choice % len(pending)]
        released = self.model.release(lot_id)
        legs = self.wallet.release(self.wallet.lots[lot_id])
        assert self.enter(legs) == 0
        assert sum(leg.amount for leg in legs if leg.bucket is Bucket.AVAILABLE) == released
        self.expire()

    @precondition(lambda self: self.standing())
    @rule(choice=st.integers(0, 100), amount=AMOUNTS)
    def take_back(self, choice: int, amount: int) -> None:
        standing = self.standing()
        lot = self.model.lots[standing[choice % len(standing)]]
        amount = 1 + amount % (lot.points - lot.reversed)
        taken = self.model.reverse(lot.id, amount, self.today)
        legs, forgiven = self.wallet.take_back(amount, lot.id)
        assert (-self.enter(legs), forgiven) == (taken, amount - taken)
        if self.wallet.may_owe:
            assert forgiven == 0

    @rule(amount=AMOUNTS)
    def take_by_hand(self, amount: int) -> None:
        changed = self.model.adjust(-amount, self.today)
        legs, forgiven = self.wallet.take_back(amount)
        assert (self.enter(legs), forgiven) == (changed, amount + changed)

    @rule(amount=AMOUNTS, last_day=LAST_DAYS)
    def give_by_hand(self, amount: int, last_day: dt.date | None) -> None:
        self.model.adjust(amount, self.today, last_day)
        lot_id = max(self.model.lots)
        lot = LotBalance(lot_id, LotState.OPEN, self.today, last_day, 0)
        assert self.enter(self.wallet.receive(lot, amount)) == amount
        self.expire()

    @precondition(lambda self: self.model.spendable(self.today) > 0)
    @rule(amount=AMOUNTS)
    def spend(self, amount: int) -> None:
        amount = 1 + amount % self.model.spendable(self.today)
        order = self.model.spend(amount, self.today)
        legs = self.wallet.spend(amount)
        self.enter(legs)
        assert [(leg.lot_id, -leg.amount) for leg in legs] == self.model.orders[order].parts
        assert {leg.bucket for leg in legs} == {Bucket.AVAILABLE}

    @precondition(lambda self: any(order.state == "settled" for order in self.model.orders.values()))
    @rule(choice=st.integers(0, 100))
    def receive_back(self, choice: int) -> None:
        """A load that had been spent comes back to the lots it was taken from."""
        settled = [order for order in self.model.orders.values() if order.state == "settled"]
        order = settled[choice % len(settled)]
        order.state = "reserved"  # the reference cancels only what it holds: let it hold the points again
        self.model.spent -= order.points
        for lot_id, points in order.parts:
            self.model.lots[lot_id].reserved += points
        self.model.cancel(order.id, self.today)
        for lot_id, points in order.parts:
            lot = self.wallet.lots[lot_id]
            if lot.expires_on is not None and lot.expires_on < self.today:
                lot.expires_on = self.today  # the programme's grace, here of no day
            self.enter(self.wallet.receive(lot, points))

    @rule(days=st.integers(1, 3))
    def days_pass(self, days: int) -> None:
        self.today += dt.timedelta(days)
        self.expire()

    def expire(self) -> None:
        """Expire what is over. It happens before anything else does on a new day."""
        expired = self.model.expire(self.today)
        over = [
            lot.id
            for lot in self.wallet.lots.values()
            if lot.state is LotState.OPEN and lot.expires_on is not None and lot.expires_on < self.today
        ]
        assert -self.enter(self.wallet.draw_from(over)) == expired

    @invariant()
    def they_are_alike(self) -> None:
        self.model.check()
        assert self.wallet.owed == self.model.debt
        assert self.wallet.available() == self.model.available
        for lot in self.model.lots.values():
            mine = self.wallet.lots[lot.id]
            assert mine.remaining == lot.pending + lot.free, lot
            state = LotState.PENDING if lot.pending else LotState.OPEN if lot.free else LotState.CLOSED
            assert mine.state is state, lot

    @invariant()
    def the_book_says_what_the_wallet_says(self) -> None:
        assert self.book[Bucket.PENDING] == self.model.pending
        assert self.book[Bucket.AVAILABLE] == self.model.available
        assert self.lots[None] == -self.wallet.owed
        for lot_id, lot in self.wallet.lots.items():
            assert self.lots[lot_id] == lot.remaining
        if self.wallet.owed:
            assert self.wallet.may_owe
            assert all(lot.state is not LotState.OPEN for lot in self.wallet.lots.values())


def test_the_wallet_is_the_references() -> None:
    run_state_machine_as_test(Wallets, settings=searching(200, stateful_step_count=30))


# ------------------------------------------------------------------------------------------------- by hand


def lot(id_: int, state: LotState = LotState.OPEN, last_day: dt.date | None = None) -> LotBalance:
    return LotBalance(id_, state, TODAY, last_day, 0)


def filled(*amounts: int, may_owe: bool = True) -> Wallet:
    wallet = Wallet(may_owe=may_owe)
    for at, amount in enumerate(amounts, start=1):
        wallet.receive(lot(at), amount)
    return wallet


def test_spending_takes_what_expires_first_then_the_oldest_and_what_never_expires_last() -> None:
    lots = [lot(1), lot(2, last_day=dt.date(2026, 1, 2)), lot(3, last_day=dt.date(2026, 1, 1)), lot(4), lot(5)]
    lots[4].expires_on = dt.date(2026, 1, 2)
    assert [one.id for one in sorted(lots, key=spending_order)] == [3, 2, 5, 1, 4]


def test_new_points_pay_the_debt_first() -> None:
    wallet = filled()
    assert wallet.take_back(30) == ([Leg(Bucket.AVAILABLE, -30, None)], 0)
    assert wallet.receive(lot(1), 20) == [Leg(Bucket.AVAILABLE, 20, None)]
    assert (wallet.owed, wallet.available(), wallet.lots[1].state) == (10, -10, LotState.CLOSED)
    assert wallet.receive(lot(2), 25) == [Leg(Bucket.AVAILABLE, 10, None), Leg(Bucket.AVAILABLE, 15, 2)]
    assert (wallet.owed, wallet.available()) == (0, 15)


def test_a_return_takes_its_own_award_first_then_others_then_owes() -> None:
    wallet = filled(10, 10, 10)
    legs, forgiven = wallet.take_back(25, 2)
    assert legs == [Leg(Bucket.AVAILABLE, -10, 2), Leg(Bucket.AVAILABLE, -10, 1), Leg(Bucket.AVAILABLE, -5, 3)]
    assert wallet.take_back(12, 2) == ([Leg(Bucket.AVAILABLE, -5, 3), Leg(Bucket.AVAILABLE, -7, None)], 0)
    assert (forgiven, wallet.owed) == (0, 7)


def test_where_an_account_may_not_owe_the_rest_is_forgiven() -> None:
    wallet = filled(10, may_owe=False)
    assert wallet.take_back(25) == ([Leg(Bucket.AVAILABLE, -10, 1)], 15)
    assert (wallet.owed, wallet.available()) == (0, 0)


def test_pending_points_are_taken_back_where_they_are_and_pay_no_debt() -> None:
    wallet = Wallet()
    wallet.receive(lot(1, LotState.PENDING), 10)
    assert wallet.take_back(4, 1) == ([Leg(Bucket.PENDING, -4, 1)], 0)
    wallet.take_back(3)
    assert (wallet.owed, wallet.available(), wallet.lots[1].remaining) == (3, -3, 6)
    assert wallet.release(wallet.lots[1]) == [
        Leg(Bucket.PENDING, -6, 1),
        Leg(Bucket.AVAILABLE, 3, None),
        Leg(Bucket.AVAILABLE, 3, 1),
    ]


def test_a_lot_of_which_nothing_remains_stays_closed_when_its_document_is_released() -> None:
    wallet = Wallet()
    wallet.receive(lot(1, LotState.PENDING), 10)
    wallet.take_back(10, 1)
    assert wallet.lots[1].state is LotState.CLOSED
    assert wallet.release(wallet.lots[1]) == []
    assert wallet.lots[1].state is LotState.CLOSED


def test_nobody_spends_what_is_not_there() -> None:
    with pytest.raises(AssertionError, match="hold what the account says"):
        filled(10).spend(11)
