"""Whoever decides, corrects or returns locks wallets before documents, and judges what it finds behind the lock."""

import numpy as np
import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.transaction import Sessions, transaction
from app.domain.states import DocumentKind, DocumentStatus
from app.models.ledger import Account
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.services.ledger.accounts import lock_wallets
from app.services.persons import opening
from tests.support import programs
from tests.support.meetings import elsewhere, wait_for_a_waiter
from tests.support.programs import NOW
from tests.support.sales import Sold, sell
from verification.deciding.decisions import decide, opened
from verification.gate import Admission
from verification.incoming import Source

CORRECTING = Source(name="import", policy="accept", may_correct=True)


@pytest.fixture
def sold(registry: Sessions, code: str) -> Sold:
    """A sale that has counted, committed for others to see."""
    with transaction(registry) as session:
        program = programs.load(session, programs.document(code))
        who, what = programs.people(session, program)["D1"], programs.goods(session, program, {"P": None})["P"]
        sale = Sold("1", who, what, 10, 100_00)
        sell(session, program, [sale])
    return sale


def program_of(session: Session, code: str) -> Program:
    return session.scalars(select(Program).where(Program.code == code)).one()


def test_whoever_decides_about_a_document_does_not_hold_it_while_waiting_for_the_wallet(
    app: Flask, registry: Sessions, code: str, sold: Sold
) -> None:
    def refuse(session: Session) -> None:
        program = program_of(session, code)
        number = session.scalars(select(SalesDocument.id).where(SalesDocument.program_id == program.id)).one()
        decide(session, program, number, DocumentStatus.REFUSED, reason="wrong", actor="ann", now=NOW)

    with transaction(registry) as session:
        program = program_of(session, code)
        lock_wallets(session, np.asarray([sold.distributor_id]))
        with elsewhere(app, refuse) as refused:
            wait_for_a_waiter(session)
            session.execute(
                select(SalesDocument.id).where(SalesDocument.program_id == program.id).with_for_update(nowait=True)
            ).one()
            session.commit()
            refused.result(20)


def test_whoever_decides_holds_the_wallets_of_the_companys_people_too(
    app: Flask, registry: Sessions, code: str, sold: Sold
) -> None:
    with transaction(registry) as session:
        given = {"actor": "ann", "now": NOW}
        person = opening.open_account(session, program_of(session, code), sold.distributor_id, "Ewa Kos", **given)

    def free(session: Session) -> list[int]:
        wallets = select(Account.id).where(Account.distributor_id == person)
        return list(session.scalars(wallets.with_for_update(skip_locked=True)))

    with transaction(registry) as session:
        program = program_of(session, code)
        number = session.scalars(select(SalesDocument.id).where(SalesDocument.program_id == program.id)).one()
        opened(session, program, number)
        with elsewhere(app, free) as found:
            assert found.result(20) == []


def test_a_correction_that_waited_for_a_return_finds_it(app: Flask, registry: Sessions, code: str, sold: Sold) -> None:
    corrected = Sold("1", sold.distributor_id, sold.product_id, 20, 200_00)
    returned = Sold(
        "K1", sold.distributor_id, sold.product_id, -4, -40_00, "2026-03-02", DocumentKind.CREDIT_NOTE, corrects="1"
    )

    def correct(session: Session) -> Admission:
        return sell(session, program_of(session, code), [corrected], source=CORRECTING)

    with transaction(registry) as session:
        sell(session, program_of(session, code), [returned])
        with elsewhere(app, correct) as done:
            wait_for_a_waiter(session)
            session.commit()
            admission = done.result(20)
    assert admission.corrected == 0
    assert [reason["code"] for reason in admission.reasons[0]] == ["changed_with_returns"]


def test_of_two_that_bring_the_same_documents_in_another_order_one_waits_and_finds_them(
    app: Flask, registry: Sessions, code: str, sold: Sold
) -> None:
    brought = [Sold(number, sold.distributor_id, sold.product_id, 1, 10_00) for number in ("2", "3", "4")]

    def bring(session: Session) -> Admission:
        return sell(session, program_of(session, code), brought[::-1])

    with transaction(registry) as session:
        assert sell(session, program_of(session, code), brought).duplicate.tolist() == [False] * 3
        with elsewhere(app, bring) as done:
            wait_for_a_waiter(session)
            session.commit()
            assert done.result(20).duplicate.tolist() == [True] * 3
