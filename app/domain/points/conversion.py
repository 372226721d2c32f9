"""Points become money, and what makes no full minor unit stays points (rules.md 10).

What points are worth in books and on pages is rounded here too, in one way: towards nothing. So many points that are
owed are worth what as many that somebody has are, with the other sign: what is issued and taken back leaves no worth,
and a debt is never counted for more than it would bring.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.measures.exact import Ints, floor_product

MICRO = 1_000_000
"""Millionths in a minor unit: the worth of money's own smallest unit."""


@dataclass(frozen=True)
class Converted:
    """What amounts of points are worth, in columns.

    Attributes:
        amount_minor: floor(points x value), in minor units.
        points: the fewest points that are worth that amount; the others stay.
    """

    amount_minor: Ints
    points: Ints


def convert(points: Ints, point_value_micro: int) -> Converted:
    """Convert columns of points, counted in their smallest unit.

    Args:
        points: none below zero.
        point_value_micro: worth of the smallest unit of a point, in millionths of a minor unit; `MICRO` for money.

    Raises:
        ValueError: Points are negative, or worth nothing.
        OverflowError: An amount does not fit 64 bits.
    """
    if point_value_micro <= 0:
        raise ValueError(f"a point must be worth something, found {point_value_micro} millionths of a minor unit")
    if points.size and points.min() < 0:
        raise ValueError(f"points to convert cannot be negative, found {points.min()}")
    amount = floor_product(points, point_value_micro, MICRO)
    return Converted(amount, floor_product(amount, MICRO, point_value_micro, add=point_value_micro - 1))


def in_minor_units(worth_micro: int) -> int:
    """Give a worth in millionths of a minor unit in minor units, rounded towards nothing."""
    return worth_micro // MICRO if worth_micro >= 0 else -(-worth_micro // MICRO)


def parts_in_minor_units(worths_micro: Sequence[int]) -> list[int]:
    """Give the worths of parts in minor units: they add up to that of all of them, which is rounded once.

    Each is rounded down, and what is missing then goes to the largest remainders, ties to the first.
    """
    parts = [one // MICRO for one in worths_micro]
    missing = in_minor_units(sum(worths_micro)) - sum(parts)
    for at in sorted(range(len(parts)), key=lambda at: -(worths_micro[at] % MICRO))[:missing]:
        parts[at] += 1
    return parts
