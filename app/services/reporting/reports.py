"""What reports tell of sales: who sells and how regularly, what sells best, dealers beside one another.

All of it is read from the sums by month (`app.services.ledger.figures`), so a report of a million lines is as quick as
one of a hundred. A window is some months that end with the newest one in which the programme has sales.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, BigInteger, Subquery, and_, bindparam, case, cast, func, select
from sqlalchemy.orm import Session

from app.domain.measures.calendar import months_after
from app.models.figures import FiguresState, ProductMonth, SalesMonth

ACTIVE_MONTHS = 3
"""Whoever sold in one of so many newest months is active; everybody else is passive."""

REGULAR_BP = 7_500
"""Whoever sold in at least this share of a window's months (in hundredths of a per cent) sells regularly."""


@dataclass(frozen=True)
class Window:
    """Some months: the first, the last (both as first days), and how many."""

    first: dt.date
    last: dt.date
    months: int

    @property
    def before(self) -> "Window":
        """Give as many months before these."""
        return window_until(month_before(self.first, 1), self.months)

    def each(self) -> list[dt.date]:
        """List the months."""
        return [month_before(self.last, back) for back in range(self.months - 1, -1, -1)]


def month_before(day: dt.date, count: int) -> dt.date:
    """Give the first day of the month so many before that of a day."""
    return months_after(day.replace(day=1), -count)


def window_until(last: dt.date, months: int) -> Window:
    """Make a window that ends with a month."""
    return Window(month_before(last, months - 1), last.replace(day=1), months)


def newest_month(session: Session, program_id: int) -> dt.date | None:
    """Give the newest month with sales; None where there are none."""
    return session.scalars(
        select(func.max(SalesMonth.month_on)).where(SalesMonth.program_id == program_id)
    ).one_or_none()


def activity(program_id: int, window: Window) -> Subquery:
    """Ask, for each distributor with sales in a window: net, documents, months with sales, the newest of them.

    Columns: distributor_id, net_minor, documents, months, newest_on.
    """
    return (
        select(
            SalesMonth.distributor_id,
            cast(func.sum(SalesMonth.net_minor), BigInteger).label("net_minor"),
            cast(func.sum(SalesMonth.documents), BigInteger).label("documents"),
            func.count().label("months"),
            func.max(SalesMonth.month_on).label("newest_on"),
        )
        .where(SalesMonth.program_id == program_id, SalesMonth.month_on.between(window.first, window.last))
        .group_by(SalesMonth.distributor_id)
        .subquery("activity")
    )


def compared(program_id: int, window: Window) -> Subquery:
    """Ask, for each distributor, what it sold in a window and in the one before.

    Columns: distributor_id, net_minor, before_minor.
    """
    before = window.before
    in_window = SalesMonth.month_on >= window.first

    def total(condition: Any) -> Any:
        return cast(func.coalesce(func.sum(case((condition, SalesMonth.net_minor), else_=0)), 0), BigInteger)

    return (
        select(
            SalesMonth.distributor_id,
            total(in_window).label("net_minor"),
            total(~in_window).label("before_minor"),
        )
        .where(SalesMonth.program_id == program_id, SalesMonth.month_on.between(before.first, window.last))
        .group_by(SalesMonth.distributor_id)
        .subquery("compared")
    )


def best_products(program_id: int, window: Window) -> CTE:
    """Ask what each product sold in a window; once, however often a query names it.

    Columns: product_id, quantity_milli, net_minor.
    """
    return (
        select(
            ProductMonth.product_id,
            cast(func.sum(ProductMonth.quantity_milli), BigInteger).label("quantity_milli"),
            cast(func.sum(ProductMonth.net_minor), BigInteger).label("net_minor"),
        )
        .where(ProductMonth.program_id == program_id, ProductMonth.month_on.between(window.first, window.last))
        .group_by(ProductMonth.product_id)
        .cte("best_products")
    )


@dataclass(frozen=True)
class SalesOfProgram:
    """Net sales of a whole programme by month, and of which moment they are."""

    net_minor: dict[dt.date, int]
    refreshed_at: dt.datetime | None


def sales_of_program(session: Session, program_id: int) -> SalesOfProgram:
    """Add up everybody's sales by month. One query."""
    rows = session.execute(_SALES_OF_PROGRAM, {"program_id": program_id}).all()
    return SalesOfProgram({month: net for month, net, _ in rows}, rows[0][2] if rows else None)


_SALES_OF_PROGRAM = (
    select(
        SalesMonth.month_on,
        cast(func.sum(SalesMonth.net_minor), BigInteger),
        select(FiguresState.refreshed_at).where(FiguresState.program_id == bindparam("program_id")).scalar_subquery(),
    )
    .where(SalesMonth.program_id == bindparam("program_id"))
    .group_by(SalesMonth.month_on)
)


def net_by_month(
    session: Session, program_id: int, window: Window, distributor_ids: Sequence[int]
) -> dict[int, dict[dt.date, int]]:
    """Add up net sales of some distributors by month."""
    query = select(SalesMonth.month_on, cast(func.sum(SalesMonth.net_minor), BigInteger)).where(
        and_(SalesMonth.program_id == program_id, SalesMonth.month_on.between(window.first, window.last))
    )
    found: dict[int, dict[dt.date, int]] = {one: {} for one in distributor_ids}
    rows = session.execute(
        query.add_columns(SalesMonth.distributor_id)
        .where(SalesMonth.distributor_id.in_(distributor_ids))
        .group_by(SalesMonth.month_on, SalesMonth.distributor_id)
    )
    for month, net, distributor_id in rows:
        found[distributor_id][month] = net
    return found
