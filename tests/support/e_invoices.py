"""E-invoices of our own making, in the formats that are read."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from xml.sax.saxutils import escape

SELLER_NIP, BUYER_NIP = "5265877635", "6808208874"


@dataclass(frozen=True)
class Item:
    """One line, sold at a rate of VAT in percent."""

    name: str
    quantity: str
    price: str
    code: str | None = None
    gtin: str | None = None
    rate: str = "23"

    @property
    def net(self) -> Decimal:
        return (Decimal(self.quantity) * Decimal(self.price)).quantize(Decimal("0.01"))


ITEMS = (
    Item("Mountain bike, 48", "1", "2024.99", code="MB-48", gtin="5901234123457"),
    Item("Racing socks, L", "3", "5.39", code="RS-L"),
)


def net_of(items: Sequence[Item]) -> Decimal:
    return sum((item.net for item in items), Decimal(0))


def vat_of(items: Sequence[Item]) -> Decimal:
    return (net_of(items) * Decimal("0.23")).quantize(Decimal("0.01"))


def fa(
    items: Sequence[Item] = ITEMS,
    *,
    variant: int = 3,
    number: str = "FV/0001/08/2026",
    issued_on: str = "2026-08-19",
    seller: str = SELLER_NIP,
    buyer: str = BUYER_NIP,
    currency: str = "PLN",
    sort: str = "VAT",
    net: str | None = None,
    vat: str | None = None,
    gross: str | None = None,
    self_billed: bool = False,
    corrects: str | None = None,
    rows: str | None = None,
    head: str = '<?xml version="1.0" encoding="utf-8"?>',
) -> bytes:
    """Make an invoice of KSeF; ``rows`` stand in place of the lines made from the items."""
    namespace = {2: "2023/06/29/12648", 3: "2025/06/25/13775"}[variant]
    lines = rows if rows is not None else "".join(_fa_row(at, item) for at, item in enumerate(items, start=1))
    net = net or str(net_of(items))
    vat = vat or str(vat_of(items))
    gross = gross or str(Decimal(net) + Decimal(vat))
    corrected = f"<DaneFaKorygowanej><NrFaKorygowanej>{corrects}</NrFaKorygowanej></DaneFaKorygowanej>"
    return f"""{head}
