"""Paying for purchases with points and with money: set aside under a code, taken once, or back where it came from."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.program_file.purchase_settings import Purchases
from app.domain.states import CreditState, Unit
from app.models.distributors import Distributor
from app.models.programs import Program
from app.models.purchases import PurchaseCredit
from app.services.ledger.ledger_check import proved
from app.services.orders import purchase_credits
from app.services.orders.purchase_credits import CreditError
from app.services.tracing import balances
from tests.support import programs
from tests.support.programs import BASE_RULE, NOW
from tests.support.sales import Sold, sell
from tests.support.shop import ANN, BEN, KEYS

MONEY_RULE = {"code": "cash", "name": "Cash", "kind": "per_amount", "unit": "money", "points": "1.50", "step": "100.00"}


class Till:
    """A programme whose balances pay for purchases, one of its distributors, and the till where codes are taken."""

    def __init__(self, session: Session, code: str, **purchases: Any) -> None:
        self.session = session
        rules = [dict(BASE_RULE), MONEY_RULE]
        settings = {"purchases": {"offered": True, **purchases}}
        self.program: Program = programs.load(session, programs.document(code, earning_rules=rules, program=settings))
        self.who = programs.people(session, self.program)["D1"]
        what = programs.goods(session, self.program, {"P": None})["P"]
        sell(session, self.program, [Sold("1", self.who, what, 1, 10_000_00)])  # 1,000 points, 150.00

    def ask(self, unit: Unit, amount: int, **more: Any) -> tuple[int, str]:
        made = purchase_credits.ask(
            *(self.session, KEYS, self.program, self.who, unit, amount),
            key=more.get("key", f"{unit}-{amount}"),
            actor=ANN,
            now=NOW,
        )
        codes = {one.id: code for one, code in purchase_credits.codes_of(self.session, KEYS, self.who)}
        return made, codes.get(made, "")

    def take(self, code: str, purchase_minor: int = 1_000_00, document: str = "FV/7", now: dt.datetime = NOW) -> int:
        said: dict[str, Any] = {"document": document, "purchase_minor": purchase_minor, "actor": BEN, "now": now}
        return purchase_credits.take(self.session, KEYS, self.program, code, **said).worth_minor

    def balance(self, unit: Unit) -> tuple[int, int, int]:
        found = balances.balance_of(self.session, self.program.id, "D1", unit)
        return found.available, found.reserved, found.spent

    def refused(self, what: Any, *given: Any, **more: Any) -> str:
        with pytest.raises(CreditError) as error, self.session.begin_nested():
            what(*given, **more)
        return error.value.code


def test_points_and_money_pay_for_purchases_once(session: Session, code: str) -> None:
    till = Till(session, code)
    credit, shown = till.ask(Unit.POINTS, 400)
    assert (till.balance(Unit.POINTS), till.ask(Unit.POINTS, 400)[0]) == ((600, 400, 0), credit)
    assert till.take(f" {shown[:6].lower()}-{shown[6:]}") == 40_00
    assert till.balance(Unit.POINTS) == (600, 0, 400)
    assert till.refused(till.take, shown) == "not_open"
    _, cash = till.ask(Unit.MONEY, 120_00)
    assert till.balance(Unit.MONEY) == (30_00, 120_00, 0)
    assert till.take(cash) == 120_00
    assert till.balance(Unit.MONEY) == (30_00, 0, 120_00)
    assert till.refused(till.take, "AAAABBBBCCCC") == "unknown"
    found = session.scalars(select(PurchaseCredit).where(PurchaseCredit.id == credit)).one()
    assert (found.state, found.document, found.ended_by) == (CreditState.USED, "FV/7", BEN)
    assert shown not in found.sealed
    assert proved(session) == []


def test_a_purchase_is_large_enough_and_a_credit_is_covered(session: Session, code: str) -> None:
    till = Till(session, code, point_value="0.20", share=5_000, least="10.00")
    ask = till.ask
    assert till.refused(ask, Unit.POINTS, 1_001) == "balance"
    assert till.refused(ask, Unit.MONEY, 150_01) == "balance"
    assert till.refused(ask, Unit.POINTS, 49) == "least"
    _, shown = ask(Unit.POINTS, 50)
    assert till.refused(till.take, shown, 19_99) == "small"
    assert till.refused(till.take, shown, document=" ") == "document"
    assert till.refused(till.take, shown, document="4111 1111 1111 1111") == "document"
    assert till.take(shown, 20_00) == 10_00
    session.get_one(Distributor, till.who).blocked = True
    session.flush()
    assert till.refused(ask, Unit.POINTS, 100) == "blocked"
    purchase_credits.put_settings(session, till.program, Purchases(), actor=BEN, now=NOW)
    assert till.refused(ask, Unit.POINTS, 100) == "not_offered"


def test_several_credits_pay_no_more_of_one_purchase_than_one_may(session: Session, code: str) -> None:
    till = Till(session, code, share=5_000)
    wanted = ((Unit.POINTS, 400), (Unit.POINTS, 100), (Unit.MONEY, 1))
    first, second, third = (till.ask(unit, amount)[1] for unit, amount in wanted)
    assert till.take(first, 100_00) == 40_00
    assert till.refused(till.take, second, 200_00, " fv/7") == "amount"
    assert till.take(second, 100_00, "fv/7 ") == 10_00
    with pytest.raises(CreditError) as error, session.begin_nested():
        till.take(third, 100_00)
    assert (error.value.code, error.value.figure) == ("small", 100_02)
    assert till.take(third, 1_00, "FV/8") == 1


def test_what_nobody_takes_comes_back(session: Session, code: str) -> None:
    till = Till(session, code, usable_days=10)
    first, _ = till.ask(Unit.POINTS, 100)
    _, second = till.ask(Unit.MONEY, 50_00)
    purchase_credits.give_back(session, till.program, first, actor=ANN, now=NOW, reason="")
    assert till.balance(Unit.POINTS) == (1_000, 0, 0)
    assert till.refused(purchase_credits.give_back, session, till.program, first, actor=ANN, now=NOW, reason="") == (
        "not_open"
    )
    assert purchase_credits.end_due(session, till.program, now=NOW + dt.timedelta(days=10)) == 0
    late = NOW + dt.timedelta(days=11)
    assert till.refused(purchase_credits.found, session, KEYS, till.program, second, now=late) == "not_open", "at once"
    assert purchase_credits.end_due(session, till.program, now=NOW + dt.timedelta(days=11)) == 1
    assert till.refused(till.take, second) == "not_open"
    assert till.balance(Unit.MONEY) == (150_00, 0, 0)
    other = Till(session, f"{code}-2")
    with pytest.raises(LookupError):
        purchase_credits.give_back(session, other.program, first, actor=ANN, now=NOW, reason="")


def test_worth_is_rounded_down(session: Session, code: str) -> None:
    till = Till(session, code, point_value="0.333")
    assert purchase_credits.worth_of(till.program, Unit.POINTS, 10) == 333
    assert purchase_credits.worth_of(till.program, Unit.POINTS, 1) == 33
    wanted = Purchases(offered=True, point_value=Decimal("0.001"))
    purchase_credits.put_settings(session, till.program, wanted, actor=BEN, now=NOW)
    assert till.refused(till.ask, Unit.POINTS, 9) == "nothing"
