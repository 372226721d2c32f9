"""Room under caps: given back by documents that are void, as far as they took it."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.states import DocumentStatus, RuleDraftSubject, Unit
from app.models.sales import SalesDocument
from app.services.rules import rule_drafts
from app.services.rules.rule_drafts import DraftInvalid
from app.services.setup.program_files import ProgramFileInvalid
from app.services.tracing import balances
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


def test_a_budget_below_what_is_given_already_is_refused_by_file_and_by_draft(session: Session, code: str) -> None:
    def rule(budget: int) -> dict[str, Any]:
        return dict(BASE_RULE) | {"caps": {"budget": budget}}

    program = programs.load(session, programs.document(code, earning_rules=[rule(100)]))
    who, what = programs.people(session, program)["D1"], programs.goods(session, program, {"P": None})["P"]
    sell(session, program, [Sold("1", who, what, 1, 400_00)])
    with pytest.raises(ProgramFileInvalid) as wrong:
        programs.load(session, programs.document(code, earning_rules=[rule(39)]))
    assert wrong.value.problems == ["earning_rules[0].caps.budget: 39 is below the 40 that are given already"]
    said: dict[str, Any] = {"actor": "ann", "now": NOW}
    with pytest.raises(DraftInvalid) as drafted:
        rule_drafts.put(session, program, RuleDraftSubject.RULE, rule(39), **said)
    assert drafted.value.problems == [("caps.budget", "39 is below the 40 that are given already")]
    draft = rule_drafts.put(session, program, RuleDraftSubject.RULE, rule(45), **said)
    sell(session, program, [Sold("2", who, what, 1, 100_00, "2026-03-02")])
    with pytest.raises(DraftInvalid):  # what was given since it was written counts as well
        rule_drafts.publish(session, program, draft.id, **said)
