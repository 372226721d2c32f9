"""What checks look at, and what they say."""

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from app.domain.documents.sales import Flags, Sales, Texts
from app.domain.measures.exact import Ints
from app.domain.program_file.verification_settings import Tuned
from verification.checks import prints


@dataclass(frozen=True)
class Proofs:
    """Proofs of documents, one value a proof.

    Columns:
        document: position of the document it belongs to; among those that are here, its id.
        file: SHA-256 of the file.
        look: 64 bits of how it looks, as signed.
        has_look: whether it is a picture at all.
    """

    document: Ints
    file: Texts
    look: Ints
    has_look: Flags

    def moved(self, place: Ints) -> "Proofs":
        """Follow documents to their new places."""
        return replace(self, document=place[self.document])

    def within(self, first: int, last: int) -> "Proofs":
        """Keep those of neighbouring documents."""
        kept = (self.document >= first) & (self.document < last)
        columns = {name: getattr(self, name)[kept] for name in self.__dataclass_fields__}
        return Proofs(**columns | {"document": columns["document"] - first})

    @classmethod
    def none(cls) -> "Proofs":
        """Give no proofs."""
        nothing = np.zeros(0, dtype=np.int64)
        return cls(nothing, np.zeros(0, dtype=object), nothing, np.zeros(0, dtype=bool))


@dataclass(frozen=True)
class Pdfs:
    """What PDFs among the proofs say of themselves, one value a PDF.

    Columns:
        document: position of the document it belongs to.
        maker: the program that made it, or None.
        made_at, changed_at: ``datetime64[s]``, or NaT where it says nothing.
    """

    document: Ints
    maker: Texts
    made_at: np.ndarray
    changed_at: np.ndarray

    def moved(self, place: Ints) -> "Pdfs":
        """Follow documents to their new places."""
        return replace(self, document=place[self.document])

    def within(self, first: int, last: int) -> "Pdfs":
        """Keep those of neighbouring documents."""
        kept = (self.document >= first) & (self.document < last)
        return Pdfs(self.document[kept] - first, self.maker[kept], self.made_at[kept], self.changed_at[kept])

    @classmethod
    def none(cls) -> "Pdfs":
        """Give none."""
        never = np.zeros(0, dtype="datetime64[s]")
        return cls(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=object), never, never)


@dataclass(frozen=True)
class Readings:
    """What was surely read of proofs, one value a proof.

    Columns:
        document: position of the document it belongs to.
        number: as it was read, or None.
        number_key: the same, normalised in the year of the document, or None.
        issued_on: the day that was read, or NaT.
        printed: whether a program wrote the text; else it was read of a picture.
    """

    document: Ints
    number: Texts
    number_key: Texts
    issued_on: np.ndarray
    printed: Flags

    def moved(self, place: Ints) -> "Readings":
        """Follow documents to their new places."""
        return replace(self, document=place[self.document])

    def within(self, first: int, last: int) -> "Readings":
        """Keep those of neighbouring documents."""
        kept = (self.document >= first) & (self.document < last)
        columns = {name: getattr(self, name)[kept] for name in self.__dataclass_fields__}
        return Readings(**columns | {"document": columns["document"] - first})

    @classmethod
    def none(cls) -> "Readings":
        """Give none."""
        nothing, never = np.zeros(0, dtype=object), np.zeros(0, dtype="datetime64[D]")
        return cls(np.zeros(0, dtype=np.int64), nothing, nothing, never, np.zeros(0, dtype=bool))


@dataclass(frozen=True)
class Earlier:
    """Documents that are here already, of any status but those that were corrected or undone; one value a document.

    ``seller_key`` says who issued them, as `verification.incoming.Incoming` has it. ``accepted`` marks those that count
    by now. ``lines`` is the print of their lines, and ``products`` that of their products alone; both are 0 where
    nobody asked.
    """

    id: Ints
    distributor_id: Ints
    kind: Ints
    number: Texts
    number_key: Texts
    seller_key: Texts
    issued_on: np.ndarray
    net_minor: Ints
    line_count: Ints
    accepted: Flags
    lines: np.ndarray
    products: np.ndarray

    def __len__(self) -> int:
        """Count them."""
        return len(self.id)

    @classmethod
    def none(cls) -> "Earlier":
        """Give none."""
        whole, texts = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=object)
        days, flags, prints = (np.zeros(0, dtype=kind) for kind in ("M8[D]", bool, np.uint64))
        return cls(whole, whole, whole, texts, texts, texts, days, whole, whole, flags, prints, prints)


@dataclass(frozen=True)
class Usual:
    """What products usually sell for, and how many at once: one value a product, by rising id.

    ``price_micro`` is the median over months of what all who sell it took, millionths of a minor unit a piece;
    ``quantity_milli`` the mean of a line. 0: nobody knows.
    """

    product_id: Ints
    price_micro: Ints
    quantity_milli: Ints

    @classmethod
    def none(cls) -> "Usual":
        """Give nothing that is known."""
        nothing = np.zeros(0, dtype=np.int64)
        return cls(nothing, nothing, nothing)


