"""What an e-invoice adds up to, as EN 16931 has it: each sum that is not what its parts come to is a finding."""

from collections import Counter
from collections.abc import Iterator

from app.domain.measures.exact import half_up_of
from app.domain.measures.money import decimal_text
from verification.einvoices.figures import MICRO, MILLI
from verification.einvoices.invoice import EInvoice, Format, Line, Reason, Severity, reason

_SCALE = 10 ** (MILLI + MICRO)
"""A quantity times a price, over a minor unit."""
_LINE_TOLERANCE = 2
"""Minor units by which a line may miss what it comes to: prices are rounded, and so is each allowance."""


_WITHOUT_VAT = frozenset({"AE", "E", "G", "K", "O", "Z"})
"""Categories of UNCL5305 that bear none, whether or not a rate of nothing is written (BR-E-09, BR-O-09 and others)."""
_OF_KSEF = (Format.FA_2, Format.FA_3)
_OLD_RATES = (2200, 700, 300)
"""Rates that KSeF sums with others of the same kind: which of the two a sum is of cannot be told."""


def findings(invoice: EInvoice) -> Iterator[Reason]:
    """Say what does not add up, part by part and in all."""
    for line in invoice.lines:
        yield from _line(line, invoice.decimals)
    yield from _sums(invoice)
    yield from _vat(invoice)


def _line(line: Line, decimals: int) -> Iterator[Reason]:
    """Compare a line with quantity times price, its charges and allowances (BT-131); without VAT, or with it."""
    if line.unit_price_micro is not None:
        yield from _priced(line, line.unit_price_micro, line.net_minor, decimals)
    elif line.gross_price_micro is not None and line.gross_minor is not None:
        yield from _priced(line, line.gross_price_micro, line.gross_minor, decimals)


def _priced(line: Line, price_micro: int, stated: int, decimals: int) -> Iterator[Reason]:
    worth = line.quantity_milli * price_micro
    off = abs(worth + (line.adjustments_minor - stated) * _SCALE) - _LINE_TOLERANCE * _SCALE
    # the price is kept in millionths: that of many pieces shows; and so does a quantity of more than thousandths
    if 2 * off > abs(line.quantity_milli) + (abs(price_micro) if line.quantity_rounded else 0):
        come_to = half_up_of(worth, _SCALE) + line.adjustments_minor
        yield reason(
            "line_differs",
            # a price that was written in whole minor units explains so much
            "note" if 2 * off <= abs(line.quantity_milli) * 10**MICRO else "review",
            line=line.number or line.position,
            found=decimal_text(stated, decimals),
            expected=decimal_text(come_to, decimals),
        )


def _sums(invoice: EInvoice) -> Iterator[Reason]:
    totals, decimals = invoice.totals, invoice.decimals
    of_lines = sum(line.net_minor for line in invoice.lines)
    if invoice.lines:
        yield from _compared("lines_total_differs", totals.lines_minor, of_lines, decimals)
    if totals.listed is not None:
        stated = totals.allowances_minor or 0, totals.charges_minor or 0
        for whole, listed in zip(stated, totals.listed, strict=True):
            yield from _compared("adjustments_differ", whole, listed, decimals)
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
    yield from _bases(invoice)
    # the VAT may be that of the sum, or the sum of that of the lines, each rounded
    tolerance = 1 + len(invoice.lines) // 2
    for part in invoice.vat:
        rate_bp = 0 if part.rate_bp is None and part.category in _WITHOUT_VAT else part.rate_bp
        if rate_bp is None:
            continue
        expected = half_up_of(part.base_minor * rate_bp, 10_000)
        if abs(part.vat_minor - expected) > tolerance:
            yield reason(
                "vat_of_rate_differs",
                "review",
                rate=f"{decimal_text(rate_bp, 2)} %",
                found=decimal_text(part.vat_minor, decimals),
                expected=decimal_text(expected, decimals),
            )


def _bases(invoice: EInvoice) -> Iterator[Reason]:
    """Compare what bears each rate with the lines of that rate (BR-S-08), where each says one and nothing is off all.

    What allowances and charges of the whole belong to is not read, so where there are any nothing can be told.
    """
    totals, decimals = invoice.totals, invoice.decimals
    if totals.allowances_minor or totals.charges_minor or not invoice.lines:
        return
    rates = [line.vat_rate_bp for line in invoice.lines] + [part.rate_bp for part in invoice.vat]
    if any(one is None for one in rates) or (invoice.format in _OF_KSEF and set(_OLD_RATES) & set(rates)):
        return
    of_lines: Counter[int] = Counter()
    stated: Counter[int] = Counter()
    for line in invoice.lines:
        of_lines[line.vat_rate_bp or 0] += line.net_minor
    for part in invoice.vat:
        stated[part.rate_bp or 0] += part.base_minor
    if len(of_lines.keys() | stated.keys()) == 1:
        return  # that is the net of all, which is compared anyway
    tolerance = _off_by_gross(invoice)
    for rate in sorted(of_lines.keys() | stated.keys()):
        if abs(of_lines[rate] - stated[rate]) > tolerance:
            yield reason(
                "vat_base_of_rate_differs",
                "review",
                rate=f"{decimal_text(rate, 2)} %",
                found=decimal_text(stated[rate], decimals),
                expected=decimal_text(of_lines[rate], decimals),
            )


def _compared(
    code: str, stated: int | None, come_to: int, decimals: int, tolerance: int = 0, severity: Severity = "review"
) -> Iterator[Reason]:
    if stated is not None and abs(stated - come_to) > tolerance:
        found, expected = decimal_text(stated, decimals), decimal_text(come_to, decimals)
        yield reason(code, severity, found=found, expected=expected)
