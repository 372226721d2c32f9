"""Heavy work gives way to people: it has the processors whenever nobody else wants them, and no longer.

A worker lowers its own priority, and that of the processes which serve it in a PostgreSQL on the same machine: else a
page, or a document that somebody sends, would wait in one queue with a million lines.
"""

import logging
import os
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

NICENESS = 10

_log = logging.getLogger(__name__)


def give_way(engine: Engine) -> None:
    """Let this process and those that it forks give way from now on, with whatever serves them."""
    os.nice(NICENESS)
    event.listen(engine, "connect", lower_server_process)


def lower_server_process(connection: Any, _record: object = None) -> None:
    """Lower the process that serves a connection, where it is a PostgreSQL of this machine that is ours to lower."""
    pid = connection.info.backend_pid
    try:
        # over a socket in a folder; and of this machine's numbers, not of a container's
        if connection.info.host.startswith("/") and Path(f"/proc/{pid}/comm").read_text().startswith("postgres"):
            os.setpriority(os.PRIO_PROCESS, pid, NICENESS)
    except OSError as problem:
        _log.debug("the server's process %s keeps its priority: %s", pid, problem)
