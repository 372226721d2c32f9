"""Loads that failed are told until they are tried again, whatever else is loaded meanwhile."""

import datetime as dt

from sqlalchemy import select

from app.db.transaction import transaction
from app.models.distributors import Distributor
from app.models.prepaid import ConversionRun, TopUp
from prepaid.conversions.failed import failed_and_not_tried_again
from prepaid.conversions.segments import Segment
from prepaid.loads import settling
from prepaid.loads.moves import locked_run
from prepaid.providers import Answer, LoadResult
from tests.prepaid.conftest import FROM, NOW, World

SOON = NOW + dt.timedelta(days=40)
OTHER_DAYS = {"from_on": SOON.date(), "to_on": SOON.date(), "now": SOON + dt.timedelta(days=1)}
ALL_DAYS = {"from_on": FROM, "to_on": SOON.date(), "now": SOON + dt.timedelta(days=1)}


def _failed_run(world: World) -> str:
    """Carry out a run whose loads all fail. Gives the reference of the first."""
    run = world.preview()
    world.approve(run)
    references = list(world.references(run).values())
    with transaction(world.registry) as session:
        answers = [(None, Answer(reference, LoadResult.FAILED)) for reference in references]
        settling.settle(session, locked_run(session, run.id), answers, actor="cleo", now=NOW)
    return references[0]


def _told(world: World) -> list[str]:
    with transaction(world.registry) as session:
        return list(session.scalars(select(TopUp.reference).where(failed_and_not_tried_again(world.program_id))))


def _previewed(world: World, points: int, **days: object) -> ConversionRun:
    run = world.preview(**days)
    assert run.points == points
    return run


def test_a_newer_run_of_other_days_leaves_failed_loads_to_be_told(world: World) -> None:
    world.load().add("D1", 1_000)
    reference = _failed_run(world)
    assert _told(world) == [reference]
    world.add("D2", 500, at=SOON)
    _previewed(world, 500, **OTHER_DAYS)
    assert _told(world) == [reference], "its points are back, and no run looked at them"
    _previewed(world, 1_000, **ALL_DAYS)
    assert _told(world) == []


def test_a_newer_run_of_other_distributors_leaves_failed_loads_to_be_told(world: World) -> None:
    world.load().add("D1", 1_000)
    reference = _failed_run(world)
    world.add("D2", 500, at=SOON)
    with transaction(world.registry) as session:
        query = select(Distributor.id).where(Distributor.program_id == world.program_id, Distributor.code == "D2")
        other = session.scalars(query).one()
    _previewed(world, 500, **ALL_DAYS, segment=Segment.one(other))
    assert _told(world) == [reference]


def test_failed_loads_whose_points_were_spent_otherwise_wait_for_no_run(world: World) -> None:
    world.load().add("D1", 1_000)
    _failed_run(world)
    world.give("D1", -1_000)
    world.add("D2", 500, at=SOON)
    _previewed(world, 500, **OTHER_DAYS)
    assert _told(world) == []
