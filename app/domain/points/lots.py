"""Points live in lots. Spending takes the lot that expires first, then the oldest (rules.md 8).

Plain values: the ledger service loads the lots of an account, plans here, and stores what the plan says.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from app.domain.states import Bucket, LotState


@dataclass
class LotBalance:
    """What is left of one lot."""

    id: int
    state: LotState
    earned_on: dt.date
    expires_on: dt.date | None
    remaining: int

    @property
    def bucket(self) -> Bucket:
        """Where its points stand."""
        return Bucket.PENDING if self.state is LotState.PENDING else Bucket.AVAILABLE


def spending_order(lot: LotBalance) -> tuple[dt.date, int]:
    """Sort lots as they are spent: the first to expire first (never: last), then the oldest."""
    return lot.expires_on or dt.date.max, lot.id


@dataclass(frozen=True)
class Leg:
    """An amount that enters (above zero) or leaves (below zero) a bucket of a wallet, of a lot or of none (a debt)."""

    bucket: Bucket
    amount: int
    lot_id: int | None


@dataclass
class Wallet:
    """The lots of one account and what it owes, changed by planning one movement after the other.

    What the account owes stands in no lot; it is there only when no lot has anything available.
    """

    lots: dict[int, LotBalance] = field(default_factory=dict)
    owed: int = 0
    may_owe: bool = True

    def available(self) -> int:
        """Sum what can be spent, less what is owed."""
        return sum(lot.remaining for lot in self.lots.values() if lot.state is LotState.OPEN) - self.owed

    def receive(self, lot: LotBalance, amount: int) -> list[Leg]:
        """Put points into a lot. Available points pay off first what the account owes (rules.md 6)."""
        self.lots.setdefault(lot.id, lot)
        if lot.state is LotState.PENDING:
            lot.remaining += amount
            return [Leg(Bucket.PENDING, amount, lot.id)]
        paid = min(self.owed, amount)
        self.owed -= paid
        lot.remaining += amount - paid
        lot.state = LotState.OPEN if lot.remaining else LotState.CLOSED
        return _legs((Bucket.AVAILABLE, paid, None), (Bucket.AVAILABLE, amount - paid, lot.id))

    def release(self, lot: LotBalance) -> list[Leg]:
        """Make the pending points of a lot available. A lot of which returns left nothing stays closed."""
        if lot.state is not LotState.PENDING:
            return []
        amount, lot.remaining, lot.state = lot.remaining, 0, LotState.OPEN
        return [Leg(Bucket.PENDING, -amount, lot.id), *self.receive(lot, amount)]

    def take_back(self, amount: int, *origins: int) -> tuple[list[Leg], int]:
        """Take points back: from the lots they came in, then from others as if spent, then as a debt.

        Returns the legs and what is forgiven: where the account may not owe, what it does not have.
        """
        legs = self.draw(amount, *origins)
        left = amount + sum(leg.amount for leg in legs)
        if left:  # nearly always the lot has it, and an account may have thousands of others
            legs += self._draw(self._spendable(), left)
            left = amount + sum(leg.amount for leg in legs)
        if left and self.may_owe:
            self.owed += left
            legs.append(Leg(Bucket.AVAILABLE, -left, None))
            left = 0
        return legs, left

    def spend(self, amount: int) -> list[Leg]:
        """Take available points, first to expire first. The caller has made sure that they are there."""
        legs = self._draw(self._spendable(), amount)
        assert -sum(leg.amount for leg in legs) == amount, "an account's lots hold what the account says is available"
        return legs

    def draw(self, amount: int, *lot_ids: int) -> list[Leg]:
        """Take an amount from these lots, one after the other, as far as they have it; others have other lots."""
        return self._draw([self.lots[one] for one in lot_ids if one in self.lots], amount)

    def draw_from(self, lot_ids: Iterable[int]) -> list[Leg]:
        """Take all that these lots have available."""
        lots = [self.lots[one] for one in lot_ids]
        return self._draw(lots, sum(lot.remaining for lot in lots))

    def _spendable(self) -> list[LotBalance]:
        return sorted((lot for lot in self.lots.values() if lot.state is LotState.OPEN), key=spending_order)

    def _draw(self, lots: Sequence[LotBalance], amount: int) -> list[Leg]:
        legs: list[Leg] = []
        for lot in lots:
            if amount == 0:
                break
            part = min(lot.remaining, amount)
            if part <= 0:
                continue
            legs.append(Leg(lot.bucket, -part, lot.id))
            lot.remaining -= part
            amount -= part
            if lot.remaining == 0:
                lot.state = LotState.CLOSED
        return legs


def _legs(*given: tuple[Bucket, int, int | None]) -> list[Leg]:
    return [Leg(bucket, amount, lot_id) for bucket, amount, lot_id in given if amount]
