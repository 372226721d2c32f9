"""FatturaPA: the invoices of SdI, the exchange of Italy."""

from collections.abc import Iterable
from fractions import Fraction

from lxml import etree

from app.domain.states import DocumentKind
from verification.einvoices.figures import Figures, day, decimal, rate_bp
from verification.einvoices.invoice import EInvoice, Format, Line, Party, Totals, VatPart
from verification.einvoices.tree import element, elements, needed, only_invoice, text, texts

NAMESPACES = (
    "http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2",
    "http://www.fatturapa.gov.it/sdi/fatturapa/v1.1",
)

_CREDIT_NOTES = frozenset({"TD04", "TD08"})
_EAN = frozenset({"EAN", "GTIN"})
_WITHOUT_VAT = {"N1": "O", "N2": "O", "N3": "E", "N4": "E", "N5": "O", "N6": "AE", "N7": "O"}
"""What FatturaPA calls the nature of a sale without VAT, by UNCL5305."""


def read(root: etree._Element) -> EInvoice:
    """Give what an invoice of SdI says.

    Raises:
        BadEInvoice: It lacks what every invoice has, holds several invoices, or a figure is none.
    """
    body = only_invoice(root, "FatturaElettronicaBody")
    head = "DatiGenerali/DatiGeneraliDocumento"
    figures = Figures(needed(body, f"{head}/Divisa"), "Divisa")
    gross, paid = (
        text(body, f"{head}/ImportoTotaleDocumento"),
        texts(body, "DatiPagamento/DettaglioPagamento/ImportoPagamento"),
    )
    vat = tuple(_vat(body, figures))
    sums = sum(part.base_minor for part in vat), sum(part.vat_minor for part in vat)
    rows = elements(body, "DatiBeniServizi/DettaglioLinee")
    return EInvoice(
        format=Format.FATTURA_PA,
        kind=DocumentKind.CREDIT_NOTE if text(body, f"{head}/TipoDocumento") in _CREDIT_NOTES else DocumentKind.INVOICE,
        number=needed(body, f"{head}/Numero"),
        issued_on=day(needed(body, f"{head}/Data"), "Data"),
        currency=figures.currency,
        decimals=figures.decimals,
        seller=_party(root, "CedentePrestatore"),
        buyer=_party(root, "CessionarioCommittente"),
        lines=tuple(_line(row, at, figures) for at, row in enumerate(rows, start=1)),
        totals=Totals(
            gross_minor=figures.minor(gross, "ImportoTotaleDocumento"),
            net_minor=sums[0] if vat else None,
            vat_minor=sums[1] if vat else None,
            payable_minor=sum(figures.minor(one, "ImportoPagamento") for one in paid) if paid else None,
        ),
        vat=vat,
        corrects=tuple(texts(body, "DatiGenerali/DatiFattureCollegate/IdDocumento")),
        problems=tuple(figures.notes),
    )


def _party(root: etree._Element, name: str) -> Party:
    who = element(root, f"FatturaElettronicaHeader/{name}")
    data = None if who is None else element(who, "DatiAnagrafici")
    vat_id, fiscal = text(data, "IdFiscaleIVA/IdCodice"), text(data, "CodiceFiscale")
    person = " ".join(filter(None, (text(data, "Anagrafica/Nome"), text(data, "Anagrafica/Cognome"))))
    return Party(
        name=text(data, "Anagrafica/Denominazione") or person or None,
        tax_id=vat_id,
        country=text(data, "IdFiscaleIVA/IdPaese") or text(who, "Sede/Nazione"),
        other_ids=(("fiscal", fiscal),) if fiscal is not None else (),
    )


def _line(row: etree._Element, position: int, figures: Figures) -> Line:
    quantity, price = text(row, "Quantita"), needed(row, "PrezzoUnitario")
    total = needed(row, "PrezzoTotale")
    codes = {text(one, "CodiceTipo") or "": text(one, "CodiceValore") for one in elements(row, "CodiceArticolo")}
    rate = rate_bp(text(row, "AliquotaIVA"), "AliquotaIVA")
    return Line(
        position=position,
        number=text(row, "NumeroLinea"),
        name=text(row, "Descrizione"),
        # a service that is not counted is one
        quantity_milli=figures.milli(quantity or "1", "Quantita"),
        net_minor=figures.minor(total, "PrezzoTotale"),
        unit=text(row, "UnitaMisura"),
        gtin=next((value for kind, value in codes.items() if kind.upper() in _EAN), None),
        seller_code=next((value for kind, value in codes.items() if kind.upper() not in _EAN), None),
        unit_price_micro=figures.micro(_discounted(row, Fraction(decimal(price, "PrezzoUnitario"))), "PrezzoUnitario"),
        vat_rate_bp=rate,
        vat_category="S" if rate else _WITHOUT_VAT.get((text(row, "Natura") or "")[:2]),
    )


def _discounted(row: etree._Element, price: Fraction) -> Fraction:
    """Take the discounts and surcharges of a line, which FatturaPA states per unit, one after the other."""
    for one in elements(row, "ScontoMaggiorazione"):
        sign = 1 if text(one, "Tipo") == "MG" else -1
        amount, percent = text(one, "Importo"), text(one, "Percentuale")
        if amount is not None:
            price += sign * Fraction(decimal(amount, "Importo"))
        elif percent is not None:
            price += sign * price * Fraction(Fraction(decimal(percent, "Percentuale")), 100)
    return price


def _vat(body: etree._Element, figures: Figures) -> Iterable[VatPart]:
    for part in elements(body, "DatiBeniServizi/DatiRiepilogo"):
        rate = rate_bp(text(part, "AliquotaIVA"), "AliquotaIVA")
        yield VatPart(
            category="S" if rate else _WITHOUT_VAT.get((text(part, "Natura") or "")[:2]),
            rate_bp=rate,
            base_minor=figures.minor(needed(part, "ImponibileImporto"), "ImponibileImporto"),
            vat_minor=figures.minor(needed(part, "Imposta"), "Imposta"),
        )
