"""An e-invoice that a distributor registers: what reading it found goes with it to the gate."""

import dataclasses
import datetime as dt

import pytest
from sqlalchemy import select

from app.domain.states import ClaimWay, DocumentStatus
from app.models.distributors import Distributor
from app.models.sales import SalesDocument
from app.services.goods import catalogue
from app.services.goods.catalogue import ProductRow
from app.services.participants import distributor_rows, distributors
from app.services.participants.distributor_rows import DistributorRow
from tests.support.e_invoices import BUYER_NIP, SELLER_NIP, fa
from tests.support.programs import NOW, document, load
from verification.claiming import claims
from verification.claiming.claimed import ClaimedInvoice
from verification.einvoices.reading import read

EVERYTHING_ELSE_IS_FINE = {"sample_share": 0, "checks": {"portal": {"burst": {"severity": "off"}}}}


@pytest.fixture
def shop(session, code):
    program = load(session, document(code, program={"verification": EVERYTHING_ELSE_IS_FINE}))
    catalogue.put_products(
        session,
        program.id,
        "pl",
        [ProductRow(code="MB-48", name="Mountain bike"), ProductRow(code="RS-L", name="Racing socks")],
    )
    distributor_rows.put_distributors(
        session,
        program.id,
        "pl",
        [DistributorRow(code="D1", name="Sprzedawca", tax_id=f"PL{SELLER_NIP}")],
        enrolled_on=dt.date(2026, 1, 1),
        may_owe=True,
    )
    return program, distributors.distributor_ids(session, program.id)["d1"]


def _sent(session, shop, made, name="i.xml"):
    program, distributor_id = shop
    claim = claims.keep(
        session, program, distributor_id, "key", ClaimedInvoice(), person=None, actor="d1@example", now=NOW
    )
    filled = claims.fill(session, program, claim, read(made, name))
    assert (filled.lines, filled.matched, filled.why) == (2, 2, None)
    assert claim.way is ClaimWay.E_INVOICE
    number = claims.send(session, program, claim, actor="d1@example", now=NOW)
    return session.scalars(select(SalesDocument).where(SalesDocument.id == number)).one()


def test_an_e_invoice_that_holds_together_is_accepted_by_itself(session, shop):
    sent = _sent(session, shop, fa())
    assert (sent.status, sent.reasons, sent.net_minor) == (DocumentStatus.ACCEPTED, None, 204_116)


def test_one_that_contradicts_itself_goes_to_a_person_who_is_told_why(session, shop):
    sent = _sent(session, shop, fa(gross="9999.99"), f"{BUYER_NIP}-20260819-0100001AF629-00.xml")
    assert sent.status is DocumentStatus.REVIEW
    assert [(one["code"], one["severity"]) for one in sent.reasons] == [
        ("e_invoice_contradicts", "review"),
        ("gross_total_differs", "note"),
        ("ksef_number_checksum", "note"),
        ("ksef_number_of_other_seller", "note"),
    ]
    assert sent.reasons[0]["count"] == 3


def test_what_is_only_noted_keeps_nobody_waiting(session, shop):
    sent = _sent(session, shop, fa(buyer="6808208875"))
    assert sent.status is DocumentStatus.ACCEPTED
    assert [one["code"] for one in sent.reasons] == ["tax_id_check_digits"]


def test_an_invoice_to_oneself_is_found_by_who_bought(session, shop):
    sent = _sent(session, shop, fa(buyer=SELLER_NIP))
    assert {one["code"] for one in sent.reasons} == {"own_purchase", "e_invoice_contradicts", "sold_to_oneself"}


def test_an_invoice_to_a_branch_of_ones_own_head_office_is_found(session, shop):
    program, distributor_id = shop
    rows = [
        DistributorRow(code="HQ", name="Head office"),
        DistributorRow(code="D8", name="Branch", tax_id="6808208875"),
    ]
    distributor_rows.put_distributors(session, program.id, "pl", rows, enrolled_on=dt.date(2026, 1, 1), may_owe=True)
    known = distributors.distributor_ids(session, program.id)
    for one in (distributor_id, known["d8"]):
        session.get_one(Distributor, one).head_office_id = known["hq"]
    session.flush()
    sent = _sent(session, shop, fa(buyer="6808208875"))
    assert [one.get("found") for one in sent.reasons if one["code"] == "own_purchase"] == ["6808208875"]


def test_a_programme_may_do_without(session, code, shop):
    off = {"burst": {"severity": "off"}, "e_invoice_contradicts": {"severity": "off"}}
    load(session, document(code, program={"verification": {"sample_share": 0, "checks": {"portal": off}}}))
    assert _sent(session, shop, fa(gross="9999.99")).reasons is None


def test_what_was_found_stays_with_a_draft_that_is_kept_again(session, shop):
    program, distributor_id = shop
    who = {"person": None, "actor": "d1@example", "now": NOW}
    claim = claims.keep(session, program, distributor_id, "key", ClaimedInvoice(), **who)
    claims.fill(session, program, claim, read(fa(gross="9999.99"), "i.xml"))
    kept = claims.invoice_of(claim)
    typed = dataclasses.replace(kept, noted=(), buyer_tax_id="", number="FV/2")
    assert typed.as_the_file_says(kept) == kept
    assert [one["code"] for one in kept.noted] == ["gross_total_differs"]
