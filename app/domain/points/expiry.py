"""When points end (rules.md 8): how long they last, and what moves their last day on.

Pure dates. A last day is the last one on which points can be spent; it is over at midnight in the programme's time
zone. Points that last so many months without activity have no day of their own: theirs moves on whenever the account
earns or spends, and they are spent after all that have one.
"""

import datetime as dt
from dataclasses import dataclass

from app.domain.measures.calendar import months_after
from app.domain.states import TransactionKind

ACTIVITY = (TransactionKind.AWARD, TransactionKind.PROMOTION, TransactionKind.EVENT, TransactionKind.RESERVE)
"""What counts as activity of an account: it earned, or it spent. What the sponsor or the calendar does to it is none:
returns, refusals, releases, cancellations, expiries, adjustments, transfers; nor what a promotion takes back."""


@dataclass(frozen=True)
class Lasting:
    """How long points last; of the three at most one is given, and none means for ever."""

    months: int | None = None
    calendar_years: int | None = None
    idle_months: int | None = None

    def last_day(self, awarded_on: dt.date) -> dt.date | None:
        """Give the last day of what is awarded on a day; none: it has none, or one that moves on."""
        if self.months is not None:
            return months_after(awarded_on, self.months)
        if self.calendar_years is not None:
            return dt.date(awarded_on.year + self.calendar_years, 12, 31)
        return None


def last_day_of(
    expires_on: dt.date | None, idle_months: int | None, active_on: dt.date | None, came_on: dt.date
) -> dt.date | None:
    """Give the last day of points as things stand: their own, or the one that the account's last activity sets.

    What came in later than the last activity (given by hand, say) lasts from the day on which it came.
    """
    if expires_on is not None or idle_months is None:
        return expires_on
    return months_after(came_on if active_on is None else max(active_on, came_on), idle_months)
