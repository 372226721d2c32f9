"""As many heavy jobs at once as this machine has processors; a worker that finds none free does what is light.

More at once take no less time: they only push one another out of the processors' caches (measured: a tenth longer with
four workers on two). And a mail, an export or a card's load need not wait until a million lines are counted.
"""

import os
from pathlib import Path

from sqlalchemy import Engine

from app.local import locks

LEAST = 2
"""While one waits for the disk, another computes."""


class Place:
    """A heavy job's place on the processors; it is free again once it is left, or its process is gone."""

    def __init__(self, descriptor: int) -> None:
        """Take an open lock file, which is locked."""
        self._descriptor: int | None = descriptor

    def leave(self) -> None:
        """Let others have it; whoever left it before changes nothing."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class Processors:
    """The places on the processors of this machine, shared by the workers of one installation."""

    def __init__(self, folder: Path, count: int) -> None:
        """Say where the lock files lie, and how many places there are."""
        self._folder = folder
        self._files = [folder / str(number) for number in range(count)]

    @classmethod
    def of(cls, home: Path, engine: Engine) -> "Processors | None":
        """Give those of an installation; none where a database elsewhere does most of the work."""
        host = engine.url.query.get("host") or engine.url.host or "/"
        return cls(home / "processors", max(LEAST, _count())) if str(host).startswith("/") else None

    def place(self) -> Place | None:
        """Take a free place, if there is one."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for file in self._files:
            descriptor = locks.take(file, shared=False, patience=0)
            if descriptor is not None:
                return Place(descriptor)
        return None


def _count() -> int:
    """Count the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
