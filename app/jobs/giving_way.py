"""Heavy work gives way to people: it has the processors whenever nobody else wants them, and no longer.

A worker lowers its own priority, and that of the processes which serve it in a PostgreSQL on the same machine: else a
page, or a document that somebody sends, would wait in one queue with a million lines.

Linux shares the processors out among sessions before it looks at what a process is worth within its own
(``sched(7)``, autogroup), and each process of PostgreSQL that serves a connection is a session by itself: what counts
among sessions is lowered as well.
"""

import contextlib
import logging
import os
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

NICENESS = 10

_TRIES = 5
_BETWEEN_SECONDS = 0.12
"""Linux lets all sessions together be changed ten times a second."""

_log = logging.getLogger(__name__)


def give_way(engine: Engine) -> None:
    """Let this process and those that it forks give way from now on, with whatever serves them.

    It leaves the session of whoever started it, for that is the people's as well.
    """
    with contextlib.suppress(PermissionError):  # who leads a group of processes, as a shell's jobs do, stays
        os.setsid()
    os.nice(NICENESS)
    _lower_session(os.getpid())
    event.listen(engine, "connect", lower_server_process)


def lower_server_process(connection: Any, _record: object = None) -> None:
    """Lower the process that serves a connection, where it is a PostgreSQL of this machine that is ours to lower."""
    pid = connection.info.backend_pid
    try:
        # over a socket in a folder; and of this machine's numbers, not of a container's
        if connection.info.host.startswith("/") and Path(f"/proc/{pid}/comm").read_text().startswith("postgres"):
            os.setpriority(os.PRIO_PROCESS, pid, NICENESS)
            _lower_session(pid)
    except OSError as problem:
        _log.debug("the server's process %s keeps its priority: %s", pid, problem)


def _lower_session(pid: int) -> None:
    """Lower the session that a process leads; another's, or where a system knows of no such thing, is left alone."""
    if os.getsid(pid) != pid:
        return
    for _ in range(_TRIES):
        try:
            Path(f"/proc/{pid}/autogroup").write_text(str(NICENESS))
        except BlockingIOError:
            time.sleep(_BETWEEN_SECONDS)
        except OSError as problem:
            _log.debug("the session of process %s keeps its priority: %s", pid, problem)
            return
        else:
            return
