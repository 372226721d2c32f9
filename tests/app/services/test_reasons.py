"""Reasons that people give are kept for ever; the number of a payment card is not kept at all."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.states import DocumentStatus, Unit
from app.models.sales import SalesDocument
from app.services.ledger import ledger
from app.services.rulebooks import rules_of
from prepaid.conversions import runs
from prepaid.errors import CardNumberFound
from tests.support import programs
from tests.support.programs import NOW
from tests.support.sales import Sold, sell
from verification.deciding.decisions import decide
from verification.deciding.errors import CannotDecide

REASON = "paid back to 4111 1111 1111 1111"


def test_no_reason_may_hold_the_number_of_a_card(session: Session, code: str) -> None:
    program = programs.load(session, programs.document(code))
    who, what = programs.people(session, program)["D1"], programs.goods(session, program, {"P": None})["P"]
    sell(session, program, [Sold("1", who, what, 10, 100_00)])
    document = session.scalars(select(SalesDocument.id).where(SalesDocument.program_id == program.id)).one()
    with pytest.raises(CannotDecide, match="payment card") as decided:
        decide(session, program, document, DocumentStatus.REFUSED, reason=REASON, actor="ann", now=NOW)
    account, rules = ledger.wallet_of(session, who, Unit.POINTS), rules_of(session, program.id)
    with pytest.raises(ledger.LedgerError, match="payment card") as adjusted:
        ledger.adjust(session, rules, account, 5, key=code, now=NOW, actor="ann", reason=REASON)
    with pytest.raises(CardNumberFound) as cancelled:
        runs.cancel(session, 0, actor="ann", now=NOW, reason=REASON)
    assert not any("1111" in str(one.value) for one in (decided, adjusted, cancelled))
