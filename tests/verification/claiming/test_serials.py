"""Serial numbers: each unit of a product that has them is asked for and counts once; KSeF's number is looked at."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.documents.serials import serial_key, serials_in
from app.domain.states import DocumentStatus
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.services.goods import catalogue
from tests.support.programs import NOW, document, goods, load, people
from tests.verification.claiming.test_claims import TODAY, invoice
from verification import sold_units
from verification.claiming import claims
from verification.claiming.claimed import ClaimedInvoice, ClaimedLine
from verification.claiming.claims import NotReady
from verification.deciding.decisions import accept_in_part, decide, reopen
from verification.deciding.errors import UnitSold
from verification.einvoices import ksef

BY: dict[str, Any] = {"actor": "d1@example.com", "now": NOW}
NIP = "5265877635"


@pytest.fixture
def program(session: Session, code: str) -> Program:
    return load(session, document(code, program={"verification": {"portal": "accept"}}))


@pytest.fixture
def who(session: Session, program: Program) -> int:
    """A distributor; of the two products DR-1's units have serial numbers."""
    people(session, program, ["D2"])
    drill = goods(session, program, {"DR-1": "drills", "DR-2": "drills"})["DR-1"]
    assert catalogue.number_units(session, program, drill, has_serials=True, actor="ann", now=NOW)
    assert not catalogue.number_units(session, program, drill, has_serials=True, actor="ann", now=NOW)
    return people(session, program, ["D1"], tax_id=NIP)["D1"]


def drills(number: str, *units: str, pieces: int = 0) -> ClaimedInvoice:
    quantity = (pieces or len(units)) * 1000
    return invoice(number, ClaimedLine("DR-1", quantity_milli=quantity, net_minor=10_000, serials=units))


def send(session: Session, program: Program, who: int, given: ClaimedInvoice) -> int:
    claim = claims.keep(session, program, who, given.number, given, person=None, **BY)
    return claims.send(session, program, claim, **BY)


def wrong(session: Session, program: Program, who: int, given: ClaimedInvoice) -> list[str]:
    return [one.code for one in claims.judge(session, program, who, given, now=NOW)[1]]


def test_serial_numbers_are_compared_without_what_stands_between() -> None:
    assert serials_in("a-1, B 2;\nc_3 ,, -") == ("a-1", "B 2", "c_3")
    assert {serial_key(one) for one in ("sn 0-1", "SN01", "ＳＮ01")} == {"SN01"}


def test_each_unit_is_asked_for_and_counts_once(session: Session, program: Program, who: int) -> None:
    assert wrong(session, program, who, drills("1", pieces=2)) == ["serials_missing"]
    assert wrong(session, program, who, drills("1", "S1", "s-1")) == ["serial_twice"]
    plain = invoice("1", ClaimedLine("DR-2", quantity_milli=2000, net_minor=10_000))
    assert wrong(session, program, who, plain) == []
    first = send(session, program, who, drills("1", "S-1", "S-2"))
    assert sold_units.of_document(session, first) == {1: ["S-1", "S-2"]}
    other = people(session, program, ["D2"])["D2"]
    assert wrong(session, program, other, drills("9", "s2", "S-3")) == ["serial_here"]
    with pytest.raises(NotReady):
        send(session, program, other, drills("9", "s2", "S-3"))
    # what is refused is free for whoever has it
    decide(session, program, first, DocumentStatus.REFUSED, reason="not ours", actor="ann", now=NOW)
    assert wrong(session, program, other, drills("9", "s2", "S-3")) == []
    # and once somebody else has it, what was refused cannot count again beside it
    send(session, program, other, drills("9", "s2", "S-3"))
    with pytest.raises(UnitSold, match="S-2"):
        reopen(session, program, first, reason="a letter", actor="ann", now=NOW)


def test_another_wording_keeps_the_units_that_stay(session: Session, program: Program, who: int) -> None:
    first = send(session, program, who, drills("1", "S-1", "S-2", "S-3"))
    again = reopen(session, program, first, reason="a letter", actor="ann", now=NOW)
    assert sold_units.of_document(session, again) == {1: ["S-1", "S-2", "S-3"]}
    part, _ = accept_in_part(session, program, again, {1: 1000}, code="not_proved", actor="ann", now=NOW)
    assert sold_units.of_document(session, part) == {1: ["S-1"]}
    assert wrong(session, program, who, drills("2", "S-2", "S-3")) == []


@pytest.mark.parametrize(
    ("number", "link", "found"),
    [
        ("", "", []),
        ("5265877635-20250826", "", ["ksef_number_wrong"]),
        ("5265877635-20250826-0100001AF629-AE", "https://example.com", ["ksef_number_wrong", "ksef_link_wrong"]),
    ],
)
def test_what_is_no_ksef_number_is_said_beside_its_field(
    session: Session, program: Program, who: int, number: str, link: str, found: list[str]
) -> None:
    given = invoice("1", ClaimedLine("DR-2", quantity_milli=1000, net_minor=10_000), ksef_number=number, ksef_link=link)
    assert wrong(session, program, who, given) == found


def test_ksefs_number_and_link_are_held_against_what_was_typed(session: Session, program: Program, who: int) -> None:
    goods_ = ClaimedLine("DR-2", quantity_milli=1000, net_minor=10_000)
    stem = f"{NIP}-{TODAY:%Y%m%d}-0100001AF629"
    right = f"{stem}-{ksef.checksum(stem)}"
    link = f"https://qr.ksef.mf.gov.pl/invoice/{NIP}/{TODAY:%d-%m-%Y}/{'A' * 43}"
    sent = send(session, program, who, invoice("1", goods_, ksef_number=right, ksef_link=link))
    assert session.get_one(SalesDocument, sent).status is DocumentStatus.ACCEPTED
    elsewhere = link.replace(NIP, "1111111111")
    more, early = ClaimedLine("DR-2", quantity_milli=3000, net_minor=31_000), "5265877635-20250826-0100001AF629-AF"
    sent = send(session, program, who, invoice("2", more, ksef_number=early, ksef_link=elsewhere))
    query = select(SalesDocument.status, SalesDocument.reasons).where(SalesDocument.id == sent)
    status, reasons = session.execute(query).one()
    assert status is DocumentStatus.REVIEW
    assert {"ksef_number_before_issue", "ksef_link_of_other_seller"} <= {one["code"] for one in reasons}
