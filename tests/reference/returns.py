"""Returns give back recorded awards: rules.md section 6."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from tests.reference.arith import round_half_up
from tests.reference.earning import Award
from tests.reference.numbering import normalised
from tests.reference.sales import INVOICE, Document, Key, Line, code_key


@dataclass(frozen=True)
class Reversal:
    """What one return takes back of one award (rules.md section 6). Points are above zero: they are to be taken."""

    return_document: Key
    return_line: int
    sale_document: Key
    sale_line: int
    distributor: str
    rule: str
    unit: str
    points: int


@dataclass(frozen=True)
class UnmatchedReturn:
    """A "return without a sale": what of a returned line's quantity matched nothing (rules.md section 6)."""

    document: Key
    line_number: int
    distributor: str
    product: str
    returned_milli: int
    unmatched_milli: int

    @property
    def is_whole(self) -> bool:
        """Whether nothing of the line matched (rules.md section 6)."""
        return self.unmatched_milli == self.returned_milli


@dataclass
class SaleLine:
    """A line that can be returned, with how much of it came back so far (rules.md section 6)."""

    document: Document
    line: Line
    returned_milli: int = 0

    @property
    def is_discount(self) -> bool:
        """Whether it takes off an amount and sold no goods, whatever quantity it tells (rules.md sections 2 and 6)."""
        return self.line.is_discount

    @property
    def left_milli(self) -> int:
        """What can still be returned: up to the quantity in all (rules.md section 6)."""
        return self.line.quantity_milli - self.returned_milli


def reversed_in_all(points: int, returned_milli: int, quantity_milli: int) -> int:
    """Give what is reversed of an award after so much came back in all (rules.md section 6)."""
    return round_half_up(Fraction(points * returned_milli, quantity_milli))


def returned_lines(document: Document) -> list[Line]:
    """Give the lines that return something: all of a credit note, the negative ones of an invoice (section 6)."""
    if document.kind == INVOICE:
        return [line for line in document.lines if line.quantity_milli < 0]
    return [line for line in document.lines if line.quantity_milli != 0]


def takes_discount_back(document: Document, line: Line) -> bool:
    """Whether a line of a credit note gives no goods back: its money goes the other way than most of the document's.

    So the signs that a system writes before amounts and quantities of what comes back do not matter (section 6).
    """
    if document.kind == INVOICE:
        return False
    return way_of(line) * sum(way_of(one) for one in document.lines) < 0


def way_of(line: Line) -> int:
    """Give a line's amount, with the sign that it has where its quantity is written without one (section 6)."""
    if line.quantity_milli == 0:
        return 0
    return line.amount if line.quantity_milli > 0 else -line.amount


def named_number(document: Document, line: Line) -> str | None:
    """Give the number of the invoice that a return names: on its own line, else on its document (section 6)."""
    for candidate in [line, *document.lines]:
        number = candidate.source.corrects
        if number is not None and number.strip():
            return number
    return None


def is_named(sale: Document, document: Document, number: str) -> bool:
    """Whether a return's document names a sale: not another seller's, and the number read with the sale's own year.

    Who tells no seller may mean any. A credit note of January 2026 may name FV/12/2025 (rules.md sections 6 and 9).
    """
    sellers = {one.key[0] for one in (sale, document) if (one.lines[0].source.seller_tax_id or "").strip()}
    return len(sellers) < 2 and sale.key[2] == normalised(number, sale.issued_on.year)


def latest_first(sale: SaleLine) -> tuple[date, str, int]:
    """Order sale lines by date, document number and line; to be read backwards (rules.md section 6)."""
    return (sale.document.issued_on, sale.document.number, sale.line.number)


class Book:
    """The documents counted so far and their sale lines, to match returns with (rules.md section 6)."""

    def __init__(self, awards: list[Award]) -> None:
        """Keep the recorded awards of each line (rules.md section 6: recorded awards, never today's rules)."""
        self.awards: dict[tuple[Key, int], list[Award]] = defaultdict(list)
        for award in awards:
            self.awards[award.document, award.line_number].append(award)
        self.by_distributor: dict[tuple[str, str], list[SaleLine]] = defaultdict(list)
        self.reversals: list[Reversal] = []
        self.unmatched: list[UnmatchedReturn] = []

    def enter(self, document: Document) -> None:
        """Enter the sale lines of an invoice: those with a quantity above zero (rules.md section 6)."""
        if document.kind != INVOICE:
            return
        for line in document.lines:
            if line.quantity_milli > 0:
                sale = SaleLine(document, line)
                product = code_key(line.source.product)
                self.by_distributor[document.distributor, product].append(sale)

    def candidates(self, document: Document, line: Line) -> list[SaleLine]:
        """Give the sale lines that a returned line may be matched to, latest first (rules.md section 6).

        Goods come back to lines that sold goods; discounts that are taken back to discounts.
        """
        product = code_key(line.source.product)
        sales = self.by_distributor[document.distributor, product]
        sales = [sale for sale in sales if sale.is_discount == takes_discount_back(document, line)]
        named = named_number(document, line)
        if named is not None:
            sales = [sale for sale in sales if is_named(sale.document, document, named)]
        return sorted(sales, key=latest_first, reverse=True)

    def take_back(self, document: Document, line: Line) -> None:
        """Match one returned line and reverse the step of every award it touches (rules.md section 6)."""
        returned = abs(line.quantity_milli)
        left = returned
        for sale in self.candidates(document, line):
            taken = min(left, sale.left_milli)
            if taken == 0:
                continue
            self.reverse_step(document, line, sale, taken)
            sale.returned_milli += taken
            left -= taken
        if left > 0:
            product = code_key(line.source.product)
            self.unmatched.append(
                UnmatchedReturn(document.key, line.number, document.distributor, product, returned, left)
            )

    def reverse_step(self, document: Document, line: Line, sale: SaleLine, taken: int) -> None:
        """Reverse the difference between reversed in all before and after this return (rules.md section 6)."""
        quantity = sale.line.quantity_milli
        for award in self.awards[sale.document.key, sale.line.number]:
            before = reversed_in_all(award.points, sale.returned_milli, quantity)
            after = reversed_in_all(award.points, sale.returned_milli + taken, quantity)
            if after != before:
                self.reversals.append(
                    Reversal(
                        return_document=document.key,
                        return_line=line.number,
                        sale_document=sale.document.key,
                        sale_line=sale.line.number,
                        distributor=sale.document.distributor,
                        rule=award.rule,
                        unit=award.unit,
                        points=after - before,
                    )
                )


def reverse_returns(documents: list[Document], awards: list[Award]) -> tuple[list[Reversal], list[UnmatchedReturn]]:
    """Go through the documents in counting order and reverse what is returned (rules.md section 6).

    A document's own positive lines are entered before its returns, so a negative line can return them.
    """
    book = Book(awards)
    for document in documents:
        book.enter(document)
        for line in returned_lines(document):
            book.take_back(document, line)
    return book.reversals, book.unmatched
