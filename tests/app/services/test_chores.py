"""Chores: what time brings, to every programme, whatever becomes of one of them."""

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from sqlalchemy import create_engine, func, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from app.db.transaction import Sessions, transaction
from app.domain.states import Unit
from app.local.servers import Addresses
from app.models.ledger import Account
from app.models.programs import Program
from app.services import chores
from app.services.chores import Done
from app.services.ledger import ledger_check, seals
from app.services.tracing import balances
from tests.support import programs
from tests.support.databases import Database, empty_database, sessions_of
from tests.support.programs import NOW
from tests.support.sales import Sold, sell

COOLED = NOW + dt.timedelta(days=15)
EXPIRED = NOW + dt.timedelta(days=400)


@pytest.fixture(scope="module")
def database(addresses: Addresses) -> Iterator[Database]:
    """Of the chores alone: they do those of every programme there is."""
    with empty_database(addresses) as made:
        made.migrate()
        yield made


@dataclass
class World:
    """Three programmes with a sale of 100 points each, which cool off for 14 days and expire after 12 months."""

    registry: Sessions
    codes: list[str]

    def run(self, now: dt.datetime, program_code: str | None = None) -> Done:
        return chores.run(self.registry, now, program_code)

    def points(self) -> list[tuple[int, int, int]]:
        """Tell each programme's pending, available and expired points."""
        with transaction(self.registry) as session:
            found = [balances.balance_of(session, self._id(session, code), "D1", Unit.POINTS) for code in self.codes]
            return [(one.pending, one.available, one.expired) for one in found]

    def breaks(self, code: str) -> None:
        """Let a programme be one that no chore can be done for: its time zone is no longer one."""
        self._zone(code, "Europe/Nowhere")

    def mends(self, code: str) -> None:
        self._zone(code, "Europe/Warsaw")

    def _zone(self, code: str, zone: str) -> None:
        with transaction(self.registry) as session:
            session.execute(update(Program).where(Program.code == code).values(time_zone=zone))

    def _id(self, session: Session, code: str) -> int:
        return session.scalars(select(Program.id).where(Program.code == code)).one()

    def sealed(self) -> bool:
        """Tell whether the whole ledger is sealed, and in order."""
        with transaction(self.registry) as session:
            return not ledger_check.check(session).problems and seals.unsealed(session) == 0


@pytest.fixture
def world(database: Database, code: str) -> Iterator[World]:
    with sessions_of(database.app_url) as (_, registry):
        codes = [f"{code}-{letter}" for letter in "abc"]
        with transaction(registry) as session:
            for one in codes:
                settings = {"verification": {"cooling_off_days": 14}, "expiry": {"months_after_award": 12}}
                program = programs.load(session, programs.document(one, program=settings))
                who, what = programs.people(session, program, ["D1"]), programs.goods(session, program, {"A": "tools"})
                sell(session, program, [Sold("1/2026", who["D1"], what["A"], 1, 1000_00, issued_on="2026-11-20")])
        yield World(registry, codes)
        for one in codes:  # what is left open would be done by the next test's chores
            World(registry, codes).mends(one)
        chores.run(registry, EXPIRED)


def test_before_its_time_nothing_happens(world: World) -> None:
    assert world.points() == [(100, 0, 0)] * 3
    done = world.run(NOW + dt.timedelta(days=13))
    assert (done.released, done.expired) == (0, 0)
    assert world.points() == [(100, 0, 0)] * 3


def test_points_cool_off_and_expire_in_every_programme_and_the_ledger_is_sealed(world: World) -> None:
    assert world.run(COOLED).released == 3
    assert world.points() == [(0, 100, 0)] * 3
    assert world.sealed()
    done = world.run(EXPIRED)
    assert (done.released, done.expired, done.sealed) == (0, 300, 3)
    assert world.points() == [(0, 0, 100)] * 3
    assert world.sealed()


def test_what_was_done_is_not_done_again(world: World) -> None:
    world.run(COOLED)
    assert world.run(COOLED) == Done()
    world.run(EXPIRED)
    assert world.run(EXPIRED) == Done()


def test_what_is_late_is_done_in_one_go(world: World) -> None:
    done = world.run(EXPIRED)
    assert (done.released, done.expired) == (3, 300)


def test_the_chores_of_one_programme_leave_the_others_as_they_are(world: World) -> None:
    assert world.run(COOLED, world.codes[1]).released == 1
    assert world.points() == [(100, 0, 0), (0, 100, 0), (100, 0, 0)]
    assert world.run(EXPIRED, "no such programme") == Done()


@pytest.mark.parametrize("broken", [0, 2])
def test_a_programme_whose_chores_fail_leaves_the_others_their_turn(world: World, broken: int) -> None:
    world.breaks(world.codes[broken])
    with pytest.raises(ExceptionGroup) as failed:
        world.run(COOLED)
    assert len(failed.value.exceptions) == 5  # its release, credits, expiry, reminders and moves; nothing else
    assert all("Nowhere" in str(one) for one in failed.value.exceptions)
    wanted = [(0, 100, 0)] * 3
    wanted[broken] = (100, 0, 0)
    assert world.points() == wanted
    assert world.sealed()
    with pytest.raises(ExceptionGroup):
        world.run(EXPIRED)
    wanted = [(0, 0, 100)] * 3
    wanted[broken] = (100, 0, 0)
    assert world.points() == wanted


def test_what_failed_is_done_when_it_can_be_done(world: World) -> None:
    world.breaks(world.codes[1])
    with pytest.raises(ExceptionGroup):
        world.run(COOLED)
    world.mends(world.codes[1])
    assert world.run(COOLED).released == 1
    assert world.points() == [(0, 100, 0)] * 3


def test_a_chore_that_meets_another_transaction_is_done_again_and_the_others_have_their_turn(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL ends one of two transactions that wait for each other: here it says so of the first release."""
    real, ended = chores.ledger.release_due, []

    def release_due(session: Session, program: Program, *, now: dt.datetime) -> int:
        if program.code == world.codes[0] and not ended:
            ended.append(program.code)
            session.execute(text("do $$ begin raise exception using errcode = 'deadlock_detected'; end $$"))
        return real(session, program, now=now)

    monkeypatch.setattr(chores.ledger, "release_due", release_due)
    assert world.run(COOLED).released == 3
    assert ended == [world.codes[0]]
    assert world.points() == [(0, 100, 0)] * 3


def test_a_database_that_goes_away_in_the_middle_is_told_at_once(world: World, database: Database) -> None:
    """The others have no turn either: whoever sweeps tries again."""

    def run() -> Done:
        try:
            return world.run(COOLED)
        finally:
            world.registry.remove()

    waiting = text("select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")
    with sessions_of(database.app_url) as (_, others), ThreadPoolExecutor(1) as pool, transaction(others) as session:
        of_the_first = select(Program.id).where(Program.code == world.codes[0]).scalar_subquery()
        session.execute(select(Account.id).where(Account.program_id == of_the_first).with_for_update())
        running = pool.submit(run)
        while (process := session.scalar(waiting)) is None:
            assert not running.done()
        session.execute(select(func.pg_terminate_backend(process)))
        with pytest.raises(OperationalError):
            running.result(timeout=30)
    assert world.points() == [(100, 0, 0)] * 3


def test_a_database_that_is_not_there_is_told() -> None:
    engine = create_engine("postgresql+psycopg:///nothing?host=/nowhere")
    with pytest.raises(OperationalError):
        chores.run(scoped_session(sessionmaker(engine)), NOW)
    engine.dispose()
