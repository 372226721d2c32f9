"""A scenario on a worker: replayed piece by piece, taken up where it was left, its sums put together in the end."""

import datetime as dt

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.db.transaction import Sessions, transaction
from app.domain.rules.caps import CapUsage
from app.domain.rules.comparing import Sums
from app.domain.states import JobState, RulesOf, SumOf, Unit
from app.extensions import db
from app.jobs import simulating, worker
from app.models.jobs import Job
from app.models.ledger import LedgerEntry, LedgerTransaction
from app.models.sales import Award
from app.models.scenarios import Scenario, ScenarioPiece, ScenarioSum
from app.services import rulebooks
from app.services.scenarios import asking, keeping, period
from app.services.scenarios.keeping import Piece
from tests.support.desk import Desk
from tests.support.programs import BASE_RULE, NOW

DAYS = (dt.date(2026, 3, 1), dt.date(2026, 8, 31))


@pytest.fixture
def scenario(registry: Sessions, code: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Sales of half a year under a rule with a budget, cut into a piece a day; the scenario stands on the board."""
    monkeypatch.setattr(period, "LINES", 1)
    monkeypatch.setattr(period.stretches, "__defaults__", (1,))
    with transaction(registry) as session:
        desk = Desk(session, code, earning_rules=[dict(BASE_RULE, caps={"budget": 33})])
        desk.sell(*(desk.line(f"F{at}", 10, issued_on=f"2026-{3 + at:02}-05", who=f"D{at % 2 + 1}") for at in range(6)))
        desk.credit("K", 4, issued_on="2026-04-20", who="D1")
        proposal = rulebooks.published(session, desk.program.id)
        made = asking.create(session, desk.program, RulesOf.PUBLISHED, proposal, DAYS, name="", actor="ann", now=NOW)
        simulating.begin(session, made)
        simulating.begin(session, made)
    return made


def bench(registry: Sessions) -> worker.Bench:
    return worker.Bench(registry, db.engine, 30.0)


def counted(registry: Sessions) -> list[int]:
    with transaction(registry) as session:
        return [
            session.scalar(select(func.count()).select_from(one)) or 0
            for one in (LedgerTransaction, LedgerEntry, Award)
        ]


def standing(registry: Sessions, scenario: int) -> simulating.Standing:
    with transaction(registry) as session:
        return simulating.standing_of(session, session.get_one(Scenario, scenario), NOW)


def test_a_scenario_goes_on_with_the_piece_that_is_next(
    app: Flask, registry: Sessions, scenario: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, kept, replayed = counted(registry), keeping.keep, []

    def dying(session: object, scenario_id: int, piece: Piece, sums: Sums, usage: CapUsage, measured: bytes) -> None:
        replayed.append(piece.position)
        if piece.position == 3 and replayed.count(3) == 1:
            raise RuntimeError("gone")
        kept(session, scenario_id, piece, sums, usage, measured)  # type: ignore[arg-type]

    assert standing(registry, scenario).stage == "waiting"
    monkeypatch.setattr(keeping, "keep", dying)
    while standing(registry, scenario).stage == "waiting":  # another test may have left a job that comes before
        assert worker.do_one(bench(registry))
    half = standing(registry, scenario)
    assert (half.lines_done, half.lines, half.stage, half.ended) == (3, 7, "counting", False)
    while worker.do_one(bench(registry)):
        pass
    assert replayed == [0, 1, 2, 3, 3, 4, 5, 6]
    done = standing(registry, scenario)
    assert (done.share_bp, done.ended, done.failed) == (10_000, True, False)
    with transaction(registry) as session:
        by_rule = session.execute(
            select(ScenarioSum.piece, ScenarioSum.drafted, ScenarioSum.given, ScenarioSum.lines).where(
                ScenarioSum.scenario_id == scenario, ScenarioSum.about == SumOf.RULE
            )
        ).all()
        months = session.scalar(
            select(func.count()).where(ScenarioSum.scenario_id == scenario, ScenarioSum.about == SumOf.MONTH)
        )
        assert session.get_one(Scenario, scenario).finished_at is not None
    # the budget of 33 was used up over the pieces, and what came back made no room in it
    assert [tuple(row) for row in by_rule] == [(keeping.WHOLE, 29, 29, 4)]
    assert months == 6
    assert counted(registry) == before


def test_a_scenario_that_was_put_away_is_not_replayed(app: Flask, registry: Sessions, scenario: int) -> None:
    with transaction(registry) as session:
        session.delete(session.get_one(Scenario, scenario))
    while worker.do_one(bench(registry)):
        pass
    with transaction(registry) as session:
        state = session.scalars(select(Job.state).where(Job.key == f"{simulating.REPLAY}:{scenario}")).one()
        assert state is JobState.DONE
        assert not session.scalar(select(func.count()).where(ScenarioPiece.scenario_id == scenario))


def test_points_and_money_are_told_apart(app: Flask, registry: Sessions, code: str) -> None:
    with transaction(registry) as session:
        money = {"code": "cash", "name": "Cash", "kind": "per_line", "points": "0.50", "unit": "money"}
        desk = Desk(session, code, earning_rules=[BASE_RULE, money])
        desk.invoice("1", 10, issued_on="2026-03-05")
        made = asking.create(
            session,
            desk.program,
            RulesOf.PUBLISHED,
            rulebooks.published(session, desk.program.id),
            DAYS,
            name="",
            actor="ann",
            now=NOW,
        )
        simulating.begin(session, made)
    while worker.do_one(bench(registry)):
        pass
    with transaction(registry) as session:
        rows = session.execute(
            select(ScenarioSum.unit, ScenarioSum.drafted, ScenarioSum.lines)
            .where(ScenarioSum.scenario_id == made, ScenarioSum.about == SumOf.DISTRIBUTOR)
            .order_by(ScenarioSum.unit)
        ).all()
    assert [tuple(row) for row in rows] == [(Unit.POINTS, 10, 1), (Unit.MONEY, 50, 0)]
