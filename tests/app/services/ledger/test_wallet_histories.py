"""One account through any history, on the real database, beside the plain reference that was written from the rules.

Documents come in, are accepted, refused and corrected; goods come back; points are spent, given back, adjusted, expire
and are reinstated. At every moment the account says what the reference says, lot by lot, and the ledger's proofs hold.
"""

import datetime as dt
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

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

from app.db.transaction import Sessions, transaction
from app.domain.states import DocumentStatus, LotState, RewardKind
from app.local.servers import Addresses
from app.services.books import owed, periods
from app.services.books.booking import Basis
from app.services.books.totals import Until, totals_of
from app.services.by_hand import reinstating
from app.services.ledger import ledger, ledger_check, lot_terms
from tests.app.domain.profiles import searching
from tests.reference import ledger as reference
from tests.support.databases import empty_database, sessions_of
from tests.support.desk import CORRECTING, CREDIT, IN_REVIEW, Desk
from tests.support.programs import NOW

ACCEPTED, REVIEW, REFUSED, SUPERSEDED, _UNDONE = DocumentStatus
COUNTING = (ACCEPTED, REVIEW)

PIECES = {"code": "pieces", "name": "A point a piece", "kind": "per_unit", "points": 1, "scope": {"products": ["P"]}}
OWN_EXPIRY = {"months_after_award": 2}
OF_THEIR_OWN = {
    "code": "own",
    "name": "Points that end by themselves and buy no vouchers",
    "kind": "per_unit",
    "points": 1,
    "scope": {"products": ["Q"]},
    "terms": {"expiry": OWN_EXPIRY, "buys": {"not_kinds": ["voucher"]}},
}
QUANTITIES = st.integers(1, 12)
CHOICES = st.integers(0, 1000)
COOLING_DAYS = 3


@dataclass(frozen=True)
class Terms:
    """What a programme says about accounts."""

    returns: str
    policy: str | None
    cooling_days: int

    def settings(self) -> dict[str, object]:
        return {
            "returns": self.returns,
            "expiry": self.expiry,
            "verification": {"cooling_off_days": self.cooling_days},
        }

    @property
    def expiry(self) -> dict[str, int]:
        return {} if self.policy is None else {self.policy: 1}

    @property
    def idle_months(self) -> int | None:
        return self.expiry.get("months_without_activity")

    def last_day(self, day: dt.date) -> dt.date | None:
        return reference.last_day(day, self.expiry)


POLICIES = (None, "months_after_award", "months_without_activity")
TERMS = [
    Terms(returns, policy, cooling)
    for returns, policy, cooling in itertools.product(("negative", "clamp"), POLICIES, (0, COOLING_DAYS))
]


@dataclass
class Sale:
    """An invoice of so many pieces, and the reference's lot of its award."""

    number: str
    quantity: int
    lot: reference.Lot
    status: DocumentStatus
    what: str
    release_on: dt.date | None = None

    @property
    def counts(self) -> bool:
        return self.status in COUNTING

    def is_awaited(self, today: dt.date) -> bool:
        """Whether its points are to be pending still."""
        return self.status is REVIEW or (
            self.status is ACCEPTED and self.release_on is not None and self.release_on > today
        )


@dataclass
class Return:
    """A credit note, what it met, and what it took."""

    number: str
    sale: Sale | None
    quantity: int
    taking: reference.Taking | None
    status: DocumentStatus

    @property
    def counts(self) -> bool:
        return self.status in COUNTING


