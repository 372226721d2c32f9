"""Starts the process that reads a file, and makes of its end what can be said to people."""

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from app.domain.saying.wording import Said, marked
from app.local.walls import BARE, command
from importers.files.cells import Unreadable
from importers.files.grid import Grid
from importers.files.handing import take_over
from importers.files.limits import Limits
from importers.files.reader import REFUSED

_ = marked
_KILLS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_OUT_OF_MEMORY = (
    "MemoryError",
    "memory allocation",
    "capacity overflow",
    "Cannot allocate",
    "realloc of size",
    "malloc",
)


def read_elsewhere(task: Mapping[str, Any], limits: Limits) -> Iterator[Grid]:
    """Read a file in a process of its own; what it read is handed over in a file without a name.

    Raises:
        Unreadable: The file cannot be read; the text says why and what to do.
        RuntimeError: The reader does not start, or somebody killed it: no fault of the file, which can be read again.
    """
    with tempfile.TemporaryFile(prefix="kontor-sheet-") as handed:
        descriptor = handed.fileno()
        told = json.dumps({**task, "limits": asdict(limits)})
        try:
            done = subprocess.run(
                command("importers.files.reader", str(descriptor), str(os.getpid()), told),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=limits.reader_seconds,
                check=False,
                cwd="/",
                env=BARE,
                pass_fds=[descriptor],
                process_group=0,  # Ctrl-C is for whoever called us, in whose session it stays
            )
        except subprocess.TimeoutExpired:
            words = _("reading it takes longer than it may, in seconds (%(limit)s); save the table as CSV UTF-8.")
            raise Unreadable(words, limit=limits.said("reader_seconds")) from None
        if done.returncode:
            raise _problem(done, limits)
        yield from take_over(descriptor, os.fstat(descriptor).st_size)


def _problem(done: "subprocess.CompletedProcess[str]", limits: Limits) -> Exception:
    """Tell why the process ended as it did."""
    if done.returncode == REFUSED:
        said = Said.again(json.loads(done.stdout))
        return Unreadable(said.text, **said.values)
    if "ImportError" in done.stderr or "ModuleNotFoundError" in done.stderr:
        return RuntimeError(f"the reader of files does not start: {done.stderr[-1000:]}")
    if -done.returncode in _KILLS:
        return RuntimeError("the reader of files was killed, by somebody or for want of memory")
    if -done.returncode == signal.SIGXCPU:
        words = _(
            "reading it takes more of the processor than it may, in seconds (%(limit)s); save the table as CSV UTF-8."
        )
        return Unreadable(words, limit=limits.said("reader_cpu_seconds"))
    if any(word in done.stderr for word in _OUT_OF_MEMORY):
        words = _(
            "reading it takes more memory than it may, in MiB (%(limit)s); delete the rows and columns around the "
            "table, or save it as CSV UTF-8."
        )
        return Unreadable(words, limit=limits.said("reader_memory_mb"))
    return Unreadable(
        _(
            "no reader can open it: it is broken, or a cell far away from the table makes it larger than may be; "
            "delete the rows and columns around the table and save it again."
        )
    )
