"""Returns: which sale a returned quantity belongs to, and what it takes back (rules.md 6)."""

import datetime as dt
import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.documents.numbering import number_key
from app.domain.documents.sales import NO_AMOUNT, NO_PRICE, UNKNOWN, Documents, Lines, Sales
from app.domain.points.returns import Match, Matches, ReturnedLine, SoldLine, match_returns, taken_back
from app.domain.states import DocumentKind
from tests.app.domain.profiles import searching
from tests.app.domain.random_worlds import Dice
from tests.reference.arith import round_half_up
from tests.reference.earning import Award
from tests.reference.returns import reverse_returns
from tests.reference.sales import CREDIT_NOTE, INVOICE, Document, Line, SalesLine, documents_of


@dataclass(frozen=True)
class History:
    """Documents of an import, and what rules gave to lines: {(document, line): {rule: amount}}."""

    documents: list[Document]
    awards: dict[tuple[int, int], dict[str, int]]

    def __repr__(self) -> str:
        told = []
        for at, document in enumerate(self.documents):
            of = f"{document.distributor} (seller {document.owner})"
            told.append(f"{document.kind} {document.number} of {of}, {document.issued_on}")
            for line in document.lines:
                given = self.awards.get((at, line.number), {})
                sold = f"{line.quantity_milli / 1000} {line.source.product} for {line.amount}"
                told.append(f"  {line.number}: {sold}, earned {given}, names {line.source.corrects}")
        return "\n".join(told)


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Make sales and returns of two products by two distributors over the turn of a year."""
    dice = Dice(draw)
    lines: dict[tuple[str, str, str], list[SalesLine]] = {}
    for _ in dice.many(2, 10):
        kind = dice.of(INVOICE, INVOICE, CREDIT_NOTE)
        number = dice.of("1", "2", "10", "FV/1/2025", "FV/1/2026", "FV/2/2025")
        distributor = dice.of("A", "A", "B")
        day = dt.date(2025, 12, 29) + dt.timedelta(dice.whole(0, 5))
        corrects = dice.of(None, None, "1", "fv 1/25", "FV-01-2025", "1/26", "99", " ")
        seller = dice.of(None, None, None, "PL1", "PL2")
        group = lines.setdefault((seller or distributor, kind, number), [])
        if group:
            continue
        for at in dice.many(1, 4):
            quantity = dice.of(1000, 500, 1) * dice.whole(0, 12)
            group.append(
                SalesLine(
                    document_number=number,
                    issued_on=day,
                    distributor=distributor,
                    product=dice.of("P", "P", "Q"),
                    quantity_milli=-quantity if dice.once_in(5) else quantity,
                    kind=kind,
                    line_number=1 + 2 * at,
                    net_minor=dice.of(100, 100, 100, 30, 0, -30, -100),
                    corrects=dice.of("FV/1/2026", "10", None) if dice.once_in(6) else corrects,
                    seller_tax_id=seller,
                )
            )
    documents = documents_of([line for group in lines.values() for line in group], "net", 2)
    awards = {
        (at, line.number): {rule: dice.whole(0, 40) for rule in dice.some("base", "x2")}
        for at, document in enumerate(documents)
        if document.kind == INVOICE
        for line in document.lines
        if line.quantity_milli > 0
    }
    return History(documents, awards)


# ---------------------------------------------------------------------------------------- in the engine's words


def sold_lines(documents: Sequence[Document], first: int, *, earlier: bool) -> list[SoldLine]:
    """Tell what may be returned; lines of an earlier import are known without their place in counting order."""
    return [
        SoldLine(
            document=at,
            line_number=line.number,
            distributor_id=ord(document.distributor),
            product_id=ord(line.source.product),
            at=(document.issued_on.toordinal(), document.number, line.number),
            year=document.issued_on.year,
            number_key=number_key(document.number, document.issued_on.year),
            quantity_milli=line.quantity_milli,
            counted=None if earlier else at,
            discounts=line.is_discount,
            seller=line.source.seller_tax_id,
        )
        for at, document in enumerate(documents, start=first)
        for line in document.lines
        if document.kind == INVOICE and line.quantity_milli > 0
    ]


def returned_lines(documents: Sequence[Document], first: int) -> list[ReturnedLine]:
    """Tell what comes back. A blank name of a document is none, and a line without one has the document's first."""
    discounts = columns_of(documents).takes_discount_back()
    place = {(at, line.number): row for row, (at, line) in enumerate(laid_out(documents))}
    return [
        ReturnedLine(
            document=at,
            line_number=line.number,
            distributor_id=ord(document.distributor),
            product_id=ord(line.source.product),
            day=document.issued_on.toordinal(),
            counted=at,
            quantity_milli=abs(line.quantity_milli),
            corrects=next((name for name in named(line, *document.lines) if name), None),
            discounts=bool(discounts[place[at - first, line.number]]),
            seller=line.source.seller_tax_id,
        )
        for at, document in enumerate(documents, start=first)
        for line in document.lines
        if document.kind == CREDIT_NOTE or line.quantity_milli < 0
    ]


