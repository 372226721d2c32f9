"""A correction is undone: what it had replaced stands again as it stood, and nothing else does."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

import importers.undoing.restoring
import importers.undoing.sales
from app.db.transaction import transaction
from app.domain.rules.program_rules import ProgramRules
from app.domain.states import BatchStatus, ClaimState, ClaimWay, DocumentStatus, Unit
from app.models.claims import Claim, SoldSerial
from app.models.distributors import Distributor
from app.models.ledger import Account, Lot
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.services.by_hand import merging
from app.services.goods.catalogue import product_ids
from app.services.ledger import ledger
from app.services.participants.distributors import distributor_ids
from tests.conftest import Clock
from tests.importers.driver import Desk
from tests.importers.undoing.test_sales import invoice, standing, undo
from tests.support.programs import SALES_PROFILE
from tests.support.sales import Sold, sell
from verification.deciding import decisions
from verification.gate import admit
from verification.incoming import Source
from verification.stored import incoming_of

ACCEPTED, REVIEW, REFUSED, SUPERSEDED, UNDONE = DocumentStatus
FIRST = {
    "code": "first",
    "name": "A welcome",
    "kind": "per_document",
    "points": 100,
    "scope": {"first_purchase": True},
}


def decide(desk: Desk, document_id: int, becomes: DocumentStatus) -> None:
    with transaction(desk.registry) as session:
        program = session.get_one(Program, desk.program_id)
        decisions.decide(session, program, document_id, becomes, reason="looked", actor="bob", now=desk.clock())


def opened(desk: Desk, **changes: Any) -> Desk:
    desk.load(**changes)
    desk.people("D1", "D2", "D3")
    desk.goods(P1=None, P2=None)
    return desk.profile(changed_documents="correct")


def test_a_first_purchase_is_the_first_again(desk: Desk) -> None:
    opened(desk, earning_rules=[FIRST])
    desk.run(desk.csv(invoice("1")))
    desk.run(desk.csv(invoice("2", day="2026-03-02")))
    assert standing(desk)[0] == (0, 100)
    for net in ("200.00", "300.00"):
        found = desk.run(desk.csv(invoice("1", net=net)))
        assert standing(desk)[0] == (0, 100)
        undo(desk, found.batch_id)
        assert standing(desk)[0] == (0, 100)


@pytest.mark.parametrize("piece", [1, 1_000])
def test_where_the_first_purchase_is_undone_the_next_is_the_first(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    opened(desk, earning_rules=[FIRST])
    found = desk.run(desk.csv(invoice("1"), invoice("2"), invoice("9", "D2")))
    desk.run(desk.csv(invoice("3"), invoice("4"), invoice("8", "D2")))
    monkeypatch.setattr(importers.undoing.sales, "_PIECE", piece)
    undo(desk, found.batch_id)
    assert standing(desk) == [(0, 100), (0, 100), (0, 0)]
    again = desk.run(desk.csv(invoice("1"), invoice("2")))
    assert standing(desk)[0] == (0, 100)
    undo(desk, again.batch_id)
    assert standing(desk)[0] == (0, 100)


def test_whoever_was_blocked_meanwhile_has_what_it_had(desk: Desk) -> None:
    opened(desk)
    desk.run(desk.csv(invoice("1")))
    found = desk.run(desk.csv(invoice("1", net="200.00")))
    with transaction(desk.registry) as session:
        mine = (Distributor.program_id == desk.program_id) & (Distributor.code == "D1")
        session.execute(update(Distributor).where(mine).values(blocked=True))
    undo(desk, found.batch_id)
    assert standing(desk)[0] == (0, 10)


@pytest.mark.parametrize("corrections", [["40.00"], ["40.00", "20.00"]])
def test_what_was_spent_of_it_is_not_given_once_more_where_nobody_may_owe(desk: Desk, corrections: list[str]) -> None:
    opened(desk, program={"returns": "clamp"})
    desk.run(desk.csv(invoice("1")))
    with transaction(desk.registry) as session:
        who = distributor_ids(session, desk.program_id)["d1"]
        account = ledger.wallet_of(session, who, Unit.POINTS)
        ledger.reserve(session, account, 10, key=f"{account}:all", on=desk.clock().date())
    found = [desk.run(desk.csv(invoice("1", net=net))) for net in corrections]
    assert standing(desk)[0] == (0, 0)
    desk.run(desk.csv(invoice("2", net="30.00")))
    for one in reversed(found):
        undo(desk, one.batch_id)
        assert standing(desk)[0] == (0, 3)


def test_what_stood_again_without_naming_what_it_was_leads_further_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it did before it was told apart from what comes anew: databases of then have such documents."""
    opened(desk)
    _first, second, third = (desk.run(desk.csv(invoice("1", net=net))) for net in ("100.00", "200.00", "300.00"))

    def through_the_gate(session: Session, rules: ProgramRules, documents: Any, *, now: dt.datetime) -> None:
        for one in documents:
            source = Source(name="import", policy="accept", may_correct=False, batch_id=one.batch_id)
            admit(session, rules, incoming_of(session, [one]), source, now=now)

    with monkeypatch.context() as before:
        before.setattr(importers.undoing.restoring, "stand_again", through_the_gate)
        undo(desk, third.batch_id)
    assert standing(desk)[0] == (0, 20)
    undo(desk, second.batch_id)
    assert standing(desk)[0] == (0, 10)


