"""What a sponsor owed in points at the end of any day: by tier, by who pays, by when they end; from the entries alone.

What is left of each lot is added up from the ledger's entries, so the parts always come to what the ledger says. What
an account owes has no lot and stands as a part of its own, below zero.
"""

import datetime as dt
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, FromClause, Numeric, Subquery, case, cast, func, literal, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from app.domain.states import Unit
from app.models.distributors import Distributor
from app.models.ledger import Account, LedgerEntry, LedgerTransaction, Lot
from app.models.lot_terms import LotExtension, LotTerms
from app.models.placements import TierChange
from app.models.programs import Program
from app.services.books.booking import Basis, counted_by, month_of

MICRO = 1_000_000


@dataclass(frozen=True)
class Part:
    """Points that share a tier, a source of funding and a month in which they end.

    ``month_on`` is none where no month is set: they never end, or (``idle``) so long after the last activity, or
    (``debt``) they are what accounts owe, below zero. ``worth_micro`` is in millionths of a minor unit, each lot at the
    worth of its own time.
    """

    tier: str | None
    funded_by: str | None
    month_on: dt.date | None
    idle: bool
    debt: bool
    points: int
    worth_micro: int


@dataclass(frozen=True)
class Sum:
    """What some parts come to."""

    points: int
    worth_minor: int

    @staticmethod
    def of(parts: Sequence[Part]) -> "Sum":
        """Add parts up; the worth is rounded down once, as a conversion rounds (rules.md 10)."""
        return Sum(sum(one.points for one in parts), sum(one.worth_micro for one in parts) // MICRO)


def owed_at(session: Session, program: Program, day: dt.date, basis: Basis, unit: Unit = Unit.POINTS) -> list[Part]:
    """Give what was owed at the end of a day, in parts. One query over the entries up to that day."""
    left = _left_of_lots(program, day, basis, unit)
    moved, tiers = _moved_later(program, day), _tiers_on(program, day)
    tier = case((tiers.c.distributor_id.is_not(None), tiers.c.tier), else_=Distributor.tier)
    expires_on = case((moved.c.lot_id.is_not(None), moved.c.before_on), else_=Lot.expires_on)
    idle_months = case((moved.c.lot_id.is_not(None), moved.c.before_idle_months), else_=Lot.idle_months)
    value = func.coalesce(Lot.unit_value_micro, program.point_value_micro if unit is Unit.POINTS else MICRO)
    parts = (
        select(
            tier.label("tier"),
            LotTerms.funded_by.label("funded_by"),
            month_of(expires_on).label("month_on"),
            idle_months.is_not(None).label("idle"),
            left.c.lot_id.is_(None).label("debt"),
            left.c.points.label("points"),
            (cast(left.c.points, Numeric) * value).label("worth_micro"),
        )
        .select_from(left)
        .join(Account, Account.id == left.c.account_id)
        .join(Distributor, Distributor.id == Account.distributor_id)
        .outerjoin(Lot, Lot.id == left.c.lot_id)
        .outerjoin(LotTerms, LotTerms.id == Lot.terms_id)
        .outerjoin(moved, moved.c.lot_id == Lot.id)
        .outerjoin(tiers, tiers.c.distributor_id == Distributor.id)
        .subquery()
    )
    keys = (parts.c.tier, parts.c.funded_by, parts.c.month_on, parts.c.idle, parts.c.debt)
    rows = session.execute(
        select(*keys, cast(func.sum(parts.c.points), BigInteger), cast(func.sum(parts.c.worth_micro), Numeric))
        .group_by(*keys)
        .order_by(*(key.asc().nulls_last() for key in keys))
    )
    return [
        Part(tier_, source, month, is_idle, is_debt, points, int(worth))
        for tier_, source, month, is_idle, is_debt, points, worth in rows
    ]


def together(parts: Sequence[Part], key: Callable[[Part], Hashable]) -> list[tuple[Any, Sum]]:
    """Add parts up by something that they share, in the order in which it comes."""
    found: dict[Any, list[Part]] = {}
    for one in parts:
        found.setdefault(key(one), []).append(one)
    return [(of, Sum.of(some)) for of, some in found.items()]


def _left_of_lots(program: Program, day: dt.date, basis: Basis, unit: Unit) -> Subquery:
    """Add up what the entries leave of each lot, and of each debt."""
    points = cast(func.sum(LedgerEntry.amount), BigInteger)
    return (
        select(LedgerEntry.account_id, LedgerEntry.lot_id, points.label("points"))
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .join(Account, Account.id == LedgerEntry.account_id)
        .where(
            Account.program_id == program.id,
            Account.distributor_id.is_not(None),
            Account.unit == unit,
            LedgerTransaction.program_id == program.id,
            counted_by(basis, day, program.time_zone),
        )
        .group_by(LedgerEntry.account_id, LedgerEntry.lot_id)
        .having(func.sum(LedgerEntry.amount) != 0)
        .subquery()
    )


def _moved_later(program: Program, day: dt.date) -> FromClause:
    """Give the last days that lots had at the end of a day, of those whose last day was moved after it."""
    return (
        select(LotExtension.lot_id, LotExtension.before_on, LotExtension.before_idle_months)
        .join(Lot, Lot.id == LotExtension.lot_id)
        .join(Account, Account.id == Lot.account_id)
        .where(
            Account.program_id == program.id,
            func.timezone(literal(program.time_zone), LotExtension.changed_at) >= day + dt.timedelta(days=1),
        )
        .ext(distinct_on(LotExtension.lot_id))
        .order_by(LotExtension.lot_id, LotExtension.id)
        .subquery()
    )


def _tiers_on(program: Program, day: dt.date) -> FromClause:
    """Give the tier in which distributors were on a day, of those that ever moved."""
    return (
        select(TierChange.distributor_id, TierChange.tier)
        .where(TierChange.program_id == program.id, (TierChange.from_on.is_(None)) | (TierChange.from_on <= day))
        .ext(distinct_on(TierChange.distributor_id))
        .order_by(TierChange.distributor_id, TierChange.from_on.desc().nulls_last(), TierChange.id.desc())
        .subquery()
    )
