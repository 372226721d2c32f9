"""Exact integer arithmetic on columns: no float, and no overflow that nobody notices."""

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]

_SAFE = 1 << 62


def floor_product(left: Ints | int, right: Ints | int, divisor: int, add: int = 0) -> Ints:
    """Give floor((left x right + add) / divisor), element by element.

    Products beyond 64 bits are computed with Python's unbounded integers: slower, and right.

    Raises:
        OverflowError: A result does not fit 64 bits.
    """
    if _largest(left) * _largest(right) + abs(add) < _SAFE:
        return np.asarray((np.asarray(left, dtype=np.int64) * right + add) // divisor, dtype=np.int64)
    wide: Any = (np.asarray(left, dtype=object) * np.asarray(right, dtype=object) + add) // divisor
    return np.asarray(wide, dtype=np.int64)


def _largest(values: Ints | int) -> int:
    if isinstance(values, int):
        return abs(values)
    return max(abs(int(values.min())), abs(int(values.max()))) if values.size else 0


def half_up(numerator: Ints, denominator: int) -> Ints:
    """Divide and round half up, away from zero, as commerce and ``decimal.ROUND_HALF_UP`` do."""
    return np.sign(numerator) * floor_product(np.abs(numerator), 2, 2 * denominator, add=denominator)


def half_up_of(numerator: int, denominator: int) -> int:
    """Divide and round one number likewise."""
    rounded = (2 * abs(numerator) + denominator) // (2 * denominator)
    return rounded if numerator >= 0 else -rounded


def places(known: Ints, wanted: Ints) -> Ints:
    """Give the place of each number among known ones, which rise.

    Raises:
        LookupError: One is not among them.
    """
    at = np.searchsorted(known, wanted)
    there = at < len(known)
    there[there] = known[at[there]] == np.asarray(wanted)[there]
    if not there.all():
        raise LookupError(f"{int(np.asarray(wanted)[~there][0])} is not among the {len(known)} that are known")
    return at


def order_of(*columns: npt.NDArray[np.signedinteger[Any]]) -> Ints:
    """Give the order of rows by several columns, the first of them first; rows that are alike keep their order.

    Neighbouring columns whose ranges fit into one number are sorted as one: a tenth of the time of ``np.lexsort``.
    """
    order: Ints | None = None
    packed, room = None, 1
    for column in reversed(columns):
        least, most = (int(column.min()), int(column.max())) if len(column) else (0, 0)
        width = most - least + 1
        if packed is not None and room * width < _SAFE:
            packed, room = packed + (column.astype(np.int64) - least) * room, room * width
            continue
        order = _sorted_by(packed, order)
        # a column too wide for anything beside it is sorted as it is
        packed, room = (column.astype(np.int64) - least, width) if width < _SAFE else (column, _SAFE)
    order = _sorted_by(packed, order)
    assert order is not None, "there is a column"
    return order


def _sorted_by(column: Ints | None, order: Ints | None) -> Ints | None:
    if column is None:
        return order
    return np.argsort(column, kind="stable") if order is None else order[np.argsort(column[order], kind="stable")]


def by_value(values: Ints) -> Iterator[tuple[int, Ints]]:
    """Give each distinct value, rising, with the places where it stands, rising."""
    order = np.argsort(values, kind="stable")
    distinct, starts = np.unique(values[order], return_index=True)
    yield from zip(distinct.tolist(), np.split(order, starts[1:]), strict=True) if len(values) else ()


def sums_by(groups: Ints, values: Ints, count: int) -> Ints:
    """Sum values by group number, exactly, for groups 0..count-1 in any order."""
    totals = np.zeros(count, dtype=np.int64)
    np.add.at(totals, groups, values)
    return totals


def running_before(values: Ints, starts: npt.NDArray[np.bool_]) -> Ints:
    """Sum what stands before each value within its run; ``starts`` marks where a run begins."""
    total = np.cumsum(values) - values
    first = np.flatnonzero(starts)
    return total - np.repeat(total[first], np.diff(np.append(first, len(values)))) if len(values) else total
