"""When points end: by months, by calendar years, by idleness, by a rule of their own; beside the plain reference."""

import datetime as dt
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app.domain.points.expiry import ACTIVITY, Lasting, last_day_of
from app.domain.points.lots import LotBalance, Wallet
from app.domain.program_file.point_terms import Expiry, OwnExpiry
from app.domain.states import LotState, TransactionKind
from tests.app.domain.profiles import searching
from tests.reference import ledger as reference

TODAY = dt.date(2025, 10, 31)
AMOUNTS = st.integers(1, 30)
CHOICES = st.integers(0, 1000)
POLICIES = st.sampled_from(
    [
        {},
        {"months_after_award": 2},
        {"calendar_years_after_award": 1},
        {"months_without_activity": 1},
        {"months_without_activity": 3},
    ]
)
OWN = st.sampled_from([None, {"never": True}, {"months_after_award": 1}, {"calendar_years_after_award": 2}])


class Endings(RuleBasedStateMachine):
    """An account of which points end in every way, and the reference's."""

    @initialize(policy=POLICIES, grace=st.none() | st.integers(0, 20))
    def open(self, policy: dict[str, Any], grace: int | None) -> None:
        self.today, self.policy, self.grace = TODAY, policy, grace
        self.wallet, self.model = Wallet(), reference.Wallet(grace_days=grace)
        self.active_on: dt.date | None = None
        self.idle: dict[int, int | None] = {}
        self.left: dict[int, int] = defaultdict(int)

    def ends(self, lot: LotBalance) -> dt.date | None:
        return last_day_of(lot.expires_on, self.idle[lot.id], self.active_on, lot.earned_on)

    def expire(self) -> None:
        """Whoever moves points writes off first what has ended."""
        expected = self.model.expire(self.today)
        over = [
            lot.id
            for lot in self.wallet.lots.values()
            if lot.state is LotState.OPEN and (self.ends(lot) or dt.date.max) < self.today
        ]
        legs = self.wallet.draw_from(over)
        self.enter(legs)
        assert -sum(leg.amount for leg in legs) == expected

    def enter(self, legs: list[Any]) -> None:
        for leg in legs:
            self.left[leg.lot_id] += leg.amount

    def receive(self, lot_id: int, amount: int, last_day: dt.date | None, idle: int | None) -> None:
        self.idle[lot_id] = idle
        lot = LotBalance(lot_id, LotState.OPEN, self.today, last_day, 0)
        self.enter(self.wallet.receive(lot, amount))

    @rule(amount=AMOUNTS, own=OWN)
    def award(self, amount: int, own: dict[str, Any] | None) -> None:
        self.expire()
        said = self.policy if own is None else own
        lot = self.model.lots[self.model.award(amount, reference.last_day(self.today, said))]
        lot.idle_months = said.get("months_without_activity")
        self.model.active(self.today)
        lasting = (Expiry if own is None else OwnExpiry).model_validate(said).lasting
        self.active_on = self.today
        self.receive(lot.id, amount, lasting.last_day(self.today), lasting.idle_months)

    @precondition(lambda self: self.model.spendable(self.today) > 0)
    @rule(amount=AMOUNTS)
    def spend(self, amount: int) -> None:
        self.expire()
        can = self.model.spendable(self.today)
        if not can:
            return
        order = self.model.reserve(1 + amount % can, self.today)
        legs = self.wallet.spend(1 + amount % can)
        self.active_on = self.today
        self.enter(legs)
        assert [(leg.lot_id, -leg.amount) for leg in legs] == self.model.orders[order].parts

    @precondition(lambda self: any(order.state == "reserved" for order in self.model.orders.values()))
    @rule(choice=CHOICES)
    def cancel(self, choice: int) -> None:
        self.expire()
        orders = [order for order in self.model.orders.values() if order.state == "reserved"]
        order = orders[choice % len(orders)]
        self.model.cancel(order.id, self.today)
        for lot_id, points in order.parts:
            lot = self.wallet.lots[lot_id]
            if self.grace is not None and (self.ends(lot) or dt.date.max) < self.today:
                lot.expires_on, self.idle[lot_id] = self.today + dt.timedelta(self.grace), None
            self.enter(self.wallet.receive(lot, points))

    @precondition(lambda self: any(lot.expiries for lot in self.model.lots.values()))
    @rule(choice=CHOICES, days=st.none() | st.integers(0, 40))
    def reinstate(self, choice: int, days: int | None) -> None:
        lots = [lot.id for lot in self.model.lots.values() if lot.expiries]
        until = None if days is None else self.today + dt.timedelta(days)
        back = self.model.reinstate_next(lots[choice % len(lots)], until)
        self.receive(back, self.model.lots[back].points, until, None)

    @precondition(lambda self: any(lot.free for lot in self.model.lots.values()))
    @rule(choice=CHOICES, days=st.none() | st.integers(0, 90))
    def extend(self, choice: int, days: int | None) -> None:
        self.expire()
        lots = [lot.id for lot in self.model.lots.values() if lot.free]
        until = None if days is None else self.today + dt.timedelta(days)
        try:
            lot_id = lots[choice % len(lots)] if lots else 0
            self.model.extend(lot_id, until)
        except reference.RefusedError:
            return
        self.wallet.lots[lot_id].expires_on, self.idle[lot_id] = until, None

    @rule(days=st.sampled_from([1, 7, 28, 31, 62, 200]))
    def days_pass(self, days: int) -> None:
        self.today += dt.timedelta(days)

    @invariant()
    def the_lots_come_to_the_balance(self) -> None:
        self.model.check()
        assert self.wallet.available() == self.model.available == sum(self.left.values())
        for lot in self.model.lots.values():
            mine = self.wallet.lots[lot.id]
            assert (mine.remaining, self.left[lot.id], self.ends(mine)) == (lot.free, lot.free, lot.expires_on), lot


