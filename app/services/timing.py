"""Where the time of a job goes: stages measured where they happen, summed by name for whoever asks."""

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_sheet: ContextVar[dict[str, int] | None] = ContextVar("timing", default=None)


@contextmanager
def measured() -> Iterator[dict[str, int]]:
    """Collect the stages inside the block: microseconds by name, and with them the process's peak memory in KiB."""
    sheet: dict[str, int] = {}
    token = _sheet.set(sheet)
    try:
        yield sheet
    finally:
        _sheet.reset(token)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        sheet["peak_kib"] = peak // 1024 if sys.platform == "darwin" else peak


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Measure a stage, where somebody collects them."""
    sheet = _sheet.get()
    if sheet is None:
        yield
        return
    began = time.perf_counter_ns()
    try:
        yield
    finally:
        sheet[name] = sheet.get(name, 0) + (time.perf_counter_ns() - began) // 1000