def named(*lines: Line) -> list[str]:
    """Give what lines name, without the spaces around it."""
    return [(line.source.corrects or "").strip() for line in lines]


def laid_out(documents: Sequence[Document]) -> list[tuple[int, Line]]:
    """Give the lines of documents with the place of their document."""
    return [(at, line) for at, document in enumerate(documents) for line in document.lines]


def columns_of(documents: Sequence[Document]) -> Sales:
    """Lay documents out in columns, as far as telling goods from discounts asks for them."""
    rows = laid_out(documents)

    def whole(values: Iterable[int], kind: Any = np.int64) -> np.ndarray:
        return np.asarray(list(values), dtype=kind)

    nothing = np.full(len(documents), None, dtype=object)
    kinds = {INVOICE: DocumentKind.INVOICE, CREDIT_NOTE: DocumentKind.CREDIT_NOTE}
    return Sales(
        Documents(
            distributor_id=whole(ord(one.distributor) for one in documents),
            kind=whole((kinds[one.kind] for one in documents), np.int8),
            number=nothing,
            issued_on=np.asarray([one.issued_on for one in documents], dtype="datetime64[D]"),
            minute=whole((UNKNOWN for _ in documents), np.int16),
            **dict.fromkeys(("corrects", "outlet", "channel", "person"), nothing),
        ),
        Lines(
            document=whole(at for at, _ in rows),
            line_number=whole((line.number for _, line in rows), np.int32),
            product_id=whole(ord(line.source.product) for _, line in rows),
            quantity_milli=whole(line.quantity_milli for _, line in rows),
            unit_price_micro=whole(NO_PRICE for _ in rows),
            net_minor=whole(line.amount for _, line in rows),
            gross_minor=whole(NO_AMOUNT for _ in rows),
            discounted=whole((UNKNOWN for _ in rows), np.int8),
            source_row=whole((UNKNOWN for _ in rows), np.int32),
        ),
    )


@dataclass
class Outcome:
    """What matching came to, in numbers of documents and lines."""

    taken: dict[tuple[int, int, int, int, str], int] = field(default_factory=dict)
    unmatched: dict[tuple[int, int], int] = field(default_factory=dict)
    returned: Counter[tuple[int, int]] = field(default_factory=Counter)

    def add(self, matches: Matches, awards: dict[tuple[int, int], dict[str, int]]) -> None:
        """Take in what one import matched."""
        for line, left in matches.unmatched:
            self.unmatched[line.document, line.line_number] = left
        rows = [
            (match, rule, amount)
            for match in matches.found
            for rule, amount in awards[match.sold.document, match.sold.line_number].items()
        ]
        back = taken_back(
            np.asarray([amount for _, _, amount in rows], dtype=np.int64),
            np.asarray([match.sold.quantity_milli for match, _, _ in rows], dtype=np.int64),
            np.asarray([match.before_milli for match, _, _ in rows], dtype=np.int64),
            np.asarray([match.quantity_milli for match, _, _ in rows], dtype=np.int64),
        )
        for (match, rule, _), amount in zip(rows, back.tolist(), strict=True):
            if amount:
                key = (*_ends(match), rule)
                self.taken[key] = self.taken.get(key, 0) + amount
        for match in matches.found:
            self.returned[match.sold.document, match.sold.line_number] += match.quantity_milli


def _ends(match: Match) -> tuple[int, int, int, int]:
    return (match.returned.document, match.returned.line_number, match.sold.document, match.sold.line_number)


def counted_in_parts(history: History, edges: Sequence[int]) -> Outcome:
    """Count the history as several imports, one after the other, parted at these documents."""
    outcome = Outcome()
    marks = [0, *sorted(edges), len(history.documents)]
    for low, high in itertools.pairwise(marks):
        sold = sold_lines(history.documents[:low], 0, earlier=True)
        sold += sold_lines(history.documents[low:high], low, earlier=False)
        known = dict(outcome.returned)
        matches = match_returns(returned_lines(history.documents[low:high], low), sold, known)
        assert known == dict(outcome.returned), "what was known must not be changed"
        outcome.add(matches, history.awards)
    return outcome


# ------------------------------------------------------------------------------------- in the reference's words


