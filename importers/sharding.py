"""Cutting a batch into shards: about 20,000 lines each, never two shards of one distributor side by side."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from app.domain.sales import Flags
from verification.gate import Incoming


@dataclass(frozen=True)
class Shard:
    """Documents that count in one transaction. Shards of one lane count one after the other."""

    lane: str | None
    order: int
    documents: Flags


def cut(incoming: Incoming, size: int, *, one_lane: bool) -> Iterator[Shard]:
    """Cut documents into shards.

    Distributors are gathered until their lines reach ``size``. One with more lines than that is cut in counting order
    into shards of a lane of its own. With ``one_lane`` (the programme has a budget that all share, rules.md 4) all
    documents stay in counting order in a single lane.
    """
    sales = incoming.sales
    count = len(sales.documents)
    lines = np.bincount(sales.lines.document, minlength=count)
    if one_lane:
        yield from _slices("all", np.arange(count), lines, size, count)
        return
    who, of = np.unique(sales.documents.distributor_id, return_inverse=True)
    weight = np.bincount(of, weights=lines, minlength=len(who)).astype(np.int64)
    large = np.flatnonzero(weight > size)
    for one in large.tolist():
        yield from _slices(f"distributor:{who[one]}", np.flatnonzero(of == one), lines, size, count)
    small = weight.copy()
    small[large] = 0
    part = np.cumsum(small) // size
    part[large] = -1
    for number in np.unique(part[part >= 0]).tolist():
        chosen = part[of] == number
        if chosen.any():
            yield Shard(None, 0, chosen)


def _slices(lane: str, documents: np.ndarray, lines: np.ndarray, size: int, count: int) -> Iterator[Shard]:
    part = np.cumsum(lines[documents]) // size
    for order, number in enumerate(np.unique(part).tolist()):
        chosen = np.zeros(count, dtype=bool)
        chosen[documents[part == number]] = True
        yield Shard(lane, order, chosen)
