"""What forks of `tests.app.local.test_forking` run: it tells what it finds where it runs, or ends in some manner."""

import os
import signal
import sys
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

LOADED = uuid.uuid4().hex
"""Another one in each process that loads this; forks have that of their server."""


def main(arguments: Sequence[str]) -> int:
    results, parent, what = int(arguments[0]), int(arguments[1]), arguments[2]
    if what == "tell":
        print(LOADED, os.getpid(), parent == os.getppid())
        print("careful", file=sys.stderr)
        os.write(results, b"read")
        return 3
    if what == "environment":
        print(Path("/proc/self/environ").read_text(), sorted(os.environ))
        print(len(os.listdir("/proc/self/fd")))
    elif what == "fail":
        raise ValueError("of the file")
    elif what == "leave":
        sys.exit("for good")
    elif what == "abort":
        os.abort()
    elif what == "stay":
        begun = time.monotonic()
        time.sleep(0.3)
        print(begun, time.monotonic())
    elif what == "sleep":
        print(os.getpid(), flush=True)
        os.write(results, str(os.getpid()).encode())
        time.sleep(60)
    elif what == "end the server":
        os.kill(parent, signal.SIGKILL)
        time.sleep(60)
    return 0
