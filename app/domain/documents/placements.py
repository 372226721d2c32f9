"""What was where on which day: groups and tiers as a sale's own day had them.

A catalogue numbers its things by position. One that moved has several positions, one after the other, each for a
stretch of days; everything that looks at positions (masks, the matrix) works as if they were things of their own.
Where nothing ever moved there is nothing of all this.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from app.domain.documents.sales import Flags
from app.domain.measures.calendar import Days
from app.domain.measures.exact import Ints

Of = TypeVar("Of")
Other = TypeVar("Other")
Course = Mapping[dt.date | None, Of]
"""What holds from which day on; None: from the beginning."""


@dataclass(frozen=True)
class Stretches:
    """From which day each position holds (NaT: from the beginning), and whether another one of its thing follows."""

    from_on: Days
    followed: Flags

    def on(self, first: Ints, days: Days, of: Ints | None = None) -> Ints:
        """Step from the first position of each thing to the one that holds on its day.

        ``of`` says which day belongs to which thing; without it they stand side by side.
        """
        at = first.copy()
        left = np.flatnonzero(self.followed[at])
        when = days[left] if of is None else days[of[left]]
        while left.size:
            later = self.from_on[at[left] + 1] <= when
            left, when = left[later], when[later]
            at[left] += 1
            again = self.followed[at[left]]
            left, when = left[again], when[again]
        return at


def stretches(ids: Ints, from_on: Sequence[dt.date | None]) -> Stretches | None:
    """Lay out positions by id and then by day; None where no id has two."""
    followed = np.zeros(len(ids), dtype=bool)
    followed[:-1] = ids[1:] == ids[:-1]
    return Stretches(np.asarray(from_on, dtype="datetime64[D]"), followed) if followed.any() else None


def unrolled(
    present: Iterable[tuple[int, Of]], courses: Mapping[int, Course[Of]]
) -> tuple[list[int], list[dt.date | None], list[Of]]:
    """Give a position to each stretch of each thing: ids, first days, what holds. What has no course is as it is."""
    ids: list[int] = []
    days: list[dt.date | None] = []
    held: list[Of] = []
    for id_, now in present:
        course = courses.get(id_)
        for day in [None] if course is None else in_order(course):
            ids.append(id_)
            days.append(day)
            held.append(now if course is None else course[day])
    return ids, days, held


def in_order(days: Iterable[dt.date | None]) -> list[dt.date | None]:
    """Sort days; the beginning comes first."""
    return sorted(days, key=lambda day: (day is not None, day or dt.date.min))


def beside(one: Course[Of], other: Course[Other]) -> dict[dt.date | None, tuple[Of, Other]]:
    """Lay two courses of one thing beside each other: both begin at the beginning."""
    found: dict[dt.date | None, tuple[Of, Other]] = {}
    here, there = one[None], other[None]
    for day in in_order({*one, *other}):
        here, there = one.get(day, here), other.get(day, there)
        found[day] = here, there
    return found
