"""Readers of what others wrote, forked from a process that has loaded them already (`app.local.fork_server`)."""

import atexit
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Self

from app.local.fork_server import ENDED, LENGTH, STARTED
from app.local.walls import BARE, command

_MOST = 1 << 20
"""Bytes of what a reader says that are looked at."""


@dataclass(frozen=True)
class Ended:
    """How a reader ended: its exit code, or below zero the signal that ended it; what it said, and complained of."""

    code: int
    said: str
    complaints: str


class _Gone(Exception):
    """The server ended before it forked anything for us."""


class Readers:
    """Readers of one module. The server behind them starts when the first is wanted, and ends with this process.

    Several threads may want readers at once. A process that is forked from this one has a server of its own.
    """

    def __init__(self, module: str, *, idle: float = 60.0, at_once: int = 2) -> None:
        """Fork readers that run the module's ``main``; what they need stays loaded for so many seconds without one.

        No more than so many are ``at_once``: each may take as much memory as it is let. Whoever comes then waits.
        """
        self._module, self._idle, self._at_once = module, idle, at_once
        self._server: _Server | None = None
        self._finding, self._places = threading.Lock(), threading.BoundedSemaphore(at_once)
        os.register_at_fork(after_in_child=self._forget)
        atexit.register(self.close)

    def run(self, results: int, *arguments: str, seconds: float) -> Ended:
        """Fork a reader, and wait for its end. What it reads it writes to ``results``, an open file.

        The module's ``main`` is handed that descriptor, the number of the process that forked it, and the arguments.
        That it waits for others is not counted in.

        Raises:
            TimeoutError: It took longer than so many seconds, and was ended.
            RuntimeError: The server does not start.
        """
        complaints = ""
        for _attempt in range(2):  # somebody may have ended the one that was there
            server = self._found()
            try:
                with self._places:
                    return server.run(results, arguments, seconds)
            except _Gone as gone:
                complaints = str(gone)
                self._drop(server)
        raise RuntimeError(f"what forks readers does not start: {complaints[-1000:]}")

    def _found(self) -> "_Server":
        with self._finding:
            if self._server is None:
                self._server = _Server(self._module, self._idle)
            return self._server

    def _drop(self, server: "_Server") -> None:
        with self._finding:
            if self._server is server:
                self._server = None
                server.close()

    def close(self) -> None:
        """End the server that runs, if any; whoever wants a reader after that starts another."""
        if self._server is not None:
            self._drop(self._server)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_failure: object) -> None:
        self.close()

    def _forget(self) -> None:
        """Leave the server to the process that this one was forked from."""
        self._finding, self._places = threading.Lock(), threading.BoundedSemaphore(self._at_once)
        if self._server is not None:
            self._server.leave()
            self._server = None


class _Server:
    """A server that runs, as whoever started it sees it."""

    def __init__(self, module: str, idle: float) -> None:
        self._asked, theirs = socket.socketpair()
        self._asking = threading.Lock()
        self._complaints: IO[bytes] = tempfile.TemporaryFile(prefix="kontor-forks-")  # noqa: SIM115 - as long as it
        with theirs:
            self._process = subprocess.Popen(
                command("app.local.fork_server", str(theirs.fileno()), module, str(idle)),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._complaints,
                cwd="/",
                env=BARE,
                pass_fds=[theirs.fileno()],
                process_group=0,  # Ctrl-C is for whoever called us, in whose session it stays
            )

    def run(self, results: int, arguments: Sequence[str], seconds: float) -> Ended:
        """Have a reader forked, and wait for its end."""
        with (
            tempfile.TemporaryFile(prefix="kontor-said-") as said,
            tempfile.TemporaryFile(prefix="kontor-said-") as complaints,
        ):
            news, pipe = os.pipe()
            try:
                try:
                    self._ask({"run": arguments}, [said.fileno(), complaints.fileno(), results, pipe])
                finally:
                    os.close(pipe)
                code = self._awaited(news, seconds)
            finally:
                os.close(news)
            return Ended(code, _text(said), _text(complaints))

    def _ask(self, question: dict[str, object], handed: Sequence[int] = ()) -> None:
        words = json.dumps(question).encode()
        try:
            with self._asking:
                socket.send_fds(self._asked, [LENGTH.pack(len(words))], handed)
                self._asked.sendall(words)
        except OSError:
            raise _Gone(_text(self._complaints)) from None

    def _awaited(self, news: int, seconds: float) -> int:
        """Wait for a reader's end, and give its code. That the server loads is not counted in."""
        started = os.read(news, STARTED.size)
        if not started:
            raise _Gone(_text(self._complaints))
        if not _comes(news, seconds):
            with contextlib.suppress(_Gone):
                self._ask({"end": STARTED.unpack(started)[0]})
            os.read(news, ENDED.size)
            raise TimeoutError
        ended = os.read(news, ENDED.size)
        code: int = ENDED.unpack(ended)[0] if ended else -signal.SIGKILL  # it ended with the server
        return code

    def close(self) -> None:
        """End the server: it goes when nobody is left at the other end of its socket."""
        self._asked.close()
        self._process.wait()
        self._complaints.close()

    def leave(self) -> None:
        """Have nothing to do with it any more."""
        self._asked.close()
        self._complaints.close()
        self._process.returncode = 0  # it is not ours to wait for


def _comes(descriptor: int, seconds: float) -> bool:
    """Say whether there is something to be read before the time is up."""
    waiting = select.poll()  # which takes descriptors of any number
    waiting.register(descriptor, select.POLLIN)
    return bool(waiting.poll(seconds * 1000))


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(_MOST).decode("utf-8", "replace")
