"""What is sold and to whom: the raw sales line, the document, and the catalogue of products and distributors."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from fractions import Fraction

from tests.reference.arith import round_half_up
from tests.reference.numbering import document_key

INVOICE = "invoice"
CREDIT_NOTE = "credit_note"

Key = tuple[str, str, str]


def code_key(text: str) -> str:
    """Give the form in which codes are compared: trimmed and without case (rules.md section 1)."""
    return text.strip().upper()


@dataclass(frozen=True)
class SalesLine:
    """One raw sales line of an import (rules.md section 1).

    Quantity in thousandths, amounts in minor units, the unit price in whole currency units (it may be finer than a
    minor unit). `line_number` None means: its place within its document.
    """

    document_number: str
    issued_on: date
    distributor: str
    product: str
    quantity_milli: int
    kind: str = INVOICE
    line_number: int | None = None
    unit_price: Decimal | None = None
    net_minor: int | None = None
    gross_minor: int | None = None
    seller_tax_id: str | None = None
    person: str | None = None
    outlet: str | None = None
    channel: str | None = None
    issued_at: time | None = None
    discounted: bool = False
    corrects: str | None = None


@dataclass(frozen=True)
class Line:
    """A sales line in its place within a document, with the amount it earns on in minor units (rules.md section 1)."""

    source: SalesLine
    number: int
    amount: int

    @property
    def quantity_milli(self) -> int:
        """The quantity in thousandths (rules.md section 1)."""
        return self.source.quantity_milli

    @property
    def is_sale(self) -> bool:
        """Whether it can be in M: a quantity and an amount above zero (rules.md section 2)."""
        return self.quantity_milli > 0 and self.amount > 0

    @property
    def is_discount(self) -> bool:
        """Whether it only lowers the sum of M: amount below zero, quantity not below zero (rules.md section 2)."""
        return self.quantity_milli >= 0 and self.amount < 0


@dataclass
class Document:
    """An invoice or a credit note with its lines in the order of their numbers (rules.md section 1)."""

    key: Key
    owner: str
    kind: str
    number: str
    issued_on: date
    distributor: str
    lines: list[Line] = field(default_factory=list)


@dataclass(frozen=True)
class Group:
    """A product group or a distributor group; `parent` is a reference to another group of the same sort (section 2)."""

    code: str
    name: str = ""
    parent: str | None = None
    aliases: tuple[str, ...] = ()

    def called(self, reference: str) -> bool:
        """Whether a reference means this group: its code, name or an alias, without case (section 2, scope)."""
        wanted = code_key(reference)
        names = [self.code, *self.aliases]
        if self.name:
            names.append(self.name)
        return any(code_key(name) == wanted for name in names)


Moves = tuple[tuple[date, str | None], ...]
"""Where something is from which day on, in the order of the days."""


def on_day(first: str | None, moves: Moves, day: date | None) -> str | None:
    """Tell where something is on a day; no day: where it was before it ever moved (rules.md section 2, scope)."""
    place = first
    for moved_on, becomes in moves:
        if day is not None and moved_on <= day:
            place = becomes
    return place


@dataclass(frozen=True)
class Product:
    """A product and a reference to its group, and to those it moved to (rules.md section 2, scope)."""

    code: str
    group: str | None = None
    name: str = ""
    moves: Moves = ()


@dataclass(frozen=True)
class Distributor:
    """A distributor, a reference to its group, and its tier (rules.md section 2, scope)."""

    code: str
    group: str | None = None
    tier: str | None = None
    name: str = ""
    moves: Moves = ()
    tiers: Moves = ()


class Catalogue:
    """The products, the distributors and their groups, as they are known when an import counts (rules.md section 2)."""

    def __init__(self) -> None:
        """Start with nothing (rules.md section 2)."""
        self.product_groups: list[Group] = []
        self.distributor_groups: list[Group] = []
        self.products: dict[str, Product] = {}
        self.distributors: dict[str, Distributor] = {}

    def add_product(self, product: Product) -> None:
        """Know a product by its code (rules.md section 1: codes compare trimmed and without case)."""
        self.products[code_key(product.code)] = product

    def add_distributor(self, distributor: Distributor) -> None:
        """Know a distributor by its code (rules.md section 1: codes compare trimmed and without case)."""
        self.distributors[code_key(distributor.code)] = distributor

    def product_chain(self, product_code: str, day: date | None = None) -> list[Group]:
        """Give the product's group of a day, then its parent and so on (rules.md section 2: with descendants)."""
        product = self.products.get(code_key(product_code))
        return chain(self.product_groups, on_day(product.group, product.moves, day) if product else None)

    def distributor_chain(self, distributor_code: str, day: date | None = None) -> list[Group]:
        """Give the distributor's group of a day, then its parent and so on (rules.md section 2, scope)."""
        one = self.distributors.get(code_key(distributor_code))
        return chain(self.distributor_groups, on_day(one.group, one.moves, day) if one else None)

    def tier_of(self, distributor_code: str, day: date | None = None) -> str | None:
        """Give the distributor's tier of a day (rules.md section 2, scope)."""
        one = self.distributors.get(code_key(distributor_code))
        return on_day(one.tier, one.tiers, day) if one else None


