"""Heavy work gives way to people: it has the processors whenever nobody else wants them, and no longer.

A worker lowers its own priority, and that of the processes which serve it in a PostgreSQL on the same machine: else a
page, or a document that somebody sends, would wait in one queue with a million lines.

Linux shares the processors out among sessions before it looks at what a process is worth within its own
(``sched(7)``, autogroup), and each process of PostgreSQL that serves a connection is a session by itself: what counts
among sessions is lowered as well.
"""

import logging
import os
import random
import threading
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

NICENESS = 10

_PATIENCE_SECONDS = 10.0
_BETWEEN_SECONDS = 0.1
"""Who is not root may change sessions ten times a second, all users together."""

_log = logging.getLogger(__name__)


def give_way(engine: Engine) -> None:
    """Let this process and those that it forks give way from now on, with whatever serves them."""
    os.nice(NICENESS)
    if _leads(os.getpid()) and not _lowered(os.getpid()):
        _lower_later(os.getpid())
    event.listen(engine, "connect", lower_server_process)


def lower_server_process(connection: Any, _record: object = None) -> None:
    """Lower the process that serves a connection, where it is a PostgreSQL of this machine that is ours to lower."""
    pid = connection.info.backend_pid
    try:
        # over a socket in a folder; and of this machine's numbers, not of a container's
        if connection.info.host.startswith("/") and Path(f"/proc/{pid}/comm").read_text().startswith("postgres"):
            os.setpriority(os.PRIO_PROCESS, pid, NICENESS)
            if _leads(pid) and not _lowered(pid):
                threading.Thread(target=_lower_later, args=(pid,), daemon=True).start()  # nobody waits for that
    except OSError as problem:
        _log.debug("the server's process %s keeps its priority: %s", pid, problem)


def _leads(pid: int) -> bool:
    """Say whether a process leads its session: else that is somebody's who may want to be answered."""
    return os.getsid(pid) == pid


def _lower_later(pid: int) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        time.sleep(_BETWEEN_SECONDS * random.uniform(1, 5))  # noqa: S311  # so that not all try at the same moment
        if _lowered(pid):
            return
    _log.warning("the session of process %s keeps its priority: too many wanted to change theirs", pid)


def _lowered(pid: int) -> bool:
    """Lower the session that a process leads; say whether no other try is worth while.

    None is where a system knows of no such thing; where others have just been lowered, one is.
    """
    try:
        Path(f"/proc/{pid}/autogroup").write_text(str(NICENESS))
    except BlockingIOError:
        return False
    except OSError as problem:
        _log.debug("the session of process %s keeps its priority: %s", pid, problem)
    return True
