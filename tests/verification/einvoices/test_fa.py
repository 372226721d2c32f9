"""Invoices of KSeF say the same whichever variant they are written in."""

import datetime as dt

import pytest

from app.domain.states import DocumentKind
from tests.support.e_invoices import BUYER_NIP, SELLER_NIP, Item, fa
from verification.einvoices.invoice import BadEInvoice, Format, NotAnEInvoice
from verification.einvoices.reading import read


@pytest.mark.parametrize(("variant", "form"), [(2, Format.FA_2), (3, Format.FA_3)])
def test_an_invoice_says_who_sold_what_to_whom_and_when(variant, form):
    read_one = read(fa(variant=variant), "invoice.xml")
    assert read_one.format is form
    assert (read_one.kind, read_one.number, read_one.issued_on) == (
        DocumentKind.INVOICE,
        "FV/0001/08/2026",
        dt.date(2026, 8, 19),
    )
    assert (read_one.seller.tax_id, read_one.buyer.tax_id) == (SELLER_NIP, BUYER_NIP)
    assert [(line.name, line.quantity_milli, line.net_minor, line.gtin) for line in read_one.lines] == [
        ("Mountain bike, 48", 1_000, 202_499, "5901234123457"),
        ("Racing socks, L", 3_000, 1_617, None),
    ]
    assert read_one.lines[1].unit_price_micro == 539_000_000
    assert (read_one.totals.net_minor, read_one.totals.vat_minor, read_one.totals.gross_minor) == (
        204_116,
        46_947,
        251_063,
    )
    assert read_one.problems == ()


def test_a_correction_that_gives_back_is_a_credit_note():
    back = read(fa([Item("Racing socks, L", "-3", "5.39")], sort="KOR", corrects="FV/1"), "k.xml")
    assert (back.kind, back.corrects, back.lines[0].quantity_milli) == (DocumentKind.CREDIT_NOTE, ("FV/1",), -3_000)


def test_a_line_as_it_was_before_a_correction_gives_back_what_it_said():
    rows = (
        "<FaWiersz><P_7>Socks</P_7><P_8B>5</P_8B><P_9A>10</P_9A><P_11>50</P_11><StanPrzed>1</StanPrzed></FaWiersz>"
        "<FaWiersz><P_7>Socks</P_7><P_8B>3</P_8B><P_9A>10</P_9A><P_11>30</P_11></FaWiersz>"
    )
    found = read(fa(rows=rows, sort="KOR", corrects="FV/1", net="-20", vat="-4.60"), "k.xml")
    assert [(line.quantity_milli, line.net_minor) for line in found.lines] == [(-5_000, -5_000), (3_000, 3_000)]
    assert found.kind is DocumentKind.INVOICE, "a line of it sells: its signs say which"
    assert [(one["code"], one["found"]) for one in found.problems] == [("refers_to_another", "FV/1")]


def test_other_xml_is_no_e_invoice():
    with pytest.raises(NotAnEInvoice, match="Potwierdzenie is no e-invoice"):
        read(b"<Potwierdzenie/>", "upo.xml")
    with pytest.raises(NotAnEInvoice, match="Neither XML nor a PDF"):
        read(b"\x89PNG", "photo.xml")
    with pytest.raises(NotAnEInvoice, match="broken"):
        read(b"<", "half.xml")


def test_an_invoice_without_a_number_is_a_bad_one():
    with pytest.raises(BadEInvoice, match="says no P_2"):
        read(fa(number=""), "invoice.xml")
