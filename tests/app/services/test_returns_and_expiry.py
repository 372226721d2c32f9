"""Returns meet points whose last day is over: they pay for nothing, whether or not the night's chores have run."""

import datetime as dt

import pytest
from sqlalchemy.orm import Session

from app.domain.states import DocumentKind, Unit
from app.services import balances, ledger
from tests.support import programs
from tests.support.programs import NOW
from tests.support.sales import Sold, sell

LATER = NOW + dt.timedelta(days=40)


@pytest.mark.parametrize("chores_ran", [True, False])
def test_expired_points_do_not_pay_for_a_return(session: Session, code: str, *, chores_ran: bool) -> None:
    program = programs.load(session, programs.document(code, program={"expiry": {"months_after_award": 1}}))
    who, what = programs.people(session, program)["D1"], programs.goods(session, program, {"P": None})["P"]
    sell(session, program, [Sold("1", who, what, 10, 100_00)])
    sell(session, program, [Sold("2", who, what, 10, 100_00, "2026-12-30")], now=LATER)
    account = ledger.wallet_of(session, who, Unit.POINTS)
    ledger.reserve(session, account, 10, key=f"{code}:order", on=LATER.date())  # the points of invoice 2
    if chores_ran:
        ledger.expire_due(session, program, now=LATER)
    returned = Sold("K1", who, what, -10, -100_00, "2026-12-31", DocumentKind.CREDIT_NOTE, corrects="2")
    sell(session, program, [returned], now=LATER)
    balance = balances.balance_of(session, program.id, "D1", Unit.POINTS)
    assert (balance.available, balance.expired, balance.reserved) == (-10, 10, 10)
