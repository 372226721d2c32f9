"""The books' sums beside the same ledger read row by row and added up in Python: made-up histories, any day."""

import datetime as dt
import random
import zoneinfo
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.db.transaction import Sessions
from app.domain.points.conversion import MICRO
from app.domain.program_file.point_terms import PointTerms
from app.domain.states import Bucket, LotState, TierReason, TransactionKind, Unit
from app.models.distributors import Distributor
from app.models.ledger import Account, LedgerEntry, LedgerTransaction, Lot
from app.models.lot_terms import LotExtension, LotTerms
from app.models.placements import TierChange
from app.models.programs import Program
from app.services.books import history, owed
from app.services.books.booking import Basis
from app.services.books.totals import Until, totals_of
from app.services.ledger import ledger, lot_terms
from tests.support import programs
from tests.support.programs import NOW

ZONE = zoneinfo.ZoneInfo("Europe/Warsaw")
FIRST, LAST = dt.date(2026, 1, 1), dt.date(2026, 6, 30)
DAYS = (LAST - FIRST).days
TIERS = (None, "gold", "silver", "żelazo")
WORTH = (100_000, 100_000, 250_000)
"""Of a point; most lots have the same."""


class Ledger:
    """A programme with points of all kinds, written as they come: no service would bring all of it about so soon."""

    def __init__(self, session: Session, code: str, dice: random.Random) -> None:
        self.session, self.dice = session, dice
        self.tiers: dict[int, list[TierChange]] = defaultdict(list)
        self.last_days: dict[int, list[LotExtension]] = defaultdict(list)
        self.program: Program = programs.load(session, programs.document(code))
        people = programs.people(session, self.program)
        for id_ in people.values():
            session.get_one(Distributor, id_).tier = dice.choice(TIERS)
        self.wallets = {
            unit: [ledger.wallet_of(session, one, unit) for one in people.values()]
            for unit in (Unit.POINTS, Unit.MONEY)
        }
        self.own = {
            unit: session.scalars(
                select(Account.id).where(
                    Account.program_id == self.program.id, Account.distributor_id.is_(None), Account.unit == unit
                )
            ).one()
            for unit in self.wallets
        }
        self.terms = [
            None,
            *(lot_terms.keep(session, self.program.id, PointTerms(funded_by=who)) for who in ("a", "b")),
        ]
        self._moves_of_tiers(list(people.values()))

    def _moves_of_tiers(self, people: list[int]) -> None:
        for _ in range(self.dice.randrange(6)):
            one = TierChange(
                program_id=self.program.id,
                distributor_id=self.dice.choice(people),
                from_on=self.dice.choice((None, self.day())),
                tier=self.dice.choice(TIERS),
                why=self.dice.choice(list(TierReason)),
                noted_at=NOW,
            )
            self.session.add(one)
            self.session.flush()
            self.tiers[one.distributor_id].append(one)

    def day(self) -> dt.date:
        return FIRST + dt.timedelta(self.dice.randrange(DAYS + 1))

    def instant(self) -> dt.datetime:
        """Give a moment, often one at the very end or beginning of a day."""
        midnight = dt.datetime.combine(self.day(), dt.time(), ZONE).astimezone(dt.UTC)
        return midnight + dt.timedelta(seconds=self.dice.choice((-1, 0, 1, self.dice.randrange(86_400))))

    def moves(self, unit: Unit, kind: TransactionKind, *legs: tuple[int, Bucket, int, int | None]) -> int:
        """Write a transaction. A leg of lot 0 is of the lot that it brings; the programme's account takes the rest."""
        day = self.day()
        made = LedgerTransaction(
            program_id=self.program.id,
            kind=kind,
            key=f"{self.program.code}:{self.dice.getrandbits(60)}",
            effective_on=day,
            booked_on=self.dice.choice((None, None, None, LAST.replace(day=1))),
            recorded_at=self.instant(),
        )
        self.session.add(made)
        self.session.flush()
        for account, _bucket, amount, lot in legs:
            if lot == 0:
                self._lot(made.id, account, amount)
        rest = -sum(amount for _, _, amount, _ in legs)
        entries = [(account, bucket, amount, made.id if lot == 0 else lot) for account, bucket, amount, lot in legs]
        if rest:
            entries.append((self.own[unit], Bucket.ISSUED, rest, None))
        self.session.execute(
            insert(LedgerEntry).values(
                [
                    {
                        "transaction_id": made.id,
                        "position": position,
                        "account_id": account,
                        "bucket": bucket,
                        "amount": amount,
                        "lot_id": lot,
                    }
                    for position, (account, bucket, amount, lot) in enumerate(entries, 1)
                ]
            )
        )
        return made.id

    def _lot(self, id_: int, account: int, amount: int) -> None:
        ends: dict[str, Any] = self.dice.choice(
            ({"expires_on": self.day() + dt.timedelta(365)}, {"expires_on": None}, {"idle_months": 6})
        )
        self.session.add(
            Lot(
                id=id_,
                account_id=account,
                state=LotState.OPEN,
                earned_on=self.day(),
                unit_value_micro=self.dice.choice(WORTH),
                amount=amount,
                remaining=amount,
                terms_id=self.dice.choice(self.terms),
                **ends,
            )
        )
        self.session.flush()

    def happens(self, unit: Unit) -> None:
        """Bring a lot, use some or all of it, owe something, move its last day."""
        account, amount = self.dice.choice(self.wallets[unit]), self.dice.randint(2, 50)
        lot = self.moves(unit, TransactionKind.AWARD, (account, Bucket.AVAILABLE, amount, 0))
        part = self.dice.choice((1, amount))
        after = self.dice.randrange(6)
        if after == 1:
            self.moves(unit, TransactionKind.EXPIRE, (account, Bucket.AVAILABLE, -part, lot))
        elif after == 2:
            held = ((account, Bucket.AVAILABLE, -part, lot), (account, Bucket.RESERVED, part, lot))
            self.moves(unit, TransactionKind.RESERVE, *held)
            self.moves(unit, TransactionKind.SETTLE, (account, Bucket.RESERVED, -part, lot))
        elif after == 3:
            self.moves(unit, TransactionKind.REVERSAL, (account, Bucket.AVAILABLE, -self.dice.randint(1, 9), None))
        elif after == 4:
            self.moves(unit, TransactionKind.ADJUST, (account, Bucket.AVAILABLE, -part, lot))
        for _ in range(self.dice.randrange(3)):
            self._move_the_last_day(lot)

    def _move_the_last_day(self, lot: int) -> None:
        found = self.session.get_one(Lot, lot)
        after_on = self.dice.choice((None, self.day() + dt.timedelta(500)))
        if found.expires_on == after_on and found.idle_months is None:
            return
        one = LotExtension(
            lot_id=lot,
            before_on=found.expires_on,
            before_idle_months=found.idle_months,
            after_on=after_on,
            changed_at=max([self.instant(), *(one.changed_at for one in self.last_days[lot])]),
        )
        self.session.add(one)
        self.last_days[lot].append(one)
        found.expires_on, found.idle_months = after_on, None
        self.session.flush()

    def telling_days(self) -> list[dt.date]:
        """Give days on which something changes, or after which it does."""
        ends = {
            (one.changed_at - dt.timedelta(seconds=1)).astimezone(ZONE).date()
            for moves in self.last_days.values()
            for one in moves
        }
        begins = {one.from_on for moves in self.tiers.values() for one in moves if one.from_on is not None}
        return [*self.dice.sample(sorted(ends), min(6, len(ends))), *sorted(begins)]

    # read row by row

    def rows(self, unit: Unit) -> list[tuple[LedgerTransaction, LedgerEntry, Lot | None]]:
        """Give the entries of wallets, each with its transaction and its lot."""
        own = self.wallets[unit]
        return [
            (
                self.session.get_one(LedgerTransaction, entry.transaction_id),
                entry,
                None if entry.lot_id is None else self.session.get_one(Lot, entry.lot_id),
            )
            for entry in self.session.scalars(select(LedgerEntry).where(LedgerEntry.account_id.in_(own)))
        ]

    def worth(self, unit: Unit, lot: Lot | None) -> int:
        if lot is not None:
            return lot.unit_value_micro
        return self.program.point_value_micro if unit is Unit.POINTS else MICRO

    def parts(self, unit: Unit, day: dt.date, basis: Basis) -> list[owed.Part]:
        """Give the parts, by looking at each lot and each debt."""
        left: dict[tuple[int, int | None], int] = defaultdict(int)
        for transaction, entry, _ in self.rows(unit):
            if basis is Basis.BOOKS:
                counts = (transaction.booked_on or transaction.effective_on) <= day
            else:
                counts = transaction.recorded_at.astimezone(ZONE).date() <= day
            left[entry.account_id, entry.lot_id] += entry.amount if counts else 0
        sums: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0])
        for (account, lot_id), points in left.items():
            lot = None if lot_id is None else self.session.get_one(Lot, lot_id)
            funded_by, ends_on, idle = None, None, False
            if lot is not None:
                terms = None if lot.terms_id is None else self.session.get_one(LotTerms, lot.terms_id)
                funded_by = terms and terms.funded_by
                ends_on, idle = lot.expires_on, lot.idle_months is not None
                for moved in self.last_days[lot.id]:
                    if moved.changed_at.astimezone(ZONE).date() > day:
                        ends_on, idle = moved.before_on, moved.before_idle_months is not None
                        break
            key = (self._tier(account, day), funded_by, ends_on and ends_on.replace(day=1), idle, lot is None)
            sums[key][0] += points
            sums[key][1] += points * self.worth(unit, lot)
        order = sorted(sums, key=lambda key: [(one is None, one or 0) for one in key])
        return [owed.Part(*key, *sums[key]) for key in order if any(sums[key])]

    def _tier(self, account: int, day: dt.date) -> str | None:
        owner = self.session.get_one(Distributor, self.session.get_one(Account, account).distributor_id)
        known = [(one.from_on or dt.date.min, one.id, one.tier) for one in self.tiers[owner.id]]
        begun = [one for one in known if one[0] <= day]
        return max(begun)[2] if begun else owner.tier


