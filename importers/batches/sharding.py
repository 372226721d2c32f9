"""Cutting a batch into shards: about 30,000 lines each, never two shards of one distributor side by side."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from app.domain.measures.exact import Ints
from verification.incoming import Incoming


@dataclass(frozen=True)
class Shard:
    """Documents that count in one transaction. Shards of one lane count one after the other."""

    lane: str | None
    order: int
    incoming: Incoming


def cut(incoming: Incoming, size: int, *, one_lane: bool) -> Iterator[Shard]:
    """Cut documents into shards.

    Distributors are gathered until their lines reach ``size``. One with more lines than that is cut in counting order
    into shards of a lane of its own. With ``one_lane`` (the programme has a budget that all share, rules.md 4) all
    documents stay in counting order in a single lane.
    """
    sales = incoming.sales
    lines = np.bincount(sales.lines.document, minlength=len(sales.documents))
    number, lanes = _one_lane(lines, size) if one_lane else _by_distributor(sales.documents.distributor_id, lines, size)
    order = np.argsort(number, kind="stable")
    edges = np.searchsorted(number[order], np.arange(len(lanes) + 1))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    of_line = number[sales.lines.document].astype(np.int32)
    line_order = np.argsort(of_line, kind="stable")
    line_edges = np.searchsorted(of_line[line_order], np.arange(len(lanes) + 1))
    moved = incoming.reordered(order, line_order, place)
    for at, (lane, step) in enumerate(lanes):
        yield Shard(
            lane, step, moved.slice(int(edges[at]), int(edges[at + 1]), int(line_edges[at]), int(line_edges[at + 1]))
        )


def _one_lane(lines: Ints, size: int) -> tuple[Ints, list[tuple[str | None, int]]]:
    """Number documents in counting order by shards of one lane."""
    part = _dense(np.cumsum(lines) // size)
    return part, [("all", step) for step in range(int(part.max(initial=-1)) + 1)]


def _by_distributor(who: Ints, lines: Ints, size: int) -> tuple[Ints, list[tuple[str | None, int]]]:
    """Number documents by shards of whole distributors; give large ones lanes of their own."""
    distributors, of = np.unique(who, return_inverse=True)
    weight = np.zeros(len(distributors), dtype=np.int64)
    np.add.at(weight, of, lines)
    large = weight > size
    part = _dense(np.where(large, 0, np.cumsum(np.where(large, 0, weight)) // size))
    number = part[of]
    small = ~large[of]
    number[small] = _dense(number[small])
    number[~small] = -1
    lanes: list[tuple[str | None, int]] = [(None, 0)] * (int(number.max(initial=-1)) + 1)
    for one in np.flatnonzero(large).tolist():
        mine = np.flatnonzero(of == one)
        steps = _dense(np.cumsum(lines[mine]) // size)
        number[mine] = len(lanes) + steps
        lanes += [(f"distributor:{distributors[one]}", step) for step in range(int(steps.max()) + 1)]
    return number, lanes


def _dense(numbers: Ints) -> Ints:
    """Renumber without gaps, in the same order."""
    return np.unique(numbers, return_inverse=True)[1].astype(np.int64)
