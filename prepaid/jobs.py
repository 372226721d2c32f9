"""Runs carried out by workers: pieces are frozen, the order file is written, the provider is asked.

Meanwhile whoever asked does other things. What stops such a job for a reason that a person must solve (no card, a
refused file, a lost answer) ends it, and its sentence stands with the run; everything is safe to ask for again.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.config import Settings
from app.db.transaction import transaction
from app.domain.saying.wording import Said
from app.domain.states import JobState
from app.extensions import db
from app.jobs import board, registry
from app.jobs.board import Heartbeat, Work
from app.models.jobs import Job
from app.models.programs import Program
from importers.errors import ImportRefused
from importers.kinds import loading
from prepaid import scheduled
from prepaid.cards import card_files, healing
from prepaid.conversions import ordering, preparing, sending
from prepaid.errors import SHOWN, NoSuchRun, PrepaidError, kept, stopped
from prepaid.issuers.connections import connect
from prepaid.loads.moves import run_of
from prepaid.providers import OrderRefused, ProviderError
from prepaid.reconciling import taking_in
from prepaid.rounds import HEAL, HEED, PREPARE
from prepaid.taxing import papers

ORDER = "prepaid.order"
SEND = "prepaid.send"


@dataclass(frozen=True)
class Errand:
    """The newest job of a run: what it does, whether it still goes on, and what stopped it."""

    kind: str
    goes_on: bool
    stopped_by: Said | None


def ask(session: Session, kind: str, run_id: int, *, actor: str) -> bool:
    """Put up a job for a run, unless one goes on. Returns whether it did. The caller commits, then wakes a worker."""
    found = errand(session, run_id)
    if found is not None and found.goes_on:
        return False
    count = session.execute(select(func.count()).select_from(Job).where(Job.lane == _lane(run_id))).scalar_one()
    board.put_up(session, kind, f"{kind}:{run_id}:{count + 1}", {"run": run_id, "actor": actor}, lane=_lane(run_id))
    return True


def errand(session: Session, run_id: int) -> Errand | None:
    """Tell of the newest job of a run; None where there never was one."""
    row = session.execute(
        select(Job.kind, Job.state, Job.error, Job.progress)
        .where(Job.lane == _lane(run_id))
        .order_by(Job.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    goes_on = row.state in (JobState.QUEUED, JobState.RUNNING)
    failed = Said(row.error or "") if row.state is JobState.FAILED else stopped(row.progress)
    return Errand(row.kind, goes_on, failed)


def _lane(run_id: int) -> str:
    return f"conversion run {run_id}"


class Carrier:
    """Does the jobs of runs and of cards."""

    def __init__(self, settings: Settings, clock: Callable[[], dt.datetime]) -> None:
        """Take the settings and the clock."""
        self._settings = settings
        self._clock = clock

    def order(self, work: Work) -> None:
        """Write the order file of an approved run."""
        self._do(work, ordering.order)

    def send(self, work: Work) -> None:
        """Send a run to its provider, and settle what it answers."""
        self._do(work, partial(sending.send, clock=self._clock))

    def freeze_piece(self, work: Work) -> None:
        """Freeze a piece of a run that is being prepared. Finance is told of a scheduled one that is prepared with it.

        What stops a piece stands with the run until somebody has it taken up again, or calls the run off; of a
        scheduled one finance is told (`prepaid.scheduled.prepare_due`, daily).
        """
        stopped_by = None
        run_id, position = int(work.payload["run"]), int(work.payload["piece"])
        try:
            with work.transaction() as session:
                run = preparing.freeze_piece(session, run_id, position, now=self._clock())
                if run is not None and run.scheduled_on is not None:
                    scheduled.tell_prepared(session, run, now=self._clock(), address=self._settings.address)
                work.finish(session)
        except PrepaidError as error:
            stopped_by = error.said
        if stopped_by is not None:
            self._tell_if_scheduled(work, run_id, stopped_by)
            self._end(work, stopped_by)

    def _tell_if_scheduled(self, work: Work, run_id: int, why: Said) -> None:
        with transaction(work.registry) as session:
            run = run_of(session, run_id)
            if run.scheduled_on is not None:
                program = session.get_one(Program, run.program_id)
                scheduled.tell_stopped(session, program, why, now=self._clock(), address=self._settings.address)

    def prepare(self, work: Work) -> None:
        """Prepare a programme's run that its schedule asks for. Finance is told what stops it: a later day tries anew.

        Nobody else would notice: whoever puts a schedule up goes home.
        """
        stopped_by = None
        try:
            with transaction(work.registry) as session, Heartbeat(db.engine, work.claim, work.lease_seconds):
                program = session.get_one(Program, int(work.payload["program"]))
                scheduled.prepare_due(session, program, now=self._clock(), address=self._settings.address)
        except PrepaidError as error:
            stopped_by = error.said
            with transaction(work.registry) as session:
                program = session.get_one(Program, int(work.payload["program"]))
                scheduled.tell_stopped(session, program, stopped_by, now=self._clock(), address=self._settings.address)
        self._end(work, stopped_by)

    def heed(self, work: Work) -> None:
        """Look at the cards that a provider told of. Where it does not answer, the job is tried again."""
        self._with_provider(work, healing.heed)

    def heal(self, work: Work) -> None:
        """Look at all cards of a provider."""
        self._with_provider(work, healing.heal)

    def _with_provider(self, work: Work, what: Callable[..., healing.Healed]) -> None:
        provider = connect(str(work.payload["provider"]), db.engine)
        with Heartbeat(db.engine, work.claim, work.lease_seconds):
            healed = what(work.registry, provider, now=self._clock())
        with work.transaction() as session:
            problems = [str(one) for one in healed.problems[:SHOWN]]
            progress = {"cards": healed.cards, "movements": healed.movements, "problems": problems}
            session.execute(
                update(Job)
                .where(Job.id == work.claim.id)
                .values(progress=progress)
                .execution_options(synchronize_session=False)
            )
            work.finish(session)

    def _do(self, work: Work, what: Callable[..., object]) -> None:
        run_id, actor = int(work.payload["run"]), str(work.payload["actor"])
        stopped_by = None
        try:
            with transaction(work.registry) as session:
                provider = connect(run_of(session, run_id).provider, db.engine)
            with Heartbeat(db.engine, work.claim, work.lease_seconds):
                what(work.registry, self._settings, provider, run_id, actor=actor, now=self._clock())
        except (PrepaidError, ProviderError, OrderRefused, ImportRefused, NoSuchRun) as error:
            stopped_by = error.said
        self._end(work, stopped_by)

    @staticmethod
    def _end(work: Work, stopped_by: Said | None) -> None:
        with work.transaction() as session:
            if stopped_by is not None:
                session.execute(
                    update(Job)
                    .where(Job.id == work.claim.id)
                    .values(progress=kept(stopped_by))
                    .execution_options(synchronize_session=False)
                )
            work.finish(session)


def register(settings: Settings, clock: Callable[[], dt.datetime]) -> None:
    """Name the functions of this room's jobs, and the kinds of files that bring cards and statements."""
    carrier = Carrier(settings, clock)
    registry.register(preparing.PIECE, carrier.freeze_piece, heavy=True)
    registry.register(ORDER, carrier.order)
    registry.register(SEND, carrier.send)
    registry.register(PREPARE, carrier.prepare)
    registry.register(HEED, carrier.heed)
    registry.register(HEAL, carrier.heal)
    registry.register(papers.JOB, lambda work: papers.do(work, settings, clock))
    loading.register("cards", card_files.LOADER)
    loading.register("statements", taking_in.LOADER)
