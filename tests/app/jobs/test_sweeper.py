"""The sweeper: forgotten work is found whatever else goes wrong."""

import threading

import pytest
from redis import Redis
from sqlalchemy import create_engine, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import scoped_session, sessionmaker

from app.db.transaction import transaction
from app.domain.states import JobState
from app.jobs.sweeper import sweep, sweep_once
from app.models.jobs import Job
from tests.app.jobs.conftest import Board


def test_where_there_is_nothing_to_do_nobody_is_woken(jobs: Board) -> None:
    jobs.put_up("done")
    jobs.change("done", state=JobState.DONE)
    jobs.put_up("held")
    jobs.claim()
    assert sweep_once(jobs.registry, jobs.redis_url) == 0
    assert jobs.messages() == 0


def test_workers_are_woken_for_what_waits_and_for_what_was_abandoned(jobs: Board) -> None:
    jobs.put_up("abandoned")
    jobs.claim()
    jobs.silence("abandoned")
    jobs.put_up("queued")
    assert sweep_once(jobs.registry, jobs.redis_url) == 2
    assert jobs.messages() == 2


def test_a_message_that_was_lost_is_sent_again(jobs: Board) -> None:
    jobs.put_up("one")
    sweep_once(jobs.registry, jobs.redis_url)
    with Redis.from_url(jobs.redis_url) as redis:
        redis.flushdb()
    assert jobs.messages() == 0
    sweep_once(jobs.registry, jobs.redis_url)
    assert jobs.messages() == 1


class Chores:
    """Chores that go wrong in turn, then tell the sweeper to stop."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.turns = 0
        self.stop = threading.Event()

    def __call__(self) -> None:
        self.turns += 1
        if self.errors:
            raise self.errors.pop(0)
        self.stop.set()


def _sweep(jobs: Board, chores: Chores, redis_url: str | None = None) -> None:
    sweep(jobs.registry, redis_url or jobs.redis_url, 0.001, chores.stop, chores)


def test_chores_are_done_and_the_sweep_ends_when_it_is_told_to(jobs: Board) -> None:
    chores = Chores()
    _sweep(jobs, chores)
    assert chores.turns == 1


def test_whatever_becomes_of_a_chore_forgotten_work_is_found(jobs: Board, caplog: pytest.LogCaptureFixture) -> None:
    jobs.put_up("one")
    gone = OperationalError("select 1", None, Exception("gone"))
    chores = Chores(ValueError("a chore that fails"), gone, ExceptionGroup("several", [KeyError("one")]))
    _sweep(jobs, chores)
    assert chores.turns == 4
    assert jobs.messages() == 1
    assert "a chore that fails" in caplog.text
    assert "the database does not answer" in caplog.text
    assert "several" in caplog.text


def test_a_full_disk_of_the_database_is_called_so(jobs: Board, caplog: pytest.LogCaptureFixture) -> None:
    full = Exception("could not extend file")
    full.sqlstate = "53100"  # type: ignore[attr-defined]  # as the driver's has it
    _sweep(jobs, Chores(OperationalError("select 1", None, full)))
    assert "the disk of the database is full; sweeping goes on" in caplog.text


def test_who_met_another_transaction_does_not_say_that_the_database_is_away(
    jobs: Board, caplog: pytest.LogCaptureFixture
) -> None:
    ended = Exception("deadlock detected")
    ended.sqlstate = "40P01"  # type: ignore[attr-defined]  # as the driver's has it
    _sweep(jobs, Chores(OperationalError("select 1", None, ended)))
    assert "met another transaction; sweeping goes on" in caplog.text
    assert "does not answer" not in caplog.text


def test_what_a_failed_chore_left_open_is_let_go(jobs: Board) -> None:
    """A transaction that a chore broke off must not be the one of the next sweep."""

    class Broken(Chores):
        def __call__(self) -> None:
            if self.turns == 0:
                jobs.registry().add(Job(kind="test", key="half", payload={}, state=JobState.QUEUED))
                jobs.registry().flush()
            super().__call__()

    _sweep(jobs, Broken(ValueError("in the middle")))
    with transaction(jobs.registry) as session:
        assert session.scalars(select(Job.key)).all() == []


def test_without_redis_the_sweep_goes_on(jobs: Board, caplog: pytest.LogCaptureFixture) -> None:
    jobs.put_up("one")
    chores = Chores(ValueError("first"))
    _sweep(jobs, chores, "unix:///nowhere/at/all")
    assert chores.turns == 2
    assert caplog.text.count("the sweeper will try again") == 2


def test_without_the_database_the_sweep_goes_on_until_it_is_told_to_stop(caplog: pytest.LogCaptureFixture) -> None:
    engine = create_engine("postgresql+psycopg:///nothing?host=/nowhere")
    registry = scoped_session(sessionmaker(engine))
    turns = _CountedStop(3)
    sweep(registry, "unix:///nowhere", 0.0, turns, _never)
    assert caplog.text.count("sweeping goes on") == 3
    engine.dispose()


class _CountedStop(threading.Event):
    """Stops at the n-th time it is waited for."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.left = times

    def wait(self, timeout: float | None = None) -> bool:
        self.left -= 1
        return self.left == 0


def _never() -> None:
    raise AssertionError("chores come after the sweep, which failed")
