"""Work that a command waits for is done: by workers that live, or by this process and some that it brings."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import OperationalError

from app.cli.running.runtime import Runtime, WorkersPresent
from app.db.transaction import transaction
from app.extensions import db

POLL_SECONDS = 0.2


class Hands:
    """Sees that somebody works, whenever it is asked to."""

    def __init__(self, run: Runtime) -> None:
        """Say of which installation."""
        self._run = run
        self._workers = WorkersPresent(run.settings.home)
        self._helper: _Helper | None = None
        self._swept = time.monotonic()

    def see_to_it(self) -> None:
        """Help where no worker lives: one that was there may have been at its last job. Wake those that forgot.

        Raises:
            Exception: What keeps this process from helping; nobody is left who would end the waiting.
        """
        from app.jobs.sweeper import sweep_once

        if self._helper is not None and self._helper.fault is not None:
            raise self._helper.fault
        if self._helper is None and not self._workers.any():
            self._helper = _Helper(self._run)
            self._helper.start()
        if time.monotonic() - self._swept > self._run.settings.sweep_seconds:
            sweep_once(self._run.registry, self._run.addresses.redis_url)
            self._swept = time.monotonic()

    def end(self) -> None:
        """Stop helping, after the job in hand."""
        if self._helper is not None:
            self._helper.end()


def no_longer_followed(run: Runtime, what: str, anew: str) -> str:
    """Say at Ctrl-C how work goes on whose command was stopped: what was done stays.

    Args:
        run: The installation, which has workers or has not.
        what: The work, as "Import 7".
        anew: The command that goes on with it, or that follows it where workers do.
    """
    if WorkersPresent(run.settings.home).any():
        return f"No longer followed. {what} goes on, workers are at it; `{anew}` follows it again."
    return f"Stopped. {what} goes on with `{anew}`."


@contextmanager
def hands(run: Runtime) -> Iterator[Hands]:
    """Have hands while a command waits."""
    made = Hands(run)
    try:
        yield made
    finally:
        made.end()


class _Helper(threading.Thread):
    """Does jobs in this process, where no worker lives; brings further workers when there is much to do."""

    def __init__(self, run: Runtime) -> None:
        super().__init__(name="helper", daemon=True)
        self._run = run
        self._stop_asked = threading.Event()
        self._children: list[Any] = []
        self.fault: Exception | None = None

    def run(self) -> None:
        try:
            self._help()
        except Exception as fault:  # noqa: BLE001  # whoever waits for this thread raises it
            self.fault = fault

    def _help(self) -> None:
        from app.factory import register_jobs
        from app.jobs import worker
        from app.local import children

        register_jobs(self._run.app)
        logs = self._run.settings.home / "log"
        with self._run.app.app_context():
            bench = worker.Bench.of(self._run.settings, self._run.registry, db.engine)
            while not self._stop_asked.is_set():
                if not worker.do_one(bench):
                    self._stop_asked.wait(POLL_SECONDS)
                if not self._children and self._waiting() > 1:
                    self._children = [
                        children.start(["worker"], self._run.addresses, logs / f"worker-{number}.log")
                        for number in range(1, self._run.settings.workers)
                    ]

    def _waiting(self) -> int:
        """Count what waits; where the database does not answer at the moment, it is asked again."""
        from app.jobs import board

        try:
            with transaction(self._run.registry) as session:
                return board.waiting(session)
        except OperationalError:
            self._run.registry.remove()
            return 0

    def end(self) -> None:
        """Stop after the job in hand, and stop the workers that were brought."""
        from app.local import children

        self._stop_asked.set()
        children.end(self._children)
        self.join()
