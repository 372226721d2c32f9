"""When a total is divided, it is divided here and the parts add up again (largest remainder)."""

import numpy as np

from app.domain.measures.exact import Ints, order_of, running_before, sums_by

_SAFE = 1 << 62


def share(totals: Ints, groups: Ints, weights: Ints) -> Ints:
    """Divide ``totals[g]`` over the members of group g in proportion to their weights.

    Args:
        totals: one whole number per group, zero or more.
        groups: the group of each member, rising (members of a group stand together, in order of their tie-break).
        weights: the weight of each member, above zero.

    Returns:
        The part of each member. Parts of a group add up to its total. What whole division leaves over goes one by one
        to the largest remainders, ties to the member that stands first (rules.md 2).
    """
    if groups.size == 0:
        return np.zeros(0, dtype=np.int64)
    whole = sums_by(groups, weights, len(totals))
    mine, all_ = totals[groups], whole[groups]
    if int(mine.max()) * int(weights.max()) < _SAFE:
        product = mine * weights
        parts, remainders = product // all_, product % all_
    else:
        wide = mine.astype(object) * weights.astype(object)
        parts = np.asarray(wide // all_.astype(object), dtype=np.int64)
        remainders = np.asarray(wide % all_.astype(object), dtype=np.int64)
    left = totals - sums_by(groups, parts, len(totals))
    if not left.any():
        return parts
    order = order_of(groups, -remainders)
    starts = np.ones(len(groups), dtype=bool)
    starts[1:] = groups[1:] != groups[:-1]
    place = np.empty(len(groups), dtype=np.int64)
    place[order] = running_before(np.ones(len(groups), dtype=np.int64), starts)
    return parts + (place < left[groups])


def parts_of(total: int, weights: list[int]) -> list[int]:
    """Divide one total: ``share`` for a single group."""
    given = np.asarray(weights, dtype=np.int64)
    parts = share(np.asarray([total], dtype=np.int64), np.zeros(len(given), dtype=np.int64), given)
    return [int(part) for part in parts]
