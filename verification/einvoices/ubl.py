"""UBL 2.1: invoices and credit notes, as Peppol and XRechnung write them among others."""

from collections.abc import Iterable, Mapping

from lxml import etree

from app.domain.states import DocumentKind
from verification.einvoices.codes import CREDIT_NOTES, GTIN_SCHEMES, SELF_BILLED
from verification.einvoices.figures import Figures, day, rate_bp
from verification.einvoices.invoice import EInvoice, Format, Line, Party, Reason, Totals, VatPart, reason
from verification.einvoices.tree import element, elements, first, is_true, needed, own_text, text, texts

INVOICE = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
CREDIT_NOTE = "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"

_TOTALS: Mapping[str, str] = {
    "lines_minor": "LineExtensionAmount",
    "allowances_minor": "AllowanceTotalAmount",
    "charges_minor": "ChargeTotalAmount",
    "net_minor": "TaxExclusiveAmount",
    "gross_minor": "TaxInclusiveAmount",
    "prepaid_minor": "PrepaidAmount",
    "rounding_minor": "PayableRoundingAmount",
    "payable_minor": "PayableAmount",
}


def read(root: etree._Element) -> EInvoice:
    """Give what an invoice or a credit note of UBL says.

    Raises:
        BadEInvoice: It lacks what every invoice has, or a figure is none.
    """
    credit = etree.QName(root).namespace == CREDIT_NOTE
    figures = Figures(needed(root, "DocumentCurrencyCode"), "DocumentCurrencyCode")
    sort = text(root, "InvoiceTypeCode", "CreditNoteTypeCode")
    delivered = text(root, "Delivery/ActualDeliveryDate")
    lines = "CreditNoteLine" if credit else "InvoiceLine"
    return EInvoice(
        format=Format.UBL_CREDIT_NOTE if credit else Format.UBL_INVOICE,
        kind=DocumentKind.CREDIT_NOTE if credit or sort in CREDIT_NOTES else DocumentKind.INVOICE,
        number=needed(root, "ID"),
        issued_on=day(needed(root, "IssueDate"), "IssueDate"),
        currency=figures.currency,
        decimals=figures.decimals,
        seller=_party(root, "AccountingSupplierParty/Party"),
        buyer=_party(root, "AccountingCustomerParty/Party"),
        lines=tuple(_line(row, at, figures) for at, row in enumerate(elements(root, lines), start=1)),
        totals=_totals(root, figures),
        vat=tuple(_vat(root, figures)),
        sold_on=None if delivered is None else day(delivered, "ActualDeliveryDate"),
        corrects=tuple(texts(root, "BillingReference/InvoiceDocumentReference/ID")),
        self_billed=sort in SELF_BILLED,
        problems=(*figures.notes, *_other_currencies(root, figures.currency)),
    )


def _other_currencies(root: etree._Element, currency: str) -> Iterable[Reason]:
    """Find what is stated in another currency than the invoice's (BT-5); tax may be, for the seller's accounts."""
    stated = (root.find("{*}LegalMonetaryTotal"), *elements(root, "InvoiceLine"), *elements(root, "CreditNoteLine"))
    found = {one.get("currencyID") for part in stated if part is not None for one in part.iter("{*}*")}
    for other in sorted(found - {None, currency}, key=str):
        yield reason("amount_in_another_currency", "review", found=str(other)[:40], expected=currency)


def _party(root: etree._Element, path: str) -> Party:
    who = element(root, path)
    if who is None:
        return Party(None, None)
    schemes = elements(who, "PartyTaxScheme")
    taxes = [((text(one, "TaxScheme/ID") or "").upper(), said) for one in schemes if (said := text(one, "CompanyID"))]
    others = [
        (one.get("schemeID", ""), said)
        for path in ("PartyIdentification/ID", "PartyLegalEntity/CompanyID", "EndpointID")
        for one in elements(who, path)
        if (said := own_text(one))
    ]
    return Party(
        name=text(who, "PartyLegalEntity/RegistrationName", "PartyName/Name"),
        tax_id=next((number for tax, number in taxes if tax == "VAT"), None),
        country=text(who, "PostalAddress/Country/IdentificationCode"),
        other_ids=(*((tax, number) for tax, number in taxes if tax != "VAT"), *others),
    )


def _line(row: etree._Element, position: int, figures: Figures) -> Line:
    counted = first(row, "InvoicedQuantity", "CreditedQuantity")
    tax = element(row, "Item/ClassifiedTaxCategory")
    standard = element(row, "Item/StandardItemIdentification/ID")
    quantity = None if counted is None else own_text(counted)
    net = needed(row, "LineExtensionAmount")
    return Line(
        position=position,
        number=text(row, "ID"),
        name=text(row, "Item/Name", "Item/Description"),
        quantity_milli=figures.milli(quantity, "Quantity"),
        quantity_rounded=figures.is_rounded(quantity, "Quantity"),
        net_minor=figures.minor(net, "LineExtensionAmount"),
        unit=None if counted is None else counted.get("unitCode"),
        gtin=own_text(standard) if standard is not None and standard.get("schemeID") in GTIN_SCHEMES else None,
        seller_code=text(row, "Item/SellersItemIdentification/ID"),
        buyer_code=text(row, "Item/BuyersItemIdentification/ID"),
        unit_price_micro=figures.price(text(row, "Price/PriceAmount"), "PriceAmount", text(row, "Price/BaseQuantity")),
        adjustments_minor=sum(_adjustment(one, figures) for one in elements(row, "AllowanceCharge")),
        vat_rate_bp=rate_bp(text(tax, "Percent"), "Percent"),
        vat_category=text(tax, "ID"),
    )


def _adjustment(one: etree._Element, figures: Figures) -> int:
    amount = figures.minor(needed(one, "Amount"), "AllowanceCharge/Amount")
    return amount if _is_charge(one) else -amount


def _is_charge(one: etree._Element) -> bool:
    return is_true(text(one, "ChargeIndicator"))


def _totals(root: etree._Element, figures: Figures) -> Totals:
    stated = {name: figures.minor(text(root, f"LegalMonetaryTotal/{path}"), path) for name, path in _TOTALS.items()}
    vat = next(iter(_in_currency(root, figures.currency)), None)
    whole = elements(root, "AllowanceCharge")
    return Totals(
        **stated,
        vat_minor=figures.minor(text(vat, "TaxAmount"), "TaxAmount"),
        listed=(
            -sum(_adjustment(one, figures) for one in whole if not _is_charge(one)),
            sum(_adjustment(one, figures) for one in whole if _is_charge(one)),
        )
        if whole
        else None,
    )


def _in_currency(root: etree._Element, currency: str) -> list[etree._Element]:
    """Give the sums of tax in the currency of the invoice; they may stand in that of the accounts as well."""
    every = elements(root, "TaxTotal")
    return [
        one for one in every if (of := element(one, "TaxAmount")) is not None and of.get("currencyID") == currency
    ] or every[:1]


def _vat(root: etree._Element, figures: Figures) -> Iterable[VatPart]:
    for total in _in_currency(root, figures.currency):
        for part in elements(total, "TaxSubtotal"):
            yield VatPart(
                category=text(part, "TaxCategory/ID"),
                rate_bp=rate_bp(text(part, "TaxCategory/Percent"), "Percent"),
                base_minor=figures.minor(needed(part, "TaxableAmount"), "TaxableAmount"),
                vat_minor=figures.minor(needed(part, "TaxAmount"), "TaxAmount"),
            )