def test_points_end_as_the_reference_says() -> None:
    run_state_machine_as_test(Endings, settings=searching(250, stateful_step_count=25))


@pytest.mark.parametrize(
    ("lasting", "last"),
    [
        (Lasting(), None),
        (Lasting(months=1), dt.date(2025, 11, 30)),
        (Lasting(calendar_years=1), dt.date(2026, 12, 31)),
        (Lasting(calendar_years=3), dt.date(2028, 12, 31)),
        (Lasting(idle_months=1), None),
    ],
)
def test_the_last_day_of_what_is_awarded_on_the_last_of_october(lasting: Lasting, last: dt.date | None) -> None:
    assert lasting.last_day(TODAY) == last


def test_what_was_given_after_the_last_activity_lasts_from_its_own_day() -> None:
    assert last_day_of(None, 2, dt.date(2025, 1, 1), dt.date(2025, 3, 31)) == dt.date(2025, 5, 31)
    assert last_day_of(None, 2, None, dt.date(2025, 3, 31)) == dt.date(2025, 5, 31)
    assert last_day_of(dt.date(2025, 4, 1), None, dt.date(2026, 1, 1), TODAY) == dt.date(2025, 4, 1)


def test_what_the_sponsor_does_is_no_activity() -> None:
    assert set(ACTIVITY) == {
        TransactionKind.AWARD,
        TransactionKind.PROMOTION,
        TransactionKind.EVENT,
        TransactionKind.RESERVE,
    }


@given(st.dates(dt.date(1990, 1, 1), dt.date(2100, 1, 1)), st.integers(1, 600), st.sampled_from([0, 1, 2]))
@searching(200)
def test_the_last_day_is_the_references(day: dt.date, count: int, way: int) -> None:
    name = ("months_after_award", "calendar_years_after_award", "months_without_activity")[way]
    count = min(count, 50) if way == 1 else count
    said = Expiry.model_validate({name: count}).lasting
    ours = last_day_of(said.last_day(day), said.idle_months, day, day)
    assert ours == reference.last_day(day, {name: count})