def find_group(groups: list[Group], reference: str) -> Group | None:
    """Find the group meant by a code, else by a name, else by an alias (rules.md section 2, scope)."""
    wanted = code_key(reference)
    for group in groups:
        if code_key(group.code) == wanted:
            return group
    for group in groups:
        if group.name and code_key(group.name) == wanted:
            return group
    for group in groups:
        if group.called(reference):
            return group
    return None


def chain(groups: list[Group], reference: str | None) -> list[Group]:
    """Climb from a group to its root (rules.md section 2: descendants); a circle of parents is walked once."""
    climbed: list[Group] = []
    while reference is not None:
        group = find_group(groups, reference)
        if group is None or group in climbed:
            break
        climbed.append(group)
        reference = group.parent
    return climbed


def amount_of(line: SalesLine, earns_on: str, minor_digits: int) -> int:
    """Give the amount a line earns on, in minor units (rules.md section 1).

    Net missing: quantity x unit price, rounded half up once, per line. A programme that earns on gross takes the gross
    amount and, where the source has none, the net one.
    """
    if earns_on == "gross" and line.gross_minor is not None:
        return line.gross_minor
    if line.net_minor is not None:
        return line.net_minor
    if line.unit_price is None:
        raise ValueError(f"a line of {line.document_number} has neither an amount nor a unit price")
    quantity = Fraction(line.quantity_milli, 1000)
    return round_half_up(quantity * Fraction(line.unit_price) * 10**minor_digits)


def owner_of(line: SalesLine) -> str:
    """Tell who numbers the document: the seller by its tax id, else the distributor (rules.md section 9)."""
    if line.seller_tax_id and line.seller_tax_id.strip():
        return line.seller_tax_id
    return line.distributor


def years_of_issue(lines: list[SalesLine]) -> dict[tuple[str, str, str], int]:
    """Give the year of each owner's number as it is written: that of its earliest line (rules.md sections 1 and 9)."""
    years: dict[tuple[str, str, str], int] = {}
    for line in lines:
        written = (code_key(owner_of(line)), line.kind, line.document_number)
        years[written] = min(years.get(written, line.issued_on.year), line.issued_on.year)
    return years


def documents_of(lines: list[SalesLine], earns_on: str, minor_digits: int) -> list[Document]:
    """Group the lines of one import into documents and give these in the counting order (rules.md sections 1 and 9)."""
    years = years_of_issue(lines)
    documents: dict[Key, Document] = {}
    for source in lines:
        owner = owner_of(source)
        year = years[code_key(owner), source.kind, source.document_number]
        key = document_key(owner, source.kind, source.document_number, year)
        document = documents.get(key)
        if document is None:
            document = Document(
                key=key,
                owner=owner,
                kind=source.kind,
                number=source.document_number.strip(),
                issued_on=source.issued_on,
                distributor=code_key(source.distributor),
            )
            documents[key] = document
        if code_key(source.distributor) != document.distributor:
            raise ValueError(f"document {document.number} names two distributors")
        # A document whose lines carry different dates has the earliest.
        document.issued_on = min(document.issued_on, source.issued_on)
        number = source.line_number if source.line_number is not None else len(document.lines) + 1
        document.lines.append(Line(source, number, amount_of(source, earns_on, minor_digits)))
    for document in documents.values():
        document.lines.sort(key=lambda line: line.number)
        numbers = {line.number for line in document.lines}
        if len(numbers) != len(document.lines):
            raise ValueError(f"document {document.number} has two lines with one number")
    return sorted(documents.values(), key=counting_order)


def counting_order(document: Document) -> tuple[date, int, str]:
    """Order documents by issue date, invoices before credit notes, then number as text (rules.md section 1)."""
    return (document.issued_on, 0 if document.kind == INVOICE else 1, document.number)
