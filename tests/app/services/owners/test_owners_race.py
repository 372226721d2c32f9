"""Two at once: a transfer is approved once, and a sale finds the account on which its points stand by then."""

from typing import Any

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.transaction import Sessions, transaction
from app.domain.states import Unit
from app.models.distributors import Distributor
from app.models.programs import Program
from app.services.by_hand import merging
from app.services.ledger import ledger_check
from app.services.owners import pools, transfers
from app.services.owners.errors import NotWaiting, OwnersError
from app.services.tracing import balances
from tests.support import programs
from tests.support.meetings import elsewhere, wait_for_a_waiter
from tests.support.programs import NOW
from tests.support.sales import Sold, sell


def world(registry: Sessions, code: str) -> tuple[int, dict[str, int], int]:
    """A programme in which D1 and D2 have ten points each: its id, its people, and what is sold."""
    with transaction(registry) as session:
        accounts = {"accounts": {"transfers": {"asked_by": "participants"}}}
        program = programs.load(session, programs.document(code, program=accounts))
        people, goods = programs.people(session, program), programs.goods(session, program, {"P": None})
        sold = [Sold(who, people[who], goods["P"], 1, 100_00) for who in ("D1", "D2")]
        sell(session, program, sold)
        return program.id, people, goods["P"]


def available(session: Session, program_id: int, code: str) -> int:
    return balances.balance_of(session, program_id, code, Unit.POINTS).available


def test_two_who_approve_a_transfer_at_once_approve_it_once(app: Flask, registry: Sessions, code: str) -> None:
    program_id, people, _ = world(registry, code)
    asked: dict[str, Any] = {"key": "a", "note": "fair", "actor": "ann", "by_participant": False, "now": NOW}

    def approve(session: Session) -> str:
        program = session.get_one(Program, program_id)
        try:
            transfers.approve(session, program, made, actor="ben", roles=("approver",), now=NOW)
        except NotWaiting:
            return "late"
        return "done"

    with transaction(registry) as session:
        program = session.get_one(Program, program_id)
        made = transfers.request(session, program, people["D1"], people["D2"], 4, **asked)
    with transaction(registry) as session:
        assert approve(session) == "done"
        with elsewhere(app, approve) as other:
            wait_for_a_waiter(session)
            session.commit()
            assert other.result(20) == "late"
    with transaction(registry) as session:
        assert [available(session, program_id, one) for one in ("D1", "D2")] == [6, 14]


def test_whoever_is_merged_while_it_is_about_to_join_a_pool_joins_none(
    app: Flask, registry: Sessions, code: str
) -> None:
    program_id, people, _ = world(registry, code)
    by: dict[str, Any] = {"actor": "ann", "now": NOW}
    with transaction(registry) as session:
        program = session.get_one(Program, program_id)
        pool = pools.open_pool(session, program, "A", people["D3"], spending="holder", **by)
        asked = merging.request(session, program, people["D2"], people["D1"], note="one firm", choices={}, **by)

    def join(session: Session) -> str:
        program = session.get_one(Program, program_id)
        seen = session.get_one(Distributor, people["D2"])  # as the page that asks for it has it
        try:
            pools.join(session, program, pool, seen.id, **by)
        except OwnersError as refused:
            return refused.code
        return "joined"

    with transaction(registry) as session:
        merging.approve(session, session.get_one(Program, program_id), asked, actor="ben", now=NOW)
        with elsewhere(app, join) as other:
            wait_for_a_waiter(session)
            session.commit()
            assert other.result(20) == "no_distributor"


def test_a_sale_that_waits_for_whoever_joins_a_pool_is_posted_there(app: Flask, registry: Sessions, code: str) -> None:
    program_id, people, product = world(registry, code)

    def sale(session: Session) -> None:
        program = session.scalars(select(Program).where(Program.id == program_id)).one()
        sell(session, program, [Sold("late", people["D2"], product, 1, 50_00)])

    with transaction(registry) as session:
        program = session.get_one(Program, program_id)
        pool = pools.open_pool(session, program, "A", people["D1"], spending="holder", actor="ann", now=NOW)
        pools.join(session, program, pool, people["D2"], actor="ann", now=NOW)
        with elsewhere(app, sale) as other:
            wait_for_a_waiter(session)
            session.commit()
            other.result(20)
    with transaction(registry) as session:
        program = session.get_one(Program, program_id)
        assert available(session, program_id, "D1") == 25
        pools.leave(session, program, pool, people["D2"], takes_own=True, actor="ann", now=NOW)
        with elsewhere(app, lambda other: sell_again(other, program_id, people["D2"], product)) as later:
            wait_for_a_waiter(session)
            session.commit()
            later.result(20)
    with transaction(registry) as session:
        assert [available(session, program_id, one) for one in ("D1", "D2")] == [10, 20]
        assert [one for one in ledger_check.proved(session) if str(program_id) in one] == []


def sell_again(session: Session, program_id: int, distributor_id: int, product: int) -> None:
    program = session.scalars(select(Program).where(Program.id == program_id)).one()
    sell(session, program, [Sold("later", distributor_id, product, 1, 50_00)])
