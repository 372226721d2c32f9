"""What a reward costs in points: set by hand or computed of what it costs the sponsor, and otherwise in a season."""

import datetime as dt
import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

WHOLE_BP = 10_000
_MILLION = 1_000_000


@dataclass(frozen=True)
class Formula:
    """How a programme makes a price in points of a cost (rules.md 10: a point is worth an amount of money).

    ``margin_bp`` and ``tax_bp`` are added to the cost; ``step`` is what prices are rounded up to, in smallest units of
    a point.
    """

    point_value_micro: int
    margin_bp: int = 0
    tax_bp: int = 0
    step: int = 1

    def points(self, cost_minor: int) -> int:
        """Give the price of what costs this much: rounded once, upwards, so that the points cover the cost."""
        worth = cost_minor * (WHOLE_BP + self.margin_bp) * (WHOLE_BP + self.tax_bp) * _MILLION
        unit = WHOLE_BP * WHOLE_BP * self.point_value_micro * self.step
        return max(1, -(-worth // unit)) * self.step


@dataclass(frozen=True)
class Season:
    """Days, first and last included, in which a reward has another price; from when on people are told of it."""

    points: int
    from_on: dt.date
    until_on: dt.date
    announced_on: dt.date | None = None

    def holds(self, day: dt.date) -> bool:
        """Tell whether a day is one of its."""
        return self.from_on <= day <= self.until_on

    def overlaps(self, other: "Season") -> bool:
        """Tell whether a day is one of both."""
        return self.from_on <= other.until_on and other.from_on <= self.until_on


@dataclass(frozen=True)
class Price:
    """What one of a reward costs on a day.

    ``season`` is the one whose price it is; ``coming`` is the next that people are told of already.
    """

    points: int
    regular: int
    season: Season | None = None
    coming: Season | None = None

    @property
    def saved(self) -> int:
        """Give how much less than the regular price it is."""
        return max(0, self.regular - self.points)


def price_on(regular: int, seasons: Sequence[Season], day: dt.date) -> Price:
    """Give the price of a day. Seasons of one reward share no day."""
    now = next((one for one in seasons if one.holds(day)), None)
    told = [one for one in seasons if one.from_on > day and one.announced_on is not None and one.announced_on <= day]
    coming = min(told, key=lambda one: one.from_on, default=None)
    return Price(now.points if now is not None else regular, regular, now, coming)


def overlapping(seasons: Sequence[Season]) -> tuple[Season, Season] | None:
    """Find two seasons that share a day; None where no two do."""
    in_order = sorted(seasons, key=lambda one: one.from_on)
    return next((pair for pair in itertools.pairwise(in_order) if pair[0].overlaps(pair[1])), None)


_SEASON = re.compile(
    r"(?P<first>\d{4}-\d{2}-\d{2}) ?\.\. ?(?P<last>\d{4}-\d{2}-\d{2}) ?= ?(?P<points>[0-9.,]+)"
    r"(?: ?\((?P<told>\d{4}-\d{2}-\d{2})\))?"
)


def seasons_text(seasons: Sequence[Season], write: Callable[[int], str]) -> str:
    """Write seasons into one cell: ``2026-12-01..2026-12-24 = 80 (2026-11-17)``, where the last day tells of it."""
    return "; ".join(
        f"{one.from_on}..{one.until_on} = {write(one.points)}" + (f" ({one.announced_on})" if one.announced_on else "")
        for one in seasons
    )


def read_seasons(text: str, read: Callable[[str], int]) -> list[Season]:
    """Read what `seasons_text` writes.

    Raises:
        ValueError: It is written otherwise, a season ends before it begins, or it is told of after it began.
    """
    found = []
    for part in filter(None, (one.strip() for one in text.split(";"))):
        said = _SEASON.fullmatch(part)
        if said is None:
            raise ValueError(part)
        first, last = dt.date.fromisoformat(said["first"]), dt.date.fromisoformat(said["last"])
        told = dt.date.fromisoformat(said["told"]) if said["told"] else None
        points = read(said["points"])
        if points < 1 or last < first or (told is not None and told > first):
            raise ValueError(part)
        found.append(Season(points, first, last, told))
    return found
