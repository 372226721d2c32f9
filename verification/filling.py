"""What an e-invoice fills in of a claim: everything; there remains only to say what its lines are here."""

from dataclasses import dataclass

from app.domain.registration import tax_id_key
from app.domain.states import DocumentKind
from app.models.programs import Program
from verification.claimed import MOST_LINES, ClaimedInvoice, ClaimedLine
from verification.einvoices.invoice import EInvoice, Line


@dataclass(frozen=True)
class Filled:
    """What an e-invoice filled in: so many lines, so many with a product that is known; or a code of ``why`` none."""

    lines: int = 0
    matched: int = 0
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


def claimed(invoice: EInvoice, own_tax_id: str | None) -> ClaimedInvoice:
    """Write an e-invoice as a claim. ``own_tax_id`` is the distributor's: it is no other seller's."""
    seller = invoice.seller.tax_id or ""
    own = bool(own_tax_id) and tax_id_key(seller) == tax_id_key(own_tax_id or "")
    return ClaimedInvoice(
        number=invoice.number,
        issued_on=invoice.issued_on,
        seller_tax_id="" if own else seller,
        total_minor=invoice.totals.net_minor,
        lines=tuple(_line(line) for line in invoice.lines),
    )


def names_of(line: Line) -> list[str]:
    """Give what a line calls its product, the surest first: EAN, the buyer's code, the seller's code, the name."""
    return [one for one in (line.gtin, line.buyer_code, line.seller_code, line.name) if one]


def _line(line: Line) -> ClaimedLine:
    return ClaimedLine(
        said=line.name or (names_of(line) or [""])[0],
        quantity_milli=line.quantity_milli,
        net_minor=line.net_minor,
        gross_minor=line.gross_minor,
        position=line.position,
    )
