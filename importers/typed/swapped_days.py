"""Days that are of another month than nearly all of a report, and would be of its own with day and month swapped."""

from typing import Any

import numpy as np

from importers.typed.parsing import Column

_MOST = 0.8
"""So many rows are of one month in a report of a month; the months beside it say nothing."""
_LEAST = 2
"""Days that are so: of one alone it may be chance, as an older invoice may be of any day."""
_SHOWN = 3


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
