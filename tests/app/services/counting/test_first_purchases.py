"""The first purchase of a distributor: once, whatever is corrected or refused."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.states import DocumentKind, DocumentStatus, Unit
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.services.ledger import ledger, ledger_check
from app.services.tracing import balances
from tests.support import programs
from tests.support.programs import BASE_RULE, NOW
from tests.support.sales import Sold, sell
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
