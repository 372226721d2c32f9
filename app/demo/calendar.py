"""When tools are sold: the demonstration's year, day by day."""

import datetime as dt

import numpy as np
from numpy.typing import NDArray

FIRST_DAY = dt.date(2025, 11, 1)
LAST_DAY = dt.date(2026, 10, 31)
DAYS = [FIRST_DAY + dt.timedelta(days=offset) for offset in range((LAST_DAY - FIRST_DAY).days + 1)]

HOLIDAYS = frozenset(
    dt.date.fromisoformat(day)
    for day in (
        "2025-11-01",
        "2025-11-11",
        "2025-12-24",
        "2025-12-25",
        "2025-12-26",
        "2026-01-01",
        "2026-01-06",
        "2026-04-05",
        "2026-04-06",
        "2026-05-01",
        "2026-05-03",
        "2026-05-24",
        "2026-06-04",
        "2026-08-15",
    )
)
BLACK_WEEK = (dt.date(2025, 11, 24), dt.date(2025, 11, 30))
GARDEN_MONTHS = frozenset({3, 4, 5, 6})

# How much is sold in a month: builders start in March and stop with the frost; presents in December.
MONTHS = {1: 0.60, 2: 0.70, 3: 1.05, 4: 1.25, 5: 1.35, 6: 1.25, 7: 1.05, 8: 1.00, 9: 1.15, 10: 1.10, 11: 0.90, 12: 0.95}
# How much is sold on a day of the week, Monday first.
WEEKDAYS = {
    "Hurtownie": (1.1, 1.1, 1.0, 1.0, 0.9, 0.0, 0.0),
    "Sklepy narzędziowe": (1.0, 0.9, 0.9, 1.0, 1.2, 0.8, 0.0),
    "Sprzedaż internetowa": (1.3, 1.1, 1.0, 0.9, 0.8, 0.5, 0.8),
}


def day_weights(group: str) -> NDArray[np.float64]:
    """Weigh every day of the year for one group of distributors; the weights sum to one."""
    weights = [_weight(day, group) for day in DAYS]
    return np.array(weights) / sum(weights)


def _weight(day: dt.date, group: str) -> float:
    weight = MONTHS[day.month] * WEEKDAYS[group][day.weekday()]
    if day in HOLIDAYS:
        return 0.0
    if group == "Sprzedaż internetowa" and BLACK_WEEK[0] <= day <= BLACK_WEEK[1]:
        return weight * 2.5
    return weight
