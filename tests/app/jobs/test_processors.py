"""Heavy jobs share the processors of a machine: no more at once than there are, and light ones need none."""

import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from app.domain.states import JobState
from app.jobs import registry
from app.jobs.board import Work
from app.jobs.processors import LEAST, Processors
from app.jobs.worker import Bench, do_one, drain, work_at
from tests.app.jobs.conftest import LEASE, Board

_HOLDER = """
import sys, time
from pathlib import Path
from app.jobs.processors import Processors
assert Processors(Path(sys.argv[1]), 1).place() is not None
print("held", flush=True)
time.sleep(600)
"""


@pytest.fixture
def shared(tmp_path: Path) -> Processors:
    return Processors(tmp_path / "processors", 2)


def _done(work: Work) -> None:
    with work.transaction() as session:
        work.finish(session)


def test_there_are_so_many_places_and_one_that_is_left_is_free(shared: Processors) -> None:
    first, second = shared.place(), shared.place()
    assert first is not None
    assert second is not None
    assert shared.place() is None
    first.leave()
    first.leave()
    assert shared.place() is not None
    assert shared.place() is None


def test_a_place_is_free_once_its_holder_is_killed(tmp_path: Path) -> None:
    mine = Processors(tmp_path, 1)
    with subprocess.Popen([sys.executable, "-c", _HOLDER, str(tmp_path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert mine.place() is None
        holder.send_signal(signal.SIGKILL)
    assert mine.place() is not None


def test_a_worker_that_finds_no_processor_free_does_what_is_light(jobs: Board, shared: Processors) -> None:
    bench = Bench(jobs.registry, jobs.engine, LEASE, shared)
    registry.register("shard", _done, heavy=True)
    registry.register("mail", _done)
    for key, kind in (("1", "shard"), ("2", "shard"), ("3", "mail")):
        jobs.put_up(key, kind=kind)
    held = [shared.place(), shared.place()]
    assert do_one(bench) is True
    assert [jobs.job(key).state for key in "123"] == [JobState.QUEUED, JobState.QUEUED, JobState.DONE]
    assert do_one(bench) is False
    for one in held:
        assert one is not None
        one.leave()
    assert do_one(bench) is True
    assert do_one(bench) is True
    assert [jobs.job(key).state for key in "12"] == [JobState.DONE, JobState.DONE]


def test_a_light_job_keeps_no_processor_from_heavy_ones(jobs: Board, shared: Processors) -> None:
    free: list[bool] = []

    def look(work: Work) -> None:
        places = [shared.place(), shared.place()]
        free.extend(one is not None for one in places)
        for one in places:
            if one is not None:
                one.leave()
        _done(work)

    registry.register("mail", look)
    registry.register("shard", look, heavy=True)
    jobs.put_up("light", kind="mail")
    do_one(Bench(jobs.registry, jobs.engine, LEASE, shared))
    assert free == [True, True]
    free.clear()
    jobs.put_up("heavy", kind="shard")
    do_one(Bench(jobs.registry, jobs.engine, LEASE, shared))
    assert free == [True, False]
    assert shared.place() is not None


def test_a_worker_waits_for_a_processor_as_long_as_heavy_jobs_do(jobs: Board, shared: Processors) -> None:
    registry.register("shard", _done, heavy=True)
    jobs.put_up("1", kind="shard")
    held = [shared.place(), shared.place()]

    def leave() -> None:
        for one in held:
            assert one is not None
            one.leave()

    work_at(Bench(jobs.registry, jobs.as_forked(), LEASE, shared))
    timer = threading.Timer(0.3, leave)
    timer.start()
    drain()
    timer.join()
    assert jobs.job("1").state is JobState.DONE


def test_whoever_knows_of_no_processors_takes_every_job(jobs: Board) -> None:
    registry.register("shard", _done, heavy=True)
    jobs.put_up("1", kind="shard")
    assert do_one(replace(Bench(jobs.registry, jobs.engine, LEASE), processors=None)) is True


@pytest.mark.parametrize(
    ("address", "shared_here"),
    [
        ("postgresql+psycopg:///kontor?host=/run/kontor", True),
        ("postgresql+psycopg:///kontor", True),
        ("postgresql+psycopg://kontor@db.example/kontor", False),
    ],
)
def test_a_database_elsewhere_does_its_part_on_processors_of_its_own(
    tmp_path: Path,
    address: str,
    shared_here: bool,
) -> None:
    engine = create_engine(address)
    found = Processors.of(tmp_path, engine)
    engine.dispose()
    assert (found is not None) is shared_here
    if found is not None:
        assert [found.place() is not None for _ in range(LEAST)] == [True] * LEAST
