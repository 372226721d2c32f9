"""Days whose month somebody took for the day: some of a report, or all of one that is written in another order."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from app.domain.saying.wording import Said, marked
from importers.errors import QuestionOpen
from importers.layout.written.dates import proof, read_moment, with_zeros
from importers.layout.written.periods import days_said, months_said
from importers.typed.parsing import Column

_ = marked
_MOST = 0.8
"""So many rows are of one month in a report of a month; the months beside it say nothing."""
_LEAST = 2
"""Days that are so: of one alone it may be chance, as an older invoice may be of any day."""
_SHOWN = 3
_OTHER = {"dmy": "mdy", "mdy": "dmy"}
_MONTHS, _TIMES = 4, 3
"""Days of so many months that are of so many times fewer in the other order are no chance."""


def perhaps_swapped(column: Column, days: np.ndarray) -> list[dict[str, Any]]:
    """Warn of such days, where all that are far from the report's month are so.

    Args:
        column: of the days, as they are written.
        days: of each row; NaT where there is none.
    """
    told = np.flatnonzero(~np.isnat(days))
    if not len(told):
        return []
    months = days[told].astype("datetime64[M]").astype(np.int64)
    counts = np.bincount(months - months.min())
    own = int(counts.argmax() + months.min())
    if counts.max() < _MOST * len(told):
        return []
    far = told[np.abs(months - own) > 1]
    day = (days[far] - days[far].astype("datetime64[M]")).astype(np.int64)  # from 0, as months are numbered here
    own_year, own_month = divmod(own, 12)
    swapped = (day == own_month) & (days[far].astype("datetime64[Y]").astype(np.int64) == own_year)
    _, first = np.unique(days[far], return_index=True)
    if not swapped.all() or len(first) < _LEAST:
        return []
    shown = ", ".join(column.shown(at) for at in far[np.sort(first)][:_SHOWN].tolist())
    return [{"code": "days_of_another_month", "field": column.name, "found": shown, "count": len(far)}]


@dataclass(frozen=True)
class _BothWays:
    """Days that all allow two orders: each as it is written, in the order that is said, and in the other one."""

    texts: list[str]
    said: list[dt.date]
    other: list[dt.date]

    @property
    def spread(self) -> bool:
        """Say whether they are of many months, and would be of few in the other order; days of plain months are not."""
        months = sorted({one.year * 12 + one.month for one in self.said})
        every = months[-1] - months[0] + 1 == len(months) and {one.day for one in self.said} == {1}
        return len(months) >= max(_MONTHS, _TIMES * len(_months(self.other))) and not every

    def of_another(self, order: str, around: Iterable[str], today: dt.date | None) -> bool:
        """Say whether they are surely written in another order than this one.

        So are those of one month where the file says so, those of a year of which some are still to come, and those
        below a day that is written in the other order.
        """
        written = [one for text in around for one in days_said(text)]
        if proof(written).needed and proof(written).order == _OTHER[order]:
            return True
        months = {month for text in around for month in months_said(text)}
        if len(months) == 1 and _months(self.other) == months and len(set(self.other)) >= _LEAST:
            return not _months(self.said) & months
        return today is not None and self.spread and max(self.other) <= today < max(self.said)


def all_perhaps_swapped(
    name: str, column: Column, order: str | None, around: Iterable[str], today: dt.date | None
) -> list[dict[str, Any]]:
    """Warn of days that all are perhaps written in another order than a profile says; stop where they surely are.

    Args:
        name: what the file calls the column.
        column: of the days, as they are written.
        order: of day, month and year, as the profile says it.
        around: what the file is called, its sheet, and what stands above the table.
        today: the day of the import.

    Raises:
        QuestionOpen: They surely are.
    """
    both = _both_ways(column, order) if order in _OTHER else None
    if order is None or both is None:
        return []
    shown = list(islice(both.texts, _SHOWN))
    if both.of_another(order, tuple(around), today):
        words = _("its dates are in the order %(found)s, and the profile says %(said)s")
        asked = Said(words, {"found": _OTHER[order], "said": order})
        raise QuestionOpen(name, asked, shown, Said(_("say dates: in the profile")))
    if not both.spread:
        return []
    return [{"code": "all_days_perhaps_swapped", "field": column.name, "found": ", ".join(map(repr, shown))}]


def _both_ways(column: Column, order: str) -> _BothWays | None:
    """Read days both ways; None where some prove their order, or none would be another day."""
    found = _BothWays([], [], [])
    for text in with_zeros(column.values.to_pylist()):
        days: Mapping[str, dt.date] = read_moment(text).days
        said, other = days.get(order), days.get(_OTHER[order])
        if (said is None) != (other is None):
            return None
        if said is not None and other is not None and said != other:
            found.texts.append(text)
            found.said.append(said)
            found.other.append(other)
    return found if found.texts else None


def _months(days: Iterable[dt.date]) -> set[str]:
    return {f"{one:%Y-%m}" for one in days}
