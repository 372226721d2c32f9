"""The keeper: one process per home that runs the servers as long as anybody uses them.

``python -m app.local.keeper HOME`` is started by the first process that needs a server (see `app.local.servers`), and
detaches itself. It knows its users by a lock that each of them holds; when it can take that lock alone, nobody is left,
however they ended, and it stops the servers and goes.
"""

import logging
import os
import secrets
import signal
import subprocess
import sys
import time
from collections import deque
from pathlib import Path
from typing import Protocol

from app.local import home, locks, processes, reports
from app.local.binaries import Program
from app.local.errors import LocalError, ServerFailed
from app.local.home import Place
from app.local.logs import Logs
from app.local.postgres import Postgres
from app.local.reports import Report, ServerReport, State
from app.local.valkey import Valkey

PATIENCE = 600.0
"""Seconds a server may take to start. It needs few; after a crash PostgreSQL may have gigabytes to read again."""

_CALM, _BUSY = 0.2, 0.02  # seconds between two looks
_CRASHES, _CRASH_SPAN = 3, 60.0  # so many in so many seconds are put right, one more is too many
_KINDS: dict[str, type[Postgres] | type[Valkey]] = {Postgres.name: Postgres, Valkey.name: Valkey}

log = logging.getLogger("kontor.keeper")


class Server(Protocol):
    """What the keeper asks of a server."""

    name: str
    last_signal: signal.Signals
    steps_to_stop: tuple[tuple[signal.Signals, float], ...]

    def prepare(self) -> Program:
        """Do what has to be done before a start."""

    def command(self, program: Program) -> list[str | Path]:
        """Give the command that runs it."""

    def answers(self) -> bool:
        """Say whether it answers."""


