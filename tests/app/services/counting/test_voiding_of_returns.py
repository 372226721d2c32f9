"""Documents that are taken out of the count together with what returns took of them."""

import datetime as dt
import random

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.states import DocumentKind, DocumentStatus, Unit
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.services.ledger import ledger, ledger_check
from app.services.rulebooks import rules_of
from app.services.tracing import balances, explanations
from tests.support import programs
from tests.support.desk import Opening, Standing
from tests.support.programs import NOW
from tests.support.sales import Sold, sell
from verification.deciding.decisions import decide
from verification.incoming import Source

CREDIT = DocumentKind.CREDIT_NOTE


@pytest.fixture(params=["negative", "clamp"])
def program(request: pytest.FixtureRequest, session: Session, code: str) -> Program:
    return programs.load(session, programs.document(code, program={"returns": request.param}))


def refuse(session: Session, program: Program, number: str) -> None:
    found = session.scalars(
        select(SalesDocument.id).where(
            SalesDocument.program_id == program.id,
            SalesDocument.number == number,
            SalesDocument.status != DocumentStatus.REFUSED,
        )
    ).one()
    decide(session, program, found, DocumentStatus.REFUSED, reason="wrong", actor="ann", now=NOW)


def available(session: Session, program: Program) -> int:
    balance = balances.balance_of(session, program.id, "D1", Unit.POINTS)
    assert balance.pending == balance.reserved == 0
    return balance.available


def standing(session: Session, program: Program) -> int:
    assert balances.balance_of(session, program.id, "D1", Unit.POINTS).earned == available(session, program)
    return available(session, program)


def proved(session: Session) -> None:
    session.commit()
    assert ledger_check.check(session).problems == []


def test_a_refused_invoice_that_returned_some_of_its_own_goods_leaves_nothing(
    session: Session, program: Program
) -> None:
    who, what = programs.people(session, program)["D1"], programs.goods(session, program, {"P": None})["P"]
    sell(session, program, [Sold("1", who, what, 10, 100_00), Sold("1", who, what, -3, -30_00)])
    assert standing(session, program) == 10 - 3
    refuse(session, program, "1")
    assert standing(session, program) == 0
    proved(session)


@pytest.mark.parametrize("order", [("1", "K1"), ("K1", "1")])
def test_a_sale_and_its_return_that_are_both_refused_leave_nothing_whichever_goes_first(
    session: Session, program: Program, order: tuple[str, str]
) -> None:
    who, what = programs.people(session, program)["D1"], programs.goods(session, program, {"P": None})["P"]
    sell(session, program, [Sold("1", who, what, 10, 100_00)])
    sell(session, program, [Sold("K1", who, what, -7, -70_00, "2026-03-02", CREDIT)])
    assert standing(session, program) == 3
    for number in order:
        refuse(session, program, number)
    assert standing(session, program) == 0
    proved(session)


def test_a_return_that_is_refused_gives_back_what_it_took_of_sales_that_still_count(
    session: Session, program: Program
) -> None:
    who, what = programs.people(session, program)["D1"], programs.goods(session, program, {"P": None})["P"]
    sell(session, program, [Sold("1", who, what, 10, 100_00), Sold("2", who, what, 10, 200_00, "2026-03-02")])
    sell(session, program, [Sold("K1", who, what, -15, -150_00, "2026-03-03", CREDIT)])
    assert standing(session, program) == 5  # all of the 20 of invoice 2, and half of the 10 of invoice 1
    refuse(session, program, "1")
    assert standing(session, program) == 0
    refuse(session, program, "K1")
    assert standing(session, program) == 20
    proved(session)


