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
from app.services.imported import aliases
from app.services.participants import distributor_rows, distributors
from app.services.participants.distributor_rows import DistributorRow
from tests.support.e_invoices import BUYER_NIP, SELLER_NIP, Item, fa
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


ITEMS = [Item("Karton XYZ", "1", "100.00"), Item("Racing socks, L", "3", "5.00", code="RS-L")]


def _draft(session, shop, items=ITEMS):
    """Fill a draft from an e-invoice whose boxes of the first product hold twelve."""
    program, distributor_id = shop
    products = catalogue.product_ids(session, program.id)
    box = aliases.Meaning(products["mb-48"], unit_milli=12_000)
    aliases.put_product_alias(
        session, program, "Karton XYZ", box, source_distributor_id=distributor_id, actor="ann", now=NOW
    )
    who = {"person": None, "actor": "d1@example", "now": NOW}
    claim = claims.keep(session, program, distributor_id, "key", ClaimedInvoice(), **who)
    claims.fill(session, program, claim, read(fa(items), "i.xml"))
    return claims.invoice_of(claim), products


def _typed(kept, *lines):
    return dataclasses.replace(kept, lines=tuple(lines))


def test_a_box_of_an_e_invoice_is_so_many_pieces_once(session, shop):
    """Whoever cleared the product, and wrote what the file calls it, had twelve dozen."""
    kept, products = _draft(session, shop)
    box, socks = kept.lines
    assert (box.product_id, box.quantity_milli) == (products["mb-48"], 12_000)

    def sent(line):
        found = _typed(kept, line, socks).as_the_file_says(kept)
        known, problems = claims.judge(session, shop[0], shop[1], found, now=NOW)
        assert problems == []
        return known.lines[0].product_id, known.lines[0].quantity_milli

    assert sent(box) == (products["mb-48"], 12_000)
    for said in ("", "karton xyz"):
        assert sent(dataclasses.replace(box, product_id=None, said=said)) == (products["mb-48"], 12_000)
    assert sent(dataclasses.replace(box, product_id=products["rs-l"])) == (products["rs-l"], 1_000)
    assert sent(dataclasses.replace(box, product_id=2**40)) == (products["mb-48"], 12_000)


def test_each_line_of_an_e_invoice_counts_once_and_the_total_tells_of_discounts_that_are_left_out(session, shop):
    discount = Item("Racing socks, L", "1", "-10.00", code="RS-L")
    kept, _products = _draft(session, shop, [*ITEMS, discount])
    box, socks, off = kept.lines
    assert kept.total_minor == 105_00
    assert _typed(kept, socks, box, socks, off, box).as_the_file_says(kept) == kept
    less = _typed(kept, box, off).as_the_file_says(kept)
    assert (less.total_minor, less.net_minor) == (90_00, 90_00)
    more = _typed(kept, box, socks).as_the_file_says(kept)
    assert (more.total_minor, more.net_minor) == (105_00, 115_00), "somebody has to look at it"
    still = _typed(more, box).as_the_file_says(more)
    assert (still.total_minor, still.net_minor) == (90_00, 100_00)
    without = dataclasses.replace(kept, total_minor=None)
    assert _typed(kept, box, off).as_the_file_says(without).total_minor is None
    assert _typed(kept, box, socks).as_the_file_says(without).total_minor == 105_00
