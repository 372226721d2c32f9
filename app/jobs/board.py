"""The job table as the record of work: put up, claimed by a lease, fenced by a token, finished.

RQ may lose a message, deliver it twice, or start a job again while its first run still goes on (measured). So a message
only says that there is work. What counts is the row here: whoever claims it gets a higher token, and every transaction
of the work begins by showing the token. A worker that was taken for dead and is not finds its token stale, and its
transaction does nothing.
"""

import datetime as dt
import logging
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, and_, func, literal_column, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, aliased

from app.db.transaction import Sessions, transaction
from app.domain.states import JobState
from app.models.jobs import Job

_log = logging.getLogger(__name__)

MAX_FAILURES = 3
"""Times a job's function may raise before the job is given up."""

MAX_CLAIMS = 100
"""Times a job may be claimed: one that kills every worker that takes it must not go round for ever.

The token counts claims and never falls, so every ``MAX_CLAIMS``-th claim gives a job up. Whoever puts a given-up job on
the board again gives it as many claims once more.
"""


_LONGEST_LEASE = dt.timedelta(hours=1)
"""Longer than a worker is ever left to be silent."""


class LeaseLost(Exception):
    """Somebody else holds the job now; this worker's transaction must do nothing."""

    def __init__(self, job_id: int, token: int) -> None:
        """Say which job and which token."""
        super().__init__(f"job {job_id} is no longer held with token {token}")


@dataclass(frozen=True)
class Claim:
    """A job that this worker holds."""

    id: int
    kind: str
    payload: Mapping[str, Any]
    token: int


def put_up(
    session: Session,
    kind: str,
    key: str,
    payload: Mapping[str, Any],
    *,
    lane: str | None = None,
    position: int = 0,
) -> None:
    """Put a job on the board. The same key is the same job: asking twice changes nothing. The caller commits."""
    session.execute(
        insert(Job)
        .values(kind=kind, key=key, payload=dict(payload), lane=lane, position=position, state=JobState.QUEUED, token=0)
        .on_conflict_do_nothing(index_elements=["key"])
    )


def _lease(seconds: float) -> Any:
    return func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)


def _claimable() -> Any:
    """Say which jobs may be claimed: queued or abandoned ones that no earlier job of their lane stands before."""
    earlier = aliased(Job)
    left = Job.lease_until - func.clock_timestamp()
    over = or_(left < dt.timedelta(0), left > _LONGEST_LEASE)  # the latter was given by a clock that was ahead
    free = or_(Job.state == JobState.QUEUED, and_(Job.state == JobState.RUNNING, over))
    waits = (
        select(literal_column("1"))
        .where(
            earlier.lane == Job.lane,
            earlier.state != JobState.DONE,
            tuple_(earlier.position, earlier.id) < tuple_(Job.position, Job.id),
        )
        .exists()
    )
    return and_(Job.state != JobState.DONE, free, or_(Job.lane.is_(None), ~waits))


def waiting(session: Session) -> int:
    """Count the jobs that could be claimed now."""
    return session.execute(select(func.count()).select_from(Job).where(_claimable())).scalar_one()


def claim(registry: Sessions, lease_seconds: float, *, without: Collection[str] = ()) -> Claim | None:
    """Take the oldest job that may be claimed, of other kinds than ``without``; none: there is nothing to do."""
    while True:
        with transaction(registry) as session:
            taken = _take(session, lease_seconds, without)
            if taken is None or taken.token % MAX_CLAIMS:
                return taken
            error = f"claimed {MAX_CLAIMS} times and never finished: it ends its workers"
            _give_up(session, taken.id, taken.token, error)


