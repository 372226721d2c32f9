"""CII: the Cross Industry Invoice of XRechnung, Factur-X and ZUGFeRD; the first ZUGFeRD gave its parts other names."""

from collections.abc import Iterable, Mapping

from lxml import etree

from app.domain.states import DocumentKind
from verification.einvoices.codes import CREDIT_NOTES, GTIN_SCHEMES, SELF_BILLED
from verification.einvoices.figures import Figures, day, rate_bp
from verification.einvoices.invoice import BadEInvoice, EInvoice, Format, Line, Party, Totals, VatPart, reason
from verification.einvoices.tree import element, elements, first, is_true, needed, own_text, text, texts

CII = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
ZUGFERD_1 = "urn:ferd:CrossIndustryDocument:invoice:1p0"

_TRADE = ("SupplyChainTradeTransaction", "SpecifiedSupplyChainTradeTransaction")
_AGREEMENT = ("ApplicableHeaderTradeAgreement", "ApplicableSupplyChainTradeAgreement")
_DELIVERY = ("ApplicableHeaderTradeDelivery", "ApplicableSupplyChainTradeDelivery")
_SETTLEMENT = ("ApplicableHeaderTradeSettlement", "ApplicableSupplyChainTradeSettlement")
_SUMS = (
    "SpecifiedTradeSettlementHeaderMonetarySummation",
    "SpecifiedTradeSettlementMonetarySummation",
)
_LINE_AGREEMENT = ("SpecifiedLineTradeAgreement", "SpecifiedSupplyChainTradeAgreement")
_LINE_DELIVERY = ("SpecifiedLineTradeDelivery", "SpecifiedSupplyChainTradeDelivery")
_LINE_SETTLEMENT = ("SpecifiedLineTradeSettlement", "SpecifiedSupplyChainTradeSettlement")
_LINE_SUMS = (
    "SpecifiedTradeSettlementLineMonetarySummation",
    "SpecifiedTradeSettlementMonetarySummation",
)
_RATES = ("RateApplicablePercent", "ApplicablePercent")

_TOTALS: Mapping[str, str] = {
    "lines_minor": "LineTotalAmount",
    "allowances_minor": "AllowanceTotalAmount",
    "charges_minor": "ChargeTotalAmount",
    "net_minor": "TaxBasisTotalAmount",
    "gross_minor": "GrandTotalAmount",
    "prepaid_minor": "TotalPrepaidAmount",
    "rounding_minor": "RoundingAmount",
    "payable_minor": "DuePayableAmount",
}


def read(root: etree._Element) -> EInvoice:
    """Give what a Cross Industry Invoice says.

    Raises:
        BadEInvoice: It lacks what every invoice has, or a figure is none.
    """
    head = _part(root, "ExchangedDocument", "HeaderExchangedDocument")
    trade = _part(root, *_TRADE)
    agreement, settlement = _part(trade, *_AGREEMENT), _part(trade, *_SETTLEMENT)
    figures = Figures(needed(settlement, "InvoiceCurrencyCode"), "InvoiceCurrencyCode")
    sort = text(head, "TypeCode")
    delivered = text(first(trade, *_DELIVERY), "ActualDeliverySupplyChainEvent/OccurrenceDateTime/DateTimeString")
    rows = [row for row in elements(trade, "IncludedSupplyChainTradeLineItem") if _is_sold(row)]
    return EInvoice(
        format=Format.CII if etree.QName(root).namespace == CII else Format.ZUGFERD_1,
        kind=DocumentKind.CREDIT_NOTE if sort in CREDIT_NOTES else DocumentKind.INVOICE,
        number=needed(head, "ID"),
        issued_on=day(needed(head, "IssueDateTime/DateTimeString"), "IssueDateTime"),
        currency=figures.currency,
        decimals=figures.decimals,
        seller=_party(agreement, "SellerTradeParty"),
        buyer=_party(agreement, "BuyerTradeParty"),
        lines=tuple(_line(row, at, figures) for at, row in enumerate(rows, start=1)),
        totals=_totals(settlement, figures),
        vat=tuple(_vat(settlement, figures)),
        sold_on=None if delivered is None else day(delivered, "ActualDeliverySupplyChainEvent"),
        corrects=tuple(texts(settlement, "InvoiceReferencedDocument/IssuerAssignedID")),
        self_billed=sort in SELF_BILLED,
        problems=tuple(figures.notes),
    )


def _part(under: etree._Element, *names: str) -> etree._Element:
    found = first(under, *names)
    if found is None:
        raise BadEInvoice([reason("e_invoice_lacks", "block", field=names[0])])
    return found