def test_a_debt_that_turns_out_not_to_be_owed_comes_back_less_what_a_refused_sale_had_given(
    session: Session, code: str
) -> None:
    program = programs.load(session, programs.document(code))
    who, what = programs.people(session, program)["D1"], programs.goods(session, program, {"P": None})["P"]
    sell(session, program, [Sold("1", who, what, 10, 100_00), Sold("2", who, what, 10, 200_00, "2026-03-02")])
    rules, account = rules_of(session, program.id), ledger.wallet_of(session, who, Unit.POINTS)
    ledger.adjust(session, rules, account, -30, key=f"{code}:spent", now=NOW, actor="ann", reason="spent elsewhere")
    sell(session, program, [Sold("K1", who, what, -20, -300_00, "2026-03-03", CREDIT)])
    sell(session, program, [Sold("3", who, what, 10, 400_00, "2026-03-04")])  # of its 40, 30 pay what is owed
    assert available(session, program) == 10
    refuse(session, program, "1")
    refuse(session, program, "K1")
    assert available(session, program) == 30  # the 20 of invoice 2, and the 10
    proved(session)


def test_an_invoice_is_corrected_though_it_returned_some_of_its_own_goods(session: Session, program: Program) -> None:
    who, what = programs.people(session, program)["D1"], programs.goods(session, program, {"P": None})["P"]
    source = Source(name="import", policy="accept", may_correct=True)
    sell(session, program, [Sold("1", who, what, 10, 100_00), Sold("1", who, what, -3, -30_00)], source=source)
    corrected = [Sold("1", who, what, 20, 200_00), Sold("1", who, what, -3, -30_00)]
    admission = sell(session, program, corrected, source=source, now=NOW + dt.timedelta(days=1))
    assert admission.corrected == 1
    assert standing(session, program) == 20 - 3
    proved(session)


def test_a_full_return_leaves_nothing_though_one_before_it_was_refused_or_corrected(
    session: Session, program: Program
) -> None:
    who, what = programs.people(session, program)["D1"], programs.goods(session, program, {"P": None})["P"]
    source = Source(name="import", policy="accept", may_correct=True)
    for invoice, corrected in (("1", True), ("2", False)):
        first, second, third = (f"{invoice}-{letter}" for letter in "ABC")
        sell(session, program, [Sold(invoice, who, what, 10, 10_00)])
        assert standing(session, program) == 1
        credits = {"issued_on": "2026-03-02", "kind": CREDIT, "corrects": invoice}
        sell(session, program, [Sold(first, who, what, -5, -5_00, **credits)])
        sell(session, program, [Sold(second, who, what, -5, -5_00, **credits)])
        assert standing(session, program) == 0  # half a point is rounded up, and the other half is none
        if corrected:
            sell(session, program, [Sold(first, who, what, -5, -5_01, **credits)], source=source)
        else:
            refuse(session, program, first)
            assert standing(session, program) == 1
            sell(session, program, [Sold(third, who, what, -5, -5_00, **credits)])
        assert standing(session, program) == 0
    proved(session)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_refused_on_the_way_a_full_return_leaves_exactly_zero(open_desk: Opening, seed: int) -> None:
    desk, chance = open_desk(), random.Random(seed)  # a story, and no secret
    for story in range(6):
        pieces, back = chance.randint(2, 12), {}
        desk.invoice(f"{story}", chance.randint(1, 30), quantity=pieces)
        for at in range(chance.randint(1, 8)):
            if back and chance.random() < 0.4:
                gone = chance.choice(sorted(back))
                desk.refuse(gone, CREDIT)
                del back[gone]
            elif left := pieces - sum(back.values()):
                number = f"{story}-{at}"
                back[number] = chance.randint(1, left)
                desk.credit(number, 0, quantity=-back[number], net_minor=-1, corrects=f"{story}")
        if left := pieces - sum(back.values()):
            desk.credit(f"{story}-rest", 0, quantity=-left, net_minor=-1, corrects=f"{story}")
        assert desk.points() == Standing(0, 0)


def test_an_explanation_counts_what_returns_took_that_still_count(session: Session, program: Program) -> None:
    who, what = programs.people(session, program)["D1"], programs.goods(session, program, {"P": None})["P"]
    sell(session, program, [Sold("1", who, what, 10, 100_00)])
    for number, quantity in (("K1", -2), ("K2", -3)):
        sell(session, program, [Sold(number, who, what, quantity, quantity * 10_00, "2026-03-02", CREDIT)])
    refuse(session, program, "K2")
    [explained] = explanations.explain_number(session, program, "1")
    assert [award.reversed for award in explained.lines[0].awards] == [2]
