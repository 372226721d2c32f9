"""Files that are made to harm whoever reads them."""

import time

import pytest

from tests.support.e_invoices import cii, fa, pdf_with
from verification.einvoices import limits
from verification.einvoices.invoice import BadEInvoice, NotAnEInvoice
from verification.einvoices.reading import read

_LAUGHS = "".join(
    f'<!ENTITY l{at} "{"".join(f"&l{at - 1};" for _ in range(10))}">' if at else '<!ENTITY l0 "lol">'
    for at in range(12)
)


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE Faktura [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE Faktura SYSTEM "http://127.0.0.1:9/evil.dtd">',
        f"<!DOCTYPE Faktura [{_LAUGHS}]>",
        '<!DOCTYPE Faktura [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>',
        "<!DOCTYPE Faktura>",
    ],
)
def test_a_document_type_is_refused_before_it_does_anything(doctype):
    began = time.monotonic()
    with pytest.raises(BadEInvoice) as refused:
        read(fa(head=f'<?xml version="1.0"?>{doctype}', number="&x;&l11;"), "i.xml")
    assert [one["code"] for one in refused.value.problems] in (["xml_doctype"], ["xml_broken"])
    assert "root:" not in str(refused.value)
    assert time.monotonic() - began < 2


def test_a_document_type_in_another_encoding_is_found_as_well():
    hidden = fa(head='<?xml version="1.0" encoding="utf-16"?><!DOCTYPE Faktura>').decode().encode("utf-16")
    with pytest.raises(BadEInvoice, match="declares a document type"):
        read(hidden, "i.xml")


def test_elements_within_elements_end_the_reading_at_the_limit():
    deep = "<a>" * 5_000 + "</a>" * 5_000
    with pytest.raises(BadEInvoice, match=f"within more than {limits.DEEPEST}"):
        read(fa(rows=deep), "i.xml")


def test_more_elements_than_any_invoice_has_end_the_reading():
    with pytest.raises(BadEInvoice, match=f"more than {limits.MOST_ELEMENTS}"):
        read(fa(rows="<a/>" * (limits.MOST_ELEMENTS + 1)), "i.xml")


def test_more_bytes_than_the_limit_are_not_read():
    with pytest.raises(BadEInvoice, match=f"at most {limits.LARGEST_XML_MIB} are read"):
        read(fa(rows=" " * (limits.LARGEST_XML_MIB << 20)), "i.xml")
    with pytest.raises(BadEInvoice, match=f"at most {limits.LARGEST_PDF_MIB} are read"):
        read(b"%PDF-" + bytes(limits.LARGEST_PDF_MIB << 20), "i.pdf")


@pytest.mark.parametrize("stuffed", [32 << 20, pytest.param(900 << 20, marks=pytest.mark.slow)])
def test_an_attachment_that_unpacks_to_a_hundred_times_its_size_harms_nobody(stuffed):
    with pytest.raises(BadEInvoice, match=r"MiB, at most 16|more time or memory"):
        read(pdf_with(cii(), stuffed=stuffed), "i.pdf")


def test_an_invoice_of_a_pdf_is_read_as_warily():
    with pytest.raises(BadEInvoice, match="declares a document type"):
        read(pdf_with(cii().replace(b"<x:", b"<!DOCTYPE x><x:", 1)), "i.pdf")


@pytest.mark.parametrize("cut", [1, 50, 500, 1_000])
def test_half_a_file_is_refused(cut):
    with pytest.raises((BadEInvoice, NotAnEInvoice), match="broken"):
        read(fa()[:-cut], "i.xml")