def test_what_waited_for_a_person_waits_again(desk: Desk) -> None:
    opened(desk, program={"verification": {"import": "review"}})
    desk.run(desk.csv(invoice("1"), invoice("2")))
    decide(desk, desk.document_id("2"), ACCEPTED)
    found = desk.run(desk.csv(invoice("1", net="200.00"), invoice("2", net="200.00")))
    assert standing(desk)[0] == (40, 0)
    undo(desk, found.batch_id)
    assert standing(desk)[0] == (10, 10)
    decide(desk, desk.document_id("1", REVIEW), ACCEPTED)
    assert standing(desk)[0] == (0, 20)


def test_what_was_corrected_by_something_that_was_refused_does_not_come_back(desk: Desk) -> None:
    opened(desk)
    desk.run(desk.csv(invoice("1", net="100.00")))
    desk.run(desk.csv(invoice("1", net="200.00")))
    decide(desk, desk.document_id("1", ACCEPTED), REFUSED)
    assert standing(desk)[0] == (0, 0)
    again = desk.run(desk.csv(invoice("1", net="300.00")))
    assert standing(desk)[0] == (0, 30)
    undo(desk, again.batch_id)
    assert standing(desk)[0] == (0, 0), "it was refused before the import that was undone"


def test_what_it_gave_ends_when_it_would_have_ended(desk: Desk, clock: Clock) -> None:
    opened(desk, program={"expiry": {"months_after_award": 2}})
    desk.run(desk.csv(invoice("1")))
    clock.now += dt.timedelta(days=40)
    found = desk.run(desk.csv(invoice("1", net="200.00")))
    undo(desk, found.batch_id)
    with transaction(desk.registry) as session:
        of_program = (
            select(Lot).join(Account, Account.id == Lot.account_id).where(Account.program_id == desk.program_id)
        )
        first, _correction, again = session.scalars(of_program.order_by(Lot.id))
        assert (again.remaining, again.expires_on) == (10, first.expires_on)


def test_a_credit_note_is_known_again_as_its_file_writes_it(desk: Desk) -> None:
    opened(desk, import_profiles={"sales": dict(SALES_PROFILE) | {"credit_note": {"number_prefix": "C"}}})
    desk.profile(changed_documents="correct")
    # this source writes what comes back above zero
    rows = [invoice("1"), invoice("C1", net="40.00", quantity="0.4", day="2026-04-01")]
    path = desk.csv(*rows)
    desk.run(path)
    assert standing(desk)[0] == (0, 6)
    found = desk.run(desk.csv(invoice("C1", net="60.00", quantity="0.6", day="2026-04-01")))
    assert standing(desk)[0] == (0, 4)
    undo(desk, found.batch_id)
    assert standing(desk)[0] == (0, 6)
    again = desk.run(path)
    assert (again.counts["duplicates"], again.counts["lines_accepted"]) == (2, 0)


