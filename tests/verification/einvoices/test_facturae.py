"""Facturae: what is particular to the invoices of Spain."""

import pytest

from app.domain.states import DocumentKind
from tests.support.e_invoices import Item, facturae
from verification.einvoices.facturae import NAMESPACES
from verification.einvoices.invoice import BadEInvoice
from verification.einvoices.reading import read

CORRECTIVE = """<InvoiceDocumentType>FC</InvoiceDocumentType><InvoiceClass>OR</InvoiceClass><Corrective>
<InvoiceNumber>99</InvoiceNumber><InvoiceSeriesCode>A</InvoiceSeriesCode><CorrectionMethod>02</CorrectionMethod></Corrective>"""
BACK = (Item("Mountain bike, 48", "-1", "2024.99", code="MB-48"),)


def codes(data: bytes) -> list[str]:
    return [one["code"] for one in read(data, "i.xsig").problems]


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_each_version_is_read(namespace):
    said = read(facturae(namespace=namespace), "i.xml")
    assert (said.seller.name, said.seller.tax_id, said.seller.country) == ("Vendedor S.L.", "B98602642", "ES")
    assert (said.buyer.name, said.buyer.tax_id) == ("Ana Pérez Gil", "54387763P")
    assert (said.currency, said.self_billed, said.corrects) == ("EUR", False, ())


@pytest.mark.parametrize(
    ("number", "series", "printed"), [("123", "A", "A/123"), ("123", None, "123"), ("A-123", "A", "A-123")]
)
def test_a_number_is_printed_with_its_series(number, series, printed):
    assert read(facturae(number=number, series=series), "i.xml").number == printed


def test_what_corrects_and_gives_back_is_a_credit_note_and_names_what_it_corrects():
    said = read(facturae(BACK, head=CORRECTIVE), "i.xml")
    assert (said.kind, said.corrects, said.lines[0].quantity_milli) == (DocumentKind.CREDIT_NOTE, ("A/99",), -1_000)
    more = read(facturae(head=CORRECTIVE), "i.xml")
    assert more.kind is DocumentKind.INVOICE, "a correction that asks for more gives nothing back"
    assert [one["code"] for one in more.problems] == ["refers_to_another"]


def test_tax_that_the_buyer_keeps_back_is_no_part_of_what_was_sold():
    said = read(facturae(withheld="306.17"), "i.xml")
    assert (said.totals.gross_minor, said.problems) == (251_063, ())


def test_the_surcharge_of_retailers_is_paid_with_the_vat():
    said = read(facturae(surcharge="106.14"), "i.xml")
    assert [(one.rate_bp, one.vat_minor) for one in said.vat] == [(None, 46_947 + 10_614)]
    assert said.problems == ()


def test_other_taxes_have_the_same_bases_once_more():
    base = "<TaxableBase><TotalAmount>1</TotalAmount></TaxableBase>"
    tax = f"<Tax><TaxTypeCode>05</TaxTypeCode><TaxRate>1</TaxRate>{base}</Tax>"
    assert (read(facturae(more_taxes=tax), "i.xml").vat, codes(facturae(more_taxes=tax))) == ((), [])


def test_discounts_and_charges_of_lines_and_of_the_whole_are_added_up():
    def row(more: str, net: str, code: str = "X-1") -> str:
        return f"""<InvoiceLine><ItemDescription>Bike</ItemDescription><Quantity>2</Quantity>
<UnitPriceWithoutTax>1020.58</UnitPriceWithoutTax><TotalCost>2041.16</TotalCost>{more}<GrossAmount>{net}</GrossAmount>
<ArticleCode>{code}</ArticleCode></InvoiceLine>"""

    off = "<DiscountsAndRebates>" + "<Discount><DiscountAmount>10.00</DiscountAmount></Discount>" * 2
    on = "</DiscountsAndRebates><Charges><Charge><ChargeAmount>5.00</ChargeAmount></Charge></Charges>"
    said = read(facturae(rows=row(off + on, "2026.16")), "i.xml")
    assert (said.lines[0].adjustments_minor, said.lines[0].seller_code, said.lines[0].gtin) == (-1_500, "X-1", None)
    assert [one["code"] for one in said.problems] == ["lines_total_differs"], "the total is that of other lines"
    general = """<GeneralDiscounts><Discount><DiscountAmount>20.00</DiscountAmount></Discount></GeneralDiscounts>
<TotalGeneralDiscounts>25.00</TotalGeneralDiscounts>"""
    assert codes(facturae(more_totals=general)) == ["adjustments_differ", "net_total_differs"]
    assert codes(facturae(rows=row("", "2000.00"))) == ["line_differs", "lines_total_differs"]


def test_who_wrote_it_and_that_its_signature_is_not_verified_is_told():
    signature = '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>'
    assert codes(facturae(after=signature)) == ["signature_not_verified"]
    by_buyer = "<InvoiceDocumentType>AF</InvoiceDocumentType><InvoiceClass>OO</InvoiceClass>"
    assert codes(facturae(head=by_buyer)) == ["self_billed"]


def test_what_no_invoice_lacks_is_asked_for():
    with pytest.raises(BadEInvoice, match="holds 2 invoices"):
        read(facturae(bodies=2), "i.xml")
    with pytest.raises(BadEInvoice, match="IssueDate"):
        read(facturae().replace(b"IssueDate>", b"OtherDate>"), "i.xml")
    with pytest.raises(BadEInvoice, match="InvoiceTotals"):
        read(facturae().replace(b"InvoiceTotals>", b"OtherTotals>"), "i.xml")
    with pytest.raises(BadEInvoice, match="1,5"):
        read(facturae().replace(b"<Quantity>1<", b"<Quantity>1,5<"), "i.xml")
