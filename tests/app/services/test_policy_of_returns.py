"""A programme whose accounts may owe becomes one whose accounts may not."""

from sqlalchemy.orm import Session

from app.domain.states import DocumentKind, Unit
from app.services import balances, ledger
from app.services.rulebooks import rules_of
from tests.support import programs
from tests.support.programs import NOW
from tests.support.sales import Sold, sell


def test_accounts_that_owe_go_on_owing_until_they_have_paid(session: Session, code: str) -> None:
    def load(returns: str) -> None:
        programs.load(session, programs.document(code, program={"returns": returns}))

    def owe(number: str) -> None:
        """Sell for 10 points, spend them, and return what was sold."""
        sell(session, program, [Sold(number, who, what, 1, 100_00)])
        available = balances.balance_of(session, program.id, "D1", Unit.POINTS).available
        if available > 0:
            ledger.reserve(session, account, available, key=f"{code}:{number}", on=NOW.date())
        kind = DocumentKind.CREDIT_NOTE
        sell(session, program, [Sold(f"K{number}", who, what, -1, -100_00, "2026-03-05", kind, corrects=number)])

    program = programs.load(session, programs.document(code))
    who, what = programs.people(session, program)["D1"], programs.goods(session, program, {"P": None})["P"]
    account = ledger.wallet_of(session, who, Unit.POINTS)
    owe("1")
    load("clamp")
    assert balances.balance_of(session, program.id, "D1", Unit.POINTS).available == -10
    rules = rules_of(session, program.id)
    ledger.adjust(session, rules, account, 10, key=f"{code}:paid", now=NOW, actor="ann", reason="paid")
    load("clamp")
    owe("2")
    assert balances.balance_of(session, program.id, "D1", Unit.POINTS).available == 0
