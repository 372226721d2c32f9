"""A web server for one measurement: the application's, or the same server with a bare page."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from app.cli.running.runtime import Runtime
from app.local import children

_SECONDS_TO_WAKE = 60.0


@contextmanager
def served(run: Runtime, what: str) -> Iterator[int]:
    """Serve the application (``web``) or the bare page (``bare``); give the port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "app.cli.main" if what == "web" else "bench.bare", "web"]
    addresses = {
        "DATABASE_URL": run.addresses.database_url,
        "DATABASE_OWNER_URL": run.addresses.owner_url,
        "REDIS_URL": run.addresses.redis_url,
    }
    (run.settings.home / "log").mkdir(exist_ok=True)
    with (run.settings.home / "log" / f"{what}.log").open("ab") as log:
        environment = {**os.environ, **addresses, "KONTOR_WEB_PORT": str(port)}
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        _wait_until_open(port, process)
        yield port
    finally:
        children.end([process])


def _wait_until_open(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _SECONDS_TO_WAKE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("the web server does not start") from None
            time.sleep(0.1)