def _take(session: Session, lease_seconds: float, without: Collection[str]) -> Claim | None:
    chosen = select(Job.id).where(_claimable()).order_by(Job.id).limit(1).with_for_update(skip_locked=True)
    if without:
        chosen = chosen.where(Job.kind.not_in(sorted(without)))
    row = session.execute(
        update(Job)
        .where(Job.id == chosen.scalar_subquery())
        .values(state=JobState.RUNNING, token=Job.token + 1, lease_until=_lease(lease_seconds))
        .returning(Job.id, Job.kind, Job.payload, Job.token)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return None if row is None else Claim(row.id, row.kind, row.payload, row.token)


def _give_up(session: Session, job_id: int, token: int, error: str) -> None:
    session.execute(
        update(Job)
        .where(Job.id == job_id, Job.token == token)
        .values(state=JobState.FAILED, error=error, finished_at=func.clock_timestamp())
        .execution_options(synchronize_session=False)
    )


class Work:
    """A claimed job in the hands of its function."""

    def __init__(self, registry: Sessions, claim: Claim, lease_seconds: float) -> None:
        """Take the session registry that the work's transactions run in, and how long a lease lasts."""
        self.registry = registry
        self.claim = claim
        self.lease_seconds = lease_seconds

    @property
    def payload(self) -> Mapping[str, Any]:
        """Give what the job was put up with."""
        return self.claim.payload

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Open a transaction that only a holder of the job may commit.

        Raises:
            LeaseLost: Somebody else holds the job; nothing was changed.
        """
        with transaction(self.registry) as session:
            self.fence(session)
            yield session

    def fence(self, session: Session) -> None:
        """Show the token, renew the lease, and keep the job's row locked until the transaction ends."""
        held = session.execute(
            update(Job)
            .where(Job.id == self.claim.id, Job.token == self.claim.token, Job.state == JobState.RUNNING)
            .values(lease_until=_lease(self.lease_seconds))
            .returning(Job.id)
            .execution_options(synchronize_session=False)
        ).one_or_none()
        if held is None:
            raise LeaseLost(self.claim.id, self.claim.token)

    def report(self, **progress: Any) -> None:
        """Let others see how far the work has come."""
        with self.transaction() as session:
            session.execute(
                update(Job)
                .where(Job.id == self.claim.id)
                .values(progress=progress)
                .execution_options(synchronize_session=False)
            )

    def finish(self, session: Session) -> None:
        """Mark the job done in the transaction that did its work, so that both happen or neither."""
        session.execute(
            update(Job)
            .where(Job.id == self.claim.id, Job.token == self.claim.token)
            .values(state=JobState.DONE, finished_at=func.clock_timestamp())
            .execution_options(synchronize_session=False)
        )


def note_stages(registry: Sessions, claim: Claim, stages: Mapping[str, int]) -> None:
    """Keep where a job's time went, in microseconds by stage, and the peak memory of its process."""
    with transaction(registry) as session:
        session.execute(
            update(Job)
            .where(Job.id == claim.id, Job.token == claim.token)
            .values(progress=Job.progress.concat({"stages": dict(stages)}))
            .execution_options(synchronize_session=False)
        )


def give_back(registry: Sessions, claim: Claim, error: str | None) -> None:
    """Note that a job's function raised: try again, or give it up after ``MAX_FAILURES``.

    Without an error it was nobody's fault: the job is tried again and nothing is counted.
    """
    failed: dict[str, Any] = {} if error is None else {"failures": Job.failures + 1, "error": error}
    with transaction(registry) as session:
        failures = session.execute(
            update(Job)
            .where(Job.id == claim.id, Job.token == claim.token, Job.state == JobState.RUNNING)
            .values(state=JobState.QUEUED, lease_until=None, **failed)
            .returning(Job.failures)
            .execution_options(synchronize_session=False)
        ).scalar_one_or_none()
        if error is not None and failures is not None and failures >= MAX_FAILURES:
            _give_up(session, claim.id, claim.token, error)


class Heartbeat:
    """Renews a lease from a thread of its own, for work that spends minutes outside transactions."""

    def __init__(self, engine: Engine, claim: Claim, lease_seconds: float) -> None:
        """Beat three times in a lease."""
        self._engine = engine
        self._claim = claim
        self._lease_seconds = lease_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat-{claim.id}", daemon=True)

    def __enter__(self) -> "Heartbeat":
        """Start beating."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop beating."""
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        statement = (
            update(Job)
            .where(Job.id == self._claim.id, Job.token == self._claim.token, Job.state == JobState.RUNNING)
            .values(lease_until=_lease(self._lease_seconds))
        )
        while not self._stop.wait(self._lease_seconds / 3):
            try:
                # the work's own transaction may hold the row: then the lease is being renewed there
                with self._engine.begin() as connection:
                    connection.exec_driver_sql("set local lock_timeout = '1s'")
                    connection.execute(statement)
            except SQLAlchemyError as problem:
                _log.debug("a heartbeat of job %s failed: %s; the next one comes", self._claim.id, problem)
