"""What each month brought to the books, and what became of the points of each month: accruals and breakage."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from app.domain.points.breakage import Breakage, Cohort, breakage_of
from app.domain.points.conversion import in_minor_units
from app.domain.states import TransactionKind
from app.services.books.totals import Total

ISSUED = (
    TransactionKind.AWARD,
    TransactionKind.REVERSAL,
    TransactionKind.VOID,
    TransactionKind.PROMOTION,
    TransactionKind.EVENT,
    TransactionKind.INSTANT,
)
REDEEMED = (TransactionKind.SETTLE, TransactionKind.REFUND)
EXPIRED = (TransactionKind.EXPIRE, TransactionKind.REINSTATE)
ADJUSTED = (TransactionKind.ADJUST, TransactionKind.TRANSFER)
"""The four ways in which what is owed changes; all other movements stay within a wallet."""


@dataclass
class Change:
    """What changed what is owed: points, and their worth in millionths of a minor unit, each lot at its own worth."""

    points: int = 0
    worth_micro: int = 0

    def add(self, points: int, worth_micro: int) -> None:
        """Add some more."""
        self.points += points
        self.worth_micro += worth_micro

    @property
    def worth_minor(self) -> int:
        """Give the worth as the books show it (`app.domain.points.conversion`)."""
        return in_minor_units(self.worth_micro)


@dataclass
class MonthOfBooks:
    """What one month brought: below zero is what went away."""

    month_on: dt.date
    opening: Change = field(default_factory=Change)
    issued: Change = field(default_factory=Change)
    redeemed: Change = field(default_factory=Change)
    expired: Change = field(default_factory=Change)
    adjusted: Change = field(default_factory=Change)
    closing: Change = field(default_factory=Change)


def months_of(totals: Iterable[Total]) -> list[MonthOfBooks]:
    """Give every month of which there are totals, oldest first: each opens as the one before closed."""
    found: dict[dt.date, MonthOfBooks] = {}
    for one in totals:
        month = found.setdefault(one.booked_month_on, MonthOfBooks(one.booked_month_on))
        worth_micro = one.points * one.value_micro
        for kinds, change in (
            (ISSUED, month.issued),
            (REDEEMED, month.redeemed),
            (EXPIRED, month.expired),
            (ADJUSTED, month.adjusted),
        ):
            if one.kind in kinds:
                change.add(one.points, worth_micro)
        month.closing.add(one.points, worth_micro)  # what stays within a wallet may still change lots of another worth
    months = [found[month_on] for month_on in sorted(found)]
    before = Change()
    for month in months:
        month.opening = before
        month.closing.add(before.points, before.worth_micro)
        before = month.closing
    return months


def breakage_in(totals: Iterable[Total]) -> Breakage | None:
    """Estimate the share of points that will never be claimed, from totals of this programme's own history."""
    kinds: dict[dt.date, dict[TransactionKind, int]] = defaultdict(lambda: defaultdict(int))
    for one in totals:
        if one.earned_month_on is not None:
            kinds[one.earned_month_on][one.kind] += one.points
    return breakage_of([_cohort(kinds[month_on]) for month_on in sorted(kinds)])


def _cohort(changes: Mapping[TransactionKind, int]) -> Cohort:
    """Give what became of the points of a month in which points were earned."""

    def total(kinds: Sequence[TransactionKind]) -> int:
        return sum(changes.get(kind, 0) for kind in kinds)

    return Cohort(total((*ISSUED, *ADJUSTED)), -total(REDEEMED), -total(EXPIRED))
