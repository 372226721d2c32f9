"""Starts the process that reads a file, and makes of its end what can be said to people."""

import json
import os
import signal
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from app.domain.saying.wording import Said, marked
from app.local.forking import Ended, Readers
from importers.files.cells import Unreadable
from importers.files.elsewhere.handing import REFUSED, take_over
from importers.files.grid import Grid
from importers.files.limits import Limits

_ = marked
_READERS = Readers("importers.files.elsewhere.reader")
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
            done = _READERS.run(descriptor, told, seconds=limits.reader_seconds)
        except TimeoutError:
            words = _("reading it takes longer than it may, in seconds (%(limit)s); save the table as CSV UTF-8.")
            raise Unreadable(words, limit=limits.said("reader_seconds")) from None
        if done.code:
            raise _problem(done, limits)
        yield from take_over(descriptor, os.fstat(descriptor).st_size)


def _problem(done: Ended, limits: Limits) -> Exception:
    """Tell why the process ended as it did."""
    if done.code == REFUSED:
        said = Said.again(json.loads(done.said))
        return Unreadable(said.text, **said.values)
    if "ImportError" in done.complaints or "ModuleNotFoundError" in done.complaints:
        return RuntimeError(f"the reader of files does not start: {done.complaints[-1000:]}")
    if -done.code in _KILLS:
        return RuntimeError("the reader of files was killed, by somebody or for want of memory")
    if -done.code == signal.SIGXCPU:
        words = _(
            "reading it takes more of the processor than it may, in seconds (%(limit)s); save the table as CSV UTF-8."
        )
        return Unreadable(words, limit=limits.said("reader_cpu_seconds"))
    if any(word in done.complaints for word in _OUT_OF_MEMORY):
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