<Faktura xmlns="http://crd.gov.pl/wzor/{namespace}/">
<Naglowek><KodFormularza kodSystemowy="FA ({variant})" wersjaSchemy="1-0E">FA</KodFormularza>
<WariantFormularza>{variant}</WariantFormularza><DataWytworzeniaFa>{issued_on}T09:30:00Z</DataWytworzeniaFa></Naglowek>
<Podmiot1><DaneIdentyfikacyjne><NIP>{seller}</NIP><Nazwa>Sprzedawca Sp. z o.o.</Nazwa></DaneIdentyfikacyjne></Podmiot1>
<Podmiot2><DaneIdentyfikacyjne><NIP>{buyer}</NIP><Nazwa>Nabywca S.A.</Nazwa></DaneIdentyfikacyjne></Podmiot2>
<Fa><KodWaluty>{currency}</KodWaluty><P_1>{issued_on}</P_1><P_2>{number}</P_2><P_6>{issued_on}</P_6>
<P_13_1>{net}</P_13_1><P_14_1>{vat}</P_14_1><P_15>{gross}</P_15>
<Adnotacje><P_17>{1 if self_billed else 2}</P_17></Adnotacje><RodzajFaktury>{sort}</RodzajFaktury>
{corrected if corrects else ""}{lines}</Fa></Faktura>""".encode()


def _fa_row(at: int, item: Item) -> str:
    gtin = f"<GTIN>{item.gtin}</GTIN>" if item.gtin else ""
    code = f"<Indeks>{item.code}</Indeks>" if item.code else ""
    return (
        f"<FaWiersz><NrWierszaFa>{at}</NrWierszaFa><P_7>{escape(item.name)}</P_7>{code}{gtin}<P_8A>szt.</P_8A>"
        f"<P_8B>{item.quantity}</P_8B><P_9A>{item.price}</P_9A><P_11>{item.net}</P_11><P_12>{item.rate}</P_12></FaWiersz>"
    )


_CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
_CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"


def ubl(
    items: Sequence[Item] = ITEMS,
    *,
    credit: bool = False,
    number: str = "INV-1",
    seller: str = f"PL{SELLER_NIP}",
    buyer: str = f"PL{BUYER_NIP}",
    lines_total: str | None = None,
    allowance: str = "0.00",
    prepaid: str = "0.00",
    payable: str | None = None,
) -> bytes:
    """Make an invoice or a credit note of UBL, with something off the whole invoice."""
    word, counted, namespace = (
        ("CreditNote", "CreditedQuantity", "CreditNote-2") if credit else ("Invoice", "InvoicedQuantity", "Invoice-2")
    )
    total = net_of(items)
    net = total - Decimal(allowance)
    vat = (net * Decimal("0.23")).quantize(Decimal("0.01"))
    rows = "".join(_ubl_row(at, item, word, counted) for at, item in enumerate(items, start=1))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<{word} xmlns="urn:oasis:names:specification:ubl:schema:xsd:{namespace}" xmlns:cac="{_CAC}" xmlns:cbc="{_CBC}">
<cbc:ID>{number}</cbc:ID><cbc:IssueDate>2026-08-19</cbc:IssueDate>
<cbc:{word}TypeCode>{381 if credit else 380}</cbc:{word}TypeCode>
<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
<cac:AccountingSupplierParty>{_ubl_party(seller, "Seller")}</cac:AccountingSupplierParty>
<cac:AccountingCustomerParty>{_ubl_party(buyer, "Buyer")}</cac:AccountingCustomerParty>
<cac:TaxTotal><cbc:TaxAmount currencyID="PLN">99999.99</cbc:TaxAmount></cac:TaxTotal>
<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">{vat}</cbc:TaxAmount><cac:TaxSubtotal>
<cbc:TaxableAmount currencyID="EUR">{net}</cbc:TaxableAmount><cbc:TaxAmount currencyID="EUR">{vat}</cbc:TaxAmount>
<cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>23</cbc:Percent></cac:TaxCategory></cac:TaxSubtotal></cac:TaxTotal>
<cac:LegalMonetaryTotal><cbc:LineExtensionAmount>{lines_total or total}</cbc:LineExtensionAmount>
<cbc:TaxExclusiveAmount>{net}</cbc:TaxExclusiveAmount><cbc:TaxInclusiveAmount>{net + vat}</cbc:TaxInclusiveAmount>
<cbc:AllowanceTotalAmount>{allowance}</cbc:AllowanceTotalAmount><cbc:PrepaidAmount>{prepaid}</cbc:PrepaidAmount>
<cbc:PayableAmount>{payable or net + vat - Decimal(prepaid)}</cbc:PayableAmount></cac:LegalMonetaryTotal>
{rows}</{word}>""".encode()


def _ubl_party(tax_id: str, name: str) -> str:
    return (
        f"<cac:Party><cac:PartyTaxScheme><cbc:CompanyID>12/345/67890</cbc:CompanyID><cac:TaxScheme><cbc:ID>FC</cbc:ID>"
        f"</cac:TaxScheme></cac:PartyTaxScheme><cac:PartyTaxScheme><cbc:CompanyID>{tax_id}</cbc:CompanyID>"
        f"<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme><cac:PartyLegalEntity>"
        f"<cbc:RegistrationName>{name}</cbc:RegistrationName></cac:PartyLegalEntity></cac:Party>"
    )


def _ubl_row(at: int, item: Item, word: str, counted: str) -> str:
    gtin = (
        f'<cac:StandardItemIdentification><cbc:ID schemeID="0160">{item.gtin}</cbc:ID></cac:StandardItemIdentification>'
    )
    return (
        f'<cac:{word}Line><cbc:ID>{at}</cbc:ID><cbc:{counted} unitCode="H87">{item.quantity}</cbc:{counted}>'
        f"<cbc:LineExtensionAmount>{item.net}</cbc:LineExtensionAmount>"
        f"<cac:Item><cbc:Name>{escape(item.name)}</cbc:Name><cac:SellersItemIdentification><cbc:ID>{item.code}</cbc:ID>"
        f"</cac:SellersItemIdentification>{gtin if item.gtin else ''}<cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID>"
        f"<cbc:Percent>{item.rate}</cbc:Percent></cac:ClassifiedTaxCategory></cac:Item>"
        f"<cac:Price><cbc:PriceAmount>{Decimal(item.price) * 100}</cbc:PriceAmount>"
        f"<cbc:BaseQuantity>100</cbc:BaseQuantity></cac:Price></cac:{word}Line>"
    )


