"""Which lines of sales a rule looks at, and the sets in which they earn together (rules.md 2).

Per rule it does a few array operations over the lines; what follows is done over the lines of all rules at once, so
that 20 rules on an invoice of five lines cost little more than one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from app.domain.documents.sales import NO_AMOUNT, NO_PRICE, Flags, Sales, Texts, told
from app.domain.measures.calendar import weekday_of
from app.domain.measures.exact import Ints, sums_by
from app.domain.rules.rulebook import CompiledRule, MatrixCells, RuleBook
from app.domain.states import DocumentKind
from app.domain.typed.codes import code_key

_MICRO_MILLI = 1_000_000 * 1_000
_MOST = int(np.iinfo(np.int64).max)
_NONE = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Facts:
    """What every rule asks of the sales, looked up once."""

    book: RuleBook
    sales: Sales
    amount: Ints
    product: Ints
    distributor: Ints
    sells: Flags
    discounts: Flags
    discounted: bool
    """Whether there is a discount line at all."""
    weekday: Ints
    first_purchase: Flags

    @staticmethod
    def of(book: RuleBook, sales: Sales, first_purchase: Flags) -> "Facts":
        """Look up what the rules of a book ask of sales; ``first_purchase`` as ``award`` takes it."""
        documents, lines = sales.documents, sales.lines
        amount = lines.net_minor
        if book.gross:
            # a line that tells no gross amount is a free line: it neither earns nor lowers a sum
            amount = np.where(lines.gross_minor == NO_AMOUNT, 0, lines.gross_minor)
        invoice = (documents.kind == DocumentKind.INVOICE) & _within(documents.issued_on, book.starts_on, book.ends_on)
        countable = invoice[lines.document]
        discounts = countable & (amount < 0) & (lines.quantity_milli >= 0)
        return Facts(
            book=book,
            sales=sales,
            amount=amount,
            product=book.catalogue.products(lines.product_id, documents.issued_on, lines.document),
            distributor=book.catalogue.distributors(documents.distributor_id, documents.issued_on),
            sells=countable & (lines.quantity_milli > 0) & (amount > 0),
            discounts=discounts,
            discounted=bool(discounts.any()),
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


@dataclass(frozen=True)
class Sets:
    """The matching lines of rules, cut into sets that earn together: by rule and document, in a matrix also by cell.

    ``line`` are positions of each rule's lines, by set and then in line order; ``of`` is the set of each. ``rule``,
    ``sum``, ``count`` and ``cell`` (-1: none) belong to the sets. Discount lines have lowered ``sum`` (rules.md 2).
    """

    line: Ints
    of: Ints
    rule: Ints
    sum: Ints
    count: Ints
    cell: npt.NDArray[np.int32]

    def by_rule(self) -> Iterator[tuple[int, slice, slice]]:
        """Give each rule that has sets, with where its sets and where their lines stand."""
        first = np.flatnonzero(_begins(self.rule))
        sets = [*first.tolist(), len(self.rule)]
        lines = np.searchsorted(self.of, sets).tolist()
        for number, at, of in zip(self.rule[first].tolist(), pairwise(sets), pairwise(lines), strict=True):
            yield number, slice(*at), slice(*of)


@dataclass(frozen=True)
class _Scope:
    """The lines of one rule, and those that lower its sums, with the set of each as a number that rises."""

    line: Ints
    key: Ints
    lowering: Ints
    lowering_key: Ints


def sets_of(facts: Facts, numbers: Iterable[int]) -> Sets:
    """Cut the lines in scope of rules into sets. Those whose sum is zero or negative are dropped: they earn nothing."""
    scopes: list[_Scope] = []
    rules = facts.book.rules
    # the keys of a rule's sets follow those of the rule before: its documents, or the cells of each
    begin, begins, widths = 0, np.zeros(len(rules), dtype=np.int64), np.zeros(len(rules), dtype=np.int64)
    used: list[int] = []
    for number in numbers:
        matrix = rules[number].matrix
        line, lowering = _lines_in_scope(rules[number], facts)
        line, key = _keyed(matrix, facts, line, begin)
        lowering, lowering_key = _keyed(matrix, facts, lowering, begin)
        scopes.append(_Scope(line, key, lowering, lowering_key))
        used.append(number)
        begins[number], widths[number] = begin, 0 if matrix is None else len(matrix.rates)
        begin += len(facts.sales.documents) * max(1, int(widths[number]))
    if not scopes:
        return Sets(_NONE, _NONE, _NONE, _NONE, _NONE, _NONE.astype(np.int32))
    line = np.concatenate([scope.line for scope in scopes])
    key = np.concatenate([scope.key for scope in scopes])
    begun = _begins(key)
    first = np.flatnonzero(begun)
    rule = np.repeat(np.asarray(used, dtype=np.int64), [len(scope.line) for scope in scopes])[first]
    of = np.cumsum(begun) - 1
    sums = np.add.reduceat(facts.amount[line], first) if len(first) else _NONE
    if facts.discounted:
        sums += _lowered(facts, key[first], scopes)
    count = np.diff(np.append(first, len(line)))
    width = widths[rule]
    cell = np.where(width > 0, (key[first] - begins[rule]) % np.maximum(width, 1), -1).astype(np.int32)
    worth = sums > 0
    if not worth.all():
        kept = worth[of]
        line, of = line[kept], (np.cumsum(worth) - 1)[of[kept]]
        rule, sums, count, cell = rule[worth], sums[worth], count[worth], cell[worth]
    return Sets(line, of, rule, sums, count, cell)


def _begins(rising: Ints) -> Flags:
    """Mark where a run of equal numbers begins."""
    begins = np.ones(len(rising), dtype=bool)
    np.not_equal(rising[1:], rising[:-1], out=begins[1:])
    return begins


def _keyed(matrix: MatrixCells | None, facts: Facts, line: Ints, begin: int) -> tuple[Ints, Ints]:
    """Give lines by set, with the key of each; without those for which a matrix has no rate."""
    document = facts.sales.lines.document[line]
    if matrix is None or not line.size:
        return line, document + begin
    groups = facts.book.catalogue.distributor_group[facts.distributor]
    cell = matrix.cell_of[facts.product[line], groups[document] + 1]
    key = begin + document * len(matrix.rates) + cell
    rated = np.flatnonzero(cell >= 0)
    rated = rated[np.argsort(key[rated], kind="stable")]
    return line[rated], key[rated]


def _lowered(facts: Facts, keys: Ints, scopes: list[_Scope]) -> Ints:
    """Sum what discount lines take from each set."""
    lowering = np.concatenate([scope.lowering for scope in scopes])
    lowering_key = np.concatenate([scope.lowering_key for scope in scopes])
    at = np.searchsorted(keys, lowering_key)
    hits = at < len(keys)
    hits[hits] = keys[at[hits]] == lowering_key[hits]
    return sums_by(at[hits], facts.amount[lowering[hits]], len(keys))


def _documents_in_scope(rule: CompiledRule, facts: Facts) -> Flags | None:
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
    lines = facts.sales.lines
    if scope.outlets is not None and lines.outlet is None:
        marks.append(_named(documents.outlet, scope.outlets))
    if scope.channels is not None and lines.channel is None:
        marks.append(_named(documents.channel, scope.channels))
    if scope.first_purchase:
        marks.append(facts.first_purchase)
    return np.logical_and.reduce(marks) if marks else None


def _places_in_scope(rule: CompiledRule, facts: Facts) -> Iterator[Flags]:
    """Mark the lines sold where a rule looks, for each text of which a line may say another than its document."""
    documents, lines = facts.sales.documents, facts.sales.lines
    for wanted, of_documents, of_lines in (
        (rule.scope.outlets, documents.outlet, lines.outlet),
        (rule.scope.channels, documents.channel, lines.channel),
    ):
        if wanted is not None and of_lines is not None:
            marks = _named(of_documents, wanted)[lines.document]
            own = np.flatnonzero(told(of_lines))
            marks[own] = _named(of_lines[own], wanted)
            yield marks


def _named(texts: Texts, wanted: frozenset[str]) -> Flags:
    return np.asarray([text is not None and code_key(text) in wanted for text in texts], dtype=bool)


def _lines_in_scope(rule: CompiledRule, facts: Facts) -> tuple[Ints, Ints]:
    """Find the lines that are in M, and the discount lines that lower its sum."""
    scope, lines = rule.scope, facts.sales.lines
    marks: list[Flags] = []
    documents = _documents_in_scope(rule, facts)
    if documents is not None:
        if not documents.any():
            return _NONE, _NONE
        marks.append(documents[lines.document])
    marks += _places_in_scope(rule, facts)
    if scope.products is not None:
        marks.append(scope.products[facts.product])
    if scope.without_discounted:
        marks.append(lines.discounted != 1)
    sells = [facts.sells, *marks]
    if scope.amount is not None:
        sells.append(scope.amount.pass_(facts.amount))
    if scope.quantity_milli is not None:
        sells.append(scope.quantity_milli.pass_(lines.quantity_milli))
    if scope.price_micro is not None:
        sells.append(scope.price_micro.pass_(_prices(facts)))
    lowering = np.flatnonzero(_all_of([facts.discounts, *marks])) if facts.discounted else _NONE
    return np.flatnonzero(_all_of(sells)), lowering


def _all_of(marks: list[Flags]) -> Flags:
    inside = marks[0]
    for mark in marks[1:]:
        inside = inside & mark
    return inside


def _prices(facts: Facts) -> Ints:
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
