"""Whoever changes rewards locks them in one order, as whoever orders does."""

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.transaction import Sessions, transaction
from app.models.programs import Program
from app.models.rewards import Reward
from app.services.rewarding import rewards
from app.services.rewarding.rewards import RewardRow
from tests.support import programs
from tests.support.meetings import elsewhere, wait_for_a_waiter
from tests.support.programs import NOW


def program_of(session: Session, code: str) -> Program:
    return session.scalars(select(Program).where(Program.code == code)).one()


def put(session: Session, program: Program, **stock: int) -> None:
    rows = [RewardRow(code=one, name=one, points=10, stock=many) for one, many in stock.items()]
    rewards.put_rewards(session, program, rows, actor="ben", now=NOW)


def test_a_file_of_rewards_and_an_order_do_not_wait_for_each_other(app: Flask, registry: Sessions, code: str) -> None:
    with transaction(registry) as session:
        put(session, programs.load(session, programs.document(code)), z=5, a=5)
    with transaction(registry) as session:
        program = program_of(session, code)
        of_program = select(Reward.id).where(Reward.program_id == program.id)
        first, second = session.scalars(of_program.order_by(Reward.id)).all()
    with transaction(registry) as session:
        session.scalars(select(Reward.id).where(Reward.id == first).with_for_update()).one()
        with elsewhere(app, lambda other: put(other, program_of(other, code), a=7)) as changed:
            wait_for_a_waiter(session)
            session.scalars(select(Reward.id).where(Reward.id == second).with_for_update(nowait=True)).one()
            session.commit()
            changed.result(20)
