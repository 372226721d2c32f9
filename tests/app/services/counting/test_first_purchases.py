"""The first purchase of a distributor: once, whatever is corrected or refused."""

import dataclasses
import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.states import DocumentKind, DocumentStatus, ReviewState, Unit
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.services.ledger import ledger, ledger_check
from app.services.tracing import balances
from tests.support import programs
from tests.support.desk import IN_REVIEW
from tests.support.programs import BASE_RULE, NOW
from tests.support.sales import Sold, sell
from verification.deciding import queue, talk
from verification.deciding.decisions import decide, reopen
from verification.incoming import Source

WELCOME: dict[str, Any] = {
    "code": "welcome",
    "name": "Welcome",
    "kind": "per_document",
    "points": 100,
    "scope": {"first_purchase": True},
}
CORRECTING = Source(name="import", policy="accept", may_correct=True)


def available(session: Session, program: Program) -> int:
    return balances.balance_of(session, program.id, "D1", Unit.POINTS).available


def test_a_first_purchase_that_is_corrected_stays_the_first_and_no_other_becomes_it(
    session: Session, code: str
) -> None:
    program = programs.load(session, programs.document(code, earning_rules=[WELCOME]))
    who, what = programs.people(session, program)["D1"], programs.goods(session, program, {"P": None})["P"]
    sell(session, program, [Sold("1", who, what, 1, 100_00), Sold("2", who, what, 1, 100_00, "2026-03-02")])
    sell(session, program, [Sold("3", who, what, 1, 100_00, "2026-03-03")])
    assert available(session, program) == 100
    for net in (200_00, 300_00):
        corrected = [Sold("1", who, what, 1, net), Sold("2", who, what, 1, net, "2026-03-02")]
        assert sell(session, program, corrected, source=CORRECTING).corrected == 2
        assert available(session, program) == 100
    sell(session, program, [Sold("4", who, what, 1, 100_00, "2026-02-01")])
    assert available(session, program) == 100


def test_after_the_first_purchase_is_refused_another_may_be_the_first(session: Session, code: str) -> None:
    program = programs.load(session, programs.document(code, earning_rules=[WELCOME]))
    who, what = programs.people(session, program)["D1"], programs.goods(session, program, {"P": None})["P"]
    sell(session, program, [Sold("1", who, what, 1, 100_00)])
    document = session.scalars(select(SalesDocument.id).where(SalesDocument.program_id == program.id)).one()
    decide(session, program, document, DocumentStatus.REFUSED, reason="wrong", actor="ann", now=NOW)
    assert available(session, program) == 0
    sell(session, program, [Sold("2", who, what, 1, 100_00, "2026-03-02")])
    assert available(session, program) == 100


@pytest.mark.parametrize("returns", ["negative", "clamp"])
def test_where_the_first_purchase_counts_no_more_the_next_is_the_first(
    session: Session, code: str, returns: str
) -> None:
    document = programs.document(code, earning_rules=[WELCOME, BASE_RULE], program={"returns": returns})
    program = programs.load(session, document)
    who, what = programs.people(session, program)["D1"], programs.goods(session, program, {"P": None})["P"]
    for number in "123":
        sell(session, program, [Sold(number, who, what, 10, 100_00)])
    sell(session, program, [Sold("K", who, what, -4, -40_00, kind=DocumentKind.CREDIT_NOTE, corrects="2")])
    assert available(session, program) == 126
    one, two, _three = session.scalars(
        select(SalesDocument.id)
        .where(SalesDocument.program_id == program.id, SalesDocument.kind == DocumentKind.INVOICE)
        .order_by(SalesDocument.id)
    )
    said: dict[str, Any] = {"reason": "wrong", "actor": "ann", "now": NOW}
    decide(session, program, one, DocumentStatus.REFUSED, **said)
    assert available(session, program) == 76
    reopened = reopen(session, program, one, **said)
    decide(session, program, reopened, DocumentStatus.ACCEPTED, **said | {"actor": "bob"})
    assert available(session, program) == 86, "the bonus stays where it went"
    two = session.scalars(select(SalesDocument.id).where(SalesDocument.supersedes_id == two)).one()
    decide(session, program, two, DocumentStatus.REFUSED, **said)
    assert available(session, program) == 120
    assert ledger_check.proved(session) == []


