"""Runs carried out by workers: the order file is written, the provider is asked, while whoever asked does other things.

What stops such a job for a reason that a person must solve (no card, a refused file, a lost answer) ends it, and its
sentence stands with the run; everything is safe to ask for again.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.config import Settings
from app.db.transaction import transaction
from app.domain.states import JobState
from app.extensions import db
from app.jobs import board, registry
from app.jobs.board import Heartbeat, Work
from app.models.jobs import Job
from importers.errors import ImportRefused
from importers.kinds import loading
from prepaid import card_files, ordering, sending
from prepaid.connections import connect
from prepaid.errors import NoSuchRun, PrepaidError
from prepaid.moves import run_of
from prepaid.providers import OrderRefused, ProviderError

ORDER = "prepaid.order"
SEND = "prepaid.send"


@dataclass(frozen=True)
class Errand:
    """The newest job of a run: what it does, whether it still goes on, and what stopped it."""

    kind: str
    goes_on: bool
    stopped_by: str | None


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
    failed = row.error if row.state is JobState.FAILED else (row.progress or {}).get("stopped_by")
    return Errand(row.kind, goes_on, failed)


def _lane(run_id: int) -> str:
    return f"conversion run {run_id}"


class Carrier:
    """Does the jobs of runs."""

    def __init__(self, settings: Settings, clock: Callable[[], dt.datetime]) -> None:
        """Take the settings and the clock."""
        self._settings = settings
        self._clock = clock

    def order(self, work: Work) -> None:
        """Write the order file of an approved run."""
        self._do(work, ordering.order)

    def send(self, work: Work) -> None:
        """Send a run to its provider, and settle what it answers."""
        self._do(work, sending.send)

    def _do(self, work: Work, what: Callable[..., object]) -> None:
        run_id, actor = int(work.payload["run"]), str(work.payload["actor"])
        stopped_by = None
        try:
            with transaction(work.registry) as session:
                provider = connect(run_of(session, run_id).provider, db.engine)
            with Heartbeat(db.engine, work.claim, work.lease_seconds):
                what(work.registry, self._settings, provider, run_id, actor=actor, now=self._clock())
        except (PrepaidError, ProviderError, OrderRefused, ImportRefused, NoSuchRun) as error:
            stopped_by = str(error)
        with work.transaction() as session:
            if stopped_by is not None:
                session.execute(
                    update(Job)
                    .where(Job.id == work.claim.id)
                    .values(progress={"stopped_by": stopped_by})
                    .execution_options(synchronize_session=False)
                )
            work.finish(session)


def register(settings: Settings, clock: Callable[[], dt.datetime]) -> None:
    """Name the functions of this room's jobs, and the kind of file that brings cards."""
    carrier = Carrier(settings, clock)
    registry.register(ORDER, carrier.order)
    registry.register(SEND, carrier.send)
    loading.register("cards", card_files.LOADER)
