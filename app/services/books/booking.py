"""When a movement stands in the books, and when it was known (decision 31)."""

import datetime as dt
import enum
from typing import Any

from sqlalchemy import ColumnElement, Date, cast, func

from app.domain.measures.calendar import end_of
from app.models.ledger import LedgerTransaction


class Basis(enum.StrEnum):
    """By which date a movement counts.

    The books have it on the day it belongs to, a sale's points on the sale's; what belongs to a closed month stands in
    the first open one. So a past day may look other tomorrow, as files come late, until its month is closed. What was
    recorded by the end of a day never changes: it is what the sponsor could know then.
    """

    BOOKS = "books"
    RECORDED = "recorded"


def booked_on() -> ColumnElement[dt.date]:
    """Give the day on which a transaction stands in the books."""
    return func.coalesce(LedgerTransaction.booked_on, LedgerTransaction.effective_on)


def month_of(day: Any) -> ColumnElement[dt.date]:
    """Give the first day of a day's month."""
    return cast(func.date_trunc("month", day), Date)


def counted_by(basis: Basis, day: dt.date, time_zone: str) -> ColumnElement[bool]:
    """Keep the transactions that count by the end of a day."""
    if basis is Basis.BOOKS:
        return booked_on() <= day
    return LedgerTransaction.recorded_at < end_of(day, time_zone)
