"""What rules earn on sales: columns of documents and lines in, columns of awards out (rules.md 2 to 4).

The same function awards one document and a million lines. Per rule it does a few array operations; nothing looks at a
single line.
"""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from app.domain.documents.sales import Flags, Sales
from app.domain.measures.exact import Ints, floor_product, half_up, order_of, sums_by
from app.domain.measures.sharing import share
from app.domain.rules.caps import CapUsage, apply_caps
from app.domain.rules.rulebook import CompiledRule, RuleBook
from app.domain.rules.scoping import Facts, sets_of
from app.domain.rules.stacking import Candidates, survivors
from app.domain.states import Unit

_MICRO_MILLI = 1_000_000 * 1_000
_COLUMNS = ("line", "rule", "amount", "uncut", "set_amount", "basis", "cell", "cut_by")


@dataclass(frozen=True)
class Awards:
    """What was earned, in counting order: one row per line and rule that gave it something.

    Columns of equal length:
        line: position of the line in ``Sales.lines``.
        rule: position of the rule in ``RuleBook.rules``.
        amount: points or money in the smallest unit, after stacks and caps; 0 only where a cap left nothing.
        uncut: the same without caps.
        set_amount: what the rule gave the whole set of lines that shares it (where none is shared: the line's own).
        basis: what it was computed from: a sum in minor units, a count of lines, the base points of a multiplier.
        cell: row of the matrix's rates, or -1.
        cut_by: ``Cut``.
    """

    line: Ints
    rule: Ints
    amount: Ints
    uncut: Ints
    set_amount: Ints
    basis: Ints
    cell: npt.NDArray[np.int32]
    cut_by: npt.NDArray[np.int8]

    def __len__(self) -> int:
        """Count the awards."""
        return len(self.line)

    def only(self, wanted: Flags) -> "Awards":
        """Keep some of them."""
        return Awards(**{column.name: getattr(self, column.name)[wanted] for column in fields(self)})


def award(book: RuleBook, sales: Sales, first_purchase: Flags, usage: CapUsage) -> Awards:
    """Compute what documents earn.

    Args:
        book: the programme's rules.
        sales: documents in counting order. Credit notes and returned lines earn nothing here (see returns).
        first_purchase: marks the documents that are their distributor's first invoice.
        usage: what capped rules have given before; this function adds what it gives.
    """
    facts = Facts.of(book, sales, first_purchase)
    base = _select(book, _earn(facts))
    multiplied = _select(book, _multiply(facts, base))
    whole = _concatenated(base, multiplied)
    in_order = order_of(whole.line, whole.rule)
    return _capped(book, sales, _reordered(whole, in_order), usage)


def _earn(facts: Facts) -> Awards:
    """Give what the rules that are no multipliers earn, before stacks and caps."""
    book = facts.book
    sets = sets_of(facts, (at for at, rule in enumerate(book.rules) if rule.kind not in ("multiplier", "event")))
    if not sets.line.size:
        return _no_awards()
    amount = np.zeros(len(sets.line), dtype=np.int64)
    basis = np.zeros(len(sets.line), dtype=np.int64)
    total, basis_of_set = np.zeros(len(sets.rule), dtype=np.int64), sets.sum.copy()
    shared = np.zeros(len(sets.rule), dtype=bool)
    for number, at, of in sets.by_rule():
        rule = book.rules[number]
        if rule.shares:
            shared[at] = True
            total[at], basis_of_set[at] = _of_sets(rule, sets.sum[at], sets.count[at], sets.cell[at])
        else:
            amount[of], basis[of] = _of_lines(rule, facts, sets.line[of], sets.cell[sets.of[of]])
    by_set = shared[sets.of]
    amount += share(total, sets.of, facts.amount[sets.line])
    some = np.flatnonzero(amount > 0)
    of_some = sets.of[some]
    given = amount[some]
    return Awards(
        line=sets.line[some],
        rule=sets.rule[of_some],
        amount=given,
        uncut=given,
        set_amount=np.where(by_set[some], total[of_some], given),
        basis=np.where(by_set[some], basis_of_set[of_some], basis[some]),
        cell=sets.cell[of_some],
        cut_by=np.zeros(len(some), dtype=np.int8),
    )


