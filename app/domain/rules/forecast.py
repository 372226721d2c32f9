"""What rules may cost in the months to come: a range drawn from history, not a promise.

Each month to come is drawn many times over: the level of the last year, times what its calendar month usually is to a
year, times how far some month of history, drawn by chance, was from what was usual; times what the replayed rules gave
for an amount sold in some replayed month. Nothing grows and nobody leaves: a trend is not guessed. Chance begins at a
fixed place, so that the same history gives the same range.
"""

from dataclasses import dataclass

import numpy as np

from app.domain.measures.exact import Ints, floor_product

PPM = 1_000_000
HORIZON = 12
DRAWS = 1_000
_SEED = 8_1_2026
_YEAR = 12
_SEASONS = 2 * _YEAR
"""So many months of history tell what is the season and what was chance."""
_LOW, _HIGH = DRAWS // 10, DRAWS - DRAWS // 10 - 1


@dataclass(frozen=True)
class History:
    """What a forecast is drawn from. Months stand one after the other, the last complete one at the end.

    ``net_minor`` is what was sold each month, ``rate_ppm`` what rules gave in a replayed month for a million minor
    units, ``spent_ppm`` how much was spent or expired for a million points issued, ``outstanding`` what is owed now.
    """

    last_month: int
    net_minor: Ints
    rate_ppm: Ints
    spent_ppm: Ints
    outstanding: int


@dataclass(frozen=True)
class Range:
    """Of ten draws one lies below ``low`` and one above ``high``; half of them lie below ``middle``."""

    low: int
    middle: int
    high: int


@dataclass(frozen=True)
class Forecast:
    """Points to be issued and to be owed in each month to come, and all that is issued together."""

    first_month: int
    issued: list[Range]
    owed: list[Range]
    total: Range
    seasonal: bool
    months_of_history: int


def forecast(history: History) -> Forecast | None:
    """Draw the months to come; None where nothing was ever sold, or nothing replayed."""
    net = history.net_minor
    if not len(net) or not int(net.sum()) or not len(history.rate_ppm):
        return None
    level, season, chance = _parted(history)
    dice = np.random.default_rng(_SEED)
    shape = (DRAWS, HORIZON)
    months = (history.last_month + 1 + np.arange(HORIZON)) % _YEAR
    usual = floor_product(np.asarray(level), season[months], PPM)
    drawn = dice.integers(0, len(chance), shape)
    sold = floor_product(usual[np.newaxis, :], chance[drawn], PPM)
    issued = floor_product(sold, history.rate_ppm[dice.integers(0, len(history.rate_ppm), shape)], PPM)
    spent = np.zeros(shape, dtype=np.int64)
    if len(history.spent_ppm):
        spent = floor_product(issued, history.spent_ppm[dice.integers(0, len(history.spent_ppm), shape)], PPM)
    owed = _owed(history.outstanding, issued, spent)
    return Forecast(
        first_month=history.last_month + 1,
        issued=[_range(issued[:, at]) for at in range(HORIZON)],
        owed=[_range(owed[:, at]) for at in range(HORIZON)],
        total=_range(issued.sum(axis=1)),
        seasonal=len(net) >= _SEASONS,
        months_of_history=len(net),
    )


def _owed(now: int, issued: Ints, spent: Ints) -> Ints:
    """Add up month by month what is owed: nobody spends more than there is, and what is issued later is owed anew."""
    owed = np.empty_like(issued)
    before = np.full(len(issued), now, dtype=np.int64)
    for at in range(issued.shape[1]):
        before = np.maximum(before + issued[:, at] - spent[:, at], 0)
        owed[:, at] = before
    return owed


def _parted(history: History) -> tuple[int, Ints, Ints]:
    """Part what was sold into the level of the last year, the season of each calendar month, and what chance did."""
    net = np.maximum(history.net_minor, 0)
    count = len(net)
    calendar = (history.last_month - count + 1 + np.arange(count)) % _YEAR
    year = (np.arange(count) - count) // _YEAR  # whole years back from the end; the oldest may be a part of one
    level = np.asarray(
        [max(1, int(net[year == one].sum()) // int((year == one).sum())) for one in year.tolist()], dtype=np.int64
    )
    to_year = floor_product(net, PPM, 1) // level
    season = np.full(_YEAR, PPM, dtype=np.int64)
    if count >= _SEASONS:
        for month in range(_YEAR):
            season[month] = int(to_year[calendar == month].sum()) // int((calendar == month).sum())
    usual = np.maximum(season[calendar], 1)
    return int(level[-1]), season, to_year * PPM // usual


def _range(drawn: Ints) -> Range:
    ordered = np.sort(drawn)
    return Range(int(ordered[_LOW]), int(ordered[DRAWS // 2]), int(ordered[_HIGH]))
