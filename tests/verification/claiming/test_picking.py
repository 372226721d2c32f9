"""Sales of a sponsor's report are claimed: by as many as may, within the time, and every later file keeps that."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.states import DocumentStatus
from app.models.claims import SaleClaim
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.services.ledger import ledger
from app.services.persons import opening
from tests.support.desk import Opening, Standing
from tests.support.programs import NOW, document, goods, load, people
from tests.support.sales import Sold, sell
from verification.claiming import picking
from verification.claiming.picking import CannotPick
from verification.deciding import decisions
from verification.incoming import Source

BY: dict[str, Any] = {"actor": "rena@example.com", "now": NOW}
FILE = Source(name="import", policy="accept", may_correct=True)


@pytest.fixture
def program(session: Session, code: str) -> Program:
    return load(session, document(code, program={"verification": {"people_per_sale": 2, "claim_within_days": 30}}))


@pytest.fixture
def lines(session: Session, program: Program) -> list[Sold]:
    who, what = people(session, program)["D1"], goods(session, program, {"A": "tools"})["A"]
    days = ("2026-11-01", "2026-11-02", "2026-09-01")
    return [Sold(f"FV/{at}", who, what, 2, 20_000, day) for at, day in enumerate(days, start=1)]


def counting(session: Session, program: Program, number: str = "FV/1") -> SalesDocument:
    query = select(SalesDocument).where(
        SalesDocument.program_id == program.id,
        SalesDocument.number == number,
        SalesDocument.status.in_((DocumentStatus.ACCEPTED, DocumentStatus.REVIEW)),
    )
    return session.scalars(query.execution_options(populate_existing=True)).one()


def offered(session: Session, program: Program, who: int, name: str | None) -> list[str]:
    settings = picking.settings_of(session, program.id)
    query = select(SalesDocument.number).where(*picking.to_claim(program, settings, who, name, now=NOW))
    return sorted(session.scalars(query))


def refused(session: Session, program: Program, who: int, document_id: int, person: str) -> str:
    with pytest.raises(CannotPick) as why:
        picking.claim(session, program, who, document_id, person, **BY)
    assert "%" not in why.value.sentence()
    return why.value.code


def test_a_sale_is_claimed_by_as_many_as_may(session: Session, program: Program, lines: list[Sold]) -> None:
    who = lines[0].distributor_id
    sell(session, program, lines, source=FILE)
    assert offered(session, program, who, "Rena") == ["FV/1", "FV/2"]
    first = counting(session, program).id
    picking.claim(session, program, who, first, "Rena", **BY)
    assert counting(session, program).person == "Rena"
    assert offered(session, program, who, "RENA ") == ["FV/2"]
    assert refused(session, program, who, first, "rena") == "yours"
    assert offered(session, program, who, "Tom") == ["FV/1", "FV/2"]
    picking.claim(session, program, who, first, "Tom", **BY)
    assert counting(session, program).person == "Rena", "whoever was first stands on the document"
    assert offered(session, program, who, None) == ["FV/2"]
    assert refused(session, program, who, first, "Uwe") == "full"
    assert refused(session, program, who, counting(session, program, "FV/3").id, "Tom") == "too_late"
    assert refused(session, program, people(session, program)["D2"], first, "Tom") == "not_here"
    assert refused(session, program, who, 2**40, "Tom") == "not_here"


def test_whom_the_file_names_has_the_sale_already(session: Session, program: Program, lines: list[Sold]) -> None:
    who = lines[0].distributor_id
    named = [Sold("N/1", who, lines[0].product_id, 1, 5_000, "2026-11-03", person=" Uwe ")]
    sell(session, program, named, source=FILE)
    assert offered(session, program, who, "uwe") == []
    assert offered(session, program, who, "Tom") == ["N/1"]
    picking.claim(session, program, who, counting(session, program, "N/1").id, "Tom", **BY)
    assert offered(session, program, who, None) == []


def test_later_files_keep_what_was_claimed(session: Session, program: Program, lines: list[Sold]) -> None:
    who = lines[0].distributor_id
    sell(session, program, lines, source=FILE)
    picking.claim(session, program, who, counting(session, program).id, "Rena", **BY)
    again = sell(session, program, lines, source=FILE)
    assert (again.duplicate.all(), again.conflict.any()) == (True, False), "the same file is known again"
    corrected = [Sold("FV/1", who, lines[0].product_id, 1, 10_000, "2026-11-01"), *lines[1:]]
    assert sell(session, program, corrected, source=FILE).corrected == 1
    assert (counting(session, program).person, counting(session, program).net_minor) == ("Rena", 10_000)
    assert sell(session, program, corrected, source=FILE).duplicate.all()
    # looked at again by a person, it is what its file says still
    decisions.reopen(session, program, counting(session, program).id, reason="a letter", actor="ann", now=NOW)
    assert counting(session, program).person == "Rena"
    assert sell(session, program, corrected, source=FILE).duplicate.all()
    assert session.scalars(select(SaleClaim.person).where(SaleClaim.program_id == program.id)).all() == ["Rena"]


def test_nothing_is_claimed_where_the_programme_does_not_say_so(session: Session, code: str) -> None:
    program = load(session, document(code))
    who, what = people(session, program)["D1"], goods(session, program, {"A": "tools"})["A"]
    sell(session, program, [Sold("FV/1", who, what, 2, 20_000, "2026-11-01")], source=FILE)
    assert offered(session, program, who, None) == []
    assert refused(session, program, who, counting(session, program).id, "Tom") == "not_here"


def test_two_who_have_the_same_list_before_them_claim_one_sale(open_desk: Opening) -> None:
    shares = {"accounts": {"shares": {"to": "person"}}}
    desk = open_desk(program={**shares, "verification": {"people_per_sale": 2}})
    who = desk.people["D1"]
    opening.open_account(desk.session, desk.program, who, "Ewa Kos", actor="ann", now=NOW)
    desk.sell(desk.line("1", 10), source=FILE)
    listed = desk.document("1").id
    for person in ("Ewa Kos", "Tom"):
        picking.claim(desk.session, desk.program, who, listed, person, **BY)
    assert desk.document("1").id != listed
    assert refused(desk.session, desk.program, who, listed, "Uwe") == "full"


def test_points_of_a_sale_that_is_claimed_end_and_cool_off_as_before(open_desk: Opening) -> None:
    lasting = {"expiry": {"months_after_award": 12}, "accounts": {"shares": {"to": "shares", "person_bp": 5_000}}}
    desk = open_desk(program={**lasting, "verification": {"people_per_sale": 1, "cooling_off_days": 30}})
    who = desk.people["D1"]
    desk.people["D1:P1"] = opening.open_account(desk.session, desk.program, who, "Ewa Kos", actor="ann", now=NOW)
    desk.sell(desk.line("1", 10), desk.line("2", 10), source=FILE)
    ((_, first), _) = desk.lots().items()
    later, claimed = NOW + dt.timedelta(days=20), {"actor": "ewa@example.com"}
    picking.claim(desk.session, desk.program, who, desk.document("1").id, "Ewa Kos", now=later, **claimed)
    assert desk.points("D1:P1") == Standing(5, 0)
    assert [lot.expires_on for lot in desk.lots("D1:P1").values()] == [first.expires_on]
    assert {lot.expires_on for lot in desk.lots().values()} == {first.expires_on}
    ledger.release_due(desk.session, desk.program, now=NOW + dt.timedelta(days=30))
    assert desk.points("D1:P1") == Standing(0, 5)
    over = NOW + dt.timedelta(days=400)
    for write_off in (False, True):
        if write_off:
            desk.expire(over)
        with pytest.raises(CannotPick, match="expired"), desk.session.begin_nested():
            picking.claim(desk.session, desk.program, who, desk.document("2").id, "Ewa Kos", now=over, **claimed)


def test_who_claims_a_sale_gets_their_share_of_its_points(open_desk: Opening) -> None:
    shares = {"accounts": {"shares": {"to": "shares", "person_bp": 7_000}}}
    desk = open_desk(program={**shares, "verification": {"people_per_sale": 1}})
    who = desk.people["D1"]
    desk.people["D1:P1"] = opening.open_account(desk.session, desk.program, who, "Ewa Kos", actor="ann", now=NOW)
    lines = [desk.line("1", 10), desk.line("2", 20)]
    desk.sell(*lines, source=FILE)
    assert (desk.points("D1").available, desk.points("D1:P1").available) == (30, 0)
    picking.claim(desk.session, desk.program, who, desk.document("1").id, "Ewa Kos", **BY)
    claimed = desk.document("1")
    assert (claimed.status, claimed.person) == (DocumentStatus.ACCEPTED, "Ewa Kos")
    assert (desk.points("D1").available, desk.points("D1:P1").available) == (23, 7)
    assert desk.sell(*lines, source=FILE).duplicate.all(), "the file is known again"
    picking.claim(desk.session, desk.program, who, desk.document("2").id, "Somebody without an account", **BY)
    assert desk.points("D1").available == 23
    # what is spent already stays where it went
    desk.sell(desk.line("3", 5), source=FILE)
    desk.reserve(28)
    assert refused(desk.session, desk.program, who, desk.document("3").id, "Ewa Kos") == "paid_out"
