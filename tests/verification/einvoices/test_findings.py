"""What is wrong with an e-invoice that can be read."""

import pytest

from app.domain.saying.reasons import SENTENCES, sentences
from tests.support.e_invoices import BUYER_NIP, SELLER_NIP, Item, fa, pdf_with, ubl
from verification.einvoices.invoice import BadEInvoice
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


def _row(net: str, rate: str, more: str = "") -> str:
    return f"<FaWiersz><P_8B>1</P_8B><P_9A>{net}</P_9A><P_11>{net}</P_11><P_12>{rate}</P_12>{more}</FaWiersz>"


def test_what_bears_a_rate_is_what_the_lines_of_that_rate_come_to():
    both = _row("100", "23") + _row("100", "8")
    rest = "<P_13_2>{}</P_13_2><P_14_2>{}</P_14_2>"
    assert _found(fa(rows=both + rest.format(100, 8), net="100", vat="23", gross="231")) == {}
    moved = fa(rows=both + rest.format(50, 4), net="150", vat="34.50", gross="238.50")
    assert _found(moved) == {"vat_base_of_rate_differs": "review"}
    assert _found(fa(rows=_row("100", "8"), net="100", vat="23")) == {"vat_base_of_rate_differs": "review"}


def test_a_rate_that_is_old_in_poland_is_none_elsewhere():
    made = ubl([Item("Book", "1", "100.00", rate="7"), Item("Nut", "1", "100.00", rate="23")])
    assert _found(made) == {"vat_base_of_rate_differs": "review"}, "all of it is stated at 23 %"


def test_a_line_at_gross_prices_is_looked_at_too():
    row = "<FaWiersz><P_8B>3</P_8B><P_9B>10</P_9B><P_11A>40.00</P_11A><P_12>23</P_12></FaWiersz>"
    (one,) = read(fa(rows=row, net="32.52", vat="7.48"), "i.xml").problems
    assert (one["code"], one["found"], one["expected"]) == ("line_differs", "40.00", "30.00")


def test_a_quantity_of_more_decimals_than_are_kept_contradicts_nothing():
    for quantity, price, net, vat in (("1.23456", "1000", "1234.56", "283.95"), ("0.0004", "125000", "50", "11.50")):
        row = f"<FaWiersz><P_8B>{quantity}</P_8B><P_9A>{price}</P_9A><P_11>{net}</P_11><P_12>23</P_12></FaWiersz>"
        assert _found(fa(rows=row, net=net, vat=vat)) == {"figure_rounded": "note"}


def test_the_rest_of_a_sale_is_no_more_than_the_whole():
    assert _found(fa(sort="ROZ", rows=_row("1000", "23"), net="1900", vat="437")) == {"net_total_differs": "review"}


def test_what_else_is_settled_with_an_invoice_is_off_what_is_to_be_paid():
    off = "<Rozliczenie><SumaOdliczen>23.00</SumaOdliczen><DoZaplaty>{}</DoZaplaty></Rozliczenie>"
    said = read(fa(rows=_row("100", "23") + off.format("100.00"), net="100", vat="23"), "i.xml")
    assert (said.totals.payable_minor, said.problems) == (10_000, ())
    assert _found(fa(rows=_row("100", "23") + off.format("90.00"), net="100", vat="23")) == {"payable_differs": "note"}


def test_a_simplified_invoice_may_state_no_amounts_of_its_lines():
    assert _found(fa(rows="<FaWiersz><P_7>Oil</P_7></FaWiersz>", sort="UPR", net="100", vat="23")) == {}


def test_a_sale_to_a_consumer_abroad_bears_the_rate_of_there():
    row = "<FaWiersz><P_8B>1</P_8B><P_9B>119</P_9B><P_11A>119.00</P_11A><P_12_XII>19</P_12_XII></FaWiersz>"
    (line,) = read(fa(rows=row, net="100", vat="19"), "i.xml").lines
    assert (line.net_minor, line.vat_rate_bp) == (10_000, 1_900)


@pytest.mark.parametrize("rate", ["-100", "-5"])
def test_no_rate_of_there_is_below_nothing(rate):
    row = f"<FaWiersz><P_8B>1</P_8B><P_11A>119.00</P_11A><P_12_XII>{rate}</P_12_XII></FaWiersz>"
    with pytest.raises(BadEInvoice, match="P_12_XII"):
        read(fa(rows=row, net="100", vat="19"), "i.xml")


def test_discounts_of_the_whole_come_to_their_sum():
    one = (
        "<cac:AllowanceCharge><cbc:ChargeIndicator>{}</cbc:ChargeIndicator><cbc:Amount>{}</cbc:Amount>"
        "</cac:AllowanceCharge><cac:TaxTotal><cbc:TaxAmount currencyID"
    )
    made = ubl(allowance="5.00").decode()

    def listed(indicator: str, amount: str) -> bytes:
        return made.replace("<cac:TaxTotal><cbc:TaxAmount currencyID", one.format(indicator, amount), 1).encode()

    assert _found(listed("false", "5.00")) == _found(listed("0", "5.00")) == {}
    assert _found(listed("false", "77.00")) == {"adjustments_differ": "review"}
    assert _found(listed("1", "5.00")) == {"adjustments_differ": "review"}


def test_amounts_in_another_currency_than_the_invoices_are_found():
    made = ubl().replace(b"<cbc:PayableAmount>", b'<cbc:PayableAmount currencyID="USD">')
    assert _found(made) == {"amount_in_another_currency": "review"}


def test_what_bears_no_vat_has_none():
    made = ubl().replace(
        b"<cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>23</cbc:Percent>", b"<cac:TaxCategory><cbc:ID>O</cbc:ID>"
    )
    assert _found(made) == {"vat_of_rate_differs": "review"}


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
