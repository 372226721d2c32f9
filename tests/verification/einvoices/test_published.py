"""E-invoices that others published: each is read with the fields that are known of it, or refused with a reason."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.domain.measures.money import decimal_text
from app.domain.saying.reasons import SENTENCES, sentence
from app.domain.states import DocumentKind
from verification.einvoices import ksef
from verification.einvoices.invoice import EInvoice, EInvoiceRefused
from verification.einvoices.reading import read

REFUSED = {
    "zugferd_v1_pdf/correct/MustangGnuaccountingBeispielRE-20140522_501.pdf": "not_an_e_invoice",  # a draft of ZUGFeRD
    "zugferd_v1_pdf/correct/MustangGnuaccountingBeispielRE-20151008_504.pdf": "e_invoice_lacks",  # the currency
    "zugferd_v1_pdf/fail/fail1.pdf": "e_invoice_lacks",
}
LOOKED_AT_ANYWAY = {"sold_to_oneself", "no_lines", "line_differs", "payable_differs", "refers_to_another"}
"""Examples sell to themselves, repeat a line without its price, leave out what is paid already, and correct others."""


@pytest.fixture(scope="module")
def known(test_data: Path) -> list[tuple[dict[str, Any], EInvoice | EInvoiceRefused]]:
    """What is known of each file, and what reading it gave."""
    folder = test_data / "einvoices"
    return [(one, _read(folder / one["file"])) for one in json.loads((folder / "index.json").read_text())]


def _read(path: Path) -> EInvoice | EInvoiceRefused:
    try:
        return read(path.read_bytes(), "named-otherwise")
    except EInvoiceRefused as why:
        return why


def _amount(minor: int | None, said: EInvoice) -> Decimal | None:
    return None if minor is None else Decimal(decimal_text(minor, said.decimals))


def test_every_published_e_invoice_is_read_with_its_fields_or_refused_with_a_reason(known):
    assert len(known) > 150
    refused = {}
    for fields, said in known:
        where = fields["file"]
        if isinstance(said, EInvoiceRefused):
            refused[where] = said.problems[0]["code"]
            continue
        assert said.format == fields["format"], where
        assert (said.number, said.currency, len(said.lines)) == (
            fields["number"],
            fields["currency"],
            fields["n_lines"],
        ), where
        assert f"{said.issued_on:%Y%m%d}" == fields["date"].replace("-", ""), where
        for stated, ours in (
            (fields["net"], said.totals.net_minor),
            (fields["gross"], said.totals.gross_minor),
            (fields["payable"], said.totals.payable_minor),
        ):
            # FatturaPA says no net amount: ours is the sum of what it says by rate
            assert (stated is None and said.format == "FatturaPA") or _amount(ours, said) == (
                None if stated is None else Decimal(stated)
            ), where
        for stated, party in ((fields["seller_vat"], said.seller), (fields["buyer_vat"], said.buyer)):
            # a number of the local tax office is known of some; it is not the one for VAT
            assert stated == party.tax_id or stated in [number for _, number in party.other_ids], where
    assert refused == REFUSED


def test_published_invoices_that_are_meant_to_be_right_add_up(known):
    wrong = {}
    for fields, said in known:
        # the first of ZUGFeRD, and files that are published as wrong, add up as they like
        if "zugferd_v1" in fields["file"] or "not_validating" in fields["file"] or fields["file"] in REFUSED:
            continue
        codes = {one["code"] for one in said.problems if not one["code"].startswith("tax_id")}
        if codes - LOOKED_AT_ANYWAY:
            wrong[fields["file"]] = codes
    assert wrong == {}


def test_one_invoice_in_three_formats_says_the_same(known):
    by_name: dict[str, list[EInvoice]] = {}
    for fields, said in known:
        if fields["file"].startswith("same_invoice_cii_ubl_pdf/"):
            by_name.setdefault(Path(fields["file"]).name.split(".")[0], []).append(said)
    triples = [group for group in by_name.values() if len(group) == 3]
    assert len(triples) >= 8
    for group in triples:
        assert len({(one.number, one.issued_on, one.totals.payable_minor, one.currency) for one in group}) == 1
        assert len({tuple((line.quantity_milli, line.net_minor) for line in one.lines) for one in group}) == 1


def test_twenty_invoices_of_ksef_are_judged_as_is_known_of_them(test_data):
    folder = test_data / "ksef"
    expected = json.loads((folder / "generated/expected.json").read_text())
    assert len(expected) == 20
    wrong = {
        "self_billing": {"self_billed"},
        "self_sale": {"sold_to_oneself"},
        "bad_nip": {"tax_id_check_digits", "ksef_number_of_other_seller", "ksef_link_of_other_seller"},
        "bad_total": {"gross_total_differs"},
        "bad_ksef": {"ksef_number_checksum"},
    }
    for one in expected:
        said = read((folder / "generated" / one["file"]).read_bytes(), one["file"], folder / "xsd")
        found = [
            *said.problems,
            *ksef.number_findings(one["ksef_number"], said),
            *ksef.link_findings(one["qr_url"], said),
        ]
        assert {problem["code"] for problem in found} == wrong.get(one["kind"], set()), one["file"]
        assert all(problem["code"] in SENTENCES and sentence(problem) for problem in found)
        assert (said.number, str(said.issued_on), said.currency) == (
            one["number"],
            one["issue_date"],
            one["currency"],
        )
        assert (said.seller.tax_id, said.buyer.tax_id) == (one["seller_nip"], one["buyer_nip"])
        assert [_amount(value, said) for value in (said.totals.net_minor, said.totals.vat_minor)] == [
            Decimal(one["net"]),
            Decimal(one["vat"]),
        ]
        assert said.kind is (DocumentKind.CREDIT_NOTE if one["kind"] == "kor" else DocumentKind.INVOICE)
        assert said.self_billed == (one["kind"] == "self_billing")
        assert [
            (line.name, line.seller_code, line.unit, line.quantity_milli, line.net_minor) for line in said.lines
        ] == [
            (line["name"], line["index"], line["unit"], line["qty"] * 1_000, int(Decimal(line["value"]) * 100))
            for line in one["lines"]
        ]


def test_schemas_of_a_folder_find_what_is_not_written_as_they_demand(test_data):
    folder = test_data / "ksef"
    right = (folder / "generated/0001_vat.xml").read_bytes()
    wrong = right.replace(b"<RodzajFaktury>VAT<", b"<RodzajFaktury>VAX<")
    codes = [one["code"] for one in read(wrong, "i.xml", folder / "xsd").problems]
    assert codes == ["not_as_schema_demands"] * codes.count("not_as_schema_demands")
    assert codes
    assert read(right, "i.xml", folder / "xsd").problems == ()
