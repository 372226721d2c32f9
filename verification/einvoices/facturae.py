"""Facturae: the invoices of Spain (3.2, 3.2.1 and 3.2.2), signed or not; files called ``.xsig`` are these as well."""

from collections.abc import Iterable, Sequence

from lxml import etree

from app.domain.states import DocumentKind
from app.domain.typed.codes import ean_key
from verification.einvoices.figures import Figures, day, rate_bp
from verification.einvoices.invoice import BadEInvoice, EInvoice, Format, Line, Party, Totals, VatPart, reason
from verification.einvoices.tree import element, elements, needed, only_invoice, text, texts

NAMESPACES = (
    "http://www.facturae.es/Facturae/2009/v3.2/Facturae",
    "http://www.facturae.es/Facturae/2014/v3.2.1/Facturae",
    "http://www.facturae.gob.es/formato/Versiones/Facturaev3_2.xml",
    "http://www.facturae.gob.es/formato/Versiones/Facturaev3_2_1.xml",
    "http://www.facturae.gob.es/formato/Versiones/Facturaev3_2_2.xml",
)

_CORRECTIVES = frozenset({"OR", "CR"})
"""Classes of invoices that correct others: the original, and a copy of it."""
_BY_BUYER_TYPE, _BY_BUYER_ISSUER = "AF", "RE"
_VAT = frozenset({"01", "02", "03"})
"""Sorts of tax that stand for VAT: IVA, and IPSI and IGIC where that is not levied (Ceuta, Melilla, the Canaries)."""
_WITHOUT_VAT = {"01": "E", "02": "O"}
"""What Facturae calls the event of a sale without VAT, by UNCL5305: exempt, and beyond its scope."""
_RESIDENT = "R"


def read(root: etree._Element) -> EInvoice:
    """Give what a Facturae says.

    Raises:
        BadEInvoice: It lacks what every invoice has, holds several invoices, or a figure is none.
    """
    said = only_invoice(root, "Invoices/Invoice")
    head, dates = "InvoiceHeader", "InvoiceIssueData"
    figures = Figures(needed(said, f"{dates}/InvoiceCurrencyCode"), "InvoiceCurrencyCode")
    totals = _totals(said, figures)
    gives_back = text(said, f"{head}/InvoiceClass") in _CORRECTIVES and (totals.gross_minor or 0) < 0
    sold_on = text(said, f"{dates}/OperationDate")
    signed = element(root, "Signature") is not None
    return EInvoice(
        format=Format.FACTURAE,
        kind=DocumentKind.CREDIT_NOTE if gives_back else DocumentKind.INVOICE,
        number=_number(said, head),
        issued_on=day(needed(said, f"{dates}/IssueDate"), "IssueDate"),
        currency=figures.currency,
        decimals=figures.decimals,
        seller=_party(root, "SellerParty"),
        buyer=_party(root, "BuyerParty"),
        lines=tuple(_line(row, at, figures) for at, row in enumerate(elements(said, "Items/InvoiceLine"), start=1)),
        totals=totals,
        vat=tuple(_vat(said, figures)),
        sold_on=None if sold_on is None else day(sold_on, "OperationDate"),
        corrects=tuple(_number(one) for one in elements(said, f"{head}/Corrective") if text(one, "InvoiceNumber")),
        self_billed=text(said, f"{head}/InvoiceDocumentType") == _BY_BUYER_TYPE
        or text(root, "FileHeader/InvoiceIssuerType") == _BY_BUYER_ISSUER,
        problems=(*figures.notes, *([reason("signature_not_verified", "note")] if signed else [])),
    )


def _number(of: etree._Element, head: str = ".") -> str:
    """Give a number with its series, as it is printed: a series numbers from one on."""
    number, series = needed(of, f"{head}/InvoiceNumber"), text(of, f"{head}/InvoiceSeriesCode")
    return number if series is None or number.startswith(series) else f"{series}/{number}"


