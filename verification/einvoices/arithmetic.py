"""What an e-invoice adds up to, as EN 16931 has it: each sum that is not what its parts come to is a finding."""

from collections.abc import Iterator

from app.domain.exact import half_up_of
from app.domain.money import decimal_text
from verification.einvoices.figures import MICRO, MILLI
from verification.einvoices.invoice import EInvoice, Format, Line, Reason, Severity, reason

_SCALE = 10 ** (MILLI + MICRO)
"""A quantity times a price, over a minor unit."""
_LINE_TOLERANCE = 2
"""Minor units by which a line may miss what it comes to: prices are rounded, and so is each allowance."""


def findings(invoice: EInvoice) -> Iterator[Reason]:
    """Say what does not add up, part by part and in all."""
    for line in invoice.lines:
        yield from _line(line, invoice.decimals)
    yield from _sums(invoice)
    yield from _vat(invoice)


def _line(line: Line, decimals: int) -> Iterator[Reason]:
    """Compare a line with quantity times price, its charges and allowances (BT-131)."""
    if line.unit_price_micro is None:
        return
    worth = line.quantity_milli * line.unit_price_micro
    off = abs(worth + (line.adjustments_minor - line.net_minor) * _SCALE) - _LINE_TOLERANCE * _SCALE
    # the price is kept in millionths: that of many pieces shows
    if 2 * off > abs(line.quantity_milli):
        come_to = half_up_of(worth, _SCALE) + line.adjustments_minor
        yield reason(
            "line_differs",
            # a price that was written in whole minor units explains so much
            "note" if 2 * off <= abs(line.quantity_milli) * 10**MICRO else "review",
            line=line.number or line.position,
            found=decimal_text(line.net_minor, decimals),
            expected=decimal_text(come_to, decimals),
        )


def _sums(invoice: EInvoice) -> Iterator[Reason]:
    totals, decimals = invoice.totals, invoice.decimals
    of_lines = sum(line.net_minor for line in invoice.lines)
    if invoice.lines:
        yield from _compared("lines_total_differs", totals.lines_minor, of_lines, decimals)
    lines = totals.lines_minor if totals.lines_minor is not None else of_lines if invoice.lines else None
    if lines is not None:
        come_to = lines - (totals.allowances_minor or 0) + (totals.charges_minor or 0)
        tolerance = _off_by_gross(invoice)
        yield from _compared("net_total_differs", totals.net_minor, come_to, decimals, tolerance)
    if totals.net_minor is not None:
        gross = totals.net_minor + (totals.vat_minor or 0)
        yield from _compared("gross_total_differs", totals.gross_minor, gross, decimals)
    # in Italy what is to be paid is less what the buyer keeps back for the tax office
    if totals.gross_minor is not None and invoice.format is not Format.FATTURA_PA:
        payable = totals.gross_minor - (totals.prepaid_minor or 0) + (totals.rounding_minor or 0)
        yield from _compared("payable_differs", totals.payable_minor, payable, decimals, severity="note")


def _off_by_gross(invoice: EInvoice) -> int:
    """Give by how much the net of all may miss the lines': theirs were made of gross amounts, each rounded."""
    return sum(1 for line in invoice.lines if line.gross_minor is not None)


def _vat(invoice: EInvoice) -> Iterator[Reason]:
    """Compare the VAT with its parts, and each part with what its rate makes of its base."""
    totals, decimals = invoice.totals, invoice.decimals
    if not invoice.vat:
        return
    yield from _compared("vat_total_differs", totals.vat_minor, sum(one.vat_minor for one in invoice.vat), decimals)
    yield from _compared("vat_bases_differ", totals.net_minor, sum(one.base_minor for one in invoice.vat), decimals)
    # the VAT may be that of the sum, or the sum of that of the lines, each rounded
    tolerance = 1 + len(invoice.lines) // 2
    for part in invoice.vat:
        if part.rate_bp is None:
            continue
        expected = half_up_of(part.base_minor * part.rate_bp, 10_000)
        if abs(part.vat_minor - expected) > tolerance:
            yield reason(
                "vat_of_rate_differs",
                "review",
                rate=f"{decimal_text(part.rate_bp, 2)} %",
                found=decimal_text(part.vat_minor, decimals),
                expected=decimal_text(expected, decimals),
            )


def _compared(
    code: str, stated: int | None, come_to: int, decimals: int, tolerance: int = 0, severity: Severity = "review"
) -> Iterator[Reason]:
    if stated is not None and abs(stated - come_to) > tolerance:
        found, expected = decimal_text(stated, decimals), decimal_text(come_to, decimals)
        yield reason(code, severity, found=found, expected=expected)
