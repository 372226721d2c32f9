"""What the entries of wallets come to, by all that the books tell apart: finance's figures are added up from these.

What was owed on a day, what each month brought and what became of each month's points come from the same entries. To
read these, with the lots and transactions of a million lines, takes nearly all of the time, so they are read once.
"""

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import CTE, BigInteger, ColumnElement, FromClause, Subquery, case, cast, func, select, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from app.domain.measures.calendar import end_of
from app.domain.points.conversion import MICRO
from app.domain.states import Bucket, TransactionKind, Unit
from app.models.distributors import Distributor
from app.models.ledger import Account, LedgerEntry, LedgerTransaction, Lot
from app.models.lot_terms import LotExtension, LotTerms
from app.models.placements import TierChange
from app.models.programs import Program
from app.services.books.booking import Basis, booked_on, counted_by, month_of
from app.services.placing.companies import company_of


@dataclass(frozen=True)
class Until:
    """The end of a day, in the programme's time zone, and what counts by then."""

    day: dt.date
    basis: Basis


class Total(NamedTuple):
    """Entries of wallets that have all but their sums in common; months are told by their first days.

    ``ends_month_on`` is none where the lot has no last day of its own, ``idle`` where it ends after so long without
    activity. What an account owes (``debt``) is of no lot, and was not earned in any month. ``value_micro`` is what one
    point is worth, in millionths of a minor unit. ``points`` is the sum of all entries, ``points_by_then`` the sum of
    those which count by the end of the day.
    """

    tier: str | None
    funded_by: str | None
    ends_month_on: dt.date | None
    idle: bool
    debt: bool
    value_micro: int
    kind: TransactionKind
    booked_month_on: dt.date
    earned_month_on: dt.date | None
    points: int
    points_by_then: int


def totals_of(session: Session, program: Program, unit: Unit = Unit.POINTS, until: Until | None = None) -> list[Total]:
    """Add up the entries of a programme's wallets. One query.

    With ``until``, tiers and last days are those of the end of that day. Without, they are the present ones, and all
    entries count. They come in the order of tier, source of funding, last month, idle and debt.
    """
    of_day = _by_day(program, unit, until)
    keys = (
        of_day.c.tier,
        LotTerms.funded_by,
        month_of(of_day.c.expires_on),
        of_day.c.idle,
        of_day.c.debt,
        of_day.c.value_micro,
        of_day.c.kind,
        month_of(of_day.c.booked_on),
        month_of(of_day.c.earned_on),
    )
    rows = session.execute(
        select(
            *keys,
            cast(func.sum(of_day.c.points), BigInteger),
            cast(func.coalesce(func.sum(of_day.c.points_by_then), 0), BigInteger),
        )
        .select_from(of_day)
        .outerjoin(LotTerms, LotTerms.id == of_day.c.terms_id)
        .group_by(*keys)
        .order_by(*(key.asc().nulls_last() for key in keys[:5]))
    )
    return [Total(*row) for row in rows]


def _by_day(program: Program, unit: Unit, until: Until | None) -> Subquery:
    """Add up by day first: of a million entries, few days are left whose month has to be found."""
    entries = _entries(program, unit, until)
    keys = [one for one in entries.c if one.key not in ("amount", "counted")]
    return (
        select(
            *keys,
            func.sum(entries.c.amount).label("points"),
            func.sum(entries.c.amount).filter(entries.c.counted).label("points_by_then"),
        )
        .group_by(*keys)
        .subquery()
    )


def _entries(program: Program, unit: Unit, until: Until | None) -> Subquery:
    """Give each entry of a wallet with what the books tell apart.

    A transaction is of the programme of its accounts (the database sees to it), so that it is not asked for its own.
    """
    wallets = _wallets(program, unit, until)
    expires_on, idle_months = Lot.expires_on.expression, Lot.idle_months.expression
    joined = (
        select(LedgerEntry.amount)
        .join(wallets, wallets.c.id == LedgerEntry.account_id)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .outerjoin(Lot, Lot.id == LedgerEntry.lot_id)
        .where(LedgerEntry.bucket <= Bucket.RESERVED)
    )
    if until is not None:
        moved = _moved_later(until, program.time_zone)
        joined = joined.outerjoin(moved, moved.c.lot_id == Lot.id)
        expires_on = case((moved.c.lot_id.is_not(None), moved.c.before_on), else_=Lot.expires_on)
        idle_months = case((moved.c.lot_id.is_not(None), moved.c.before_idle_months), else_=Lot.idle_months)
    value = func.coalesce(Lot.unit_value_micro, program.point_value_micro if unit is Unit.POINTS else MICRO)
    return (
        joined.add_columns(
            wallets.c.tier.label("tier"),
            Lot.terms_id.label("terms_id"),
            expires_on.label("expires_on"),
            idle_months.is_not(None).label("idle"),
            LedgerEntry.lot_id.is_(None).label("debt"),
            value.label("value_micro"),
            LedgerTransaction.kind.label("kind"),
            booked_on().label("booked_on"),
            Lot.earned_on.label("earned_on"),
            (true() if until is None else counted_by(until.basis, until.day, program.time_zone)).label("counted"),
        )
        # it keeps the planner from looking into the subquery: what it finds there makes it expect as many sums as there
        # are entries, and sort them all (a third of the time); it does not know that a lot's columns go together
        .offset(0)
        .subquery()
    )


def _wallets(program: Program, unit: Unit, until: Until | None) -> CTE:
    """Give the wallets, and the tiers that their distributors are in. Made once and first: there are few.

    A person is in the tier of their company.
    """
    owner, company = aliased(Distributor), Distributor
    wallets = (
        select(Account.id)
        .join(owner, owner.id == Account.distributor_id)
        .join(company, company.id == func.coalesce(company_of(owner), owner.id))
        .where(Account.program_id == program.id, Account.unit == unit)
    )
    tier: ColumnElement[str | None] = company.tier.expression
    if until is not None:
        tiers = _tiers_on(program, until.day)
        wallets = wallets.outerjoin(tiers, tiers.c.distributor_id == company.id)
        tier = case((tiers.c.distributor_id.is_not(None), tiers.c.tier), else_=tier)
    return wallets.add_columns(tier.label("tier")).cte("wallets").prefix_with("MATERIALIZED")


def _moved_later(until: Until, time_zone: str) -> FromClause:
    """Give the last days that lots had at the end of a day, of those whose last day was moved after it."""
    return (
        select(LotExtension.lot_id, LotExtension.before_on, LotExtension.before_idle_months)
        .where(LotExtension.changed_at >= end_of(until.day, time_zone))
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