class Watch:
    """One server under the keeper's eyes: its process, its state, its crashes."""

    def __init__(self, server: Server, place: Place, attempt: int) -> None:
        """Watch over a server, which is not started yet."""
        self.server = server
        self.place = place
        self.attempt = attempt
        self.state = State.STARTING
        self.restarts = 0
        self._socket = place.socket_of(server.name)
        self._log = place.log / f"{server.name}.log"
        self._log_began = 0
        self._began = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._program: Program | None = None
        self._crashes: deque[float] = deque()
        self._kind = self._message = ""

    def begin(self) -> None:
        """Start the server where that is due. It never raises: what goes wrong becomes the state and its message."""
        if self.state is not State.STARTING or self._process is not None:
            return
        try:
            home.make_folders(self.place)
            self._program = self.server.prepare()
            self._log_began = self._log.stat().st_size if self._log.exists() else 0
            self._began = time.monotonic()
            self._process = processes.start(
                self.place.account,
                self.server.command(self._program),
                log=self._log,
                last_signal=self.server.last_signal,
            )
        except (LocalError, OSError, subprocess.SubprocessError) as failure:
            self._fail(failure)

    def look(self) -> None:
        """Notice what happened since the last look."""
        if self._process is None:
            return
        ended = self._process.poll()
        if ended is not None:
            self._crashed(ended)
        elif self.state is State.STARTING:
            try:
                if self.server.answers():
                    self.state = State.READY
                    log.info("%s answers after %.2f s", self.server.name, time.monotonic() - self._began)
                elif time.monotonic() - self._began > PATIENCE:
                    self.stop()
                    raise ServerFailed(f"{self._log} ends: {processes.tail(self._log, since=self._log_began)}")
            except LocalError as failure:
                self.stop()
                self._fail(failure)
        elif self.state is State.READY and not self._socket.exists():
            log.warning("%s has lost its socket, and nobody can reach it", self.server.name)
            self.stop()
            self._crashed(0)

    def tell_to_stop(self) -> None:
        """Ask the server to stop, without waiting."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(self.server.steps_to_stop[0][0])

    def stop(self) -> None:
        """Stop the server, and the harder the longer it takes."""
        if self._process is None:
            return
        for number, patience in self.server.steps_to_stop:
            self._process.send_signal(number)
            if processes.ends(self._process, patience=patience):
                break
        self._process = None

    def report(self) -> ServerReport:
        """Say how the server is."""
        program = self._program
        return ServerReport(
            name=self.server.name,
            state=self.state,
            attempt=self.attempt,
            pid=self._process.pid if self._process else None,
            restarts=self.restarts,
            version=program.version if program else "",
            origin=program.origin if program else "",
            program=str(program.path) if program else "",
            kind=self._kind,
            message=self._message,
        )

    def _crashed(self, code: int) -> None:
        self._process = None
        now = time.monotonic()
        self._crashes.append(now)
        while now - self._crashes[0] > _CRASH_SPAN:
            self._crashes.popleft()
        said = processes.tail(self._log, since=self._log_began)
        never_ran = self.state is State.STARTING and not self.restarts
        if never_ran or len(self._crashes) > _CRASHES:
            times = "did not start" if never_ran else f"died {len(self._crashes)} times in {_CRASH_SPAN:.0f} seconds"
            self._fail(ServerFailed(f"{self.server.name} {times} (exit code {code}). {self._log} ends:\n{said}"))
            return
        log.warning("%s ended with code %s and is started again", self.server.name, code)
        self.restarts += 1
        self.state = State.STARTING

    def _fail(self, failure: Exception) -> None:
        self.state = State.FAILED
        self._process = None
        self._kind = type(failure).__name__
        self._message = str(failure)
        log.error("%s: %s", self.server.name, failure)


class Keeper:
    """Runs what users ask for, till nobody is left or somebody says stop."""

    def __init__(self, place: Place) -> None:
        """Keep the servers of a place. The caller holds the keeper's lock of it."""
        self.place = place
        self.told_to_stop = False
        self._users = locks.open_file(place.users_lock)
        self._watches: dict[str, Watch] = {}
        self._life = secrets.token_hex(8)
        self._published: Report | None = None

    def keep(self) -> None:
        """Run till there is nothing left to do; then nothing runs any more."""
        try:
            logs = Logs(self.place.log)
            while not self._finished():
                self._take_questions()
                for watch in self._watches.values():
                    watch.look()
                # What is about to start is said first: a server may listen a while before it serves.
                self._publish(stopping=False)
                for watch in self._watches.values():
                    watch.begin()
                logs.look(("keeper", *self._watches))
                time.sleep(_BUSY if self._is_busy() else _CALM)
        finally:
            for watch in self._watches.values():
                watch.tell_to_stop()
            self._publish(stopping=True)
            for watch in self._watches.values():
                watch.stop()
            home.remove_short_folder(self.place)
            reports.forget(self.place)

    def _finished(self) -> bool:
        if self.told_to_stop or reports.asked_to_stop(self.place):
            log.info("told to stop")
            return True
        # From here on nobody becomes a user: newcomers wait for this lock, and find no keeper when they get it.
        if locks.try_lock(self._users, shared=False):
            log.info("nobody is left")
            return True
        return False

    def _take_questions(self) -> None:
        for name, setting in reports.asked(self.place).items():
            before = self._watches.get(name)
            if before is None or before.state is State.FAILED:
                attempt = before.attempt + 1 if before else 1
                self._watches[name] = Watch(_KINDS[name](self.place, setting), self.place, attempt)

    def _is_busy(self) -> bool:
        return not self._watches or any(watch.state is State.STARTING for watch in self._watches.values())

    def _publish(self, *, stopping: bool) -> None:
        servers = {name: watch.report() for name, watch in self._watches.items()}
        report = Report(self._life, os.getpid(), stopping, servers)
        if report != self._published:
            try:
                reports.write(self.place, report)
                self._published = report
            except OSError as failure:  # a full disk or a removed home is no reason to leave the servers alone
                log.error("cannot write the report: %s", failure)


def main(arguments: list[str]) -> int:
    """Become the keeper of the home that is named; give 0 at once when that worked or when there is one already."""
    os.umask(0o077)
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]  # they would steer our own connections
    place = home.prepare(Path(arguments[0]))
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(process)d %(message)s")
    if locks.take(place.keeper_lock, shared=False, patience=2) is None:
        log.info("another keeper lives")
        return 0
    if os.fork():
        os._exit(0)  # whoever started us goes on; the lock stays with the child
    keeper = Keeper(place)

    def stop(*_: object) -> None:
        keeper.told_to_stop = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        keeper.keep()
    except Exception:
        log.exception("the keeper ends")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
