"""Transactions that are committed after later ones: seals wait for them as long as somebody may bring them."""

import datetime as dt
from collections.abc import Iterator

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.db.transaction import Sessions, transaction
from app.domain.states import Unit
from app.local.servers import Addresses
from app.models.ledger import LedgerBlock
from app.models.programs import Program
from app.services.ledger import ledger, ledger_check, seals
from app.services.rulebooks import rules_of
from tests.support import programs
from tests.support.databases import Database, empty_database, sessions_of
from tests.support.programs import NOW


@pytest.fixture(scope="module")
def database(addresses: Addresses) -> Iterator[Database]:
    """A database of these tests alone: a seal is over the whole ledger."""
    with empty_database(addresses) as made:
        made.migrate()
        yield made


@pytest.fixture
def registry(database: Database) -> Iterator[Sessions]:
    with sessions_of(database.app_url) as (_, sessions):
        yield sessions


def give(session: Session, code: str) -> None:
    """Post one transaction to a distributor of a programme of its own."""
    program = programs.load(session, programs.document(code))
    who = programs.people(session, program)["D1"]
    account = ledger.wallet_of(session, who, Unit.POINTS)
    rules = rules_of(session, program.id)
    ledger.adjust(session, rules, account, 1, key=code, now=NOW, actor="ann", reason="test")


def sealed(registry: Sessions) -> int:
    with transaction(registry) as session:
        return seals.seal(session, NOW + dt.timedelta(hours=1))


def problems(registry: Sessions) -> list[str]:
    with transaction(registry) as session:
        return ledger_check.check(session).problems


def newest(registry: Sessions) -> LedgerBlock:
    with transaction(registry) as session:
        block = session.scalars(select(LedgerBlock).order_by(LedgerBlock.number.desc()).limit(1)).one()
        session.expunge(block)
    return block


def test_a_transaction_that_comes_late_is_sealed_late_and_nobody_takes_it_for_a_forgery(
    database: Database, registry: Sessions, code: str
) -> None:
    with sessions_of(database.app_url) as (_, others), transaction(others) as slow:
        give(slow, f"{code}-1")
        with transaction(registry) as session:
            give(session, f"{code}-2")
        assert sealed(registry) == 1
        assert len(newest(registry).open_ranges) == 1
        assert problems(registry) == []
        slow.commit()
        assert problems(registry) == []
    assert sealed(registry) == 1
    assert len(newest(registry).late_ids) == 1
    assert problems(registry) == []


def test_a_range_of_ids_is_closed_once_nobody_can_bring_them_any_more(
    database: Database, registry: Sessions, code: str
) -> None:
    with transaction(registry) as session:
        give(session, f"{code}-1")
        program = session.scalars(select(Program.id).where(Program.code == f"{code}-1")).one()
        session.commit()
        give(session, f"{code}-2")
        session.rollback()
        give(session, f"{code}-3")
    sealed(registry)
    gap = newest(registry).open_ranges[-1][0]
    with transaction(registry) as session:
        give(session, f"{code}-4")
    sealed(registry)
    assert newest(registry).open_ranges == []
    assert problems(registry) == []
    with database.as_owner() as owner:
        owner.execute(
            text(
                "insert into ledger_transaction (id, program_id, kind, key, effective_on) overriding system value "
                "values (:gap, :program, 10, :key, '2026-01-01')"
            ),
            {"gap": gap, "program": program, "key": f"{code}-forged"},
        )
        owner.commit()
    assert any(one.startswith("seal: block") for one in problems(registry))
