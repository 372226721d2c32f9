"""Sales as columns: what every stage from an import to the ledger hands to the next.

One invoice typed by hand and a million imported lines are the same two tables, only shorter or longer.
"""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from app.domain.measures.exact import Ints, sums_by
from app.domain.states import DocumentKind

Texts = npt.NDArray[np.object_]
Flags = npt.NDArray[np.bool_]

UNKNOWN = -1
"""Stands in a column of whole numbers where the source says nothing."""


@dataclass(frozen=True)
class Documents:
    """Documents in counting order: issue date, invoices before credit notes, number as text (rules.md 1).

    Columns of equal length:
        distributor_id: who sold.
        kind: ``DocumentKind``.
        number: as the source writes it.
        issued_on: ``datetime64[D]``, in the programme's time zone.
        minute: minute of the day, or ``UNKNOWN``.
        corrects, outlet, channel, person: text or None.
    """

    distributor_id: Ints
    kind: npt.NDArray[np.int8]
    number: Texts
    issued_on: npt.NDArray[np.datetime64]
    minute: npt.NDArray[np.int16]
    corrects: Texts
    outlet: Texts
    channel: Texts
    person: Texts

    def __len__(self) -> int:
        """Count the documents."""
        return len(self.distributor_id)


@dataclass(frozen=True)
class Lines:
    """Lines, standing together by document in the order of the documents, and by line number within one.

    Columns of equal length:
        document: position of the line's document.
        line_number: unique within the document.
        product_id: what was sold.
        quantity_milli: thousandths of a piece; below zero: a return.
        unit_price_micro: millionths of a minor unit, or ``NO_PRICE``.
        net_minor: minor units of the programme's currency.
        gross_minor: minor units, or ``NO_AMOUNT``.
        discounted: 1, 0, or ``UNKNOWN``.
        source_row: row of the file it came from, or ``UNKNOWN``.
        corrects, outlet, channel: what the line says where its document says something else, else None; in place of a
            column None: no line does, as nearly always.
    """

    document: Ints
    line_number: npt.NDArray[np.int32]
    product_id: Ints
    quantity_milli: Ints
    unit_price_micro: Ints
    net_minor: Ints
    gross_minor: Ints
    discounted: npt.NDArray[np.int8]
    source_row: npt.NDArray[np.int32]
    corrects: Texts | None = None
    outlet: Texts | None = None
    channel: Texts | None = None

    def __len__(self) -> int:
        """Count the lines."""
        return len(self.document)


NO_AMOUNT = int(np.iinfo(np.int64).min)
"""Stands in a column of money, which may be below zero, where the source says nothing."""
NO_PRICE = NO_AMOUNT


