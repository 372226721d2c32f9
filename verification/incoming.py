"""What comes to the gate, and from where."""

from dataclasses import dataclass, field, replace

import numpy as np

from app.domain.documents.document_keys import document_key
from app.domain.documents.sales import NO_AMOUNT, Sales
from app.domain.measures.exact import Ints
from app.domain.program_file.verification_settings import SourceName, Verdict
from verification.checks.facts import Pdfs, Proofs, Readings


@dataclass(frozen=True)
class Incoming:
    """Documents at the gate, in counting order.

    Columns beside the sales, one value a document: the normalised number, the seller's key, and the total that the
    document states (``NO_AMOUNT``: none); where the source says it, the tax id of who bought, and what reading an
    e-invoice found, and from which device it was sent. ``proofs`` are those that come with them, and ``pdfs`` what PDFs
    among them say of themselves, and ``readings`` what was read of them and proposed.
    """

    sales: Sales
    number_key: np.ndarray
    seller_key: np.ndarray
    total_minor: Ints
    buyer_tax_id: np.ndarray | None = None
    proofs: Proofs = field(default_factory=Proofs.none)
    noted: np.ndarray | None = None
    device: np.ndarray | None = None
    pdfs: Pdfs = field(default_factory=Pdfs.none)
    readings: Readings = field(default_factory=Readings.none)

    def with_credits_below_zero(self) -> "Incoming":
        """Write what credit notes give back below zero, and so the totals that they state."""
        sales, turned = self.sales.with_credits_below_zero()
        if sales is self.sales:
            return self
        stated = turned & (self.total_minor != NO_AMOUNT)
        return replace(self, sales=sales, total_minor=np.where(stated, -self.total_minor, self.total_minor))

    def reordered(self, documents: Ints, lines: Ints, place: Ints) -> "Incoming":
        """Put documents and lines in another order; ``place`` says where each document goes."""
        return Incoming(
            self.sales.reordered(documents, lines, place),
            self.number_key[documents],
            self.seller_key[documents],
            self.total_minor[documents],
            None if self.buyer_tax_id is None else self.buyer_tax_id[documents],
            self.proofs.moved(place),
            None if self.noted is None else self.noted[documents],
            None if self.device is None else self.device[documents],
            self.pdfs.moved(place),
            self.readings.moved(place),
        )

    def slice(self, first: int, last: int, first_line: int, last_line: int) -> "Incoming":
        """Give neighbouring documents with their lines, without copying."""
        part = slice(first, last)
        return Incoming(
            self.sales.slice(first, last, first_line, last_line),
            self.number_key[part],
            self.seller_key[part],
            self.total_minor[part],
            None if self.buyer_tax_id is None else self.buyer_tax_id[part],
            self.proofs.within(first, last),
            None if self.noted is None else self.noted[part],
            None if self.device is None else self.device[part],
            self.pdfs.within(first, last),
            self.readings.within(first, last),
        )


@dataclass(frozen=True)
class Source:
    """Where documents come from, and what that source may do.

    In a ``trial`` nothing is kept: what nobody looks at again before it is undone is not stored at all. What comes
    ``again`` was refused by a person, and may come once more: a person looks at it.
    """

    name: SourceName
    policy: Verdict
    may_correct: bool
    batch_id: int | None = None
    actor: str | None = None
    trial: bool = False
    again: bool = False


def document_keys(incoming: Incoming) -> list[str]:
    """Give the key of each document: what two documents must share to be one (rules.md 9)."""
    kinds = incoming.sales.documents.kind.tolist()
    parts = zip(kinds, incoming.seller_key.tolist(), incoming.number_key.tolist(), strict=True)
    return [document_key(*one) for one in parts]