@pytest.fixture(params=range(5))
def books(request: pytest.FixtureRequest, ledger_sessions: Sessions, code: str) -> Iterator[Ledger]:
    """A ledger as one seed makes it; nothing of it stays."""
    session: Session = ledger_sessions()
    made = Ledger(session, code, random.Random(request.param))
    for _ in range(25):
        made.happens(Unit.POINTS)
    for _ in range(5):
        made.happens(Unit.MONEY)
    yield made
    session.rollback()


def test_what_was_owed_is_what_the_rows_add_up_to(books: Ledger) -> None:
    some = [FIRST - dt.timedelta(1), FIRST, LAST.replace(day=1), LAST, NOW.date(), dt.date(2030, 1, 1)]
    for day in [*some, *books.telling_days()]:
        for basis in Basis:
            for unit in (Unit.POINTS, Unit.MONEY):
                found = owed.parts_of(totals_of(books.session, books.program, unit, Until(day, basis)))
                assert found == books.parts(unit, day, basis)


def test_what_a_page_reads_once_gives_what_is_read_for_each(books: Ledger) -> None:
    """The day that is asked for changes nothing in what months brought, nor in what became of their points."""
    for basis in Basis:
        totals = totals_of(books.session, books.program, until=Until(books.day(), basis))
        assert history.months_of(totals) == history.months_of(totals_of(books.session, books.program))
        assert history.breakage_in(totals) == history.breakage_in(totals_of(books.session, books.program))


def test_months_bring_what_their_rows_add_up_to(books: Ledger) -> None:
    brought: dict[dt.date, list[int]] = defaultdict(lambda: [0, 0])
    for transaction, entry, lot in books.rows(Unit.POINTS):
        month = brought[(transaction.booked_on or transaction.effective_on).replace(day=1)]
        month[0] += entry.amount
        month[1] += entry.amount * books.worth(Unit.POINTS, lot)
    months = history.months_of(totals_of(books.session, books.program))
    assert [one.month_on for one in months] == sorted(brought)
    points = worth_micro = 0
    for month in months:
        points, worth_micro = points + brought[month.month_on][0], worth_micro + brought[month.month_on][1]
        assert (month.closing.points, month.closing.worth_micro) == (points, worth_micro)
