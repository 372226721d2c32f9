"""One invoice says the same in every format, and each format is told by what is in the file."""

import datetime as dt

import pytest

from app.domain.states import DocumentKind
from tests.support.e_invoices import BUYER_NIP, SELLER_NIP, cii, fa, facturae, fattura, pdf_with, ubl
from verification.einvoices.invoice import BadEInvoice, Format, NotAnEInvoice
from verification.einvoices.reading import read

MADE = {
    Format.FA_2: fa(variant=2),
    Format.FA_3: fa(),
    Format.UBL_INVOICE: ubl(),
    Format.UBL_CREDIT_NOTE: ubl(credit=True),
    Format.CII: cii(),
    Format.ZUGFERD_1: cii(first_zugferd=True),
    Format.FATTURA_PA: fattura(),
    Format.FACTURAE: facturae(),
}


@pytest.mark.parametrize("form", Format)
def test_every_format_says_the_same_of_the_same_sale(form):
    said = read(MADE[form], "called-anything.pdf")
    assert said.format is form
    assert said.kind is (DocumentKind.CREDIT_NOTE if form is Format.UBL_CREDIT_NOTE else DocumentKind.INVOICE)
    assert str(said.issued_on) == "2026-08-19"
    code = None if form is Format.FACTURAE else "MB-48"  # it has room for one
    assert [
        (one.name, one.gtin, one.seller_code, one.quantity_milli, one.unit_price_micro, one.net_minor, one.vat_rate_bp)
        for one in said.lines
    ] == [
        ("Mountain bike, 48", "5901234123457", code, 1_000, 202_499_000_000, 202_499, 2_300),
        ("Racing socks, L", None, "RS-L", 3_000, 539_000_000, 1_617, 2_300),
    ]
    totals = said.totals
    assert (totals.net_minor, totals.vat_minor, totals.gross_minor) == (204_116, 46_947, 251_063)
    assert [(part.rate_bp, part.base_minor, part.vat_minor) for part in said.vat] == [(2_300, 204_116, 46_947)]
    assert said.problems == ()


def test_a_tax_id_for_vat_is_told_from_the_number_of_the_local_office():
    for made in (ubl(), cii()):
        said = read(made, "i.xml")
        assert (said.seller.tax_id, said.buyer.tax_id) == (f"PL{SELLER_NIP}", f"PL{BUYER_NIP}")
        assert said.seller.other_ids[0][0] == "FC"
    assert read(fattura(), "i.xml").buyer.tax_id is None, "a person's fiscal code is no id for VAT"


def test_the_sort_of_a_document_makes_a_credit_note():
    assert read(cii(type_code=381), "i.xml").kind is DocumentKind.CREDIT_NOTE
    assert read(cii(type_code=384), "i.xml").kind is DocumentKind.INVOICE, "a correction says amounts with their signs"
    assert read(fattura(credit=True), "i.xml").kind is DocumentKind.CREDIT_NOTE
    assert read(cii(type_code=389), "i.xml").self_billed


def test_a_file_with_two_invoices_is_refused():
    with pytest.raises(BadEInvoice, match="holds 2 invoices"):
        read(fattura(bodies=2), "i.xml")


def test_an_invoice_is_taken_out_of_the_envelope_that_a_network_puts_around_it():
    space = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
    inner = ubl().partition(b"?>")[2]
    around = f'<s:StandardBusinessDocument xmlns:s="{space}"><s:Header/>%s</s:StandardBusinessDocument>'.encode()
    assert read(around % inner, "i.xml").number == "INV-1"
    with pytest.raises(NotAnEInvoice, match="StandardBusinessDocument is no e-invoice"):
        read(around % b"<order/>", "i.xml")


def test_a_pdf_gives_the_invoice_that_lies_in_it():
    said = read(pdf_with(b"no xml", b"<order/>", cii()), "scan.pdf")
    assert (said.format, said.number) == (Format.CII, "INV-1")
    assert said.sha256 == read(cii(), "i.xml").sha256, "the hash is that of the invoice, not of the PDF"


