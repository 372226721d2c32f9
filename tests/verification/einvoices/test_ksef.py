"""KSeF's numbers and links against the invoices that are said to have them."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.e_invoices import fa
from verification.einvoices import ksef
from verification.einvoices.reading import read

INVOICE = read(fa(), "i.xml")
PUBLISHED = "5265877635-20250826-0100001AF629-AF"


def _codes(findings):
    return [one["code"] for one in findings]


def _numbered(received: str, nip: str = "5265877635") -> str:
    begins = f"{nip}-{received}-0100001AF629"
    return f"{begins}-{ksef.checksum(begins)}"


def test_the_number_that_ksef_publishes_as_an_example_is_sound():
    number = ksef.number_of(PUBLISHED)
    assert number == ksef.KsefNumber(PUBLISHED, "5265877635", dt.date(2025, 8, 26), sound=True)
    assert ksef.number_of(f" {PUBLISHED.lower()} ") == number


@given(at=st.integers(0, 34), letter=st.sampled_from("0123456789ABCDEF"))
def test_a_number_with_one_wrong_letter_is_never_sound(at, letter):
    wrong = PUBLISHED[:at] + letter + PUBLISHED[at + 1 :]
    number = ksef.number_of(wrong)
    assert wrong == PUBLISHED or number is None or not number.sound


@pytest.mark.parametrize(
    "text", ["", "5265877635", PUBLISHED + "0", PUBLISHED.replace("2025", "2o25"), "٥" + PUBLISHED[1:], "x" * 500]
)
def test_what_is_no_number_says_so(text):
    assert ksef.number_of(text) is None
    assert _codes(ksef.number_findings(text, INVOICE)) == ["ksef_number_malformed"]


@pytest.mark.parametrize(
    ("number", "codes"),
    [
        (_numbered("20260819"), []),
        (_numbered("20260902"), []),
        (_numbered("20260818"), ["ksef_number_before_issue"]),
        (_numbered("20260903"), ["ksef_number_long_after_issue"]),
        (_numbered("20260819", "6808208874"), ["ksef_number_of_other_seller"]),
        (_numbered("20260819")[:-2] + "00", ["ksef_number_checksum"]),
        (_numbered("20261399"), ["ksef_number_malformed"]),
    ],
)
def test_a_number_is_held_against_seller_and_date(number, codes):
    assert _codes(ksef.number_findings(number, INVOICE)) == codes


def test_a_file_is_called_by_its_number():
    assert ksef.number_in(f"faktury/{PUBLISHED.lower()}.xml") == PUBLISHED
    assert ksef.number_in(f"FV 1 ({PUBLISHED}).pdf") == PUBLISHED
    assert ksef.number_in("invoice.xml") is None


def test_the_link_of_a_file_says_seller_day_and_hash():
    link = ksef.link_to(INVOICE)
    assert link.startswith("https://qr.ksef.mf.gov.pl/invoice/5265877635/19-08-2026/")
    assert ksef.link_of(link) == ksef.KsefLink("5265877635", dt.date(2026, 8, 19), INVOICE.sha256, of_tests=False)
    assert _codes(ksef.link_findings(link, INVOICE)) == []


def test_where_ksef_tells_of_an_invoice_is_what_its_code_says_or_its_file_comes_to():
    link = ksef.link_to(INVOICE)
    assert ksef.address(f" {link} ", "", INVOICE) == link
    assert ksef.address("", PUBLISHED, INVOICE) == link
    assert ksef.address("", "", INVOICE) is None, "a file alone may never have been there"
    assert ksef.address("https://ksef.example/invoice", "", INVOICE) is None
    assert ksef.address("javascript:alert(1)", PUBLISHED, replace(INVOICE, sha256=b"")) is None
    assert ksef.address("", PUBLISHED, replace(INVOICE, seller=replace(INVOICE.seller, tax_id="DE1"))) is None


def test_a_file_that_was_changed_is_not_the_one_of_its_link():
    changed = read(fa(gross="9999.99"), "i.xml")
    assert [(one["code"], one["severity"]) for one in ksef.link_findings(ksef.link_to(INVOICE), changed)] == [
        ("ksef_link_of_other_file", "block")
    ]


@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        (("qr.ksef", "qr-test.ksef"), ["ksef_link_of_tests"]),
        (("5265877635", "6808208874"), ["ksef_link_of_other_seller"]),
        (("19-08-2026", "20-08-2026"), ["ksef_link_of_other_day"]),
        (("19-08-2026", "39-08-2026"), ["ksef_link_malformed"]),
        (("qr.ksef.mf.gov.pl", "qr.ksef.mf.gov.pl.example"), ["ksef_link_malformed"]),
        (("qr.ksef.mf.gov.pl", "user@qr.ksef.mf.gov.pl"), ["ksef_link_malformed"]),
        (("https:", "http:"), ["ksef_link_malformed"]),
    ],
)
def test_a_link_is_held_against_the_invoice_and_leads_nowhere_else(changed, codes):
    assert _codes(ksef.link_findings(ksef.link_to(INVOICE).replace(*changed), INVOICE)) == codes


def test_a_seller_with_the_country_before_the_number_is_the_same():
    prefixed = replace(INVOICE, seller=replace(INVOICE.seller, tax_id="PL 526-587-76-35"))
    assert ksef.link_to(prefixed) == ksef.link_to(INVOICE)
