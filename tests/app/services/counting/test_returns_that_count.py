"""Returns where they count: what they take may have expired, and what comes with them may have to wait."""

import datetime as dt

import pytest
from sqlalchemy.orm import Session

from app.domain.states import DocumentKind, DocumentStatus, Unit
from app.services.ledger import expiring, ledger
from app.services.tracing import balances
from tests.support import programs
from tests.support.programs import NOW
from tests.support.sales import Sold, sell
from verification.deciding.decisions import decide, documents

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
        expiring.expire_due(session, program, now=LATER)
    returned = Sold("K1", who, what, -10, -100_00, "2026-12-31", DocumentKind.CREDIT_NOTE, corrects="2")
    sell(session, program, [returned], now=LATER)
    balance = balances.balance_of(session, program.id, "D1", Unit.POINTS)
    assert (balance.available, balance.expired, balance.reserved) == (-10, 10, 10)


def test_what_a_document_earned_waits_with_it_where_a_return_of_it_met_no_sale(session: Session, code: str) -> None:
    program = programs.load(session, programs.document(code))
    who, what = programs.people(session, program)["D1"], programs.goods(session, program, {"P": None, "Q": None})
    sell(session, program, [Sold("1", who, what["P"], 10, 100_00), Sold("1", who, what["Q"], -1, -10_00)])
    balance = balances.balance_of(session, program.id, "D1", Unit.POINTS)
    assert (balance.pending, balance.available) == (10, 0)
    waiting = documents(session, program.id, DocumentStatus.REVIEW)
    assert [one.number for one in waiting] == ["1"]
    decide(session, program, waiting[0].id, DocumentStatus.ACCEPTED, reason="seen", actor="ann", now=NOW)
    assert balances.balance_of(session, program.id, "D1", Unit.POINTS).available == 10


def test_a_return_meets_the_document_that_it_names_though_that_is_of_a_later_day(session: Session, code: str) -> None:
    program = programs.load(session, programs.document(code))
    who, what = programs.people(session, program)["D1"], programs.goods(session, program, {"P": None})["P"]
    sell(session, program, [Sold("1", who, what, 10, 100_00, "2026-03-10")])
    sell(session, program, [Sold("K1", who, what, -10, -100_00, "2026-03-05", DocumentKind.CREDIT_NOTE, corrects="1")])
    assert balances.balance_of(session, program.id, "D1", Unit.POINTS).available == 0
    assert documents(session, program.id, DocumentStatus.REVIEW) == []


def test_what_is_forgiven_is_told_in_points_and_in_money(session: Session, code: str) -> None:
    money = {"code": "cash", "name": "Cash", "kind": "per_document", "points": "2.50", "unit": "money"}
    point = {"value": "0.10", "decimals": 1, "plural": "stars"}
    given = programs.document(
        code, program={"returns": "clamp", "point": point}, earning_rules=[dict(programs.BASE_RULE), money]
    )
    program = programs.load(session, given)
    who, what = programs.people(session, program)["D1"], programs.goods(session, program, {"P": None})["P"]
    sell(session, program, [Sold("1", who, what, 10, 100_00)])
    for unit, amount in ((Unit.POINTS, 85), (Unit.MONEY, 100)):
        ledger.reserve(session, ledger.wallet_of(session, who, unit), amount, key=f"{code}:{unit}", on=NOW.date())
    sell(session, program, [Sold("K1", who, what, -10, -100_00, "2026-03-05", DocumentKind.CREDIT_NOTE)])
    told = documents(session, program.id, DocumentStatus.ACCEPTED)[-1].reasons
    assert "8.5 stars could not be taken back" in told
    assert "1.00 PLN could not be taken back" in told