@dataclass(frozen=True)
class Habits:
    """How much of a product a distributor usually sells at once: lines, quartiles and the most, in thousandths."""

    distributor_id: Ints
    product_id: Ints
    lines: Ints
    lower: Ints
    median: Ints
    upper: Ints
    most: Ints

    @classmethod
    def none(cls) -> "Habits":
        """Give none."""
        nothing = np.zeros(0, dtype=np.int64)
        return cls(*[nothing] * 7)


@dataclass(frozen=True)
class Stock:
    """What distributors of whom deliveries are known had of products: what came, and what they sold on since."""

    distributor_id: Ints
    product_id: Ints
    delivered_milli: Ints
    sold_milli: Ints

    @classmethod
    def none(cls) -> "Stock":
        """Give nothing that is known."""
        nothing = np.zeros(0, dtype=np.int64)
        return cls(nothing, nothing, nothing, nothing)


@dataclass(frozen=True)
class History:
    """What is here already that documents are compared with; what no check asked for is empty.

    Columns:
        alike: documents of the same amount: of the same day, or of the same distributor.
        recent: documents of the same distributors, about the same time.
        numbered: documents of the same distributors with the same number, of whatever seller.
        totals_of_late: what the programme's last invoices came to.
        elsewhere: keys of documents that other programmes have.
        proofs: proofs that have the same file, or look alike; ``totals`` has what their documents come to.
    """

    alike: Earlier
    recent: Earlier
    numbered: Earlier
    totals_of_late: Ints
    elsewhere: frozenset[str]
    proofs: Proofs
    totals: Mapping[int, int]
    usual: Usual
    habits: Habits
    stock: Stock

    @classmethod
    def none(cls) -> "History":
        """Give the history of documents before which nothing happened."""
        return cls(
            alike=Earlier.none(),
            recent=Earlier.none(),
            numbered=Earlier.none(),
            totals_of_late=np.zeros(0, dtype=np.int64),
            elsewhere=frozenset(),
            proofs=Proofs.none(),
            totals={},
            usual=Usual.none(),
            habits=Habits.none(),
            stock=Stock.none(),
        )


@dataclass(frozen=True)
class Allowed:
    """What a programme allows: its dates, its sellers, and its limits."""

    starts_on: np.datetime64
    ends_on: np.datetime64 | None
    today: np.datetime64
    decimals: int
    """Of the programme's currency."""
    claim_within_days: int | None = None
    second_person_above_minor: int | None = None
    sellers: frozenset[str] = frozenset()
    """Tax ids as they are compared; none: anybody."""


@dataclass(frozen=True)
class Facts:
    """Documents, and what is known beside them.

    Columns have one value a document.
        number_key, seller_key: as `verification.incoming.Incoming` has them.
        buyer: tax id of who bought, as it is compared, or None.
        key: what two documents must share to be one.
        total_minor: the total that it states, or ``NO_AMOUNT``.
        blocked: marks those of distributors who may not earn.
        tax_id: that of the distributor, as it is compared, or None.
        enrolled_on: when its distributor joined.
        lately: how many claims its distributor sent within the last hour.
        noted: what reading its e-invoice found, or None.
        device: hash of the device it was sent from, or None; ``senders`` has which distributors sent from it before.

    ``family`` has, by distributor, the tax ids of those with whom it shares a head office, and of the head office.
    """

    sales: Sales
    number_key: Texts
    seller_key: Texts
    buyer: Texts
    key: Texts
    total_minor: Ints
    blocked: Flags
    tax_id: Texts
    enrolled_on: np.ndarray
    lately: Ints
    proofs: Proofs
    allowed: Allowed
    history: History
    noted: Texts | None = None
    device: Texts | None = None
    pdfs: Pdfs = field(default_factory=Pdfs.none)
    readings: Readings = field(default_factory=Readings.none)
    senders: Mapping[bytes, frozenset[int]] = field(default_factory=dict)
    family: Mapping[int, Set[str]] = field(default_factory=dict)

    @cached_property
    def mine(self) -> Earlier:
        """Lay the documents out as those that are here, to be compared with them and with each other."""
        return as_earlier(self.sales, self.number_key, self.seller_key)


def as_earlier(sales: Sales, number_key: Texts, seller_key: Texts) -> Earlier:
    """Lay documents out as those that are here; they have no id."""
    documents, lines = sales.documents, sales.lines
    count = len(documents)
    return Earlier(
        id=np.zeros(count, dtype=np.int64),
        distributor_id=documents.distributor_id,
        kind=documents.kind.astype(np.int64),
        number=documents.number,
        number_key=number_key,
        seller_key=seller_key,
        issued_on=documents.issued_on,
        net_minor=sales.net_of_documents(),
        line_count=np.bincount(lines.document, minlength=count),
        accepted=np.ones(count, dtype=bool),
        lines=prints.of_lines(lines.document, count, lines.product_id, lines.quantity_milli),
        products=prints.of_lines(lines.document, count, lines.product_id),
    )


@dataclass(frozen=True)
class Finding:
    """One check's result for one document, and the evidence: what fills the sentence of its code."""

    document: int
    evidence: dict[str, Any] = field(default_factory=dict)


Run: TypeAlias = Callable[[Facts, Tuned], Iterator[Finding]]
"""A check: how it is set stands in ``Tuned``."""
