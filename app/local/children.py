"""Our own processes: started with the servers' addresses in their environment, ended with whoever started them."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from app.local.processes import die_with_us
from app.local.servers import Addresses

APART = frozenset({"worker"})
"""Commands that have a session of their own, in which they can give way to the people of ours."""


def start(arguments: Sequence[str], addresses: Addresses, log: Path | None = None) -> subprocess.Popen[bytes]:
    """Start one of our own commands (``python -m app.cli.main ARGUMENTS``) with the servers' addresses.

    What it says goes to ``log``, or to our standard error. A worker gets a session of its own on Linux, where it is
    told of our end whatever that is; a terminal's signals reach it through us.
    """
    environment = {
        **os.environ,
        "DATABASE_URL": addresses.database_url,
        "DATABASE_OWNER_URL": addresses.owner_url,
        "REDIS_URL": addresses.redis_url,
    }
    command = [sys.executable, "-m", "app.cli.main", *arguments]
    apart = arguments[0] in APART and sys.platform == "linux"
    if log is None:
        return _popen(command, environment, None, apart=apart)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as sink:
        return _popen(command, environment, sink.fileno(), apart=apart)


def _popen(
    command: list[str], environment: dict[str, str], sink: int | None, *, apart: bool
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=sink if sink is not None else sys.stderr.fileno(),
        stderr=sink if sink is not None else sys.stderr.fileno(),
        start_new_session=apart,
        preexec_fn=die_with_us(signal.SIGTERM),
    )


def end(processes: Sequence["subprocess.Popen[bytes]"], patience: float = 15.0) -> None:
    """Ask processes to finish what they are at, and end those that do not."""
    for process in processes:
        if process.poll() is None:
            process.terminate()
    for process in processes:
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
