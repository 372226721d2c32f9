"""The board: whoever holds a job by its newest token may work on it, and nobody else."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import create_engine, delete, event, func, select, text, update

from app.db.transaction import transaction
from app.domain.states import JobState
from app.jobs import board
from app.jobs.board import MAX_CLAIMS, MAX_FAILURES, Claim, Heartbeat, LeaseLost, Work
from app.models.jobs import Job
from tests.app.domain.profiles import searching
from tests.app.jobs.conftest import LEASE, Board, eventually
from tests.support.databases import sessions_of


def _finish(work: Work) -> None:
    with work.transaction() as session:
        work.finish(session)


def test_a_job_is_claimed_with_what_it_was_put_up_with(jobs: Board) -> None:
    number = jobs.put_up("one", kind="import.read", payload={"batch": 7})
    assert jobs.claim() == Claim(number, "import.read", {"batch": 7}, token=1)
    assert jobs.claim() is None


def test_where_there_is_nothing_to_do_nothing_is_claimed(jobs: Board) -> None:
    assert jobs.claim() is None


def test_a_lease_of_a_clock_that_was_ahead_is_over_once_that_is_set_right(jobs: Board) -> None:
    """The job of a worker that had died meanwhile, and all of its lane, stood until the day that the clock had said."""
    jobs.put_up("one")
    jobs.claim()
    jobs.change("one", lease_until=func.clock_timestamp() + text("interval '3 days'"))
    again = jobs.claim()
    assert again is not None
    assert again.token == 2


def test_the_same_key_is_the_same_job(jobs: Board) -> None:
    first = jobs.put_up("one", payload={"batch": 1})
    assert jobs.put_up("one", kind="another", payload={"batch": 2}) == first
    assert jobs.claim() == Claim(first, "test", {"batch": 1}, token=1)
    assert jobs.claim() is None


@pytest.mark.parametrize("state", JobState)
def test_a_job_that_is_there_is_not_put_up_again_whatever_became_of_it(jobs: Board, state: JobState) -> None:
    jobs.put_up("one")
    jobs.change("one", state=state, token=5)
    jobs.put_up("one")
    assert (jobs.job("one").state, jobs.job("one").token) == (state, 5)


def test_a_job_is_there_for_others_when_it_is_committed(jobs: Board) -> None:
    with ThreadPoolExecutor(1) as other, transaction(jobs.registry) as session:
        board.put_up(session, "test", "one", {})
        assert other.submit(jobs.claim).result(timeout=20) is None
    assert jobs.key_of(jobs.claim()) == "one"


def test_jobs_are_claimed_in_the_order_in_which_they_were_put_up(jobs: Board) -> None:
    for key in ("first", "second", "third"):
        jobs.put_up(key)
    assert [jobs.key_of(jobs.claim()) for _ in range(4)] == ["first", "second", "third", None]


def test_jobs_of_one_lane_run_one_after_the_other(jobs: Board) -> None:
    """By position, and by the order in which they were put up where positions are alike."""
    jobs.put_up("b", lane="l", position=2)
    jobs.put_up("a", lane="l", position=1)
    jobs.put_up("c", lane="l", position=2)
    jobs.put_up("free")
    jobs.put_up("other", lane="m", position=9)
    claims = [jobs.claim() for _ in range(4)]
    assert [jobs.key_of(claim) for claim in claims] == ["a", "free", "other", None]
    for key in ("b", "c"):
        assert claims[0] is not None
        _finish(Work(jobs.registry, claims[0], LEASE))
        claims[0] = jobs.claim()
        assert jobs.key_of(claims[0]) == key
        assert jobs.claim() is None


def test_a_job_that_was_given_up_stands_before_those_behind_it(jobs: Board) -> None:
    """What comes after it in its lane would count without it."""
    jobs.put_up("a", lane="l", position=1)
    jobs.put_up("b", lane="l", position=2)
    jobs.change("a", state=JobState.FAILED)
    assert jobs.claim() is None
    jobs.change("a", state=JobState.DONE)
    assert jobs.key_of(jobs.claim()) == "b"


def test_a_job_is_held_until_its_lease_runs_out(jobs: Board) -> None:
    jobs.put_up("one")
    first = jobs.claim()
    assert jobs.claim() is None
    jobs.silence("one")
    second = jobs.claim()
    assert first is not None
    assert second == Claim(first.id, first.kind, first.payload, token=2)
    assert jobs.claim() is None


def test_a_lease_lasts_as_long_as_was_asked_for(jobs: Board) -> None:
    jobs.put_up("one")
    board.claim(jobs.registry, 1234.5)
    with transaction(jobs.registry) as session:
        left = session.scalar(select(func.extract("epoch", Job.lease_until - func.clock_timestamp())))
    assert left is not None
    assert 1200 < left <= 1234.5


def test_a_transaction_of_the_work_renews_the_lease(jobs: Board) -> None:
    jobs.put_up("one")
    work = jobs.taken()
    jobs.silence("one")  # nobody has noticed yet
    with work.transaction():
        pass
    assert jobs.claim() is None


def test_a_worker_that_was_taken_for_dead_does_nothing_more(jobs: Board) -> None:
    jobs.put_up("one")
    stale = jobs.taken()
    jobs.silence("one")
    fresh = jobs.taken()
    before = jobs.job("one")

    with pytest.raises(LeaseLost, match=f"job {before.id} .* token 1"), stale.transaction() as session:
        session.execute(update(Job).values(kind="written by the dead"))
    with pytest.raises(LeaseLost):
        stale.report(stage="of the dead")
    board.give_back(jobs.registry, stale.claim, "the dead complain")
    board.note_stages(jobs.registry, stale.claim, {"whole": 1})
    with transaction(jobs.registry) as session:
        stale.finish(session)

    after = jobs.job("one")
    for name in ("kind", "state", "token", "failures", "progress", "error", "lease_until", "finished_at"):
        assert getattr(after, name) == getattr(before, name), name
    _finish(fresh)
    assert jobs.job("one").state is JobState.DONE


def test_the_token_of_a_job_that_is_done_or_given_back_is_stale(jobs: Board) -> None:
    """Also for whoever held it last: what it still writes would come after the end."""
    jobs.put_up("done")
    done = jobs.taken()
    _finish(done)
    jobs.put_up("back")
    back = jobs.taken()
    board.give_back(jobs.registry, back.claim, "it raised")
    for work in (done, back):
        with pytest.raises(LeaseLost), work.transaction():
            pass
    board.give_back(jobs.registry, done.claim, "too late")
    assert (jobs.job("done").state, jobs.job("done").error) == (JobState.DONE, None)


def test_work_that_is_being_committed_is_not_taken_away(jobs: Board) -> None:
    """Its lease may have run out: its transaction holds the row, and whoever looks for work passes it by."""
    jobs.put_up("one")
    jobs.put_up("two")
    work = jobs.taken()
    jobs.silence("one")
    with ThreadPoolExecutor(1) as other:
        with work.transaction() as session:
            assert jobs.key_of(other.submit(jobs.claim).result(timeout=20)) == "two"
            assert other.submit(jobs.claim).result(timeout=20) is None
            work.finish(session)
        assert other.submit(jobs.claim).result(timeout=20) is None
    assert jobs.job("one").state is JobState.DONE


def test_work_and_its_end_are_one_transaction(jobs: Board) -> None:
    jobs.put_up("one")
    work = jobs.taken()
    with pytest.raises(ValueError, match="in the end"), work.transaction() as session:  # noqa: PT012
        board.put_up(session, "test", "what comes next", {})
        work.finish(session)
        raise ValueError("in the end")
    assert jobs.job("one").state is JobState.RUNNING
    with work.transaction() as session:
        board.put_up(session, "test", "what comes next", {})
        work.finish(session)
    assert jobs.job("one").finished_at is not None
    assert jobs.key_of(jobs.claim()) == "what comes next"


def test_others_see_how_far_the_work_has_come(jobs: Board) -> None:
    jobs.put_up("one")
    work = jobs.taken()
    work.report(stage="typing", rows_read=7)
    assert jobs.job("one").progress == {"stage": "typing", "rows_read": 7}
    board.note_stages(jobs.registry, work.claim, {"read": 5})
    assert jobs.job("one").progress == {"stage": "typing", "rows_read": 7, "stages": {"read": 5}}


def test_a_job_that_raised_is_tried_again_and_given_up_after_a_few_times(jobs: Board) -> None:
    jobs.put_up("one")
    for failures in range(1, MAX_FAILURES + 1):
        claim = jobs.claim()
        assert claim is not None
        assert claim.token == failures
        board.give_back(jobs.registry, claim, f"failure {failures}")
        found = jobs.job("one")
        assert (found.failures, found.error, found.lease_until) == (failures, f"failure {failures}", None)
        assert (found.finished_at is not None) is (failures == MAX_FAILURES)
    assert jobs.job("one").state is JobState.FAILED
    assert jobs.claim() is None


def test_a_job_that_ends_every_worker_is_given_up(jobs: Board) -> None:
    """Nobody is left to say that it failed; how often it was claimed says it."""
    jobs.put_up("deadly")
    jobs.put_up("next")
    jobs.change("deadly", token=MAX_CLAIMS - 2)
    assert jobs.key_of(jobs.claim()) == "deadly"
    jobs.silence("deadly")
    assert jobs.key_of(jobs.claim()) == "next"
    found = jobs.job("deadly")
    assert (found.state, found.token) == (JobState.FAILED, MAX_CLAIMS)
    assert found.finished_at is not None
    assert str(MAX_CLAIMS) in (found.error or "")
    assert jobs.claim() is None


def test_a_job_that_was_given_up_and_put_on_the_board_again_is_claimed_as_often_once_more(jobs: Board) -> None:
    jobs.put_up("deadly")
    jobs.change("deadly", token=MAX_CLAIMS, state=JobState.QUEUED)
    for claims in (MAX_CLAIMS, 2 * MAX_CLAIMS - 2):
        jobs.change("deadly", token=claims)
        claim = jobs.claim()
        assert claim is not None
        assert claim.token == claims + 1
        jobs.silence("deadly")
    assert jobs.claim() is None
    assert jobs.job("deadly").state is JobState.FAILED


def test_what_waits_is_what_could_be_claimed_now(jobs: Board) -> None:
    def waiting() -> int:
        with transaction(jobs.registry) as session:
            return board.waiting(session)

    assert waiting() == 0
    for key, lane in (("a", "l"), ("b", "l"), ("c", None), ("d", None)):
        jobs.put_up(key, lane=lane)
    assert waiting() == 3  # b stands behind a
    work = jobs.taken()
    assert waiting() == 2
    jobs.silence("a")
    assert waiting() == 3
    _finish(Work(jobs.registry, Claim(work.claim.id, "test", {}, work.claim.token), LEASE))
    assert waiting() == 3
    jobs.change("c", state=JobState.FAILED)
    assert waiting() == 2


def test_many_who_claim_at_once_share_the_jobs_out(jobs: Board) -> None:
    keys = [f"job {number}" for number in range(60)]
    with transaction(jobs.registry) as session:
        for number, key in enumerate(keys):
            board.put_up(session, "test", key, {}, lane=f"lane {number % 20}" if number % 2 else None)
    together = threading.Barrier(8)

    def work_on() -> list[int]:
        done = []
        together.wait()
        while (claim := jobs.claim()) is not None:
            done.append(claim.id)
            _finish(Work(jobs.registry, claim, LEASE))
        jobs.registry.remove()
        return done

    with ThreadPoolExecutor(8) as pool:
        done = [one for each in [pool.submit(work_on) for _ in range(8)] for one in each.result()]
    assert len(done) == len(set(done))
    with transaction(jobs.registry) as session:
        left = session.scalars(select(Job.key).where(Job.state != JobState.DONE)).all()
        tokens = set(session.scalars(select(Job.token)))
    # whoever finds the lane taken by another goes home; what is left then is woken for by the sweeper
    assert len(done) + len(left) == len(keys)
    assert tokens <= {0, 1}


def test_a_heart_that_beats_keeps_the_lease(jobs: Board) -> None:
    jobs.put_up("one")
    claim = jobs.claim()
    assert claim is not None
    with Heartbeat(jobs.engine, claim, 0.03):
        for _ in range(3):
            jobs.silence("one")
            silent = jobs.job("one").lease_until
            eventually(lambda: jobs.job("one").lease_until != silent)  # noqa: B023  # it is called here
    assert not [thread for thread in threading.enumerate() if thread.name == f"heartbeat-{claim.id}"]


def test_a_heart_that_beats_for_the_dead_keeps_nothing(jobs: Board) -> None:
    jobs.put_up("one")
    stale = jobs.claim()
    jobs.silence("one")
    assert jobs.claim() is not None
    assert stale is not None
    held_until = jobs.job("one").lease_until
    with sessions_of(jobs.database.app_url) as (engine, _):
        beats: list[object] = []
        event.listen(engine, "commit", beats.append)
        with Heartbeat(engine, stale, 0.03):
            eventually(lambda: len(beats) >= 3)
    assert jobs.job("one").lease_until == held_until


def test_a_heart_beats_on_when_the_database_does_not_answer(jobs: Board, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", logger="app.jobs.board")
    jobs.put_up("one")
    claim = jobs.claim()
    assert claim is not None
    nowhere = create_engine("postgresql+psycopg:///nothing?host=/nowhere")
    with Heartbeat(nowhere, claim, 0.03):
        eventually(lambda: sum("the next one comes" in one.message for one in caplog.records) >= 2)
    nowhere.dispose()


class AnyHistory(RuleBasedStateMachine):
    """Whatever workers do and suffer, the board is what a plain list of jobs says it is."""

    jobs: Board

    @initialize()
    def empty(self) -> None:
        with transaction(self.jobs.registry) as session:
            session.execute(delete(Job))
        self.order: list[str] = []
        self.state: dict[str, JobState] = {}
        self.lane: dict[str, str | None] = {}
        self.position: dict[str, int] = {}
        self.failures: dict[str, int] = {}
        self.newest: dict[str, Claim] = {}
        self.lapsed: set[str] = set()
        self.claims: list[tuple[str, Claim]] = []

    def _claimable(self) -> list[str]:
        """Say it again, slowly: what is free, and first of what is not done in its lane."""
        found = []
        for key in self.order:
            free = self.state[key] is JobState.QUEUED or (self.state[key] is JobState.RUNNING and key in self.lapsed)
            before = [
                other
                for other in self.order
                if self.lane[key] is not None
                and self.lane[other] == self.lane[key]
                and self.state[other] is not JobState.DONE
                and (self.position[other], self.order.index(other)) < (self.position[key], self.order.index(key))
            ]
            if free and not before:
                found.append(key)
        return found

    @rule(key=st.integers(0, 7), lane=st.sampled_from([None, "l", "m"]), position=st.integers(0, 2))
    def put_up(self, key: int, lane: str | None, position: int) -> None:
        name = f"job {key}"
        self.jobs.put_up(name, lane=lane, position=position)
        if name not in self.state:
            self.order.append(name)
            self.state[name], self.lane[name], self.position[name] = JobState.QUEUED, lane, position
            self.failures[name] = 0

    @rule()
    def claim(self) -> None:
        expected = next(iter(self._claimable()), None)
        claim = self.jobs.claim()
        assert self.jobs.key_of(claim) == expected
        if claim is not None and expected is not None:
            before = self.newest.get(expected)
            assert claim.token == (1 if before is None else before.token + 1)
            self.state[expected] = JobState.RUNNING
            self.newest[expected] = claim
            self.claims.append((expected, claim))
            self.lapsed.discard(expected)

    @precondition(lambda self: any(state is JobState.RUNNING for state in self.state.values()))
    @rule(data=st.data())
    def fall_silent(self, data: st.DataObject) -> None:
        running = [key for key in self.order if self.state[key] is JobState.RUNNING]
        key = data.draw(st.sampled_from(running))
        self.jobs.silence(key)
        self.lapsed.add(key)

    def _holds(self, key: str, claim: Claim) -> bool:
        return self.state[key] is JobState.RUNNING and self.newest[key] == claim

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        key, claim = data.draw(st.sampled_from(self.claims))
        work = Work(self.jobs.registry, claim, LEASE)
        if self._holds(key, claim):
            _finish(work)
            self.state[key] = JobState.DONE
        else:
            with pytest.raises(LeaseLost):
                _finish(work)

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        key, claim = data.draw(st.sampled_from(self.claims))
        board.give_back(self.jobs.registry, claim, "it raised")
        if self._holds(key, claim):
            self.failures[key] += 1
            given_up = self.failures[key] >= MAX_FAILURES
            self.state[key] = JobState.FAILED if given_up else JobState.QUEUED

    @invariant()
    def the_board_is_what_the_list_says(self) -> None:
        with transaction(self.jobs.registry) as session:
            rows = session.execute(select(Job.key, Job.state, Job.failures)).all()
            assert board.waiting(session) == len(self._claimable())
        assert {key: (state, failures) for key, state, failures in rows} == {
            key: (self.state[key], self.failures[key]) for key in self.order
        }


def test_whatever_happens_the_board_is_what_a_plain_list_says(jobs: Board) -> None:
    class Here(AnyHistory):
        pass

    Here.jobs = jobs
    run_state_machine_as_test(Here, settings=searching(8, stateful_step_count=40))
