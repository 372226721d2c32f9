"""What rules earn on sales: columns of documents and lines in, columns of awards out (rules.md 2 to 4).

The same function awards one document and a million lines. Per rule it does a fixed number of array operations; nothing
looks at a single line.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.domain.calendar import weekday_of
from app.domain.caps import CapUsage, apply_caps
from app.domain.codes import code_key
from app.domain.exact import Ints, floor_product, half_up, order_of, sums_by
from app.domain.rulebook import CompiledRule, MatrixCells, RuleBook
from app.domain.sales import NO_AMOUNT, NO_PRICE, Flags, Sales, Texts
from app.domain.sharing import share
from app.domain.stacking import Candidates, survivors
from app.domain.states import DocumentKind, Unit

_MICRO_MILLI = 1_000_000 * 1_000
_MOST = int(np.iinfo(np.int64).max)


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


@dataclass(frozen=True)
class _Earned:
    """What one rule gives before stacks and caps, line by line."""

    line: Ints
    amount: Ints
    set_amount: Ints
    basis: Ints
    cell: npt.NDArray[np.int32]


@dataclass(frozen=True)
class _Sets:
    """The matching lines of a rule, cut into sets that earn together: by document, in a matrix by document and cell.

    ``line`` are positions of M's lines, by set and then in line order; ``of`` is the set of each; ``sum`` and ``count``
    belong to the sets. Discount lines have lowered ``sum`` (rules.md 2).
    """

    line: Ints
    of: Ints
    sum: Ints
    count: Ints
    cell: npt.NDArray[np.int32]


def award(book: RuleBook, sales: Sales, first_purchase: Flags, usage: CapUsage) -> Awards:
    """Compute what documents earn.

    Args:
        book: the programme's rules.
        sales: documents in counting order. Credit notes and returned lines earn nothing here (see returns).
        first_purchase: marks the documents that are their distributor's first invoice.
        usage: what capped rules have given before; this function adds what it gives.
    """
    facts = _Facts.of(book, sales, first_purchase)
    earned: list[_Earned] = []
    numbers: list[int] = []
    for number, rule in enumerate(book.rules):
        if rule.kind != "multiplier":
            result = _earn(rule, facts)
            if result.line.size:
                earned.append(result)
                numbers.append(number)
    base = _select(book, _joined(earned, numbers))
    multiplied = _multiply(book, facts, base)
    whole = _concatenated([base, *multiplied])
    in_order = order_of(whole.line, whole.rule)
    return _capped(book, sales, _reordered(whole, in_order), usage)


@dataclass(frozen=True)
class _Facts:
    """What every rule asks of the sales, looked up once."""

    book: RuleBook
    sales: Sales
    amount: Ints
    product: Ints
    distributor: Ints
    sells: Flags
    discounts: Flags
    weekday: Ints
    first_purchase: Flags

    @staticmethod
    def of(book: RuleBook, sales: Sales, first_purchase: Flags) -> "_Facts":
        documents, lines = sales.documents, sales.lines
        amount = lines.net_minor
        if book.gross:
            # a line that tells no gross amount is a free line: it neither earns nor lowers a sum
            amount = np.where(lines.gross_minor == NO_AMOUNT, 0, lines.gross_minor)
        invoice = (documents.kind == DocumentKind.INVOICE) & _within(documents.issued_on, book.starts_on, book.ends_on)
        countable = invoice[lines.document]
        return _Facts(
            book=book,
            sales=sales,
            amount=amount,
            product=book.catalogue.products(lines.product_id),
            distributor=book.catalogue.distributors(documents.distributor_id),
            sells=countable & (lines.quantity_milli > 0) & (amount > 0),
            discounts=countable & (amount < 0) & (lines.quantity_milli >= 0),
            weekday=weekday_of(documents.issued_on),
            first_purchase=first_purchase,
        )


def _within(days: npt.NDArray[np.datetime64], first: np.datetime64 | None, last: np.datetime64 | None) -> Flags:
    inside = np.ones(len(days), dtype=bool)
    if first is not None:
        inside &= days >= first
    if last is not None:
        inside &= days <= last
    return inside


def _documents_in_scope(rule: CompiledRule, facts: _Facts) -> Flags | None:
    """Mark the documents a rule looks at; None means all."""
    scope, documents = rule.scope, facts.sales.documents
    marks: list[Flags] = []
    if not scope.invoices:
        return np.zeros(len(documents), dtype=bool)
    if scope.from_ is not None or scope.until is not None:
        marks.append(_within(documents.issued_on, scope.from_, scope.until))
    if rule.judges_from is not None:
        marks.append(documents.issued_on >= rule.judges_from)
    if rule.judges_until is not None:
        marks.append(documents.issued_on < rule.judges_until)
    if scope.distributors is not None:
        marks.append(scope.distributors[facts.distributor])
    if scope.weekdays is not None:
        marks.append(np.isin(facts.weekday, list(scope.weekdays)))
    if scope.days is not None:
        marks.append(np.isin(documents.issued_on, scope.days))
    if scope.minutes is not None:
        marks.append((documents.minute >= scope.minutes[0]) & (documents.minute < scope.minutes[1]))
    if scope.outlets is not None:
        marks.append(_named(documents.outlet, scope.outlets))
    if scope.channels is not None:
        marks.append(_named(documents.channel, scope.channels))
    if scope.first_purchase:
        marks.append(facts.first_purchase)
    return np.logical_and.reduce(marks) if marks else None


def _named(texts: Texts, wanted: frozenset[str]) -> Flags:
    return np.asarray([text is not None and code_key(text) in wanted for text in texts], dtype=bool)


def _lines_in_scope(rule: CompiledRule, facts: _Facts) -> tuple[Flags, Flags]:
    """Mark the lines that are in M, and the discount lines that lower its sum."""
    scope, lines = rule.scope, facts.sales.lines
    documents = _documents_in_scope(rule, facts)
    sells, discounts = facts.sells, facts.discounts
    if documents is not None:
        inside = documents[lines.document]
        sells, discounts = sells & inside, discounts & inside
    if scope.products is not None:
        inside = scope.products[facts.product]
        sells, discounts = sells & inside, discounts & inside
    if scope.without_discounted:
        inside = lines.discounted != 1
        sells, discounts = sells & inside, discounts & inside
    if scope.amount is not None:
        sells = sells & scope.amount.pass_(facts.amount)
    if scope.quantity_milli is not None:
        sells = sells & scope.quantity_milli.pass_(lines.quantity_milli)
    if scope.price_micro is not None:
        sells = sells & scope.price_micro.pass_(_prices(facts))
    return sells, discounts


def _prices(facts: _Facts) -> Ints:
    """Give the unit price of each line; where the source gives none, the amount by the quantity, rounded half up."""
    lines = facts.sales.lines
    given = lines.unit_price_micro
    missing = np.flatnonzero((given == NO_PRICE) & facts.sells)
    if missing.size:
        given = given.copy()
        given[missing] = [
            min((2 * int(amount) * _MICRO_MILLI + int(quantity)) // (2 * int(quantity)), _MOST)
            for amount, quantity in zip(facts.amount[missing], lines.quantity_milli[missing], strict=True)
        ]
    return given


def _sets(facts: _Facts, sells: Flags, discounts: Flags, matrix: MatrixCells | None) -> _Sets:
    """Cut the lines in scope into sets. Sets whose sum is zero or negative are dropped: they earn nothing."""
    lines = facts.sales.lines
    member = np.flatnonzero(sells)
    lowering = np.flatnonzero(discounts)
    cells = np.full(0, -1, dtype=np.int32)
    member_key, lowering_key = lines.document[member], lines.document[lowering]
    if matrix is not None:
        groups = facts.book.catalogue.distributor_group[facts.distributor]
        cell_of = matrix.cell_of[:, :]
        member_cell = cell_of[facts.product[member], groups[lines.document[member]] + 1]
        lowering_cell = cell_of[facts.product[lowering], groups[lines.document[lowering]] + 1]
        member, member_cell = member[member_cell >= 0], member_cell[member_cell >= 0]
        lowering, lowering_cell = lowering[lowering_cell >= 0], lowering_cell[lowering_cell >= 0]
        width = len(matrix.rates)
        member_key = lines.document[member] * width + member_cell
        lowering_key = lines.document[lowering] * width + lowering_cell
        by_key = np.argsort(member_key, kind="stable")
        member, member_key, cells = member[by_key], member_key[by_key], member_cell[by_key]
    if member.size == 0:
        empty = np.zeros(0, dtype=np.int64)
        return _Sets(empty, empty, empty, empty, np.zeros(0, dtype=np.int32))
    starts = np.flatnonzero(np.append(True, member_key[1:] != member_key[:-1]))
    of = np.cumsum(np.append(False, member_key[1:] != member_key[:-1]))
    sums = np.add.reduceat(facts.amount[member], starts)
    if lowering.size:
        at = np.searchsorted(member_key[starts], lowering_key)
        hits = (at < len(starts)) & (member_key[starts][np.minimum(at, len(starts) - 1)] == lowering_key)
        sums = sums + sums_by(at[hits], facts.amount[lowering[hits]], len(starts))
    count = np.diff(np.append(starts, len(member)))
    cell = cells[starts] if matrix is not None else np.full(len(starts), -1, dtype=np.int32)
    worth = sums > 0
    if not worth.all():
        kept = worth[of]
        member, of = member[kept], (np.cumsum(worth) - 1)[of[kept]]
        sums, count, cell = sums[worth], count[worth], cell[worth]
    return _Sets(member, of, sums, count, cell)


def _earn(rule: CompiledRule, facts: _Facts) -> _Earned:
    """Give what one rule, not a multiplier, earns."""
    sells, discounts = _lines_in_scope(rule, facts)
    sets = _sets(facts, sells, discounts, rule.matrix)
    if rule.kind == "per_unit":
        return _per_unit(rule, facts, sets)
    if rule.kind == "per_line":
        amount = np.full(len(sets.line), rule.points, dtype=np.int64)
        return _by_line(sets, amount, np.zeros_like(amount))
    if rule.kind == "per_amount" and rule.per_line:
        points = rule.matrix.rates[sets.cell[sets.of]] if rule.matrix is not None else rule.points
        steps = facts.amount[sets.line] // rule.step
        return _by_line(sets, floor_product(steps, points, 1), facts.amount[sets.line])
    return _by_set(rule, facts, sets)


def _per_unit(rule: CompiledRule, facts: _Facts, sets: _Sets) -> _Earned:
    quantity = facts.sales.lines.quantity_milli[sets.line]
    rates = rule.matrix.rates[sets.cell[sets.of]] if rule.matrix is not None else rule.points
    return _by_line(sets, floor_product(quantity, rates, _MICRO_MILLI), quantity)


def _by_line(sets: _Sets, amount: Ints, basis: Ints) -> _Earned:
    """Gather what is earned line by line."""
    some = amount > 0
    return _Earned(sets.line[some], amount[some], amount[some], basis[some], sets.cell[sets.of[some]])


def _by_set(rule: CompiledRule, facts: _Facts, sets: _Sets) -> _Earned:
    """Gather what is earned by the set and shared over its lines."""
    basis = sets.sum
    if rule.kind == "per_amount":
        points = rule.matrix.rates[sets.cell] if rule.matrix is not None else rule.points
        total = floor_product(sets.sum // rule.step, points, 1)
    elif rule.kind == "per_document":
        total = np.where(sets.sum >= rule.least_amount, rule.points, 0)
    else:
        if rule.kind == "line_count_bands":
            basis = sets.count
        reached = np.searchsorted(rule.band_from, basis, side="right") - 1
        total = np.where(reached >= 0, rule.band_points[np.maximum(reached, 0)], 0)
    total = total.astype(np.int64)
    parts = share(total, sets.of, facts.amount[sets.line])
    some = parts > 0
    of = sets.of[some]
    return _Earned(sets.line[some], parts[some], total[of], basis[of], sets.cell[of])


def _joined(earned: list[_Earned], numbers: list[int]) -> Awards:
    """Put what several rules earn into one table."""
    if not earned:
        return _no_awards()
    amount = np.concatenate([one.amount for one in earned])
    return Awards(
        line=np.concatenate([one.line for one in earned]),
        rule=np.repeat(np.asarray(numbers, dtype=np.int64), [len(one.line) for one in earned]),
        amount=amount,
        uncut=amount,
        set_amount=np.concatenate([one.set_amount for one in earned]),
        basis=np.concatenate([one.basis for one in earned]),
        cell=np.concatenate([one.cell for one in earned]),
        cut_by=np.zeros(len(amount), dtype=np.int8),
    )


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


def _concatenated(tables: list[Awards]) -> Awards:
    kept = [one for one in tables if len(one)]
    if len(kept) <= 1:
        return kept[0] if kept else _no_awards()
    return Awards(
        *(
            np.concatenate([getattr(one, name) for one in kept])
            for name in ("line", "rule", "amount", "uncut", "set_amount", "basis", "cell", "cut_by")
        )
    )


def _select(book: RuleBook, awards: Awards) -> Awards:
    """Let each stack's policy choose among the rules that match a line (rules.md 3)."""
    if not len(awards):
        return awards
    kept = survivors(book, Candidates(awards.line, awards.rule, awards.amount))
    return awards if kept.all() else _reordered(awards, kept)


