"""Caps and budgets: how much of what a rule would give it may give (rules.md 4).

What a rule has given stays counted when goods come back: a return takes back points, not room under a cap.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from app.domain.documents.sales import Documents
from app.domain.measures.calendar import period_of
from app.domain.measures.exact import Ints, running_before, sums_by
from app.domain.rules.rulebook import CompiledRule
from app.domain.states import Cut

NOBODY = 0
"""Stands for the distributor where a limit holds for all together."""

_Key: TypeAlias = tuple[int, Cut, int, int]


@dataclass
class CapUsage:
    """What capped rules have given: (rule id, span, distributor id, period) -> amount.

    ``before`` is what had been given when the work began; ``added`` what this work gives. Whoever computes awards must
    hold the distributors' accounts locked from reading ``before`` until storing ``added``.
    """

    before: dict[_Key, int] = field(default_factory=dict)
    added: dict[_Key, int] = field(default_factory=dict)

    def used(self, key: _Key) -> int:
        """Give the amount used so far."""
        return self.before.get(key, 0) + self.added.get(key, 0)


def apply_caps(
    rule: CompiledRule, amount: Ints, document: Ints, documents: Documents, usage: CapUsage
) -> tuple[Ints, npt.NDArray[np.int8]]:
    """Cut what a rule gives to its caps.

    Args:
        rule: a rule with caps.
        amount: what it would give, row by row in counting order.
        document: position of the document of each row.
        documents: all documents.
        usage: read for what was given before; added to.

    Returns:
        What it gives, and the last cap that made each row less (``Cut.NOTHING``: none). The room under a cap is its
        limit less what the rule has given, so neither depends on how sales were parted into imports.
    """
    assert rule.caps is not None, "only rules with caps come here"
    capped = [_Capped.of(rule, cut, limit, document, documents, usage) for cut, limit in rule.caps.limits]
    given = amount
    for cap in capped:
        given = np.clip(cap.room - cap.before(given), 0, given)
    cut_by = np.zeros(len(amount), dtype=np.int8)
    left = amount
    for cap in capped:
        allowed = np.clip(cap.room - cap.before(given), 0, left)
        cut_by[allowed < left] = cap.cut
        left = allowed
    for cap in capped:
        cap.note(given, usage)
    return given, cut_by


@dataclass(frozen=True)
class _Capped:
    """A cap over rows: ``room`` is what it had left before the first of the rows that it counts together.

    ``group`` numbers what is counted together, and ``keys`` say as what its usage is kept; within a document none is.
    """

    cut: Cut
    keys: list[_Key]
    group: Ints
    room: Ints
    order: Ints
    starts: npt.NDArray[np.bool_]

    @staticmethod
    def of(
        rule: CompiledRule, cut: Cut, limit: int, document: Ints, documents: Documents, usage: CapUsage
    ) -> "_Capped":
        """Look up what had been used, and part the rows into those that the cap counts together."""
        keys: list[_Key] = []
        used, group = np.zeros(len(document), dtype=np.int64), document
        if cut is not Cut.PER_DOCUMENT:
            who, when = _spans(cut, document, documents)
            first = int(when.min(initial=0))
            width = int(when.max(initial=0)) - first + 1
            pairs, group = np.unique(who * width + (when - first), return_inverse=True)
            spans = zip((pairs // width).tolist(), (pairs % width + first).tolist(), strict=True)
            keys = [(rule.version.rule_id, cut, *span) for span in spans]
            used = np.asarray([usage.used(key) for key in keys], dtype=np.int64)[group]
        order = np.argsort(group, kind="stable")
        starts = np.ones(len(order), dtype=bool)
        starts[1:] = group[order][1:] != group[order][:-1]
        return _Capped(cut, keys, group, limit - used, order, starts)

    def before(self, amount: Ints) -> Ints:
        """Sum, for each row, what the rows before it have that the cap counts together with it."""
        before = np.empty_like(amount)
        before[self.order] = running_before(amount[self.order], self.starts)
        return before

    def note(self, amount: Ints, usage: CapUsage) -> None:
        """Add what was given to the usage of every span that is kept."""
        if self.keys:
            for key, total in zip(self.keys, sums_by(self.group, amount, len(self.keys)).tolist(), strict=True):
                if total:
                    usage.added[key] = usage.added.get(key, 0) + total


def _spans(cut: Cut, document: Ints, documents: Documents) -> tuple[Ints, Ints]:
    period = period_of(cut, documents.issued_on)[document]
    if cut is Cut.BUDGET:
        return np.full(len(document), NOBODY, dtype=np.int64), period
    return documents.distributor_id[document], period
