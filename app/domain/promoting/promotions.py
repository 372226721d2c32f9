"""Where participants of a promotion stand: targets, steps, gates, places and what they earned (rules.md 7).

Pure arithmetic over columns, one row a participant. What was sold is measured by
`app.domain.promoting.promotion_measuring`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.domain.documents.sales import Flags
from app.domain.measures.exact import Ints, floor_product, order_of
from app.domain.program_file.promotion_definition import Metric

WHOLE_BP = 10_000
_UNIT_SCALE = 1_000_000 * 1_000
"""A rate per piece counts millionths, a quantity thousandths."""


@dataclass(frozen=True)
class Totals:
    """What was sold in scope, by measure (row) and participant (column): what came back is taken off."""

    net_minor: Ints
    quantity_milli: Ints
    points: Ints
    documents: Ints
    products: Ints

    def value(self, measure: int, metric: Metric) -> Ints:
        """Give what one measure comes to in a metric; below zero is nothing."""
        columns = {
            "net_amount": self.net_minor,
            "quantity": self.quantity_milli,
            "points": self.points,
            "documents": self.documents,
            "products": self.products,
        }
        return np.asarray(np.maximum(columns[metric][measure], 0), dtype=np.int64)


@dataclass(frozen=True)
class Steps:
    """What reaching each share of the target gives, rising. Of the columns but ``gift`` one is above zero a step."""

    reach_bp: Ints
    points: Ints
    percent_bp: Ints
    unit_micro: Ints
    gift: Sequence[str | None]

    def __len__(self) -> int:
        """Count the steps."""
        return len(self.reach_bp)


@dataclass(frozen=True)
class GateTerms:
    """What must be sold as well: a measure, how it is counted, and the least."""

    measure: int
    metric: Metric
    least: int


@dataclass(frozen=True)
class Prizes:
    """Points for places, from and to included."""

    by_share: bool
    least: int
    first: Ints
    last: Ints
    points: Ints


@dataclass(frozen=True)
class GrowthTerms:
    """The measure of the base period, how much more is wanted, and the least target."""

    measure: int
    growth_bp: int
    least: int


@dataclass(frozen=True)
class Terms:
    """A promotion's terms in integers. The first measure is what it counts."""

    metric: Metric
    steps: Steps
    each: bool
    at_end: bool
    gates: tuple[GateTerms, ...]
    growth: GrowthTerms | None
    default_target: int
    prizes: Prizes | None
    budget: int | None


@dataclass(frozen=True)
class Standings:
    """Where each participant stands, one row a participant.

    Attributes:
        value: what was sold, in the promotion's metric.
        target: what is to be reached; 0: there is none.
        base: what was sold in the base period.
        share_bp: the share of the target that is reached, rounded down.
        step: how many steps are reached, whatever the gates say.
        open: whether every gate is.
        earned: what the steps give, by now.
        gates: what was sold for each gate, a row a gate.
    """

    value: Ints
    target: Ints
    base: Ints
    share_bp: Ints
    step: Ints
    open: Flags
    earned: Ints
    gates: Ints


