"""What an e-invoice says, the same whatever its format; and what is wrong where it cannot be read."""

import datetime as dt
import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from app.domain.saying.reasons import sentences
from app.domain.states import DocumentKind

Severity: TypeAlias = Literal["block", "review", "note"]

Reason: TypeAlias = dict[str, Any]
"""A finding as a document stores it: ``code``, its values, ``severity``. ``app/domain/saying/reasons.py`` has the
words."""


class Format(enum.StrEnum):
    """The formats that are read, as people call them."""

    FA_3 = "KSeF FA(3)"
    FA_2 = "KSeF FA(2)"
    UBL_INVOICE = "UBL Invoice"
    UBL_CREDIT_NOTE = "UBL CreditNote"
    CII = "CII CrossIndustryInvoice"
    ZUGFERD_1 = "CII CrossIndustryDocument"
    FATTURA_PA = "FatturaPA"
    FACTURAE = "Facturae"


class EInvoiceRefused(Exception):
    """Nothing can be read; ``problems`` say why, as reasons."""

    def __init__(self, problems: Sequence[Reason]) -> None:
        """Take the problems."""
        self.problems = tuple(problems)
        super().__init__(sentences(list(problems)))


class NotAnEInvoice(EInvoiceRefused):
    """The file is something else: a photo, a PDF without an invoice inside, XML of another kind."""


class BadEInvoice(EInvoiceRefused):
    """It is an e-invoice, and hostile or broken, or lacks what every invoice has."""


def reason(code: str, severity: Severity, **values: Any) -> Reason:
    """Make a finding."""
    return {"code": code, **values, "severity": severity}


@dataclass(frozen=True)
class Party:
    """A seller or a buyer.

    Attributes:
        name: as the invoice writes it.
        tax_id: for VAT, with the country where the invoice puts it there: ``PL5265877635``, ``5265877635``.
        country: two letters, where the invoice says one.
        other_ids: other numbers of the party, each with the scheme that the invoice names for it.
    """

    name: str | None
    tax_id: str | None
    country: str | None = None
    other_ids: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Line:
    """One line.

    Attributes:
        position: from 1, in the order of the invoice; what the invoice calls the line is ``number``.
        name: of what was sold.
        gtin: of what was sold, as written.
        seller_code: what the seller calls it.
        buyer_code: what the buyer calls it.
        quantity_milli: thousandths of the unit; below zero: given back.
        quantity_rounded: whether the invoice writes more decimals of it.
        unit: as the invoice codes it: ``szt.``, ``H87``.
        unit_price_micro: net, in millionths of a minor unit.
        adjustments_minor: charges less allowances of the line; quantity times price and these are its net.
        net_minor: without VAT, after allowances and charges of the line.
        gross_minor: with VAT, where the invoice says it.
        gross_price_micro: with VAT, where the invoice states that.
        vat_rate_bp: in hundredths of a percent; none where the line bears no rate.
        vat_category: by UNCL5305: S, Z, E, AE, K, G, O.
    """

    position: int
    number: str | None
    name: str | None
    quantity_milli: int
    net_minor: int
    unit: str | None = None
    gtin: str | None = None
    seller_code: str | None = None
    buyer_code: str | None = None
    unit_price_micro: int | None = None
    adjustments_minor: int = 0
    gross_minor: int | None = None
    gross_price_micro: int | None = None
    quantity_rounded: bool = False
    vat_rate_bp: int | None = None
    vat_category: str | None = None


@dataclass(frozen=True)
class VatPart:
    """The part of an invoice that bears one rate of VAT."""

    category: str | None
    rate_bp: int | None
    base_minor: int
    vat_minor: int


@dataclass(frozen=True)
class Totals:
    """What the invoice states in all, in minor units; none where it does not say it.

    Attributes:
        lines_minor: sum of the lines.
        allowances_minor: off the whole invoice.
        charges_minor: on the whole invoice.
        listed: what the allowances and the charges of the whole come to, where any is listed.
        net_minor: without VAT.
        vat_minor: the VAT.
        gross_minor: with VAT.
        prepaid_minor: paid already.
        rounding_minor: added to what is to be paid, to make it round.
        payable_minor: to be paid.
    """

    gross_minor: int | None
    net_minor: int | None = None
    vat_minor: int | None = None
    lines_minor: int | None = None
    allowances_minor: int | None = None
    charges_minor: int | None = None
    listed: tuple[int, int] | None = None
    prepaid_minor: int | None = None
    rounding_minor: int | None = None
    payable_minor: int | None = None


@dataclass(frozen=True)
class EInvoice:
    """An invoice or a credit note.

    Attributes:
        format: what it was read from.
        kind: invoice, or a credit note, whose lines give back whatever their sign.
        number: as the invoice writes it.
        issued_on: its date.
        currency: three letters.
        decimals: of a minor unit of the currency.
        seller: who sold.
        buyer: who bought.
        lines: in the order of the invoice.
        totals: what it states in all.
        vat: what it states for each rate.
        sold_on: the day of the sale, where the invoice says one.
        corrects: numbers of the invoices that it corrects, or of which it is the last of several.
        self_billed: whether the buyer wrote it.
        ksef_number: under which the national system keeps it, where the file says so.
        sha256: of the file; of a PDF, of the XML inside.
        problems: what was noticed and does not keep it from being read.
    """

    format: Format
    kind: DocumentKind
    number: str
    issued_on: dt.date
    currency: str
    decimals: int
    seller: Party
    buyer: Party
    lines: tuple[Line, ...]
    totals: Totals
    vat: tuple[VatPart, ...] = ()
    sold_on: dt.date | None = None
    corrects: tuple[str, ...] = ()
    self_billed: bool = False
    ksef_number: str | None = None
    sha256: bytes = b""
    problems: tuple[Reason, ...] = ()