def _of_lines(rule: CompiledRule, facts: Facts, line: Ints, cell: npt.NDArray[np.int32]) -> tuple[Ints, Ints]:
    """Give what lines earn by themselves, and what it is computed from."""
    points = rule.matrix.rates[cell] if rule.matrix is not None else rule.points
    if rule.kind == "per_unit":
        quantity = facts.sales.lines.quantity_milli[line]
        return floor_product(quantity, points, _MICRO_MILLI), quantity
    if rule.kind == "per_amount":
        amount = facts.amount[line]
        return floor_product(amount // rule.step, points, 1), amount
    return np.full(len(line), rule.points, dtype=np.int64), np.zeros(len(line), dtype=np.int64)


def _of_sets(rule: CompiledRule, sum_: Ints, count: Ints, cell: npt.NDArray[np.int32]) -> tuple[Ints, Ints]:
    """Give what sets earn, to be shared over their lines, and what it is computed from."""
    if rule.kind == "per_amount":
        points = rule.matrix.rates[cell] if rule.matrix is not None else rule.points
        return floor_product(sum_ // rule.step, points, 1), sum_
    if rule.kind == "per_document":
        return np.where(sum_ >= rule.least_amount, rule.points, 0), sum_
    basis = count if rule.kind == "line_count_bands" else sum_
    reached = np.searchsorted(rule.band_from, basis, side="right") - 1
    return np.where(reached >= 0, rule.band_points[np.maximum(reached, 0)], 0), basis


def _no_awards() -> Awards:
    empty = np.zeros(0, dtype=np.int64)
    return Awards(empty, empty, empty, empty, empty, empty, np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int8))


def _reordered(awards: Awards, order: Ints | Flags) -> Awards:
    return Awards(
        awards.line[order],
        awards.rule[order],
        awards.amount[order],
        awards.uncut[order],
        awards.set_amount[order],
        awards.basis[order],
        awards.cell[order],
        awards.cut_by[order],
    )


def _concatenated(one: Awards, other: Awards) -> Awards:
    if not len(one) or not len(other):
        return one if len(one) else other
    return Awards(*(np.concatenate([getattr(one, name), getattr(other, name)]) for name in _COLUMNS))


def _select(book: RuleBook, awards: Awards) -> Awards:
    """Let each stack's policy choose among the rules that match a line (rules.md 3)."""
    if not len(awards):
        return awards
    kept = survivors(book, Candidates(awards.line, awards.rule, awards.amount))
    return awards if kept.all() else _reordered(awards, kept)


def _multiply(facts: Facts, base: Awards) -> Awards:
    """Give what the multipliers add to each line's points (rules.md 3: they come last). Units are multiplied apart."""
    book, lines = facts.book, len(facts.sales.lines)
    sets = sets_of(facts, (at for at, rule in enumerate(book.rules) if rule.kind == "multiplier"))
    if not sets.line.size or not len(base):
        return _no_awards()
    points = sums_by(book.units[base.rule] * lines + base.line, base.amount, (max(Unit) + 1) * lines)
    rule = sets.rule[sets.of]
    basis = points[book.units[rule] * lines + sets.line]
    extra = half_up(floor_product(basis, book.factors[rule] - 10_000, 1), 10_000)
    some = np.flatnonzero(extra > 0)
    return Awards(
        line=sets.line[some],
        rule=rule[some],
        amount=extra[some],
        uncut=extra[some],
        set_amount=extra[some],
        basis=basis[some],
        cell=np.full(len(some), -1, dtype=np.int32),
        cut_by=np.zeros(len(some), dtype=np.int8),
    )


def _capped(book: RuleBook, sales: Sales, awards: Awards, usage: CapUsage) -> Awards:
    """Apply each rule's caps in counting order (rules.md 4)."""
    amount, cut_by = awards.amount.copy(), awards.cut_by.copy()
    for at, rule in enumerate(book.rules):
        if rule.caps is None:
            continue
        mine = np.flatnonzero(awards.rule == at)
        if not mine.size:
            continue
        document = sales.lines.document[awards.line[mine]]
        amount[mine], cut_by[mine] = apply_caps(rule, amount[mine], document, sales.documents, usage)
    return Awards(awards.line, awards.rule, amount, awards.uncut, awards.set_amount, awards.basis, awards.cell, cut_by)