def _party(agreement: etree._Element, name: str) -> Party:
    who = element(agreement, name)
    if who is None:
        return Party(None, None)
    taxes = _numbers(who, "SpecifiedTaxRegistration/ID")
    others = [one for path in ("ID", "GlobalID", "SpecifiedLegalOrganization/ID") for one in _numbers(who, path)]
    return Party(
        name=text(who, "Name"),
        tax_id=next((number for tax, number in taxes if tax == "VA"), None),
        country=text(who, "PostalTradeAddress/CountryID"),
        other_ids=(*((tax, number) for tax, number in taxes if tax != "VA"), *others),
    )


def _numbers(who: etree._Element, path: str) -> list[tuple[str, str]]:
    return [(one.get("schemeID", ""), said) for one in elements(who, path) if (said := own_text(one)) is not None]


def _is_sold(row: etree._Element) -> bool:
    """Say whether a line counts: those that group others, or only inform, do not (Factur-X 1.08 EXTENDED, BT-X-8)."""
    return text(row, "AssociatedDocumentLineDocument/LineStatusReasonCode") not in ("GROUP", "INFORMATION")


def _line(row: etree._Element, position: int, figures: Figures) -> Line:
    product = element(row, "SpecifiedTradeProduct")
    settlement = first(row, *_LINE_SETTLEMENT)
    counted = _counted(row)
    tax = None if settlement is None else element(settlement, "ApplicableTradeTax")
    net = text(None if settlement is None else first(settlement, *_LINE_SUMS), "LineTotalAmount")
    globally = None if product is None else element(product, "GlobalID")
    quantity = None if counted is None else own_text(counted)
    return Line(
        position=position,
        number=text(row, "AssociatedDocumentLineDocument/LineID"),
        name=text(product, "Name", "Description"),
        quantity_milli=figures.milli(quantity, "BilledQuantity"),
        quantity_rounded=figures.is_rounded(quantity, "BilledQuantity"),
        net_minor=0 if net is None else figures.minor(net, "LineTotalAmount"),
        unit=None if counted is None else counted.get("unitCode"),
        gtin=own_text(globally) if globally is not None and globally.get("schemeID") in GTIN_SCHEMES else None,
        seller_code=text(product, "SellerAssignedID"),
        buyer_code=text(product, "BuyerAssignedID"),
        unit_price_micro=_price(row, figures),
        adjustments_minor=0
        if settlement is None
        else sum(_adjustment(one, figures) for one in elements(settlement, "SpecifiedTradeAllowanceCharge")),
        vat_rate_bp=rate_bp(text(tax, *_RATES), _RATES[0]),
        vat_category=text(tax, "CategoryCode"),
    )


def _counted(row: etree._Element) -> etree._Element | None:
    delivery = first(row, *_LINE_DELIVERY)
    return None if delivery is None else element(delivery, "BilledQuantity")


def _price(row: etree._Element, figures: Figures) -> int | None:
    agreement = first(row, *_LINE_AGREEMENT)
    price = None if agreement is None else element(agreement, "NetPriceProductTradePrice")
    return figures.price(text(price, "ChargeAmount"), "ChargeAmount", text(price, "BasisQuantity"))


def _adjustment(one: etree._Element, figures: Figures) -> int:
    amount = figures.minor(needed(one, "ActualAmount"), "ActualAmount")
    return amount if _is_charge(one) else -amount


def _is_charge(one: etree._Element) -> bool:
    return is_true(text(one, "ChargeIndicator/Indicator", "ChargeIndicator"))


def _totals(settlement: etree._Element, figures: Figures) -> Totals:
    sums = _part(settlement, *_SUMS)
    whole = elements(settlement, "SpecifiedTradeAllowanceCharge")
    carriage = elements(settlement, "SpecifiedLogisticsServiceCharge")
    found = {name: figures.minor(text(sums, path), path) for name, path in _TOTALS.items()}
    every = elements(sums, "TaxTotalAmount")
    # the sum of tax may stand in the currency of the accounts as well
    stated = next((one for one in every if one.get("currencyID") == figures.currency), next(iter(every), None))
    said = None if stated is None else own_text(stated)
    vat = None if said is None else figures.minor(said, "TaxTotalAmount")
    return Totals(
        **found,
        vat_minor=vat,
        listed=(
            -sum(_adjustment(one, figures) for one in whole if not _is_charge(one)),
            sum(_adjustment(one, figures) for one in whole if _is_charge(one))
            + sum(figures.minor(needed(one, "AppliedAmount"), "AppliedAmount") for one in carriage),
        )
        if whole or carriage
        else None,
    )


def _vat(settlement: etree._Element, figures: Figures) -> Iterable[VatPart]:
    for part in elements(settlement, "ApplicableTradeTax"):
        base, vat = text(part, "BasisAmount"), text(part, "CalculatedAmount")
        if base is None or vat is None:
            continue
        yield VatPart(
            category=text(part, "CategoryCode"),
            rate_bp=rate_bp(text(part, *_RATES), _RATES[0]),
            base_minor=figures.minor(base, "BasisAmount"),
            vat_minor=figures.minor(vat, "CalculatedAmount"),
        )
