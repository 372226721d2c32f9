"""The first purchase of a distributor: once, whatever is corrected or refused."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.states import DocumentStatus, Unit
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.services import balances
from tests.support import programs
from tests.support.programs import NOW
from tests.support.sales import Sold, sell
from verification.deciding.decisions import decide
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
