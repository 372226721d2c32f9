"""Loads, what a statement says of them, and how it is answered."""

import datetime as dt
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.transaction import transaction
from app.domain.states import FindingAnswer, FindingKind
from app.exports.histories.describing import History
from app.models.prepaid import Redemption
from app.models.programs import Program
from app.models.reconciling import ProviderStatement, StatementFinding
from app.services.by_hand import adjustments
from app.services.loads import invoicing
from prepaid.providers import LoadResult
from prepaid.reconciling import answering
from tests.prepaid.conftest import World
from tests.prepaid.reconciling.test_reconciling import LATER, answered

YEAR = (dt.date(2026, 1, 1), dt.date(2026, 12, 31))

REWARD, COMPENSATION = 500_000, 55_600


def loaded(world: World, result: LoadResult, **more: Any) -> str:
    """Convert the points, and let the provider answer. Returns the reference of the reward."""
    run = world.preview(**more)
    world.approve(run)
    answered(world, run, D1=result)
    return world.references(run)["D1", "reward"]


AFTERWARDS = LATER + dt.timedelta(days=20)

DECEMBER = (
    (None, "2026-12-01", "1.00", None, None, None, "fee"),
    (None, "2026-12-31", "2.00", None, None, None, "fee"),
)
"""What the statement of the next month has of its first and last day."""


def open_findings(session: Session, program: Program) -> list[StatementFinding]:
    """Give the differences that nobody answered yet, in the order of their bookings, but for those of days alone."""
    query = (
        select(StatementFinding)
        .join(ProviderStatement, ProviderStatement.id == StatementFinding.statement_id)
        .where(ProviderStatement.program_id == program.id, StatementFinding.answer.is_(None))
        .where(StatementFinding.kind != FindingKind.WRONG_DATE)
        .order_by(StatementFinding.line_id, StatementFinding.id)
    )
    return list(session.scalars(query))


def adjust(world: World, *, approve: bool = True, points: int | None = None, now: dt.datetime = LATER) -> None:
    """Answer the open difference by an adjustment, of the points that are proposed or of others."""
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        (found,) = open_findings(session, program)
        points = answering.points_of(session, found) if points is None else points
        how = FindingAnswer.ADJUSTED
        answering.answer(session, program, found.id, how, reason="as they say", points=points, actor="fay", now=now)
        if approve:
            assert found.adjustment_id is not None
            adjustments.approve(session, program, found.adjustment_id, actor="ben", now=now)


def told(world: World, history: History) -> list[tuple[str, int, str | None]]:
    """Give what a history says of each load: its answer, what is on its card, and what was corrected."""
    with transaction(world.registry) as session:
        columns = (history.one(name).value for name in ("status", "loaded", "correction"))
        query = history.query().add_columns(*columns).where(Redemption.program_id == world.program_id)
        return [tuple(row) for row in session.execute(query.order_by(*history.order))]


def invoiced(world: World, days: tuple[dt.date, dt.date] = YEAR) -> tuple[int, int, int]:
    """Give the points, the money and the loads that are to be invoiced for rewards, over all who pay."""
    with transaction(world.registry) as session:
        payers = invoicing.to_invoice(session, session.get_one(Program, world.program_id), *days)
        sums = (sum(one.points for one in payers), sum(one.amounts["reward"] for one in payers))
        return *sums, sum(one.loads for one in payers)


def differences(world: World) -> list[tuple[FindingKind, int]]:
    """Give the open differences in the order of their bookings, and what is proposed for each."""
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        found = open_findings(session, program)
        return [(one.kind, answering.points_of(session, one)) for one in found]
