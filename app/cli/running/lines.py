"""Lines of visitors to the web server: none holds a thread by saying nothing, or less than the slowest phone does."""

import contextlib
import errno
import selectors
import socket
import time
from functools import partial
from typing import Any

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

SILENT_SECONDS = 20.0
"""How long nothing may come, or be taken, in the middle of a request: a phone that lost its network says nothing."""
WHOLE_SECONDS = 30.0
"""How long a request may take to arrive, beside the time that its bytes take on the slowest line."""
SLOWEST_BYTES = 4_096
"""What the slowest line that is waited for brings in a second, in bytes: a phone on GPRS."""


class Line(socket.socket):
    """A connection on which nobody waits for ever: what the server calls blocking ends with the visitor's silence."""

    _began = 0.0
    _came = 0

    def begin(self) -> None:
        """Count from now how long a request takes to arrive."""
        self._began, self._came = time.monotonic(), 0

    def setblocking(self, flag: bool) -> None:  # as a socket has it
        """Wait for the visitor, as long as one is waited for; or do not wait."""
        self.settimeout(SILENT_SECONDS if flag else 0.0)

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """Take what comes.

        Raises:
            ConnectionResetError: Nothing did, or so little that the whole would never come.
        """
        if self.gettimeout() != SILENT_SECONDS:  # whoever set another one waits for less
            return super().recv(size, flags)
        left = self._began + WHOLE_SECONDS + self._came / SLOWEST_BYTES - time.monotonic()
        if left <= 0:
            raise self._hung_up()
        try:
            self.settimeout(min(left, SILENT_SECONDS))
            taken = super().recv(size, flags)
        except TimeoutError:
            raise self._hung_up() from None
        finally:
            self.settimeout(SILENT_SECONDS)
        self._came += len(taken)
        return taken

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """Send all of it, however long that takes a slow visitor who takes some of it all the time.

        Raises:
            ConnectionResetError: Nothing was taken.
        """
        left = memoryview(data)
        while left:
            try:
                left = left[self.send(left, flags) :]
            except TimeoutError:
                raise self._hung_up() from None

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """Send a file.

        Raises:
            ConnectionResetError: Nothing was taken.
        """
        try:
            return super().sendfile(file, offset, count)
        except TimeoutError:
            raise self._hung_up() from None

    def _hung_up(self) -> ConnectionResetError:
        """End the connection both ways: the server would say good-bye, and wait two seconds for an answer to that."""
        with contextlib.suppress(OSError):
            self.shutdown(socket.SHUT_RDWR)
        return ConnectionResetError(errno.ECONNRESET, "the visitor fell silent, or is too slow")


class Worker(ThreadWorker):  # type: ignore[misc]
    """Gunicorn's worker with threads. It waits for visitors without an end: as many as it has threads would hold it."""

    def enqueue_req(self, conn: Any) -> None:
        """Have a request read and answered, once something of it is there.

        A connection that just came becomes a line, and is watched without a thread: browsers open some in advance, on
        which each a thread waited for seconds.
        """
        if not isinstance(conn.sock, Line):
            conn.sock = Line(fileno=conn.sock.detach())
            self._watch(conn)
            return
        super().enqueue_req(conn)

    def _watch(self, conn: Any) -> None:
        """Wait for the first of a connection, as the server does for one that said nothing in its thread."""
        conn.sock.setblocking(False)
        conn.set_timeout()
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def handle(self, conn: Any) -> Any:
        """Read a request and answer it: from now on its bytes have to come."""
        conn.sock.begin()
        return super().handle(conn)
