"""What a sponsor owes in points: what is outstanding today, when it expires, and how it came to be."""

import datetime as dt
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Date, Select, bindparam, case, cast, func, select
from sqlalchemy.orm import Session

from app.domain.points.conversion import in_minor_units
from app.domain.states import LotState, TransactionKind, Unit
from app.models.distributors import Distributor, DistributorGroup
from app.models.figures import PointsMonth
from app.models.ledger import Account, Lot
from app.models.programs import Program


def worth_minor(points: int, point_value_micro: int) -> int:
    """Give what points are worth in minor units (`app.domain.points.conversion`); owed ones are below zero."""
    return in_minor_units(points * point_value_micro)


@dataclass(frozen=True)
class Outstanding:
    """Points that are not spent, of everybody together or of one group. ``owed`` is what accounts below zero owe."""

    group: str | None
    distributors: int
    available: int
    pending: int
    reserved: int
    owed: int

    @property
    def total(self) -> int:
        """Give what the sponsor may have to pay."""
        return self.available + self.pending + self.reserved


def outstanding_by_group(session: Session, program_id: int) -> list[Outstanding]:
    """Add up the wallets of each group; distributors without a group come last. One query.

    Who was merged into another is one with it, and not counted beside it.
    """

    def total(value: ColumnElement[int] | Any) -> ColumnElement[int]:
        return cast(func.coalesce(func.sum(value), 0), BigInteger)

    rows = session.execute(
        select(
            DistributorGroup.name,
            func.count().filter(Distributor.merged_into_id.is_(None)),
            total(func.greatest(Account.available, 0)),
            total(Account.pending),
            total(Account.reserved),
            total(func.greatest(-Account.available, 0)),
        )
        .select_from(Account)
        .join(Distributor, Distributor.id == Account.distributor_id)
        .outerjoin(DistributorGroup, DistributorGroup.id == Distributor.group_id)
        .where(Account.program_id == program_id, Account.unit == Unit.POINTS)
        .group_by(DistributorGroup.name)
        .order_by(DistributorGroup.name.asc().nulls_last())
    )
    return [Outstanding(*row) for row in rows]


@dataclass(frozen=True)
class Expiring:
    """Points that can be spent until some day of a month; none: for ever, or (``idle``) while the account is active."""

    month_on: dt.date | None
    idle: bool
    points: int


def expiring_by_month(session: Session, program_id: int) -> list[Expiring]:
    """Add up open lots by the month in which they expire; what has no day of its own comes last. One query.

    First by day: of a hundred thousand lots, few days are left whose month has to be found.
    """
    rows = session.execute(_expiring_by_month(), {"program_id": program_id})
    return [Expiring(*row) for row in rows]


@functools.cache
def _expiring_by_month() -> Select[*tuple[Any, ...]]:
    of_day = (
        select(Lot.expires_on, Lot.idle_months.is_not(None).label("idle"), func.sum(Lot.remaining).label("points"))
        .join(Account, Account.id == Lot.account_id)
        .where(Account.program_id == bindparam("program_id"), Account.unit == Unit.POINTS, Lot.state == LotState.OPEN)
        .group_by(Lot.expires_on, Lot.idle_months.is_not(None))
        .subquery()
    )
    month = cast(func.date_trunc("month", of_day.c.expires_on), Date)
    return (
        select(month, of_day.c.idle, cast(func.sum(of_day.c.points), BigInteger))
        .group_by(month, of_day.c.idle)
        .order_by(month.asc().nulls_last(), of_day.c.idle.desc())
    )


@dataclass(frozen=True)
class PointsOfMonth:
    """What happened to points in one month, each less what was undone of it: issued, redeemed, expired, adjusted."""

    month_on: dt.date
    issued: int
    redeemed: int
    expired: int
    adjusted: int


def _total(*kinds: TransactionKind) -> ColumnElement[int]:
    return cast(
        func.coalesce(func.sum(case((PointsMonth.kind.in_(kinds), PointsMonth.amount), else_=0)), 0), BigInteger
    )


_POINTS_BY_MONTH = (
    select(
        PointsMonth.month_on,
        _total(
            TransactionKind.AWARD,
            TransactionKind.REVERSAL,
            TransactionKind.VOID,
            TransactionKind.PROMOTION,
            TransactionKind.EVENT,
            TransactionKind.INSTANT,
        ),
        _total(TransactionKind.SETTLE, TransactionKind.REFUND),
        _total(TransactionKind.EXPIRE, TransactionKind.REINSTATE),
        _total(TransactionKind.ADJUST, TransactionKind.TRANSFER),
    )
    .where(
        PointsMonth.program_id == bindparam("program_id"),
        PointsMonth.unit == Unit.POINTS,
        PointsMonth.month_on >= bindparam("since"),
    )
    .group_by(PointsMonth.month_on)
    .order_by(PointsMonth.month_on)
)


def points_by_month(session: Session, program: Program, since: dt.date) -> Sequence[PointsOfMonth]:
    """Give each month's issue, redemption and expiry from the sums by month, oldest first. One query."""
    rows = session.execute(_POINTS_BY_MONTH, {"program_id": program.id, "since": since})
    return [
        PointsOfMonth(month, issued, -redeemed, -expired, adjusted)
        for month, issued, redeemed, expired, adjusted in rows
    ]
