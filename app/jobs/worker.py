"""The worker: woken by a message, it takes jobs off the board until none is left."""

import contextlib
import logging
import os
import secrets
import signal
import threading
import time
import traceback
from dataclasses import dataclass

from rq import Worker
from rq.serializers import JSONSerializer
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from app import garbage
from app.config import Settings
from app.db.transaction import Sessions, met_another, transaction, what_ended
from app.jobs import board, messenger
from app.jobs.processors import Place, Processors
from app.jobs.registry import handler_of, heavy
from app.services.timing import measured, stage

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Bench:
    """What a worker works with; ``processors`` where heavy jobs share those of one machine."""

    registry: Sessions
    engine: Engine
    lease_seconds: float
    processors: Processors | None = None

    @classmethod
    def of(cls, settings: Settings, registry: Sessions, engine: Engine) -> "Bench":
        """Give that of an installation, whose heavy jobs share the processors of this machine."""
        return cls(registry, engine, settings.lease_seconds, Processors.of(settings.home, engine))


_LOOK_AGAIN_SECONDS = 0.5
"""How soon a worker that found no processor free looks for one again."""

_bench: Bench | None = None


def work_at(bench: Bench) -> None:
    """Set up this process as a worker. RQ's work-horses are forks of it and find the bench here."""
    global _bench
    _bench = bench


def drain() -> None:
    """Do jobs until none can be claimed, or until this worker shall stop. This is what RQ calls.

    A worker that is told to stop tells its work-horse, and one that was killed is missed: the job in hand is finished,
    the others are left to workers that somebody watches.
    """
    assert _bench is not None, "work_at() comes first"
    # a forked work-horse must not use its parent's connection to the database
    _bench.engine.dispose(close=False)
    told = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told.set())
    worker = os.getppid()
    while not told.is_set() and os.getppid() == worker:
        if do_one(_bench):
            continue
        if not _want_a_place(_bench):
            return
        told.wait(_LOOK_AGAIN_SECONDS)


def _want_a_place(bench: Bench) -> bool:
    """Say whether there are jobs that wait for a processor: whoever waits with them need not be woken for them."""
    if bench.processors is None:
        return False
    try:
        with transaction(bench.registry) as session:
            return board.waiting(session) > 0
    except OperationalError:
        return False
    finally:
        bench.registry.remove()


def do_one(bench: Bench) -> bool:
    """Claim one job and do it. Returns whether there was one.

    A function that raises gives its job back to be tried again; a database that went away is waited for by whoever
    claims the job next. While all processors have a heavy job, other kinds alone are taken.
    """
    place = bench.processors.place() if bench.processors is not None else None
    try:
        return _do_one(bench, place)
    finally:
        if place is not None:
            place.leave()


def _do_one(bench: Bench, place: Place | None) -> bool:
    left_to_others = heavy() if bench.processors is not None and place is None else ()
    try:
        claim = board.claim(bench.registry, bench.lease_seconds, without=left_to_others)
    except OperationalError:
        bench.registry.remove()
        time.sleep(0.2)
        return False
    if claim is None:
        bench.registry.remove()
        return False
    if place is not None and claim.kind not in heavy():
        place.leave()
    work = board.Work(bench.registry, claim, bench.lease_seconds)
    try:
        with measured() as stages, board.Heartbeat(bench.engine, claim, bench.lease_seconds), stage("whole"):
            handler_of(claim.kind)(work)
        board.note_stages(bench.registry, claim, stages)
    except board.LeaseLost as lost:
        _log.warning("%s; another worker does it", lost)
    except OperationalError as problem:
        if met_another(problem):
            _log.warning("job %s met another in the database; it is done again", claim.id)
            return _given_back(bench, claim, None)
        _log.warning("job %s: %s; the job will be claimed again", claim.id, what_ended(problem))
        bench.registry.remove()
        time.sleep(0.2)
        return False
    except Exception:  # noqa: BLE001  # whatever a job raises, the worker goes on and the board keeps the reason
        _log.exception("job %s (%s) failed", claim.id, claim.kind)
        return _given_back(bench, claim, traceback.format_exc(limit=8))
    finally:
        bench.registry.remove()
    return True


def _given_back(bench: Bench, claim: board.Claim, error: str | None) -> bool:
    """Give a job back; where the database does not answer, its lease ends by itself."""
    try:
        board.give_back(bench.registry, claim, error)
    except OperationalError as problem:
        _log.warning("job %s: %s; the job will be claimed again", claim.id, what_ended(problem))
        return False
    return True


class _Worker(Worker):
    """RQ's worker, which tells its work-horse when it is told to stop."""

    def handle_warm_shutdown_request(self) -> None:
        """Tell the work-horse, which would else go on until the board is empty."""
        if self.horse_pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGTERM)


def serve(redis_url: str, name: str) -> None:
    """Wait for messages and work, until told to stop (SIGTERM finishes the current job first)."""
    connection = messenger.connect(redis_url)
    worker = _Worker(
        [messenger.queue(connection)],
        connection=connection,
        # of its own for every start: a container gives the same process id again and again, and RQ refuses a name whose
        # last bearer was killed for as long as its entry lives
        name=f"{name}-{os.getpid()}-{secrets.token_hex(4)}",
        serializer=JSONSerializer,
        worker_ttl=60,  # it listens for this long less 15 s, and would not notice sooner that Redis is gone
        maintenance_interval=30,
        job_monitoring_interval=5,
    )
    garbage.settle()  # before the first fork
    worker.work(logging_level="WARNING")