@dataclass(frozen=True)
class Sales:
    """Documents with their lines."""

    documents: Documents
    lines: Lines

    def select(self, wanted: Flags) -> "Sales":
        """Keep some documents, with their lines."""
        position = np.cumsum(wanted) - 1
        kept = wanted[self.lines.document]
        lines = _taken(self.lines, kept)
        return Sales(_taken(self.documents, wanted), replace(lines, document=position[lines.document]))

    def of_lines(self, wanted: Flags) -> "Sales":
        """Keep some lines of the documents."""
        return Sales(self.documents, _taken(self.lines, wanted))

    def reordered(self, documents: Ints, lines: Ints, place: Ints) -> "Sales":
        """Put documents and lines in another order; ``place`` says where each document goes."""
        moved = _taken(self.lines, lines)
        return Sales(_taken(self.documents, documents), replace(moved, document=place[moved.document]))

    def slice(self, first: int, last: int, first_line: int, last_line: int) -> "Sales":
        """Give neighbouring documents with their lines, without copying."""
        lines = _taken(self.lines, slice(first_line, last_line))
        return Sales(_taken(self.documents, slice(first, last)), replace(lines, document=lines.document - first))

    def net_of_documents(self) -> Ints:
        """Sum the net amounts of each document's lines."""
        return sums_by(self.lines.document, self.lines.net_minor, len(self.documents))

    def is_sale(self) -> Flags:
        """Mark the lines that sell: of an invoice, with a quantity and an amount above zero are tested elsewhere."""
        invoices: Flags = self.documents.kind == DocumentKind.INVOICE
        return invoices[self.lines.document]

    def is_return(self) -> Flags:
        """Mark the lines that give back: of a credit note, or with a quantity below zero (rules.md 6)."""
        return ~self.is_sale() | (self.lines.quantity_milli < 0)

    def takes_discount_back(self) -> Flags:
        """Mark the lines of credit notes that give no goods back but take a discount back.

        Some systems write what comes back with a minus before the amounts, some before the quantities, some before both
        or none: whatever the document does with most of its money is its goods, and what goes the other way is not.
        """
        way = np.sign(self.lines.quantity_milli) * self.lines.net_minor
        of_document = np.sign(sums_by(self.lines.document, way, len(self.documents)))[self.lines.document]
        against: Flags = np.sign(way) * of_document < 0
        return ~self.is_sale() & against

    def named_by(self, line: int) -> str | None:
        """Give the document that a line corrects: as the line says, else as its document does."""
        own = None if self.lines.corrects is None else self.lines.corrects[line]
        named: str | None = self.documents.corrects[self.lines.document[line]] if own is None else own
        return named

    def says_for_itself(self) -> Flags:
        """Mark the lines that were sold elsewhere, or by another channel, than their document says."""
        marks = np.zeros(len(self.lines), dtype=bool)
        for own in (self.lines.outlet, self.lines.channel):
            if own is not None:
                marks |= told(own)
        return marks

    def with_credits_below_zero(self) -> tuple["Sales", Flags]:
        """Write what credit notes give back below zero, whatever sign their source writes before it.

        Some write a minus before the amounts of a credit note, some before its quantities, some before both or none.
        A note gives back in all: where its quantities, or its amounts, come to more than nothing, each of its lines has
        the other sign. Also marks the documents whose amounts have.
        """
        credits = self.documents.kind == DocumentKind.CREDIT_NOTE
        if not credits.any():
            return self, credits
        lines, count = self.lines, len(self.documents)
        pieces = credits & (sums_by(lines.document, lines.quantity_milli, count) > 0)
        money = credits & (self.net_of_documents() > 0)
        if not (pieces | money).any():
            return self, money
        sign = np.where(money[lines.document], -1, 1)
        turned = replace(
            lines,
            quantity_milli=lines.quantity_milli * np.where(pieces[lines.document], -1, 1),
            net_minor=lines.net_minor * sign,
            gross_minor=np.where(lines.gross_minor == NO_AMOUNT, NO_AMOUNT, lines.gross_minor * sign),
        )
        return Sales(self.documents, turned), money

    def gives_back_only(self) -> Flags:
        """Mark the documents of which every line gives back."""
        sells = np.zeros(len(self.documents), dtype=bool)
        sells[self.lines.document[~self.is_return()]] = True
        return ~sells


def told(texts: Texts) -> Flags:
    """Mark where a column of texts says something."""
    marks: Flags = texts != None  # noqa: E711  # each of the texts is looked at
    return marks


def _taken(columns: Any, wanted: Any) -> Any:
    there = {field.name: getattr(columns, field.name) for field in fields(columns)}
    return type(columns)(**{name: None if column is None else column[wanted] for name, column in there.items()})


def in_counting_order(documents: Documents) -> Ints:
    """Give the order in which documents count: issue date, invoices before credit notes, number as text."""
    numbers = pa.array(documents.number, type=pa.large_string()).dictionary_encode()
    rank = np.empty(len(numbers.dictionary), dtype=np.int64)
    rank[pc.array_sort_indices(numbers.dictionary)] = np.arange(len(rank))
    return np.lexsort((rank[numbers.indices], documents.kind, documents.issued_on))
