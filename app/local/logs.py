"""Logs are kept small: whoever watches processes looks at what they write now and then."""

import contextlib
import os
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

LARGEST = 8 * 1024 * 1024
_EVERY_SECONDS = 60.0


class Logs:
    """The logs of processes that somebody watches, in one folder, each called as its process is."""

    def __init__(self, folder: Path) -> None:
        """Say where they are."""
        self._folder = folder
        self._looked_at: float | None = None

    def look(self, names: Iterable[str]) -> None:
        """Trim what has grown too large. It may be called all the time: it looks once a minute."""
        now = time.monotonic()
        if self._looked_at is not None and now - self._looked_at < _EVERY_SECONDS:
            return
        self._looked_at = now
        for name in names:
            trim(self._folder / f"{name}.log")


def trim(path: Path, *, largest: int = LARGEST) -> None:
    """Keep a log small: move what is in it to one older file, and go on in the same file, which servers hold open."""
    with contextlib.suppress(OSError):  # a full disk: it is tried again
        if path.exists() and path.stat().st_size > largest:
            shutil.copyfile(path, path.with_name(f"{path.name}.1"))
            os.truncate(path, 0)
