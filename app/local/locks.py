"""Locks between processes. They end with the process that holds them, also after a kill -9, so none is ever stale."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from app.local.errors import KeeperFailed

_PAUSE = 0.01


def open_file(path: Path) -> int:
    """Open a lock file or a folder. No child inherits it through an exec; a fork shares it, as its parent's equal."""
    return os.open(path, (os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT) | os.O_CLOEXEC, 0o600)


def try_lock(descriptor: int, *, shared: bool) -> bool:
    """Lock an open file if that is possible at once."""
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def take(path: Path, *, shared: bool, patience: float) -> int | None:
    """Lock a file within the given seconds and give its descriptor; closing it gives the lock back.

    Gives None where others hold it all the time. A lock is given back by closing and never by unlocking: a fork
    shares the lock of its parent, and unlocking in one of them would unlock for both.
    """
    descriptor = open_file(path)
    until = time.monotonic() + patience
    try:
        while not try_lock(descriptor, shared=shared):
            if time.monotonic() >= until:
                os.close(descriptor)
                return None
            time.sleep(_PAUSE)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@contextlib.contextmanager
def exclusively(path: Path, *, patience: float) -> Iterator[None]:
    """Do the block alone among all processes. Raises `KeeperFailed` where the lock does not come free in time."""
    descriptor = take(path, shared=False, patience=patience)
    if descriptor is None:
        raise KeeperFailed(f"{path} has been locked by another process for {patience:.0f} seconds.")
    try:
        yield
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Say whether some process holds the file exclusively."""
    if not path.exists():
        return False
    descriptor = open_file(path)
    try:
        return not try_lock(descriptor, shared=True)
    finally:
        os.close(descriptor)
