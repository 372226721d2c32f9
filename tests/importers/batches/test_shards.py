"""An import that is cut into shards comes to the same as one that is not, and lanes keep their order."""

import itertools
import threading
from typing import Any

import pytest
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.states import JobState
from app.extensions import db
from app.jobs import board, worker
from app.jobs.board import Work
from app.models.imports import ImportShard
from app.models.jobs import Job
from tests.importers.driver import Desk, Row
from tests.support.programs import BASE_RULE

CAPPED = {**BASE_RULE, "code": "capped", "caps": {"budget": 150, "per_distributor": {"month": 40}}}


def report(lines: int = 60) -> list[Row]:
    """Write invoices of four distributors, most of them of the first, and returns of some."""
    who = itertools.cycle(["D1", "D1", "D2", "D1", "D3", "D1", "D4", "D1"])
    rows: list[Row] = []
    for at in range(lines):
        number, day = f"N{at // 2 if at % 5 else at}", f"2026-0{1 + at % 3}-{10 + at % 17}"
        buyer = next(who)
        rows.append((f"{number}-{buyer}", day, buyer, f"P{at % 3}", str(1 + at % 4), f"{(at * 37) % 400}.00"))
    rows += [(f"K{at}", "2026-04-01", "D1", "P1", "-1", "-20.00") for at in range(4)]
    return rows


def open_desk(desk: Desk, code: str, rules: list[dict[str, Any]]) -> None:
    desk.code = code
    desk.load(earning_rules=rules)
    desk.people("D1", "D2", "D3", "D4")
    desk.goods(P0="tools", P1=None, P2="drills")


def jobs(desk: Desk, batch: int) -> list[Job]:
    with transaction(desk.registry) as session:
        found = list(
            session.scalars(
                select(Job)
                .where(Job.payload["batch"].as_integer() == batch, Job.kind == "import.shard")
                .order_by(Job.position, Job.id)
            )
        )
        session.expunge_all()
    return found


@pytest.mark.parametrize("rules", [[dict(BASE_RULE)], [dict(BASE_RULE), CAPPED]], ids=["free", "with a budget"])
def test_the_size_of_shards_changes_nothing_but_their_number(
    desk: Desk, cut: Any, code: str, rules: list[dict[str, Any]]
) -> None:
    shown = []
    for at, lines in enumerate((10_000, 13, 3)):
        open_desk(desk, f"{code}-{at}", rules)
        cut(lines)
        found = desk.run(desk.csv(*report()))
        with transaction(desk.registry) as session:
            shards = session.scalars(select(ImportShard.lines).where(ImportShard.batch_id == found.batch_id)).all()
        assert sum(shards) >= found.counts["lines_accepted"] > 50
        assert (len(shards) > 1) is (lines < 10_000)
        people = [desk.balance(who) for who in ("D1", "D2", "D3", "D4")]
        shown.append((people, dict(found.counts), sorted(desk.documents())))
    assert shown[0] == shown[1] == shown[2]
    assert sum(available for _, available in shown[0][0]) > 0


def test_a_large_distributors_shards_are_one_lane_and_others_are_free(desk: Desk, cut: Any, code: str) -> None:
    open_desk(desk, code, [dict(BASE_RULE)])
    cut(12)
    batch = desk.start(desk.csv(*report()))
    assert worker.do_one(worker.Bench(desk.registry, db.engine, 30.0))  # reads and cuts
    found = jobs(desk, batch)
    lanes = {lane: [job for job in found if job.lane == lane] for lane in {job.lane for job in found}}
    assert None in lanes
    (large,) = [lane for lane in lanes if lane is not None]
    assert len(lanes[large]) > 2
    assert [job.position for job in lanes[large]] == list(range(len(lanes[large])))
    # of a lane, only the first may be claimed
    with transaction(desk.registry) as session:
        assert board.waiting(session) == len(lanes[None]) + 1
    desk.work()


def test_a_budget_makes_one_lane_of_everything(desk: Desk, cut: Any, code: str) -> None:
    open_desk(desk, code, [CAPPED])
    cut(12)
    batch = desk.start(desk.csv(*report()))
    assert worker.do_one(worker.Bench(desk.registry, db.engine, 30.0))
    found = jobs(desk, batch)
    assert len(found) > 3
    assert len({job.lane for job in found}) == 1
    with transaction(desk.registry) as session:
        assert board.waiting(session) == 1
    desk.work()
    assert sum(sum(desk.balance(who)) for who in ("D1", "D2", "D3", "D4")) <= 150


def test_shards_of_a_lane_are_counted_one_after_the_other_by_however_many_workers(
    desk: Desk, cut: Any, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_desk(desk, code, [CAPPED])
    cut(5)
    batch = desk.start(desk.csv(*report()))
    bench = worker.Bench(desk.registry, db.engine, 30.0)
    assert worker.do_one(bench)
    expected = [job.id for job in jobs(desk, batch)]
    claimed, at_once, most = [], set(), []
    claim, finish = board.claim, Work.finish

    def noted_claim(*given: Any, **named: Any) -> Any:
        found = claim(*given, **named)
        if found is not None and found.kind == "import.shard":
            claimed.append(found.id)
            at_once.add(found.id)
            most.append(len(at_once))
        return found

    def noted_finish(work: Work, session: Any) -> None:
        finish(work, session)
        at_once.discard(work.claim.id)

    monkeypatch.setattr(board, "claim", noted_claim)
    monkeypatch.setattr(Work, "finish", noted_finish)

    def until_done() -> None:
        with desk.app.app_context():
            while any(job.state is not JobState.DONE for job in jobs(desk, batch)):
                worker.do_one(bench)
            desk.registry.remove()

    workers = [threading.Thread(target=until_done) for _ in range(3)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert claimed == expected
    assert max(most) == 1
    desk.work()
    desk.add_up(desk.progress(batch))