def _multiply(book: RuleBook, facts: _Facts, base: Awards) -> list[Awards]:
    """Give what the multipliers add to each line's points (rules.md 3: they come last)."""
    found: list[Awards] = []
    for unit in Unit:
        rules = [at for at, rule in enumerate(book.rules) if rule.kind == "multiplier" and rule.unit is unit]
        if not rules:
            continue
        units = np.asarray([rule.unit for rule in book.rules])
        mine = units[base.rule] == unit
        points = sums_by(base.line[mine], base.amount[mine], len(facts.sales.lines))
        earned: list[_Earned] = []
        numbers: list[int] = []
        for at in rules:
            sells, discounts = _lines_in_scope(book.rules[at], facts)
            line = _sets(facts, sells, discounts, None).line
            line = line[points[line] > 0]
            extra = half_up(floor_product(points[line], book.rules[at].factor - 10_000, 1), 10_000)
            some = extra > 0
            if some.any():
                cell = np.full(int(some.sum()), -1, dtype=np.int32)
                earned.append(_Earned(line[some], extra[some], extra[some], points[line[some]], cell))
                numbers.append(at)
        found.append(_select(book, _joined(earned, numbers)))
    return found


def _capped(book: RuleBook, sales: Sales, awards: Awards, usage: CapUsage) -> Awards:
    """Apply each rule's caps in counting order (rules.md 4)."""
    amount, cut_by = awards.amount.copy(), awards.cut_by.copy()
    for at, rule in enumerate(book.rules):
        if rule.caps is None:
            continue
        mine = np.flatnonzero(awards.rule == at)
        document = sales.lines.document[awards.line[mine]]
        amount[mine], cut_by[mine] = apply_caps(rule, amount[mine], document, sales.documents, usage)
    return Awards(awards.line, awards.rule, amount, awards.uncut, awards.set_amount, awards.basis, awards.cell, cut_by)
