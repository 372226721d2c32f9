"""Who is in which tier: up at once, down when the span ends in which a tier was not earned again (rules.md 8).

Tiers are numbers: the lowest is 0, and -1 is none. What is earned within a calendar year is held through the next one,
so that what is reported late still counts; a tier of a rolling span is held for a span from the day it was reached.
"""

import datetime as dt
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from app.domain.documents.sales import Flags
from app.domain.measures.calendar import Days, months_after
from app.domain.measures.exact import Ints
from app.domain.program_file.tier_settings import Fall, Tiers, Window

Span: TypeAlias = tuple[dt.date | None, dt.date | None]
"""First and last day, both included; None: no end on that side."""

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Ladder:
    """The tiers of a programme as numbers: what each takes, and how they are lost."""

    thresholds: Ints
    window: Window
    months: int
    fall: Fall
    grace: dt.timedelta

    @staticmethod
    def of(tiers: Tiers, decimals: int) -> "Ladder":
        """Read what a programme says; ``decimals`` are those of what is counted."""
        return Ladder(
            thresholds=np.asarray(tiers.thresholds(decimals), dtype=np.int64),
            window=tiers.window,
            months=12 if tiers.months is None else tiers.months,
            fall=tiers.fall,
            grace=dt.timedelta(days=tiers.grace_days),
        )

    def level(self, metric: Ints) -> Ints:
        """Give the highest tier that each amount reaches."""
        return np.searchsorted(self.thresholds, metric, side="right").astype(np.int64) - 1

    def spans(self, today: dt.date) -> list[Span]:
        """Give the spans of which the best lifts somebody at once; the first of them is the one that runs."""
        if self.window is Window.LIFETIME:
            return [(None, None)]
        if self.window is Window.ROLLING:
            return [(months_after(today, -self.months) + _DAY, None)]
        year = dt.date(today.year, 1, 1)
        return [(year, dt.date(today.year, 12, 31)), self._year(year)]

    def next_review(self, day: dt.date) -> dt.date | None:
        """Give the day on which a tier that is reached on ``day`` may be lost; None: never."""
        if self.window is Window.LIFETIME:
            return None
        if self.window is Window.ROLLING:
            return months_after(day, self.months) + self.grace
        first = dt.date(day.year, 1, 1) + self.grace
        return first if first > day else dt.date(day.year + 1, 1, 1) + self.grace

    def review_after(self, review: dt.date) -> dt.date | None:
        """Give the review that follows one."""
        return self.next_review(review - self.grace if self.window is Window.ROLLING else review)

    def reviewed(self, review: dt.date) -> Span:
        """Give the span that a review looks at: the one that ended, and the grace after it."""
        end = review - self.grace
        if self.window is Window.ROLLING:
            return months_after(end, -self.months), review - _DAY
        return self._year(end)

    def _year(self, end: dt.date) -> Span:
        """Give the year before a first of January, with the grace after it."""
        return dt.date(end.year - 1, 1, 1), end + self.grace - _DAY


@dataclass(frozen=True)
class Standings:
    """In which tier each is, and on which day that is looked at again (NaT: never)."""

    level: Ints
    review: Days

    def due(self, today: dt.date) -> Flags:
        """Mark those whose review has come. It looks at its own span, however late it is held."""
        return self.review <= np.datetime64(today, "D")


def judged(ladder: Ladder, standings: Standings, best: Ints, kept: Ints, today: dt.date) -> Standings:
    """Give where each stands from now on. One whose next review has come as well is judged once more.

    Args:
        ladder: The programme's tiers.
        standings: Where each stood.
        best: The most that each has within one of the spans that lift.
        kept: What each has within the span that its review looks at; no matter whose review is not due.
        today: The day on which it is judged.
    """
    due, level = standings.due(today), standings.level
    risen = np.maximum(level, ladder.level(best))
    earned = ladder.level(np.maximum(best, kept))
    lower = np.maximum(level - 1, earned) if ladder.fall is Fall.BY_ONE else earned
    becomes = np.where(due, np.where(earned >= level, earned, lower), risen)
    review = standings.review.copy()
    for day in np.unique(review[due]):
        review[standings.review == day] = _day(ladder.review_after(day.astype(object)))
    review[becomes > level] = _day(ladder.next_review(today))
    review[becomes < 0] = _day(None)
    return Standings(becomes, review)


def _day(day: dt.date | None) -> np.datetime64:
    return np.datetime64("NaT", "D") if day is None else np.datetime64(day, "D")
