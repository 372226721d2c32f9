"""What each month brought to the books, and what became of the points of each month: accruals and breakage."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import BigInteger, Numeric, and_, cast, func, select
from sqlalchemy.orm import Session

from app.domain.breakage import Breakage, Cohort, breakage_of
from app.domain.states import Bucket, TransactionKind, Unit
from app.models.ledger import Account, LedgerEntry, LedgerTransaction, Lot
from app.models.programs import Program
from app.services.books.booking import booked_month, month_of
from app.services.books.owed import MICRO

ISSUED = (
    TransactionKind.AWARD,
    TransactionKind.REVERSAL,
    TransactionKind.VOID,
    TransactionKind.PROMOTION,
    TransactionKind.EVENT,
    TransactionKind.INSTANT,
)
REDEEMED = (TransactionKind.SETTLE,)
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
        """Give the worth as the books show it, rounded towards nothing."""
        return self.worth_micro // MICRO if self.worth_micro >= 0 else -(-self.worth_micro // MICRO)


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


def accruals(session: Session, program: Program, unit: Unit = Unit.POINTS) -> list[MonthOfBooks]:
    """Give every month of the books in which something happened, oldest first: each opens as the one before closed."""
    value = func.coalesce(Lot.unit_value_micro, program.point_value_micro if unit is Unit.POINTS else MICRO)
    month_of_books = booked_month()
    rows = session.execute(
        select(
            month_of_books,
            LedgerTransaction.kind,
            cast(func.sum(LedgerEntry.amount), BigInteger),
            cast(func.sum(cast(LedgerEntry.amount, Numeric) * value), Numeric),
        )
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .join(Account, Account.id == LedgerEntry.account_id)
        .outerjoin(Lot, Lot.id == LedgerEntry.lot_id)
        .where(
            LedgerTransaction.program_id == program.id,
            Account.distributor_id.is_not(None),
            Account.unit == unit,
        )
        .group_by(month_of_books, LedgerTransaction.kind)
        .order_by(month_of_books)
    )
    months: dict[dt.date, MonthOfBooks] = {}
    for month_on, kind, points, worth in rows:
        month = months.setdefault(month_on, MonthOfBooks(month_on))
        for kinds, change in (
            (ISSUED, month.issued),
            (REDEEMED, month.redeemed),
            (EXPIRED, month.expired),
            (ADJUSTED, month.adjusted),
        ):
            if kind in kinds:
                change.add(points, int(worth))
        month.closing.add(points, int(worth))  # what stays within a wallet may still change lots of another worth
    before = Change()
    for month in months.values():
        month.opening = before
        month.closing.add(before.points, before.worth_micro)
        before = month.closing
    return list(months.values())


def cohorts(session: Session, program: Program) -> dict[dt.date, Cohort]:
    """Give what became of the points of each month in which points were earned."""
    month = month_of(Lot.earned_on)
    rows = session.execute(
        select(month, LedgerTransaction.kind, cast(func.sum(LedgerEntry.amount), BigInteger))
        .join(LedgerEntry, and_(LedgerEntry.lot_id == Lot.id, LedgerEntry.bucket <= Bucket.RESERVED))
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .join(Account, Account.id == Lot.account_id)
        .where(Account.program_id == program.id, Account.unit == Unit.POINTS)
        .group_by(month, LedgerTransaction.kind)
        .order_by(month)
    )
    found: dict[dt.date, dict[TransactionKind, int]] = defaultdict(dict)
    for month_on, kind, points in rows:
        found[month_on][kind] = points
    return {month_on: _cohort(kinds) for month_on, kinds in found.items()}


def _cohort(changes: dict[TransactionKind, int]) -> Cohort:
    def total(kinds: Sequence[TransactionKind]) -> int:
        return sum(changes.get(kind, 0) for kind in kinds)

    return Cohort(total((*ISSUED, *ADJUSTED)), -total(REDEEMED), -total(EXPIRED))


def breakage(session: Session, program: Program) -> Breakage | None:
    """Estimate the share of points that will never be claimed, from this programme's own history."""
    return breakage_of(list(cohorts(session, program).values()))