@pytest.mark.parametrize(("returns", "left"), [("negative", -5), ("clamp", 100)])
def test_it_is_the_first_though_its_points_are_spent(session: Session, code: str, returns: str, left: int) -> None:
    document = programs.document(code, earning_rules=[WELCOME, BASE_RULE], program={"returns": returns})
    program = programs.load(session, document)
    who, what = programs.people(session, program)["D1"], programs.goods(session, program, {"P": None})["P"]
    sell(session, program, [Sold("1", who, what, 10, 100_00)])
    sell(session, program, [Sold("2", who, what, 10, 100_00)])
    account = ledger.wallet_of(session, who, Unit.POINTS)
    ledger.reserve(session, account, 115, key="all", on=NOW.date())
    first, _second = session.scalars(
        select(SalesDocument.id).where(SalesDocument.program_id == program.id).order_by(SalesDocument.id)
    )
    decide(session, program, first, DocumentStatus.REFUSED, reason="wrong", actor="ann", now=NOW)
    assert available(session, program) == left


def test_a_first_purchase_is_refused_though_what_came_back_with_the_next_sold_something_that_came_back(
    session: Session, code: str
) -> None:
    """Whoever refused it met an error for good: the next cannot be counted once more, and stays as it is."""
    program = programs.load(session, programs.document(code, earning_rules=[WELCOME, BASE_RULE]))
    who = programs.people(session, program)["D1"]
    goods = programs.goods(session, program, {"P": None, "Y": None})
    sell(session, program, [Sold("1", who, goods["P"], 10, 100_00)])
    sell(session, program, [Sold("2", who, goods["P"], 10, 100_00, "2026-03-02")])
    mixed = {"number": "3", "distributor_id": who, "issued_on": "2026-03-03", "corrects": "2"}
    sell(
        session,
        program,
        [
            Sold(**mixed, product_id=goods["P"], quantity=-4, net_minor=-40_00),
            Sold(**mixed, product_id=goods["Y"], quantity=5, net_minor=50_00),
        ],
    )
    back = {"issued_on": "2026-03-04", "kind": DocumentKind.CREDIT_NOTE, "corrects": "3"}
    sell(session, program, [Sold("K", who, goods["Y"], -5, -50_00, **back)])
    first = session.scalars(select(SalesDocument.id).where(SalesDocument.number == "1")).all()[-1]
    before = available(session, program)
    decide(session, program, first, DocumentStatus.REFUSED, reason="wrong", actor="ann", now=NOW)
    assert available(session, program) == before - 110, "the bonus goes to no other"
    assert ledger_check.proved(session) == []


def test_what_waits_goes_on_waiting_as_it_did_when_it_becomes_the_first(session: Session, code: str) -> None:
    """A question that was asked, and the word of the first of two, were lost."""
    verification = {"second_person_above": "50.00"}
    document = programs.document(code, earning_rules=[WELCOME], program={"verification": verification})
    program = programs.load(session, document)
    who, what = programs.people(session, program)["D1"], programs.goods(session, program, {"P": None})["P"]
    sell(session, program, [Sold("1", who, what, 1, 100_00)])
    sell(session, program, [Sold("2", who, what, 1, 100_00, "2026-03-02")], source=IN_REVIEW)
    first, waits = session.scalars(
        select(SalesDocument.id).where(SalesDocument.program_id == program.id).order_by(SalesDocument.id)
    )
    decide(session, program, waits, DocumentStatus.ACCEPTED, reason="in order", actor="ann", now=NOW)
    talk.ask(session, program, waits, "Which branch?", actor="bob", now=NOW)
    was = queue.place_of(session, waits)
    decide(session, program, first, DocumentStatus.REFUSED, reason="wrong", actor="cem", now=NOW + dt.timedelta(days=1))
    now_ = session.scalars(select(SalesDocument.id).where(SalesDocument.supersedes_id == waits)).one()
    place = queue.place_of(session, now_)
    assert was is not None
    assert place == dataclasses.replace(was, document_id=now_)
    assert (place.state, place.first_by) == (ReviewState.ASKED, "ann")