def test_what_a_merge_put_aside_counts_once_the_other_is_undone(desk: Desk) -> None:
    opened(desk)
    first = desk.run(desk.csv(invoice("1")))
    desk.run(desk.csv(invoice("1", "D2")))
    with transaction(desk.registry) as session:
        program, ids = session.get_one(Program, desk.program_id), distributor_ids(session, desk.program_id)
        given = {"note": "one firm", "choices": {}, "actor": "ann", "now": desk.clock()}
        asked = merging.request(session, program, ids["d2"], ids["d1"], **given)
        merging.approve(session, program, asked, actor="ben", now=desk.clock())
    assert standing(desk)[0] == (0, 10)
    undo(desk, first.batch_id)
    assert standing(desk)[0] == (0, 10)
    # what the other brought is corrected and put right again like any other
    found = desk.run(desk.csv(invoice("1", net="200.00")))
    assert standing(desk)[0] == (0, 20)
    undo(desk, found.batch_id)
    assert standing(desk)[0] == (0, 10)


@pytest.mark.parametrize("piece", [1, 1_000])
def test_a_return_stands_again_once_all_that_the_import_brought_is_gone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    opened(desk)
    desk.run(desk.csv(invoice("1"), invoice("K1", net="-40.00", quantity="-0.4", day="2026-04-01")))
    assert standing(desk)[0] == (0, 6)
    # what comes back is met by the latest sale, which this file brings
    found = desk.run(
        desk.csv(
            invoice("2", net="500.00", day="2026-03-15"),
            invoice("K1", net="-60.00", quantity="-0.6", day="2026-04-01"),
        )
    )
    assert standing(desk)[0] == (0, 30)
    monkeypatch.setattr(importers.undoing.sales, "_PIECE", piece)
    assert undo(desk, found.batch_id).status is BatchStatus.UNDONE
    assert standing(desk)[0] == (0, 6)


@pytest.mark.parametrize("looked_again", [False, True])
def test_what_somebody_sent_in_stands_again_with_its_claim_and_its_units(desk: Desk, *, looked_again: bool) -> None:
    opened(desk)
    with transaction(desk.registry) as session:
        program, ids = session.get_one(Program, desk.program_id), distributor_ids(session, desk.program_id)
        product = product_ids(session, desk.program_id)["p1"]
        portal = Source(name="portal", policy="accept", may_correct=False, actor="ann")
        sold = Sold("1", ids["d1"], product, 1, 100_00, person="Ewa Kos")
        sell(session, program, [sold], source=portal, now=desk.clock())
    first = desk.document_id("1")
    with transaction(desk.registry) as session:
        unit = {"line_number": 1, "product_id": product, "serial": "S-1", "serial_key": "S1"}
        session.add(SoldSerial(document_id=first, **unit))
        session.add(
            Claim(
                program_id=desk.program_id,
                distributor_id=ids["d1"],
                key="claim",
                author="ann",
                person="Ewa Kos",
                state=ClaimState.SENT,
                way=next(iter(ClaimWay)),
                content={},
                document_id=first,
                created_at=desk.clock(),
                changed_at=desk.clock(),
                sent_at=desk.clock(),
            )
        )
    found = desk.run(desk.csv(invoice("1", net="200.00")))
    if looked_again:
        with transaction(desk.registry) as session:
            program, corrected = session.get_one(Program, desk.program_id), desk.document_id("1", ACCEPTED)
            decisions.reopen(session, program, corrected, reason="looked", actor="bob", now=desk.clock())
    undo(desk, found.batch_id)
    again = desk.document_id("1", ACCEPTED)
    assert standing(desk)[0] == (0, 10)
    with transaction(desk.registry) as session:
        document = session.get_one(SalesDocument, again)
        assert (document.source, document.batch_id, document.supersedes_id) == ("portal", None, first)
        assert document.person == "Ewa Kos"
        assert session.scalars(select(SoldSerial.serial).where(SoldSerial.document_id == again)).all() == ["S-1"]
        assert session.scalars(select(Claim.document_id).where(Claim.program_id == desk.program_id)).all() == [again]