def reference_outcome(history: History) -> Outcome:
    """Let the reference go through the whole history."""
    at = {document.key: place for place, document in enumerate(history.documents)}
    awards = [
        Award(
            document=history.documents[document].key,
            line_number=line,
            distributor=history.documents[document].distributor,
            issued_on=history.documents[document].issued_on,
            rule=rule,
            unit="points",
            points=amount,
            before_caps=amount,
        )
        for (document, line), given in history.awards.items()
        for rule, amount in given.items()
    ]
    reversals, unmatched = reverse_returns(history.documents, awards)
    outcome = Outcome()
    for one in reversals:
        key = (at[one.return_document], one.return_line, at[one.sale_document], one.sale_line, one.rule)
        outcome.taken[key] = outcome.taken.get(key, 0) + one.points
    for rest in unmatched:
        outcome.unmatched[at[rest.document], rest.line_number] = rest.unmatched_milli
    return outcome


def test_matching_is_the_references() -> None:
    met: Counter[str] = Counter()

    @searching(400)
    @given(histories())
    def compare(history: History) -> None:
        wanted, found = reference_outcome(history), counted_in_parts(history, [])
        assert found.taken == wanted.taken
        assert found.unmatched == wanted.unmatched
        met["histories"] += 1
        met["takes back"] += bool(found.taken)
        met["unmatched"] += bool(found.unmatched)
        met["several sales"] += max(Counter(key[:2] + key[4:] for key in found.taken).values(), default=0) > 1

    compare()
    assert met["takes back"] > met["histories"] / 5
    assert met["unmatched"] > met["histories"] / 5
    assert met["several sales"] > met["histories"] / 20


@searching(200)
@given(histories(), st.lists(st.integers(0, 10), min_size=1, max_size=4))
def test_matching_over_several_imports_is_that_of_one(history: History, marks: list[int]) -> None:
    edges = [mark % (len(history.documents) + 1) for mark in marks]
    whole, parts = counted_in_parts(history, []), counted_in_parts(history, edges)
    assert parts.taken == whole.taken
    assert parts.unmatched == whole.unmatched
    assert parts.returned == whole.returned


@searching(100)
@given(histories())
def test_nothing_is_taken_that_was_not_given(history: History) -> None:
    outcome = counted_in_parts(history, [])
    taken: dict[tuple[int, int, str], int] = defaultdict(int)
    for (_, _, document, line, rule), amount in outcome.taken.items():
        taken[document, line, rule] += amount
    quantities = {
        (at, line.number): line.quantity_milli
        for at, document in enumerate(history.documents)
        for line in document.lines
    }
    for (document, line, rule), amount in taken.items():
        given_ = history.awards[document, line][rule]
        returned = outcome.returned[document, line]
        assert amount == round_half_up(Fraction(given_ * returned, quantities[document, line]))
        assert 0 < amount <= given_


# ------------------------------------------------------------------------------------------------- by hand


def column(*values: int) -> np.ndarray:
    return np.asarray(values, dtype=np.int64)


def test_ten_pieces_earned_seven_points_and_come_back_in_three_steps() -> None:
    back = taken_back(column(7, 7, 7), column(10, 10, 10), column(0, 3, 7), column(3, 4, 3))
    assert back.tolist() == [2, 3, 2]


@searching(200)
@given(st.integers(0, 10**6), st.lists(st.integers(1, 50), min_size=1, max_size=8))
@example(award=7, steps=[3, 4, 3])
def test_a_full_return_in_any_steps_leaves_exactly_zero(award: int, steps: list[int]) -> None:
    before = [sum(steps[:at]) for at in range(len(steps))]
    count = len(steps)
    back = taken_back(column(*[award] * count), column(*[sum(steps)] * count), column(*before), column(*steps))
    assert back.sum() == award
    assert (back >= 0).all()


LARGE = st.one_of(st.integers(1, 1000), st.integers(1, 10**15), st.integers(1, 2**63 - 1))


@searching(200)
@given(st.lists(st.tuples(LARGE, LARGE, LARGE, LARGE), min_size=1, max_size=5))
@example(rows=[(1, 2**63 - 1, 0, 0)])
@example(rows=[(2**63 - 1, 2**63 - 1, 0, 2**63 - 2)])
def test_no_amount_is_too_large(rows: list[tuple[int, int, int, int]]) -> None:
    given_ = [(award, quantity, before % quantity, 0) for award, quantity, before, _ in rows]
    given_ = [
        (award, quantity, before, 1 + last[3] % (quantity - before))
        for (award, quantity, before, _), last in zip(given_, rows, strict=True)
    ]
    exact = [
        round_half_up(Fraction(award * (before + now), quantity)) - round_half_up(Fraction(award * before, quantity))
        for award, quantity, before, now in given_
    ]
    assert taken_back(*(column(*values) for values in zip(*given_, strict=True))).tolist() == exact


