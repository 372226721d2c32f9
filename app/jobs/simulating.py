"""The job that replays a scenario, piece by piece: whoever takes it up goes on with the piece that is next.

What is read is read in transactions in which the database lets nothing be written; only sums are stored, in
transactions that a holder of the job alone may commit.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.reading import reading
from app.domain.states import JobState
from app.jobs import board, registry
from app.jobs.board import Work
from app.models.jobs import Job
from app.models.scenarios import Scenario, ScenarioPiece
from app.services.scenarios import forecasting, keeping, replaying
from app.services.scenarios.keeping import Piece
from app.services.scenarios.replaying import Plan, Read
from app.services.timing import stage

REPLAY = "scenario.replay"


def register(clock: Callable[[], dt.datetime]) -> None:
    """Name the function of the job."""
    registry.register(REPLAY, lambda work: _replay(work, clock), heavy=True)


def begin(session: Session, scenario_id: int) -> None:
    """Have a scenario replayed. The caller commits, then wakes a worker."""
    board.put_up(session, REPLAY, f"{REPLAY}:{scenario_id}", {"scenario": scenario_id})


def _replay(work: Work, clock: Callable[[], dt.datetime]) -> None:
    scenario_id = int(work.payload["scenario"])
    with work.transaction() as session:
        scenario = session.get(Scenario, scenario_id)
        if scenario is None:  # put away meanwhile
            work.finish(session)
            return
        keeping.cut(session, scenario)
    with reading(work.registry) as session:
        plan = replaying.plan_of(session, session.get_one(Scenario, scenario_id))
        usage = replaying.used_before(session, plan)
        keeping.add_usage(session, scenario_id, usage)
        pieces = keeping.pieces_to_do(session, scenario_id)
    for piece, found in _read_ahead(work, plan, pieces):
        with stage("replay"):
            replayed = replaying.replay(plan, found, usage)
        with stage("keep"), work.transaction() as session:
            if session.get(Scenario, scenario_id) is None:
                work.finish(session)
                return
            keeping.keep(session, scenario_id, piece, replayed.sums, usage, replayed.measured)
        usage = keeping.carry(usage)
    with stage("together"), work.transaction() as session:
        if session.get(Scenario, scenario_id) is not None:
            keeping.put_together(session, scenario_id)
            keeping.place(session, session.get_one(Scenario, scenario_id), plan.aims)
            keeping.finish(
                session, scenario_id, forecasting.foretell(session, session.get_one(Scenario, scenario_id)), clock()
            )
        work.finish(session)


def _read_ahead(work: Work, plan: Plan, pieces: Sequence[Piece]) -> Iterator[tuple[Piece, Read]]:
    """Give each piece with what was read of it; meanwhile the one after it is read, and never more than that."""
    bind = work.registry().get_bind()

    def read(piece: Piece) -> Read:
        with Session(bind) as session:
            session.connection().exec_driver_sql("set transaction read only")
            return replaying.read(session, plan, piece.stretch)

    with ThreadPoolExecutor(max_workers=1) as reader:
        coming = [reader.submit(read, piece) for piece in pieces[:1]]
        for at, piece in enumerate(pieces):
            with stage("read"):
                found = coming.pop().result()
            coming += [reader.submit(read, after) for after in pieces[at + 1 : at + 2]]
            yield piece, found


@dataclass(frozen=True)
class Standing:
    """How far a scenario has come: lines replayed of all, and whether it was given up."""

    lines_done: int
    lines: int
    begun: bool
    ended: bool
    failed: bool
    seconds: int

    @property
    def share_bp(self) -> int:
        """Give the share that is done, in hundredths of a per cent."""
        return 10_000 if self.ended and not self.failed else self.lines_done * 10_000 // max(self.lines, 1)

    @property
    def stage(self) -> str:
        """Name what is being done."""
        if not self.begun:
            return "waiting"
        return "finishing" if self.lines_done == self.lines else "counting"


def standing_of(session: Session, scenario: Scenario, now: dt.datetime) -> Standing:
    """Tell how far a scenario has come."""
    lines, done, pieces = session.execute(
        select(
            func.coalesce(func.sum(ScenarioPiece.lines), 0),
            func.coalesce(func.sum(ScenarioPiece.lines).filter(ScenarioPiece.cap_usage.is_not(None)), 0),
            func.count(),
        ).where(ScenarioPiece.scenario_id == scenario.id)
    ).one()
    state = session.scalars(select(Job.state).where(Job.key == f"{REPLAY}:{scenario.id}")).one_or_none()
    failed = scenario.finished_at is None and state is JobState.FAILED
    return Standing(
        lines_done=int(done),
        lines=int(lines),
        begun=pieces > 0,
        ended=scenario.finished_at is not None or failed,
        failed=failed,
        seconds=int(((scenario.finished_at or now) - scenario.asked_at).total_seconds()),
    )
