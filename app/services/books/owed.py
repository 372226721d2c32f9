"""What a sponsor owed in points at the end of any day: by tier, by who pays, by when they end; from the entries alone.

What is left of each part is added up from the ledger's entries, so the parts always come to what the ledger says. What
an account owes has no lot and stands as a part of its own, below zero.
"""

import datetime as dt
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.domain.points.conversion import in_minor_units, parts_in_minor_units
from app.services.books.totals import Total


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
        """Add parts up; the worth is rounded once (`app.domain.points.conversion`)."""
        return Sum(sum(one.points for one in parts), in_minor_units(sum(one.worth_micro for one in parts)))


def parts_of(totals: Iterable[Total]) -> list[Part]:
    """Give what was owed at the end of the day of which totals are, in parts. What comes to nothing is no part."""
    sums: dict[tuple[str | None, str | None, dt.date | None, bool, bool], tuple[int, int]] = {}
    for one in totals:
        key = (one.tier, one.funded_by, one.ends_month_on, one.idle, one.debt)
        points, worth_micro = sums.get(key, (0, 0))
        sums[key] = (points + one.points_by_then, worth_micro + one.points_by_then * one.value_micro)
    return [Part(*key, *owed) for key, owed in sums.items() if any(owed)]


def together(parts: Sequence[Part], key: Callable[[Part], Hashable]) -> list[tuple[Any, Sum]]:
    """Add parts up by something that they share, in the order in which it comes.

    The worths add up to what all parts together are worth.
    """
    found: dict[Any, list[Part]] = {}
    for one in parts:
        found.setdefault(key(one), []).append(one)
    worths = parts_in_minor_units([sum(one.worth_micro for one in some) for some in found.values()])
    return [
        (of, Sum(sum(one.points for one in some), worth))
        for (of, some), worth in zip(found.items(), worths, strict=True)
    ]


def worths_of(parts: Sequence[Part]) -> list[int]:
    """Give what each part is worth in minor units: what is owed to accounts and what they owe each add up."""
    worths: dict[bool, Iterator[int]] = {
        debt: iter(parts_in_minor_units([one.worth_micro for one in parts if one.debt is debt]))
        for debt in (False, True)
    }
    return [next(worths[one.debt]) for one in parts]
