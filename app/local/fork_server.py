"""A process that loads what a reader needs once, and forks readers: to load takes ten times as long as to fork.

``python -m app.local.fork_server DESCRIPTOR MODULE IDLE`` answers the questions that come through a socket: for each it
forks a process that runs the module's ``main``. `app.local.forking` starts and asks it. It holds nothing but code, ends
with whoever started it, and its forks end with it. After so many seconds without a question (``IDLE``) it lets go of
what it has loaded, some tens of megabytes, until the next one.
"""

import contextlib
import importlib
import json
import os
import select
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Callable, Sequence
from types import FrameType

from app import garbage
from app.local.walls import end_with

LENGTH = struct.Struct("!I")
"""How long the words of a question are; stands before them."""
STARTED = struct.Struct("!i")
"""What a fork sends through its pipe when it starts: its number."""
ENDED = struct.Struct("!i")
"""What the server sends through it when it has ended: its exit code, or below zero the signal that ended it."""
_HANDED = 4
"""Descriptors that come with a question: for what is said, for complaints, for results, and the pipe of the fork."""

Main = Callable[[Sequence[str]], int]


def serve(descriptor: int, module: str, idle: float) -> None:
    """Answer until nobody is left. What is needed is loaded when the first question is there."""
    asked = socket.socket(fileno=descriptor)
    select.select([asked], [], [])
    if not asked.recv(1, socket.MSG_PEEK):
        return
    garbage.put_off()
    loaded = importlib.import_module(module)
    garbage.settle()  # a look for garbage would touch, and so copy, all of it in each fork
    if _Server(asked, loaded.main).serve(idle):
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - as it was started, and with nothing loaded


class _Server:
    """The loop: questions come through a socket, news of forks through a pipe that their signal writes to."""

    def __init__(self, asked: socket.socket, run: Main) -> None:
        self._asked, self._run = asked, run
        self._forks: dict[int, int] = {}  # the number of each, and the pipe at whose other end somebody waits
        self._woken, self._wakes = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(self._wakes, False)
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, _noticed)
        signal.set_wakeup_fd(self._wakes, warn_on_full_buffer=False)

    def serve(self, idle: float) -> bool:
        """Answer questions. True where none came for long, false where nobody is left who could ask."""
        while True:
            asked = self._asked.fileno()
            ready, _, _ = select.select([asked, self._woken], [], [], None if self._forks else idle)
            if not ready:
                return True
            if self._woken in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._woken, 4096)
                self._tell_ends()
            if asked in ready and not self._answer():
                return False

    def _answer(self) -> bool:
        """Do what is asked for, a fork or the end of one. False where nobody is there any more."""
        head, handed, _flags, _from = socket.recv_fds(self._asked, LENGTH.size, _HANDED)
        size = self._received(LENGTH.size, head)
        words = self._received(LENGTH.unpack(size)[0]) if size else None
        if not words:
            return False
        question = json.loads(words)
        if "end" in question:
            if question["end"] in self._forks:
                os.kill(question["end"], signal.SIGKILL)
            return True
        server, fork = os.getpid(), os.fork()
        if not fork:
            self._become(question["run"], server, handed)
        *files, pipe = handed
        for file in files:
            os.close(file)
        self._forks[fork] = pipe
        return True

    def _received(self, size: int, begun: bytes = b"") -> bytes | None:
        """Give so many bytes of a question; none where whoever asked is gone."""
        while len(begun) < size:
            more = self._asked.recv(size - len(begun))
            if not more:
                return None
            begun += more
        return begun

    def _tell_ends(self) -> None:
        """Tell those who wait how their forks ended."""
        for fork in list(self._forks):
            ended, status = os.waitpid(fork, os.WNOHANG)
            if ended:
                pipe = self._forks.pop(fork)
                _write(pipe, ENDED.pack(os.waitstatus_to_exitcode(status)))
                os.close(pipe)

    def _become(self, arguments: Sequence[str], server: int, handed: Sequence[int]) -> None:
        """Be the fork: say so, keep nothing but what was handed over, run, and end."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            end_with(server)
            said, complaints, results, pipe = handed
            _write(pipe, STARTED.pack(os.getpid()))  # before it can end the server, whose end is then known as its own
            os.dup2(said, 1)
            os.dup2(complaints, 2)
            for mine in (said, complaints, pipe, self._woken, self._wakes, *self._forks.values()):
                os.close(mine)
            self._asked.close()
            code = self._run([str(results), str(server), *arguments])
            sys.stdout.flush()
        except BaseException:  # noqa: BLE001 - nothing may lead back into the loop of the server
            traceback.print_exc()
        finally:
            with contextlib.suppress(OSError):
                sys.stderr.flush()
            os._exit(code)


def _noticed(_number: int, _frame: FrameType | None) -> None:
    """See that a fork has ended: where there is a handler, the signal writes to the pipe that wakes the loop."""


def _write(pipe: int, news: bytes) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody waits for it any more
        os.write(pipe, news)


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]))
