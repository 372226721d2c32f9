"""Workers of a test's own that die or freeze at a place which the test names.

A place is reached after every commit and whenever a file is put in its place; for those that freeze there, also around
stages and before commits. It bears the name of the job that is being done. Kept apart from the tests,
because it is loaded by the processes that die.
"""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import create_engine, event, func, select
from sqlalchemy.orm import Session, scoped_session, sessionmaker

import importers.jobs
from app.config import Settings
from app.db.transaction import transaction
from app.domain.states import JobState
from app.factory import utc_now
from app.jobs import board, registry, worker
from app.local.servers import Addresses
from app.models.jobs import Job
from importers.batches import afterwards
from importers.stages import counting, cutting, finishing, sales, tables
from importers.undoing import sales as undoing
from importers.undoing import things as undoing_things
from verification import gate

FENCE = "the fence"
UNDONE_AT_ONCE = 8
WALLETS = "the lock of the wallets before documents are looked at"

Stage: TypeAlias = Callable[[str], AbstractContextManager[None]]


@dataclass
class Places:
    """Where a process is: the job it does, and the commits and files since it took it."""

    reach: Callable[[str], None]
    job: str = "no job yet"
    steps: int = 0

    def step(self, what: str) -> None:
        """Come to the next place."""
        self.steps += 1
        self.reach(f"{self.job}, {self.steps}: {what}")

    def watch(self) -> None:
        """Come to a place after each commit, and after each file that is put in its place."""
        event.listen(Session, "after_commit", lambda _: self.step("committed"))
        replace = Path.replace

        def replacing(path: Path, target: Any) -> Path:
            there = replace(path, target)
            self.step(f"{Path(target).suffix} in its place")
            return there

        Path.replace = replacing  # type: ignore[method-assign, assignment]
        for kind in registry.kinds():
            registry.register(kind, self._begun(registry.handler_of(kind)))

    def watch_within(self) -> None:
        """Come to a place before each commit as well, and around each stage of the import and of the gate."""
        event.listen(Session, "before_commit", lambda _: self.reach(f"{self.job}, {self.steps}: about to commit"))
        gate.stage = self._staged(gate.stage)  # type: ignore[attr-defined]
        for module in (tables, sales, cutting, counting, finishing, afterwards):
            module.stage = self._staged(module.stage)  # type: ignore[attr-defined]

    def _staged(self, stage: Stage) -> Stage:
        @contextmanager
        def staged(name: str) -> Iterator[None]:
            self.reach(f"{self.job}: {name} begins")
            with stage(name):
                yield
            self.reach(f"{self.job}: {name} done")

        return staged

    def _begun(self, handler: registry.Handler) -> registry.Handler:
        def begin(work: board.Work) -> None:
            self.job, self.steps = f"{work.claim.kind} {work.claim.id}", 0
            self.step("begun")
            handler(work)

        return begin


def die(*_: object) -> None:
    """End this process as `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)


def work_and_die(settings: Settings, addresses: Addresses, known: Path) -> None:
    """Work until a place is reached that is not among the known ones; add it to them and die. Else work to the end."""
    seen = set(known.read_text().splitlines())

    def reach(place: str) -> None:
        if place not in seen:
            with known.open("a") as file:
                file.write(f"{place}\n")
            die()

    _work(settings, addresses, Places(reach))


def undo_and_die(settings: Settings, addresses: Addresses, known: Path) -> None:
    """Do the same where imports are undone a few documents at a time, and a few distributors a job."""
    undoing._PIECE, undoing_things._PIECE = UNDONE_AT_ONCE, 10 * UNDONE_AT_ONCE
    work_and_die(settings, addresses, known)


def work_and_freeze(settings: Settings, addresses: Addresses, at: str, without: Sequence[str]) -> None:
    """Work without some of our protections, and freeze the first time that a place is reached whose name matches.

    Its heart never beats: stopped in the middle of a beat it would hold its job's row, now and then.
    """
    board.Heartbeat._beat = lambda _: None  # type: ignore[method-assign, assignment]
    for protection in without:
        _take_away(protection)
    frozen: list[str] = []

    def reach(place: str) -> None:
        if re.fullmatch(at, place) and not frozen:
            frozen.append(place)
            os.kill(os.getpid(), signal.SIGSTOP)

    places = Places(reach)
    places.watch_within()
    _work(settings, addresses, places)


def work_on(settings: Settings, addresses: Addresses) -> None:
    """Work to the end of the board, unless somebody else ends this process."""
    _work(settings, addresses, Places(lambda _: None))


def _take_away(protection: str) -> None:
    if protection == FENCE:  # nobody shows a token, and nobody holds the row of a job
        board.Work.fence = lambda *_: None  # type: ignore[method-assign, assignment]
    elif protection == WALLETS:
        gate.ask_for_wallets = lambda *_: lambda: None  # type: ignore[assignment, return-value]
    else:
        raise ValueError(protection)


def _work(settings: Settings, addresses: Addresses, places: Places) -> None:
    engine = create_engine(addresses.database_url)
    sessions = scoped_session(sessionmaker(engine))
    importers.jobs.register(settings, addresses.redis_url, utc_now)
    undoing.register(utc_now)
    places.watch()
    bench = worker.Bench(sessions, engine, settings.lease_seconds)
    while worker.do_one(bench) or _unfinished(sessions):
        pass


def _unfinished(sessions: Any) -> bool:
    """Say whether there is work that somebody else holds, and wait a moment."""
    time.sleep(0.01)
    with transaction(sessions) as session:
        query = select(func.count()).select_from(Job).where(Job.state.in_((JobState.QUEUED, JobState.RUNNING)))
        return session.execute(query).scalar_one() > 0
