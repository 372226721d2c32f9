"""Claims that meet: one that is sent twice at once, and two that bring the same invoice."""

import datetime as dt
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.db.transaction import Sessions, transaction
from app.models.programs import Program
from app.models.sales import SalesDocument
from tests.support.meetings import elsewhere, wait_for_a_waiter
from tests.support.programs import NOW, document, goods, load, people
from verification.claiming import claims
from verification.claiming.claimed import ClaimedInvoice, ClaimedLine

BY: dict[str, Any] = {"actor": "d1@example.com", "now": NOW}
LINE = ClaimedLine("DR-1", quantity_milli=1000, net_minor=10_000)


def prepared(session: Session, code: str, *keys: tuple[str, str], seller: str = "") -> tuple[int, list[int]]:
    """Make a programme, and a draft for each key and distributor, of one and the same invoice."""
    program = load(session, document(code))
    who, _goods = people(session, program), goods(session, program, {"DR-1": None})
    invoice = ClaimedInvoice("FV/1", dt.date(2026, 11, 20), seller_tax_id=seller, lines=(LINE,))
    made = [claims.keep(session, program, who[one], key, invoice, person=None, **BY).id for key, one in keys]
    return program.id, made


def send(session: Session, program_id: int, claim_id: int) -> int:
    return claims.send(session, session.get_one(Program, program_id), claims.held(session, claim_id), **BY)


def documents(session: Session, program_id: int) -> int:
    return session.scalars(select(func.count()).where(SalesDocument.program_id == program_id)).one()


def test_whoever_presses_twice_is_told_of_one_document(app: Flask, registry: Sessions, code: str) -> None:
    with transaction(registry) as session:
        program_id, (claim_id,) = prepared(session, code, ("k", "D1"))
    with transaction(registry) as session:
        first = send(session, program_id, claim_id)
        with elsewhere(app, lambda other: send(other, program_id, claim_id)) as second:
            wait_for_a_waiter(session)
            session.commit()
            assert second.result(20) == first
    with transaction(registry) as session:
        assert documents(session, program_id) == 1


def test_an_invoice_that_two_people_of_a_distributor_register_at_once_counts_once(
    app: Flask, registry: Sessions, code: str
) -> None:
    with transaction(registry) as session:
        program_id, (one, other) = prepared(session, code, ("k1", "D1"), ("k2", "D1"))
    with transaction(registry) as session:
        send(session, program_id, one)
        with elsewhere(app, lambda there: send(there, program_id, other)) as second:
            wait_for_a_waiter(session)
            session.commit()
            with pytest.raises(claims.NotReady):
                second.result(20)
    with transaction(registry) as session:
        assert documents(session, program_id) == 1


def test_an_invoice_that_two_distributors_register_at_once_counts_once(
    app: Flask, registry: Sessions, code: str
) -> None:
    with transaction(registry) as session:
        program_id, (one, other) = prepared(session, code, ("k1", "D1"), ("k2", "D2"), seller="5265877635")
    with transaction(registry) as session:
        send(session, program_id, one)
        with elsewhere(app, lambda there: send(there, program_id, other)) as second:
            wait_for_a_waiter(session)
            session.commit()
            with pytest.raises((claims.NotReady, IntegrityError)):
                second.result(20)
    with transaction(registry) as session, pytest.raises(claims.NotReady):
        send(session, program_id, other)
    with transaction(registry) as session:
        assert documents(session, program_id) == 1
