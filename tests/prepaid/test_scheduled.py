"""Runs that a schedule prepares: in time, once a month, no further than the preview; and finance is told of them."""

import datetime as dt
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select

from app.config import Settings
from app.db.transaction import transaction
from app.domain.roles import Role
from app.domain.states import RunStatus
from app.jobs import board
from app.jobs.board import Work
from app.local.servers import Addresses
from app.models.jobs import Job
from app.models.messages import Message
from app.models.people import Membership
from app.models.prepaid import ConversionRun
from app.models.programs import Program
from app.services.access import people
from app.services.setup import programs
from app.services.telling.messages import Kind
from prepaid import scheduled
from prepaid.conversions import runs
from prepaid.errors import SamePerson
from prepaid.jobs import Carrier
from prepaid.rounds import PREPARE, ask_to_prepare
from tests.prepaid.conftest import World

SCHEDULE = "{scheduled_run: {day: 5, takes: last_month, minimum_points: 10}}"
AT = dt.datetime(2026, 11, 4, 23, 30, tzinfo=dt.UTC)  # the fifth in Warsaw
OCTOBER = dt.datetime(2026, 10, 15, 12, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def world(house: tuple[Settings, Addresses], engine: Engine) -> Iterator[World]:
    made = World(house[0], engine).load(prepaid=SCHEDULE)
    made.add("A", 100, at=OCTOBER).give("A", 30, at=AT)
    made.add("FEW", 9, at=OCTOBER)
    with transaction(made.registry) as session:
        for name, role in (("fin", Role.FINANCE), ("app", Role.APPROVER), ("view", Role.VIEWER)):
            user = people.create_user(session, f"{name}-{uuid4().hex[:8]}@x.example", name, None, actor="test", now=AT)
            session.add(Membership(user_id=user, program_id=made.program_id, role=role.value))
    yield made
    made.registry.remove()


def _prepare(world: World, now: dt.datetime) -> ConversionRun | None:
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        run = scheduled.prepare_due(session, program, now=now, address="https://k.example")
        if run is not None:
            session.refresh(run)
            session.expunge(run)
    return run


def test_a_month_s_run_is_prepared_on_its_day_once_and_finance_is_told(world: World) -> None:
    assert _prepare(world, AT - dt.timedelta(hours=1)) is None  # the fourth in Warsaw
    run = _prepare(world, AT)
    assert run is not None
    assert (run.status, run.points, run.previewed_by) == (RunStatus.PREVIEW, 100, "schedule")
    assert (run.from_on, run.to_on) == (dt.date(2026, 10, 1), dt.date(2026, 10, 31))
    assert [(one["distributor"], one["code"]) for one in run.exceptions] == [("FEW", "below_minimum")]
    assert _prepare(world, AT + dt.timedelta(days=3)) is None
    with transaction(world.registry) as session:
        mails = session.scalars(select(Message).where(Message.program_id == world.program_id)).all()
        assert sorted(one.to.split("-")[0] for one in mails) == ["app", "fin"]
        assert f"https://k.example/programs/{world.code}/runs/{run.id}" in mails[0].body
        session.expunge_all()
    with pytest.raises(SamePerson), transaction(world.registry) as session:
        runs.approve(session, run.id, actor="Schedule", now=AT)


def test_a_month_that_ended_before_its_run_was_prepared_has_it_all_the_same(worlds: Callable[[], World]) -> None:
    made = worlds().load(prepaid=SCHEDULE)
    january, december = dt.datetime(2027, 1, 1, 12, tzinfo=dt.UTC), dt.datetime(2026, 12, 31, 12, tzinfo=dt.UTC)
    made.add("A", 100, at=OCTOBER).give("A", 30, at=AT)
    assert _prepare(made, january) is None, "nobody knows whether the schedule held then"
    assert _prepare(made, AT) is not None
    made.give("A", 20, at=december)
    late = _prepare(made, january)
    assert late is not None, "the machine was off all December"
    assert (late.scheduled_on, late.points) == (dt.date(2026, 12, 1), 30)
    assert _prepare(made, january) is None
    own = _prepare(made, january + dt.timedelta(days=4))
    assert own is not None
    assert (own.scheduled_on, own.points) == (dt.date(2027, 1, 1), 20)
    made.registry.remove()


def test_a_schedule_takes_what_is_open_up_to_the_end_of_the_month_before(worlds: Callable[[], World]) -> None:
    made = worlds().load(prepaid="{scheduled_run: {day: 5, takes: until_last_month}}")
    made.add("A", 100, at=OCTOBER).give("A", 40, at=OCTOBER - dt.timedelta(days=90))
    made.give("A", 30, at=AT)
    run = _prepare(made, AT)
    assert run is not None
    assert (run.points, run.to_on) == (140, dt.date(2026, 10, 31))
    made.registry.remove()


def test_finance_is_told_once_a_day_what_stops_a_scheduled_run(worlds: Callable[[], World], app: Flask) -> None:
    made = worlds().load(prepaid=SCHEDULE)
    made.add("A", 100, at=OCTOBER)
    with transaction(made.registry) as session:
        user = people.create_user(session, f"cfo-{uuid4().hex[:8]}@x.example", "Cleo", None, actor="test", now=AT)
        session.add(Membership(user_id=user, program_id=made.program_id, role=Role.FINANCE.value))
        program = session.get_one(Program, made.program_id)
        program.tax = {"pack": "XX"}

    def at(now: dt.datetime) -> None:
        with transaction(made.registry) as session:
            board.put_up(session, PREPARE, f"{PREPARE}:{uuid4().hex}", {"program": made.program_id})
        while (held := board.claim(made.registry, 60)) is not None:
            if held.payload.get("program") == made.program_id:  # others are what other tests have left
                with app.app_context():
                    Carrier(made.settings, lambda: now).prepare(Work(made.registry, held, 60))

    for now in (AT, AT + dt.timedelta(minutes=20), AT + dt.timedelta(days=1)):
        at(now)
    with transaction(made.registry) as session:
        told = session.execute(
            select(Message.kind, Message.body).where(Message.program_id == made.program_id).order_by(Message.id)
        ).all()
    assert [one.kind for one in told] == [Kind.RUN_STOPPED, Kind.RUN_STOPPED]
    assert "XX" in told[0].body
    made.registry.remove()


def test_the_sweeper_asks_for_it_daily_until_it_is_there(world: World) -> None:
    def asked(now: dt.datetime) -> int:
        with transaction(world.registry) as session:
            ask_to_prepare(session, now)
        with transaction(world.registry) as session:
            own = Job.key.startswith(f"{PREPARE}:{world.program_id}:")
            return session.execute(select(func.count()).select_from(Job).where(own)).scalar_one()

    december, hour, day = AT + dt.timedelta(days=30), dt.timedelta(hours=1), dt.timedelta(days=1)
    assert [asked(december - hour), asked(december), asked(december + hour)] == [0, 1, 1]
    assert asked(december + day) == 2  # whatever stopped it may be put right by now
    assert _prepare(world, december + day) is not None
    assert asked(december + 2 * day) == 2


def test_the_programme_file_says_it_and_says_it_again(world: World) -> None:
    with transaction(world.registry) as session:
        found = programs.export(session, world.code)["prepaid"]
    assert found["scheduled_run"] == {"day": 5, "minimum_points": "10"}