class Histories(RuleBasedStateMachine):
    """An account of ours and one of the reference, moved side by side."""

    def __init__(self, desks: dict[Terms, Desk]) -> None:
        super().__init__()
        self.desks = desks

    @initialize(terms=st.sampled_from(TERMS))
    def open(self, terms: Terms) -> None:
        self.terms, self.desk = terms, self.desks[terms]
        self.model = reference.Wallet(terms.returns, grace_days=None)
        self.now = NOW
        self.sales: list[Sale] = []
        self.returns: list[Return] = []
        self.orders: dict[int, int] = {}
        self.numbers = itertools.count(1)
        self.kept: dict[str, int] = {}
        self.let_go: dict[str, list[tuple[int, int]]] = {}

    def teardown(self) -> None:
        if hasattr(self, "desk"):
            try:
                self.what_is_owed_in_parts_is_what_the_ledger_owes()
                assert ledger_check.proved(self.desk.session) == []
            finally:
                self.desk.session.rollback()

    @property
    def today(self) -> dt.date:
        return self.now.date()

    def standing(self) -> list[Sale]:
        return [sale for sale in self.sales if sale.counts]

    def met_by(self, number: str) -> Sale | None:
        """Find the sale that counts under a number: a correction takes the place of what it corrects."""
        return next((sale for sale in self.standing() if sale.number == number), None)

    def returned(self, sale: Sale) -> int:
        return sum(one.quantity for one in self.returns if one.sale is sale and one.counts)

    def earn(self, number: str, quantity: int, status: DocumentStatus, what: str) -> None:
        cooling = self.terms.cooling_days
        pending = status is REVIEW or cooling > 0
        if self.terms.idle_months:
            self.model.expire(self.today)
        own = what == "Q"
        last_day = reference.last_day(self.today, OWN_EXPIRY) if own else self.terms.last_day(self.today)
        lot = self.model.lots[self.model.award(quantity, last_day, pending=pending)]
        lot.idle_months, lot.buys_all = None if own else self.terms.idle_months, not own
        self.model.active(self.today)
        release_on = self.today + dt.timedelta(cooling) if status is ACCEPTED and cooling else None
        self.sales.append(Sale(number, quantity, lot, status, what, release_on))

    def new_lots_may_end_idle(self, lots_before: int) -> None:
        """What came in by hand, or back as a new lot, ends as the programme says."""
        for lot in list(self.model.lots.values())[lots_before:]:
            lot.idle_months = self.terms.idle_months

    # documents

    @rule(quantity=QUANTITIES, review=st.booleans(), what=st.sampled_from(["P", "P", "Q"]))
    def sell(self, quantity: int, review: bool, what: str) -> None:
        number = str(next(self.numbers))
        self.desk.invoice(number, quantity, now=self.now, source=IN_REVIEW if review else None, what=what)
        self.earn(number, quantity, REVIEW if review else ACCEPTED, what)

    @precondition(lambda self: self.sales)
    @rule(choice=CHOICES, quantity=QUANTITIES, review=st.booleans())
    def goods_come_back(self, choice: int, quantity: int, review: bool) -> None:
        one = self.sales[choice % len(self.sales)]
        named, what = one.number, one.what
        number = f"K{next(self.numbers)}"
        if self.terms.idle_months:
            self.model.expire(self.today)
        sale = self.met_by(named)
        met = min(quantity, sale.quantity - self.returned(sale)) if sale is not None else 0
        taking = None
        if sale is not None and met:
            self.model.expire(self.today)
            self.model.reverse(sale.lot.id, met, self.today)
            taking = self.model.takings[-1]
        source = IN_REVIEW if review else None
        admission = self.desk.credit(number, quantity, now=self.now, corrects=named, source=source, what=what)
        status = REVIEW if review or met < quantity else ACCEPTED
        assert admission.status.tolist() == [status]
        self.returns.append(Return(number, sale if met else None, met, taking, status))

    @precondition(lambda self: any(self.is_correctable(one) for one in self.returns))
    @rule(choice=CHOICES, quantity=QUANTITIES)
    def correct_return(self, choice: int, quantity: int) -> None:
        standing = [one for one in self.returns if self.is_correctable(one)]
        one = standing[choice % len(standing)]
        sale, taking = one.sale, one.taking
        assert sale is not None
        assert taking is not None
        said = {"corrects": sale.number, "source": CORRECTING, "what": sale.what}
        admission = self.desk.credit(one.number, quantity, now=self.now, **said)
        if admission.duplicate.tolist() == [True]:
            return
        if taking.parts or taking.debt:
            self.model.expire(self.today)
        lots_before = len(self.model.lots)
        awaited = sale.is_awaited(self.today)
        last_day = self.terms.last_day(self.today)
        self.model.give_back(taking, awaited=awaited, sale_counts=True, expires_on=last_day)
        self.new_lots_may_end_idle(lots_before)
        one.status = SUPERSEDED
        met = min(quantity, sale.quantity - self.returned(sale))
        gone = taking.points - taking.debt - sum(points for *_, points in taking.parts)
        before = [*self.let_go.get(one.number, ()), (taking.points, gone)]
        still = max(0, *(went - max(0, points - met) for points, went in before))
        self.let_go[one.number] = before
        self.model.expire(self.today)
        self.model.reverse(sale.lot.id, met, self.today, let_go=min(met, still))
        status = REVIEW if met < quantity else ACCEPTED
        assert admission.status.tolist() == [status]
        self.returns.append(Return(one.number, sale, met, self.model.takings[-1], status))

    def is_correctable(self, one: Return) -> bool:
        return one.counts and one.taking is not None and one.sale is not None and one.sale.counts

    @precondition(lambda self: any(sale.status is REVIEW for sale in self.sales))
    @rule(choice=CHOICES)
    def accept(self, choice: int) -> None:
        waiting = [sale for sale in self.sales if sale.status is REVIEW]
        sale = waiting[choice % len(waiting)]
        self.desk.accept(sale.number, now=self.now)
        sale.status = ACCEPTED
        if self.terms.cooling_days:
            sale.release_on = self.today + dt.timedelta(self.terms.cooling_days)
        elif sale.lot.pending:
            self.model.release(sale.lot.id)

    @precondition(lambda self: self.standing())
    @rule(choice=CHOICES)
    def refuse(self, choice: int) -> None:
        standing = self.standing()
        sale = standing[choice % len(standing)]
        self.model.expire(self.today)
        self.model.void_award(sale.lot.id, self.today)
        self.desk.refuse(sale.number, now=self.now)
        sale.status = REFUSED

    @precondition(lambda self: self.standing())
    @rule(choice=CHOICES, quantity=QUANTITIES)
    def correct(self, choice: int, quantity: int) -> None:
        standing = self.standing()
        sale = standing[choice % len(standing)]
        admission = self.desk.invoice(sale.number, quantity, now=self.now, source=CORRECTING, what=sale.what)
        if quantity == sale.quantity:
            assert admission.duplicate.tolist() == [True]
        elif self.returned(sale):
            assert admission.conflict.tolist() == [True]
        else:
            assert admission.corrected == 1
            self.model.expire(self.today)
            stood = sale.lot.points - sale.lot.reversed
            taken = self.model.void_award(sale.lot.id, self.today)
            has = self.kept.get(sale.number, 0) + stood - taken
            sale.status = SUPERSEDED
            self.earn(sale.number, quantity, ACCEPTED, sale.what)
            rest = min(has, quantity, max(quantity, stood) - taken)
            self.kept[sale.number] = has - self.model.take_the_rest(self.sales[-1].lot.id, rest)

    @precondition(lambda self: any(one.status is REVIEW for one in self.returns))
    @rule(choice=CHOICES)
    def accept_return(self, choice: int) -> None:
        waiting = [one for one in self.returns if one.status is REVIEW]
        one = waiting[choice % len(waiting)]
        self.desk.accept(one.number, CREDIT, now=self.now)
        one.status = ACCEPTED

    @precondition(lambda self: any(one.counts for one in self.returns))
    @rule(choice=CHOICES)
    def refuse_return(self, choice: int) -> None:
        standing = [one for one in self.returns if one.counts]
        one = standing[choice % len(standing)]
        self.desk.refuse(one.number, CREDIT, now=self.now)
        one.status = REFUSED
        if one.taking is None or one.sale is None:
            return
        if one.taking.parts or one.taking.debt:
            self.model.expire(self.today)
        lots_before = len(self.model.lots)
        self.model.give_back(
            one.taking,
            awaited=one.sale.is_awaited(self.today),
            sale_counts=one.sale.counts,
            expires_on=self.terms.last_day(self.today),
        )
        self.new_lots_may_end_idle(lots_before)

    # spending

    @rule(amount=st.integers(1, 25), voucher=st.booleans())
    def reserve(self, amount: int, voucher: bool) -> None:
        kind = RewardKind.VOUCHER if voucher else RewardKind.GOODS
        terms = lot_terms.allowed(self.desk.session, self.desk.program.id, kind, None)
        assert terms == ([] if voucher else None)
        can = lot_terms.spendable(self.desk.session, self.desk.account(), terms, self.today)
        lots = [lot for lot in self.model.lots_to_spend(self.today) if lot.buys_all or not voucher]
        assert can == sum(lot.free for lot in lots)
        try:
            order = self.model.reserve(amount, self.today, of_all=not voucher)
        except reference.RefusedError:
            over = any(
                lot.free and lot.is_due(self.today) and (lot.buys_all or not voucher)
                for lot in self.model.lots.values()
            )
            waits = self.model.available >= amount and over
            error = ledger.ExpiredPointsWaiting if waits else ledger.InsufficientPoints
            with pytest.raises(error), self.desk.session.begin_nested():
                self.desk.reserve(amount, on=self.today, terms=terms)
        else:
            self.orders[order] = self.desk.reserve(amount, on=self.today, terms=terms)

    @precondition(lambda self: self.orders)
    @rule(choice=CHOICES, settle=st.booleans())
    def resolve(self, choice: int, settle: bool) -> None:
        order = sorted(self.orders)[choice % len(self.orders)]
        reservation = self.orders.pop(order)
        if settle:
            self.model.settle(order)
            self.desk.settle(reservation, on=self.today)
        else:
            self.model.cancel(order, self.today)
            self.desk.cancel(reservation, on=self.today)

    @rule(amount=st.integers(-15, 15).filter(bool))
    def adjust(self, amount: int) -> None:
        if amount < 0:
            self.model.expire(self.today)
        lots_before = len(self.model.lots)
        changed = self.model.adjust(amount, self.today, self.terms.last_day(self.today))
        self.new_lots_may_end_idle(lots_before)
        assert self.desk.adjust(amount, now=self.now) == changed

    # time

    @rule(days=st.sampled_from([1, 2, 3, 10, 20, 31]))
    def days_pass(self, days: int) -> None:
        self.now += dt.timedelta(days)

    @rule()
    def release_what_has_cooled_off(self) -> None:
        due = [
            sale
            for sale in self.sales
            if sale.status is ACCEPTED
            and sale.release_on is not None
            and sale.release_on <= self.today
            and sale.lot.pending
        ]
        for sale in sorted(due, key=lambda one: one.lot.id):
            self.model.release(sale.lot.id)
        assert ledger.release_due(self.desk.session, self.desk.program, now=self.now) == len(due)

    @rule()
    def expire(self) -> None:
        assert self.desk.expire(self.now) == self.model.expire(self.today)

    @precondition(lambda self: any(lot.expired for lot in self.model.lots.values()))
    @rule(choice=CHOICES, days=st.none() | st.integers(0, 40))
    def reinstate(self, choice: int, days: int | None) -> None:
        lots = list(self.model.lots)
        at = choice % len(lots)
        number, expires_on = list(self.desk.lots())[at], None if days is None else self.today + dt.timedelta(days)
        try:
            back = self.model.reinstate_next(lots[at], expires_on)
        except reference.RefusedError:
            with pytest.raises(ledger.LedgerError, match="no expired points"):
                self.desk.reinstate(number, expires_on, now=self.now)
        else:
            amount = self.model.lots[back].points
            self.model.lots[back].buys_all = self.model.lots[lots[at]].buys_all
            assert self.desk.reinstate(number, expires_on, now=self.now) == amount

    @precondition(lambda self: self.model.lots)
    @rule(choice=CHOICES, days=st.none() | st.integers(0, 80))
    def extend(self, choice: int, days: int | None) -> None:
        lots = list(self.model.lots.values())
        lot, until = lots[choice % len(lots)], None if days is None else self.today + dt.timedelta(days)
        number = list(self.desk.lots())[choice % len(lots)]
        given = {"until": until, "now": self.now, "actor": "ann", "reason": "a good customer"}
        try:
            if not lot.free + lot.pending or lot.is_due(self.today):
                raise reference.RefusedError
            self.model.extend(lot.id, until)
        except reference.RefusedError:
            with pytest.raises(ledger.LedgerError):
                reinstating.extend(self.desk.session, self.desk.rules, number, **given)
        else:
            reinstating.extend(self.desk.session, self.desk.rules, number, **given)

    def what_is_owed_in_parts_is_what_the_ledger_owes(self) -> None:
        """Close the months that are over; nothing of what was owed at their end changes."""
        session, program, found = self.desk.session, self.desk.program, self.desk.balance()
        last = self.today + dt.timedelta(days=500)
        owes = found.pending + found.available + found.reserved
        for basis in Basis:
            parts = owed.parts_of(totals_of(session, program, until=Until(last, basis)))
            assert sum(one.points for one in parts) == owes
        over = self.today.replace(day=1) - dt.timedelta(days=1)
        try:
            closed = periods.close(session, program, over, actor="ann", now=self.now)
        except periods.NothingToClose:
            return
        assert closed[-1] == over.replace(day=1)

    # at every moment

    @invariant()
    def they_say_the_same(self) -> None:
        self.model.check()
        found = self.desk.balance()
        names = ("pending", "available", "reserved", "earned", "spent", "expired", "adjusted")
        assert {name: getattr(found, name) for name in names} == {name: getattr(self.model, name) for name in names}

    @invariant()
    def so_do_their_lots(self) -> None:
        ours = [(seen.state, seen.remaining, seen.expires_on) for seen in self.desk.lots().values()]
        theirs = [
            (
                LotState.PENDING if lot.pending else LotState.OPEN if lot.free else LotState.CLOSED,
                lot.pending + lot.free,
                lot.expires_on,
            )
            for lot in self.model.lots.values()
        ]
        assert ours == theirs

    @invariant()
    def nothing_is_below_zero_but_what_is_owed(self) -> None:
        found = self.desk.balance()
        assert found.pending >= 0
        assert found.reserved >= 0
        assert found.available >= 0 or self.terms.returns == "negative"


@pytest.fixture(scope="module")
def registry(addresses: Addresses) -> Iterator[Sessions]:
    with empty_database(addresses) as database:
        database.migrate()
        with sessions_of(database.app_url) as (_, sessions):
            yield sessions


@pytest.fixture(scope="module")
def desks(registry: Sessions) -> dict[Terms, Desk]:
    """A programme for each set of terms. What happens there is undone after every history."""
    with transaction(registry) as session:
        return {
            terms: Desk(session, f"history-{at}", program=terms.settings(), earning_rules=[PIECES, OF_THEIR_OWN])
            for at, terms in enumerate(TERMS)
        }


def test_any_history_ends_as_the_reference_says(desks: dict[Terms, Desk]) -> None:
    run_state_machine_as_test(lambda: Histories(desks), settings=searching(40, stateful_step_count=25))