def _party(root: etree._Element, name: str) -> Party:
    who = element(root, f"Parties/{name}")
    names = (text(who, f"Individual/{one}") for one in ("Name", "FirstSurname", "SecondSurname"))
    return Party(
        name=text(who, "LegalEntity/CorporateName") or " ".join(filter(None, names)) or None,
        tax_id=text(who, "TaxIdentification/TaxIdentificationNumber"),
        country="ES" if text(who, "TaxIdentification/ResidenceTypeCode") == _RESIDENT else None,
    )


def _line(row: etree._Element, position: int, figures: Figures) -> Line:
    code, quantity = text(row, "ArticleCode"), needed(row, "Quantity")
    taxes = [one for one in elements(row, "TaxesOutputs/Tax") if text(one, "TaxTypeCode") in _VAT]
    rate = rate_bp(text(taxes[0], "TaxRate"), "TaxRate") if taxes else None
    off, on = (_listed(row, path, figures) for path in (_DISCOUNTS, _CHARGES))
    return Line(
        position=position,
        number=text(row, "SequenceNumber"),
        name=text(row, "ItemDescription"),
        quantity_milli=figures.milli(quantity, "Quantity"),
        quantity_rounded=figures.is_rounded(quantity, "Quantity"),
        net_minor=figures.minor(needed(row, "GrossAmount"), "GrossAmount"),
        unit=text(row, "UnitOfMeasure"),
        gtin=code if code is not None and ean_key(code) else None,
        seller_code=code if code is not None and not ean_key(code) else None,
        unit_price_micro=figures.price(text(row, "UnitPriceWithoutTax"), "UnitPriceWithoutTax"),
        adjustments_minor=sum(on) - sum(off),
        vat_rate_bp=rate,
        vat_category="S" if rate else _WITHOUT_VAT.get(text(row, "SpecialTaxableEvent/SpecialTaxableEventCode") or ""),
    )


_DISCOUNTS, _CHARGES = "DiscountsAndRebates/Discount/DiscountAmount", "Charges/Charge/ChargeAmount"
_OF_ALL = ("GeneralDiscounts/Discount/DiscountAmount", "GeneralSurcharges/Charge/ChargeAmount")


def _listed(under: etree._Element, path: str, figures: Figures) -> Sequence[int]:
    return [figures.minor(one, path.rpartition("/")[2]) for one in texts(under, path)]


def _totals(said: etree._Element, figures: Figures) -> Totals:
    """Give the totals; the invoice states its own less what the buyer keeps back for the tax office (IRPF)."""
    stated = element(said, "InvoiceTotals")
    if stated is None:
        raise BadEInvoice([reason("e_invoice_lacks", "block", field="InvoiceTotals")])

    def amount(name: str) -> int | None:
        return figures.minor(text(stated, name), name)

    off, on = (_listed(stated, path, figures) for path in _OF_ALL)
    return Totals(
        gross_minor=figures.minor(needed(stated, "InvoiceTotal"), "InvoiceTotal") + (amount("TotalTaxesWithheld") or 0),
        net_minor=amount("TotalGrossAmountBeforeTaxes"),
        vat_minor=amount("TotalTaxOutputs"),
        lines_minor=amount("TotalGrossAmount"),
        allowances_minor=amount("TotalGeneralDiscounts"),
        charges_minor=amount("TotalGeneralSurcharges"),
        listed=(sum(off), sum(on)) if off or on else None,
    )


def _vat(said: etree._Element, figures: Figures) -> Iterable[VatPart]:
    """Give what each rate bears. Where other taxes are levied too, their bases are the same once more: none is told."""
    taxes = elements(said, "TaxesOutputs/Tax")
    if any(text(one, "TaxTypeCode") not in _VAT for one in taxes):
        return
    for one in taxes:
        rate, more = rate_bp(text(one, "TaxRate"), "TaxRate"), text(one, "EquivalenceSurchargeAmount/TotalAmount")
        own = figures.minor(text(one, "TaxAmount/TotalAmount") or "0", "TaxAmount")
        yield VatPart(
            category="S" if rate else None,
            # retailers pay a surcharge with the VAT: the two are one sum, of no rate that is written
            rate_bp=rate if more is None else None,
            base_minor=figures.minor(needed(one, "TaxableBase/TotalAmount"), "TaxableBase"),
            vat_minor=own + (figures.minor(more, "EquivalenceSurchargeAmount") or 0),
        )
