"""Room under caps: given back by documents that are void, as far as they took it."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.states import DocumentStatus, Unit
from app.models.sales import SalesDocument
from app.services import balances
from tests.support import programs
from tests.support.programs import BASE_RULE, NOW
from tests.support.sales import Sold, sell
from verification.deciding.decisions import decide


def test_a_void_document_frees_no_room_under_a_cap_that_its_version_did_not_have(session: Session, code: str) -> None:
    def load(**caps: Any) -> Any:
        rule = dict(BASE_RULE) | ({"caps": caps} if caps else {})
        return programs.load(session, programs.document(code, earning_rules=[rule]))

    program = load()
    who, what = programs.people(session, program)["D1"], programs.goods(session, program, {"P": None})["P"]
    sell(session, program, [Sold("1", who, what, 1, 500_00)])
    load(per_distributor={"month": 40}, budget=60)
    sell(session, program, [Sold("2", who, what, 1, 300_00, "2026-03-02")])
    first = session.scalars(
        select(SalesDocument.id).where(SalesDocument.program_id == program.id, SalesDocument.number == "1")
    ).one()
    decide(session, program, first, DocumentStatus.REFUSED, reason="wrong", actor="ann", now=NOW)
    sell(session, program, [Sold("3", who, what, 1, 300_00, "2026-03-03")])
    assert balances.balance_of(session, program.id, "D1", Unit.POINTS).available == 40
    third = session.scalars(
        select(SalesDocument.id).where(SalesDocument.program_id == program.id, SalesDocument.number == "3")
    ).one()
    decide(session, program, third, DocumentStatus.REFUSED, reason="wrong", actor="ann", now=NOW)
    sell(session, program, [Sold("4", who, what, 1, 300_00, "2026-03-04")])
    assert balances.balance_of(session, program.id, "D1", Unit.POINTS).available == 40  # the 10 that were freed
    sell(session, program, [Sold("5", who, what, 1, 900_00, "2026-04-01")])
    assert balances.balance_of(session, program.id, "D1", Unit.POINTS).available == 60  # a new month, an old budget