def targets_of(terms: Terms, own: Ints, of_group: Ints, base: Ints) -> Ints:
    """Give each participant's target: their own, else growth over what they sold before, else their group's, or all's.

    0 stands for none, here and in ``own`` and ``of_group``.
    """
    target = np.where(of_group > 0, of_group, terms.default_target)
    if terms.growth is not None:
        grown = floor_product(base, WHOLE_BP + terms.growth.growth_bp, WHOLE_BP, add=WHOLE_BP // 2)
        grown = np.maximum(grown, terms.growth.least)
        target = np.where((base > 0) | (terms.growth.least > 0), grown, target)
    return np.where(own > 0, own, target)


def standings_of(terms: Terms, totals: Totals, own: Ints, of_group: Ints) -> Standings:
    """Tell where participants stand. ``own`` and ``of_group`` are targets said for them and for their groups."""
    count = totals.net_minor.shape[1]
    nothing = np.zeros(count, dtype=np.int64)
    value = totals.value(0, terms.metric)
    base = totals.value(terms.growth.measure, terms.metric) if terms.growth is not None else nothing
    target = targets_of(terms, own, of_group, base)
    sold = [totals.value(gate.measure, gate.metric) for gate in terms.gates]
    opened = np.ones(count, dtype=bool)
    for gate, amount in zip(terms.gates, sold, strict=True):
        opened &= amount >= gate.least
    reached = _reached(terms.steps, value, target)
    gives = _gives(terms.steps, np.maximum(totals.points[0], 0), np.maximum(totals.quantity_milli[0], 0))
    step = reached.sum(axis=0)
    if terms.each:
        earned = (gives * reached).sum(axis=0)
    else:
        top = np.maximum(step - 1, 0)
        earned = np.where(step > 0, gives[top, np.arange(count)], 0) if len(terms.steps) else nothing
    return Standings(
        value=value,
        target=target,
        base=base,
        share_bp=_shares(value, target),
        step=step.astype(np.int64),
        open=opened,
        earned=np.where(opened, earned, 0).astype(np.int64),
        gates=np.asarray(sold, dtype=np.int64).reshape(len(sold), count),
    )


def thresholds(steps: Steps, target: Ints) -> Ints:
    """Give the least value at which each step (row) is reached for each target (column)."""
    rows = [floor_product(target, bp, WHOLE_BP, add=WHOLE_BP - 1) for bp in steps.reach_bp.tolist()]
    return np.asarray(rows, dtype=np.int64).reshape(len(steps), len(target))


def _reached(steps: Steps, value: Ints, target: Ints) -> Flags:
    return (value >= thresholds(steps, target)) & (target > 0)


def _gives(steps: Steps, points: Ints, quantity_milli: Ints) -> Ints:
    """Give what each step (row) gives to each participant (column)."""
    rows = [
        fixed + floor_product(points, percent, WHOLE_BP) + floor_product(quantity_milli, unit, _UNIT_SCALE)
        for fixed, percent, unit in zip(
            steps.points.tolist(), steps.percent_bp.tolist(), steps.unit_micro.tolist(), strict=True
        )
    ]
    return np.asarray(rows, dtype=np.int64).reshape(len(steps), len(points))


def _shares(value: Ints, target: Ints) -> Ints:
    wide = value.astype(object) * WHOLE_BP // np.maximum(target, 1).astype(object)
    limited = np.minimum(wide, np.iinfo(np.int32).max) if len(value) else wide
    return np.where(target > 0, limited.astype(np.int64), 0)


def gifts_of(steps: Steps, step: int, *, each: bool) -> list[str]:
    """Name the rewards of the catalogue that somebody gets who has reached so many steps."""
    reached = list(steps.gift[:step])
    return [gift for gift in (reached if each else reached[-1:]) if gift is not None]


def places_of(score: Ints, competes: Flags) -> Ints:
    """Give everybody's place, best first; those with one score share the better place. 0: no place."""
    rising = np.sort(score[competes])
    better = len(rising) - np.searchsorted(rising, score, side="right")
    return np.where(competes, better + 1, 0).astype(np.int64)


def ranked(prizes: Prizes | None, value: Ints, share_bp: Ints, opened: Flags) -> tuple[Ints, Ints]:
    """Give everybody's place and what it pays. Who sold nothing or too little, or is kept out by a gate, has none.

    Without prizes there are no places.
    """
    if prizes is None:
        return np.zeros_like(value), np.zeros_like(value)
    score = share_bp if prizes.by_share else value
    place = places_of(score, (score > 0) & (value >= prizes.least) & opened)
    paid = np.zeros(len(place), dtype=np.int64)
    for first, last, points in zip(prizes.first.tolist(), prizes.last.tolist(), prizes.points.tolist(), strict=True):
        paid[(place >= first) & (place <= last)] = points
    return place, paid


def forgiven_still(earned: Ints, paid: Ints, forgiven: Ints) -> Ints:
    """Give what of a forgiven taking back still is forgiven: as much as was paid beyond what is earned now."""
    return np.asarray(np.minimum(forgiven, np.maximum(paid - earned, 0)), dtype=np.int64)


def parted(into: Ints, earned: Ints, paid: Ints) -> Ints:
    """Part what rows earn over those that were merged into them: what those were paid counts first, and stays theirs.

    ``into`` is the row that each was merged into, or its own.
    """
    own = np.arange(len(into))
    merged = np.flatnonzero(into != own)
    if not merged.size:
        return earned
    parts = np.zeros_like(earned)
    np.add.at(parts, into, earned)
    for at in merged.tolist():
        parts[at] = min(paid[at], parts[into[at]])
        parts[into[at]] -= parts[at]
    return parts


def furthest_first(place: Ints, share_bp: Ints, value: Ints) -> Ints:
    """Give the order in which a budget that does not suffice for all is given out.

    The best places first (0: none, after all that have one), then who reached the greater share of the target, then who
    sold more; those who are alike in all of it keep their order.
    """
    last = int(place.max(initial=0)) + 1
    return order_of(np.where(place > 0, place, last), -share_bp, -value)


def changes(earned: Ints, paid: Ints, forgiven: Ints, left: int | None, order: Ints) -> Ints:
    """Give what is to be posted: above zero to give, below to take back.

    ``forgiven`` was paid and could not be taken back. ``left`` of the budget is given in ``order`` (`furthest_first`),
    after what is taken back has come home to it; None: there is no budget.
    """
    wanted = earned - paid + forgiven_still(earned, paid, forgiven)
    if left is None:
        return wanted
    more = np.maximum(wanted, 0)
    left -= int(np.minimum(wanted, 0).sum())
    before = np.zeros_like(more)
    before[order] = np.cumsum(more[order]) - more[order]
    return np.asarray(np.where(wanted > 0, np.clip(left - before, 0, more), wanted), dtype=np.int64)
