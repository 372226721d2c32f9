"""The worker: takes one job after the other, and goes on whatever a job does to it."""

import time
from collections.abc import Callable

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import scoped_session, sessionmaker

from app.domain.states import JobState
from app.jobs import board, registry, worker
from app.jobs.board import MAX_FAILURES, Work
from app.jobs.worker import Bench, do_one, drain, work_at
from app.services.timing import stage
from tests.app.jobs.conftest import LEASE, Board


@pytest.fixture
def bench(jobs: Board) -> Bench:
    return Bench(jobs.registry, jobs.engine, LEASE)


def _finishing(first: Callable[[Work], None] | None = None) -> Callable[[Work], None]:
    """Make a function that does something and marks its job done."""

    def do(work: Work) -> None:
        if first is not None:
            first(work)
        with work.transaction() as session:
            work.finish(session)

    return do


def test_a_job_is_done_by_the_function_of_its_kind(jobs: Board, bench: Bench) -> None:
    seen: list[object] = []
    registry.register("mine", _finishing(lambda work: seen.append(dict(work.payload))))
    registry.register("theirs", _finishing(lambda work: seen.append("theirs")))
    jobs.put_up("one", kind="mine", payload={"batch": 7})
    assert do_one(bench) is True
    assert seen == [{"batch": 7}]
    assert jobs.job("one").state is JobState.DONE
    assert do_one(bench) is False


def test_where_the_time_went_is_kept_with_the_job(jobs: Board, bench: Bench) -> None:
    def work_in_stages(work: Work) -> None:
        with stage("read"):
            time.sleep(0.002)
        work.report(rows_read=7)

    registry.register("test", _finishing(work_in_stages))
    jobs.put_up("one")
    do_one(bench)
    progress = jobs.job("one").progress
    assert progress["rows_read"] == 7
    assert progress["stages"].keys() == {"read", "whole", "peak_kib"}
    assert 2_000 <= progress["stages"]["read"] <= progress["stages"]["whole"]


def test_a_job_that_raises_is_given_back_with_its_reason_and_the_worker_goes_on(
    jobs: Board, bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(work: Work) -> None:
        with work.transaction() as session:
            board.put_up(session, "test", "half done", {})
            raise ValueError("a file that cannot be")

    registry.register("failing", fail)
    registry.register("test", _finishing())
    jobs.put_up("one", kind="failing")
    jobs.put_up("two")
    for _ in range(MAX_FAILURES + 1):
        assert do_one(bench) is True
    assert do_one(bench) is False
    found = jobs.job("one")
    assert (found.state, found.failures) == (JobState.FAILED, MAX_FAILURES)
    assert (found.error or "").splitlines()[-1] == "ValueError: a file that cannot be"
    assert "in fail" in (found.error or "")
    assert jobs.job("two").state is JobState.DONE
    assert caplog.text.count("(failing) failed") == MAX_FAILURES


def test_a_kind_that_nobody_knows_is_a_failure_that_says_so(jobs: Board, bench: Bench) -> None:
    registry.register("test", _finishing())
    jobs.put_up("one", kind="of another version")
    assert do_one(bench) is True
    assert "no function does jobs of the kind 'of another version'; known are ['test']" in (jobs.job("one").error or "")


def test_a_job_that_was_taken_away_is_left_to_whoever_has_it(
    jobs: Board, bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    def lose_it(work: Work) -> None:
        jobs.silence("one")
        other = jobs.taken()
        assert other.claim.token == 2
        with work.transaction():
            raise AssertionError("it was not taken away")

    registry.register("test", lose_it)
    jobs.put_up("one")
    assert do_one(bench) is True
    found = jobs.job("one")
    assert (found.state, found.token, found.failures, found.error) == (JobState.RUNNING, 2, 0, None)
    assert found.progress == {}
    assert "another worker does it" in caplog.text


def test_a_job_whose_database_went_away_is_no_failure_of_the_job(jobs: Board, bench: Bench) -> None:
    """It is claimed again when its lease ends."""

    def end_the_connection(work: Work) -> None:
        with work.transaction() as session:
            session.execute(text("select pg_terminate_backend(pg_backend_pid())"))

    registry.register("test", end_the_connection)
    jobs.put_up("one")
    assert do_one(bench) is False
    found = jobs.job("one")
    assert (found.state, found.failures, found.error) == (JobState.RUNNING, 0, None)
    registry.register("test", _finishing())
    assert do_one(bench) is False  # it is held
    jobs.silence("one")
    assert do_one(bench) is True
    assert (jobs.job("one").state, jobs.job("one").token) == (JobState.DONE, 2)


def test_a_database_that_does_not_answer_is_no_error_of_the_worker() -> None:
    engine = create_engine("postgresql+psycopg:///nothing?host=/nowhere")
    assert do_one(Bench(scoped_session(sessionmaker(engine)), engine, LEASE)) is False
    engine.dispose()


def test_a_job_that_does_not_end_itself_is_held_until_its_lease_ends(jobs: Board, bench: Bench) -> None:
    """A function that returns without `finish` has not done its job; nobody says it has."""
    registry.register("test", lambda work: None)
    jobs.put_up("one")
    assert do_one(bench) is True
    assert jobs.job("one").state is JobState.RUNNING


def test_whoever_drains_the_board_leaves_nothing_that_could_be_done(jobs: Board, bench: Bench) -> None:
    """Also what the jobs themselves put up, and what waited behind them in a lane."""

    def put_up_another(work: Work) -> None:
        if work.payload.get("more"):
            with work.transaction() as session:
                board.put_up(session, "test", f"child of {work.claim.id}", {})

    registry.register("test", _finishing(put_up_another))
    for number in range(6):
        jobs.put_up(f"job {number}", lane="l" if number % 2 else None, payload={"more": number % 3 == 0})
    jobs.as_forked()
    work_at(bench)
    drain()
    assert {jobs.job(f"job {number}").state for number in range(6)} == {JobState.DONE}
    assert jobs.claim() is None


def test_a_worker_that_was_not_set_up_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_bench", None)
    with pytest.raises(AssertionError, match="work_at"):
        drain()


def test_of_two_that_met_in_the_database_the_one_that_had_to_yield_is_done_again_at_once(
    jobs: Board, bench: Bench
) -> None:
    yielded = 0

    def meets_another(work: Work) -> None:
        nonlocal yielded
        with work.transaction() as session:
            if yielded < 2 * MAX_FAILURES:
                yielded += 1
                session.execute(text("do $$ begin raise exception 'met' using errcode = '40P01'; end $$"))
            work.finish(session)

    registry.register("test", meets_another)
    jobs.put_up("meets")
    while do_one(bench):
        pass
    job = jobs.job("meets")
    assert (job.state, job.failures, job.error, yielded) == (JobState.DONE, 0, None, 2 * MAX_FAILURES)