def test_the_invoice_of_a_pdf_is_what_is_named_so_whatever_lies_beside_it():
    html, other = b"<!DOCTYPE html><html/>", cii(number="PREVIOUS")
    both = pdf_with(other, cii(), names=("previous.xml", "factur-x.xml"))
    assert read(both, "scan.pdf").number == "INV-1"
    assert read(pdf_with(html, cii()), "scan.pdf").number == "INV-1"
    with pytest.raises(BadEInvoice, match="document type"):
        read(pdf_with(html), "scan.pdf")
    with pytest.raises(BadEInvoice, match="document type"):
        read(pdf_with(other, html, names=("previous.xml", "factur-x.xml")), "scan.pdf")


def test_lines_that_group_others_or_only_inform_are_not_sold():
    mark = b"</LineID><LineStatusReasonCode>%s</LineStatusReasonCode>"
    for code, lines in ((b"GROUP", 1), (b"INFORMATION", 1), (b"DETAIL", 2)):
        assert len(read(cii().replace(b"</LineID>", mark % code, 1), "i.xml").lines) == lines


def test_a_dinar_has_the_decimals_that_invoices_give_it():
    made = ubl().replace(b"EUR", b"RSD")
    assert read(made, "i.xml").totals.net_minor == read(ubl(), "i.xml").totals.net_minor


def test_the_day_of_the_sale_may_stand_on_the_lines():
    made = fa().replace(b"<P_6>2026-08-19</P_6>", b"").replace(b"<P_7>", b"<P_6A>2026-08-17</P_6A><P_7>")
    assert read(made, "i.xml").sold_on == dt.date(2026, 8, 17)


def test_a_pdf_without_an_invoice_is_a_proof_and_no_e_invoice():
    with pytest.raises(NotAnEInvoice, match="No e-invoice lies in the PDF"):
        read(pdf_with(), "scan.pdf")
    with pytest.raises(NotAnEInvoice, match="order is no e-invoice"):
        read(pdf_with(b"<order/>"), "scan.pdf")
    with pytest.raises(NotAnEInvoice, match="The PDF is broken"):
        read(b"%PDF-1.7\nnothing", "scan.pdf")


def test_a_number_with_more_decimals_is_rounded_and_says_so():
    rows = "<FaWiersz><P_7>Oil</P_7><P_8B>1.2345</P_8B><P_9A>10</P_9A><P_11>12.345</P_11><P_12>23</P_12></FaWiersz>"
    said = read(fa(rows=rows, net="12.35", vat="2.84"), "i.xml")
    assert (said.lines[0].quantity_milli, said.lines[0].net_minor) == (1_235, 1_235)
    assert [(one["code"], one["found"], one["taken"]) for one in said.problems] == [
        ("figure_rounded", "1.2345", "1.235"),
        ("figure_rounded", "12.345", "12.35"),
    ]


@pytest.mark.parametrize(
    ("made", "match"),
    [
        (fa(gross="12,50"), "P_15: found '12,50', expected a number"),
        (fa(gross="1" * 30), "P_15: found 1{30}, which is larger"),
        (fa(gross="٢٥"), "P_15: found '٢٥', expected a number"),
        (fa(issued_on="2026-02-30"), "P_1: found '2026-02-30', expected a date"),
        (fa(currency="ZŁ"), "KodWaluty: found 'ZŁ', expected one of a currency"),
        (fa(currency=""), "says no KodWaluty"),
    ],
)
def test_what_no_figure_can_be_is_refused_by_its_field(made, match):
    with pytest.raises(BadEInvoice, match=match):
        read(made, "i.xml")


def test_lines_counted_from_gross_prices_have_the_net_that_their_rate_leaves():
    rows = "<FaWiersz><P_7>Oil</P_7><P_8B>2</P_8B><P_9B>61.50</P_9B><P_11A>123.00</P_11A><P_12>23</P_12></FaWiersz>"
    said = read(fa(rows=rows, net="100.00", vat="23.00"), "i.xml")
    assert (said.lines[0].net_minor, said.lines[0].gross_minor, said.problems) == (10_000, 12_300, ())


def test_a_final_invoice_states_the_whole_sale_and_what_was_invoiced_before():
    said = read(fa(sort="ROZ", net="41.16", vat="9.47"), "i.xml")
    assert said.totals.allowances_minor == 200_000
    assert said.problems == ()
    advance = read(fa(sort="ZAL", rows=""), "i.xml")
    assert [one["code"] for one in advance.problems] == ["advance_invoice", "no_lines"]
