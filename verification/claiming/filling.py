"""What an e-invoice fills in of a claim: everything; there remains only to say what its lines are here."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.program_file.registration import tax_id_key
from app.domain.states import DocumentKind
from app.models.programs import Program
from verification.claiming.claimed import MOST_LINES, ClaimedInvoice, ClaimedLine
from verification.einvoices import ksef
from verification.einvoices.invoice import EInvoice
from verification.einvoices.matching import MatchedLine


@dataclass(frozen=True)
class Filled:
    """What an e-invoice filled in: so many lines, so many with a product that is known; or a code of ``why`` none.

    ``left_out`` are lines that are known not to take part.
    """

    lines: int = 0
    matched: int = 0
    left_out: int = 0
    why: str | None = None


def refusal(invoice: EInvoice, program: Program) -> str | None:
    """Say why an e-invoice cannot be registered: a code, or None."""
    if invoice.kind is not DocumentKind.INVOICE:
        return "credit_note"
    if invoice.currency != program.currency or invoice.decimals != program.currency_decimals:
        return "other_currency"
    if not invoice.lines:
        return "no_lines"
    return "too_many_lines" if len(invoice.lines) > MOST_LINES else None


def claimed(invoice: EInvoice, matched: Sequence[MatchedLine], own_tax_id: str | None) -> ClaimedInvoice:
    """Write an e-invoice as a claim; lines that are known not to take part are left out, and with them its total.

    ``own_tax_id`` is the distributor's: it is no other seller's.
    """
    seller = invoice.seller.tax_id or ""
    number = ksef.number_of(invoice.ksef_number or "")
    own = bool(own_tax_id) and tax_id_key(seller) == tax_id_key(own_tax_id or "")
    lines = tuple(_line(one) for one in matched if not (one.found_by and one.product_id is None))
    return ClaimedInvoice(
        number=invoice.number,
        issued_on=invoice.issued_on,
        seller_tax_id="" if own else seller,
        total_minor=invoice.totals.net_minor if len(lines) == len(matched) else None,
        lines=lines,
        buyer_tax_id=invoice.buyer.tax_id or "",
        noted=invoice.problems,
        ksef_number=number.text if number is not None and number.sound else "",
        file_sha256=invoice.sha256.hex(),
    )


def _line(matched: MatchedLine) -> ClaimedLine:
    line = matched.line
    return ClaimedLine(
        said=line.name or line.gtin or line.seller_code or line.buyer_code or "",
        product_id=matched.product_id,
        quantity_milli=matched.quantity_milli,
        net_minor=line.net_minor,
        gross_minor=line.gross_minor,
        position=line.position,
        file_milli=line.quantity_milli,
        matched_id=matched.product_id,
        matched_milli=matched.quantity_milli,
        may_be=tuple(one.id for one in matched.proposals),
    )