def test_nothing_returned_takes_nothing() -> None:
    assert taken_back(column(), column(), column(), column()).tolist() == []
    found = match_returns([], [], {})
    assert (found.found, found.unmatched) == ([], [])


def sold(
    number: str,
    day: int,
    *,
    line: int = 1,
    quantity: int = 10_000,
    counted: int | None = None,
    seller: str | None = None,
) -> SoldLine:
    return SoldLine(
        document=day * 1000 + sum(f"{number}{seller}".encode()),
        line_number=line,
        distributor_id=1,
        product_id=1,
        at=(day, number, line),
        year=2025,
        number_key=number_key(number, 2025),
        quantity_milli=quantity,
        counted=counted,
        seller=seller,
    )


def back_line(
    day: int, quantity: int, *, corrects: str | None = None, counted: int = 99, seller: str | None = None
) -> ReturnedLine:
    return ReturnedLine(7, 1, 1, 1, day, counted, quantity, corrects, seller=seller)


def matched(returned: ReturnedLine, *sales: SoldLine) -> list[tuple[str, int, int]]:
    found = match_returns([returned], sales, {})
    return [(match.sold.at[1], match.sold.line_number, match.quantity_milli) for match in found.found]


def test_the_latest_sale_gives_back_first_by_date_then_number_as_text_then_line() -> None:
    sales = [sold("5", 1), sold("10", 2), sold("9", 2), sold("9", 2, line=2)]
    assert matched(back_line(3, 35_000), *sales) == [
        ("9", 2, 10_000),
        ("9", 1, 10_000),
        ("10", 1, 10_000),
        ("5", 1, 5_000),
    ]


def test_a_sale_after_the_return_is_not_met_unless_the_return_names_it() -> None:
    assert matched(back_line(3, 1_000), sold("1", 4)) == []
    assert matched(back_line(3, 1_000), sold("1", 3)) == [("1", 1, 1_000)]
    # a number that it names, of an earlier import: the file's dates may be wrong, the number is not
    assert matched(back_line(3, 1_000, corrects="1"), sold("1", 4)) == [("1", 1, 1_000)]
    assert matched(back_line(3, 1_000, corrects="1"), sold("1", 4, counted=100)) == []


def test_a_named_sale_is_that_of_the_seller_who_takes_back() -> None:
    mine, others, nobodys = (sold("7", day, seller=who) for day, who in ((1, "tax:1"), (2, "tax:2"), (3, None)))
    assert matched(back_line(9, 25_000, corrects="7", seller="tax:1"), mine, others) == [("7", 1, 10_000)]
    assert matched(back_line(9, 15_000, corrects="7", seller="tax:1"), mine, others, nobodys) == [
        ("7", 1, 10_000),
        ("7", 1, 5_000),
    ]
    assert match_returns([back_line(9, 5_000, corrects="7", seller="tax:3")], [mine, others], {}).found == []
    # who does not say whose the invoice was may mean any, and so may whoever names no invoice
    for line in (back_line(9, 15_000, corrects="7"), back_line(9, 15_000, seller="tax:1")):
        assert [match.sold.seller for match in match_returns([line], [mine, others], {}).found] == ["tax:2", "tax:1"]


@pytest.mark.parametrize("number", ["FV/12/2025", "fv 012/25", "Faktura nr 12-2025"])
def test_a_named_sale_is_found_however_its_number_is_written(number: str) -> None:
    sales = [sold("FV/12/2025", 1), sold("FV/13/2025", 2), sold("FV/1/2/2025", 2)]
    assert matched(back_line(3, 1_000, corrects=number), *sales) == [("FV/12/2025", 1, 1_000)]


class Looked(int):
    """A quantity that counts how often it is looked at."""

    times = 0

    def __sub__(self, other: int) -> int:
        Looked.times += 1
        return int(self) - other

    def __le__(self, other: int) -> bool:
        Looked.times += 1
        return int(self) <= other


@pytest.mark.parametrize("named", [False, True])
def test_a_thousand_returns_that_meet_one_shelf_look_at_each_sale_a_few_times(*, named: bool) -> None:
    count = 1_000
    sold = [SoldLine(at, 1, 1, 1, (at, f"{at}", 1), 2026, f"{at}", Looked(1_000)) for at in range(count)]
    returned = [ReturnedLine(count + at, 1, 1, 1, count, at, 1_000, f"{at}" if named else None) for at in range(count)]
    Looked.times = 0
    matches = match_returns(returned, sold, {})
    assert len(matches.found) == count
    assert Looked.times <= 5 * count
