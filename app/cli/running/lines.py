"""Lines of visitors to the web server: one that falls silent in the middle of a request has hung up."""

import contextlib
import errno
import socket
from typing import Any

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

SILENT_SECONDS = 20.0
"""How long nothing may come, or be taken, in the middle of a request: a phone that lost its network says nothing."""


class Line(socket.socket):
    """A connection on which nobody waits for ever: what the server calls blocking ends with the visitor's silence."""

    def setblocking(self, flag: bool) -> None:  # as a socket has it
        """Wait for the visitor, as long as one is waited for; or do not wait."""
        self.settimeout(SILENT_SECONDS if flag else 0.0)

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """Take what comes.

        Raises:
            ConnectionResetError: Nothing did.
        """
        try:
            return super().recv(size, flags)
        except TimeoutError:
            if self.gettimeout() != SILENT_SECONDS:  # whoever set another one waits for less
                raise
            raise self._hung_up() from None

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
        return ConnectionResetError(errno.ECONNRESET, "the visitor fell silent")


class Worker(ThreadWorker):  # type: ignore[misc]
    """Gunicorn's worker with threads. It waits for visitors without an end: as many as it has threads would hold it."""

    def enqueue_req(self, conn: Any) -> None:
        """Have a request read and answered; a connection that just came becomes a line."""
        if not isinstance(conn.sock, Line):
            conn.sock = Line(fileno=conn.sock.detach())
        super().enqueue_req(conn)