def cii(
    items: Sequence[Item] = ITEMS, *, number: str = "INV-1", type_code: int = 380, first_zugferd: bool = False
) -> bytes:
    """Make a Cross Industry Invoice, or what the first ZUGFeRD called one."""
    net, vat = net_of(items), vat_of(items)
    new = {
        "root": "CrossIndustryInvoice",
        "space": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
        "head": "ExchangedDocument",
        "trade": "SupplyChainTradeTransaction",
        "of_all": "ApplicableHeaderTrade",
        "of_line": "SpecifiedLineTrade",
        "sums": "SpecifiedTradeSettlementHeaderMonetarySummation",
        "line_sums": "SpecifiedTradeSettlementLineMonetarySummation",
        "rate": "RateApplicablePercent",
    }
    old = {
        "root": "CrossIndustryDocument",
        "space": "urn:ferd:CrossIndustryDocument:invoice:1p0",
        "head": "HeaderExchangedDocument",
        "trade": "SpecifiedSupplyChainTradeTransaction",
        "of_all": "ApplicableSupplyChainTrade",
        "of_line": "SpecifiedSupplyChainTrade",
        "sums": "SpecifiedTradeSettlementMonetarySummation",
        "line_sums": "SpecifiedTradeSettlementMonetarySummation",
        "rate": "ApplicablePercent",
    }
    of = old if first_zugferd else new
    rows = "".join(_cii_row(at, item, of) for at, item in enumerate(items, start=1))
    parties = "".join(
        f'<{who}TradeParty><Name>{who}</Name><SpecifiedTaxRegistration><ID schemeID="FC">12/345</ID>'
        f'</SpecifiedTaxRegistration><SpecifiedTaxRegistration><ID schemeID="VA">PL{nip}</ID>'
        f"</SpecifiedTaxRegistration></{who}TradeParty>"
        for who, nip in (("Seller", SELLER_NIP), ("Buyer", BUYER_NIP))
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<x:{of["root"]} xmlns:x="{of["space"]}" xmlns="urn:parts">
<{of["head"]}><ID>{number}</ID><TypeCode>{type_code}</TypeCode>
<IssueDateTime><DateTimeString format="102">20260819</DateTimeString></IssueDateTime></{of["head"]}><{of["trade"]}>
<{of["of_all"]}Agreement>{parties}</{of["of_all"]}Agreement>
<{of["of_all"]}Settlement><InvoiceCurrencyCode>EUR</InvoiceCurrencyCode><ApplicableTradeTax>
<CalculatedAmount>{vat}</CalculatedAmount><BasisAmount>{net}</BasisAmount><CategoryCode>S</CategoryCode>
<{of["rate"]}>23</{of["rate"]}></ApplicableTradeTax><{of["sums"]}><LineTotalAmount>{net}</LineTotalAmount>
<TaxBasisTotalAmount>{net}</TaxBasisTotalAmount><TaxTotalAmount currencyID="EUR">{vat}</TaxTotalAmount>
<GrandTotalAmount>{net + vat}</GrandTotalAmount><DuePayableAmount>{net + vat}</DuePayableAmount></{of["sums"]}>
</{of["of_all"]}Settlement>{rows}</{of["trade"]}></x:{of["root"]}>""".encode()


def _cii_row(at: int, item: Item, of: dict[str, str]) -> str:
    gtin = f'<GlobalID schemeID="0160">{item.gtin}</GlobalID>' if item.gtin else ""
    return (
        f"<IncludedSupplyChainTradeLineItem><AssociatedDocumentLineDocument><LineID>{at}</LineID>"
        f"</AssociatedDocumentLineDocument><SpecifiedTradeProduct>{gtin}<SellerAssignedID>{item.code}</SellerAssignedID>"
        f"<Name>{escape(item.name)}</Name></SpecifiedTradeProduct><{of['of_line']}Agreement><NetPriceProductTradePrice>"
        f"<ChargeAmount>{item.price}</ChargeAmount></NetPriceProductTradePrice></{of['of_line']}Agreement>"
        f'<{of["of_line"]}Delivery><BilledQuantity unitCode="H87">{item.quantity}</BilledQuantity>'
        f"</{of['of_line']}Delivery><{of['of_line']}Settlement><ApplicableTradeTax><CategoryCode>S</CategoryCode>"
        f"<{of['rate']}>{item.rate}</{of['rate']}></ApplicableTradeTax><{of['line_sums']}><LineTotalAmount>{item.net}</LineTotalAmount></{of['line_sums']}>"
        f"</{of['of_line']}Settlement></IncludedSupplyChainTradeLineItem>"
    )


def fattura(items: Sequence[Item] = ITEMS, *, number: str = "123", bodies: int = 1, credit: bool = False) -> bytes:
    """Make a FatturaPA, with so many invoices in it."""
    net, vat = net_of(items), vat_of(items)
    rows = "".join(
        f"<DettaglioLinee><NumeroLinea>{at}</NumeroLinea><CodiceArticolo><CodiceTipo>EAN</CodiceTipo><CodiceValore>"
        f"{item.gtin or ''}</CodiceValore></CodiceArticolo><CodiceArticolo><CodiceTipo>Fornitore</CodiceTipo>"
        f"<CodiceValore>{item.code}</CodiceValore></CodiceArticolo><Descrizione>{escape(item.name)}</Descrizione>"
        f"<Quantita>{item.quantity}</Quantita><PrezzoUnitario>{Decimal(item.price) * 2}</PrezzoUnitario>"
        f"<ScontoMaggiorazione><Tipo>SC</Tipo>"
        f"<Percentuale>50.00</Percentuale></ScontoMaggiorazione><PrezzoTotale>{item.net}</PrezzoTotale><AliquotaIVA>23.00"
        "</AliquotaIVA></DettaglioLinee>"
        for at, item in enumerate(items, start=1)
    )
    body = f"""<FatturaElettronicaBody><DatiGenerali><DatiGeneraliDocumento>
<TipoDocumento>{"TD04" if credit else "TD01"}</TipoDocumento><Divisa>EUR</Divisa><Data>2026-08-19</Data>
<Numero>{number}</Numero><ImportoTotaleDocumento>{net + vat}</ImportoTotaleDocumento>
</DatiGeneraliDocumento></DatiGenerali><DatiBeniServizi>{rows}
<DatiRiepilogo><AliquotaIVA>23.00</AliquotaIVA><ImponibileImporto>{net}</ImponibileImporto><Imposta>{vat}</Imposta>
</DatiRiepilogo></DatiBeniServizi></FatturaElettronicaBody>"""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<p:FatturaElettronica xmlns:p="http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2"><FatturaElettronicaHeader>
<CedentePrestatore><DatiAnagrafici><IdFiscaleIVA><IdPaese>IT</IdPaese><IdCodice>00743110157</IdCodice></IdFiscaleIVA>
<Anagrafica><Denominazione>Venditore</Denominazione></Anagrafica></DatiAnagrafici></CedentePrestatore>
<CessionarioCommittente><DatiAnagrafici><CodiceFiscale>RSSMRA80A01H501U</CodiceFiscale><Anagrafica><Nome>Maria</Nome>
<Cognome>Rossi</Cognome></Anagrafica></DatiAnagrafici></CessionarioCommittente></FatturaElettronicaHeader>
{body * bodies}</p:FatturaElettronica>""".encode()


def facturae(
    items: Sequence[Item] = ITEMS,
    *,
    number: str = "123",
    series: str | None = "A",
    namespace: str = "http://www.facturae.gob.es/formato/Versiones/Facturaev3_2_2.xml",
    bodies: int = 1,
    head: str = "<InvoiceDocumentType>FC</InvoiceDocumentType><InvoiceClass>OO</InvoiceClass>",
    buyer: str = "",
    withheld: str = "0.00",
    surcharge: str | None = None,
    more_totals: str = "",
    more_taxes: str = "",
    rows: str | None = None,
    after: str = "",
) -> bytes:
    """Make a Facturae, with so many invoices in it; ``rows`` stand in place of the lines made from the items."""
    net, vat = net_of(items), vat_of(items)
    outputs = vat + Decimal(surcharge or 0)
    made = "".join(
        f"<InvoiceLine><SequenceNumber>{at}</SequenceNumber><ItemDescription>{escape(item.name)}</ItemDescription>"
        f"<Quantity>{item.quantity}</Quantity><UnitOfMeasure>01</UnitOfMeasure><UnitPriceWithoutTax>{item.price}"
        f"</UnitPriceWithoutTax><TotalCost>{item.net}</TotalCost><GrossAmount>{item.net}</GrossAmount><TaxesOutputs><Tax>"
        f"<TaxTypeCode>01</TaxTypeCode><TaxRate>{item.rate}.00</TaxRate><TaxableBase><TotalAmount>{item.net}"
        f"</TotalAmount></TaxableBase></Tax></TaxesOutputs><ArticleCode>{item.gtin or item.code}</ArticleCode>"
        "</InvoiceLine>"
        for at, item in enumerate(items, start=1)
    )
    more = (
        f"<EquivalenceSurcharge>5.2</EquivalenceSurcharge><EquivalenceSurchargeAmount><TotalAmount>{surcharge}</TotalAmount>"
        "</EquivalenceSurchargeAmount>"
        if surcharge
        else ""
    )
    of_series = f"<InvoiceSeriesCode>{series}</InvoiceSeriesCode>" if series else ""
    party = """<TaxIdentification><PersonTypeCode>J</PersonTypeCode><ResidenceTypeCode>R</ResidenceTypeCode>
<TaxIdentificationNumber>%s</TaxIdentificationNumber></TaxIdentification>%s"""
    company = "<LegalEntity><CorporateName>Vendedor S.L.</CorporateName></LegalEntity>"
    who = (
        "<Individual><Name>Ana</Name><FirstSurname>Pérez</FirstSurname><SecondSurname>Gil</SecondSurname></Individual>"
    )
    body = f"""<Invoice><InvoiceHeader><InvoiceNumber>{number}</InvoiceNumber>{of_series}{head}</InvoiceHeader>
<InvoiceIssueData><IssueDate>2026-08-19</IssueDate><InvoiceCurrencyCode>EUR</InvoiceCurrencyCode></InvoiceIssueData>
<TaxesOutputs><Tax><TaxTypeCode>01</TaxTypeCode><TaxRate>23.00</TaxRate><TaxableBase><TotalAmount>{net}</TotalAmount>
</TaxableBase><TaxAmount><TotalAmount>{vat}</TotalAmount></TaxAmount>{more}</Tax>{more_taxes}</TaxesOutputs>
<InvoiceTotals><TotalGrossAmount>{net}</TotalGrossAmount>{more_totals}
<TotalGrossAmountBeforeTaxes>{net}</TotalGrossAmountBeforeTaxes><TotalTaxOutputs>{outputs}</TotalTaxOutputs>
<TotalTaxesWithheld>{withheld}</TotalTaxesWithheld><InvoiceTotal>{net + outputs - Decimal(withheld)}</InvoiceTotal>
</InvoiceTotals><Items>{made if rows is None else rows}</Items></Invoice>"""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<fe:Facturae xmlns:fe="{namespace}"><FileHeader><InvoiceIssuerType>EM</InvoiceIssuerType></FileHeader>
<Parties><SellerParty>{party % ("B98602642", company)}</SellerParty><BuyerParty>{buyer or party % ("54387763P", who)}
</BuyerParty></Parties><Invoices>{body * bodies}</Invoices>{after}</fe:Facturae>""".encode()


def pdf_with(*attached: bytes, stuffed: int = 0, names: Sequence[str] = ()) -> bytes:
    """Make a PDF of one empty page with files attached; ``stuffed`` bytes of zeros are packed into the last one."""
    objects = [b"", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>"]
    entries = []
    for at, content in enumerate(attached):
        name = names[at].encode() if names else b"%d.xml" % at
        packed = _packed(content, stuffed if at == len(attached) - 1 else 0)
        file, spec = len(objects) + 1, len(objects) + 2
        objects.append(
            b"<</Type/EmbeddedFile/Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(packed), packed)
        )
        objects.append(b"<</Type/Filespec/F(%s)/UF(%s)/EF<</F %d 0 R>>>>" % (name, name, file))
        entries.append(b"(%s) %d 0 R" % (name, spec))
    objects[0] = b"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[%s]>>>>>>" % b" ".join(entries)
    made, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return made + b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        len(objects) + 1,
        table,
        len(objects) + 1,
        len(made),
    )


def _packed(content: bytes, stuffed: int) -> bytes:
    packer, nothing = zlib.compressobj(1), bytes(1 << 20)
    return packer.compress(content) + b"".join(packer.compress(nothing) for _ in range(stuffed >> 20)) + packer.flush()
