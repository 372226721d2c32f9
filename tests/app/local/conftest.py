"""Homes to try the embedded servers in."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.config import Settings
from app.local import home as folders
from app.local import servers
from app.local.errors import LocalError
from tests.app.local.support import Served, User, below


@pytest.fixture(scope="session", autouse=True)
def _nothing_is_configured() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as environment:
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "KONTOR_PG_BIN", "KONTOR_VALKEY_BIN"):
            environment.delenv(name, raising=False)
        yield


def new_folder() -> Path:
    """Make a folder that every account can pass through; pytest's own are closed.

    In memory where there is room: the servers write everything out as they always do, and a slow disk would only make
    the tests slower.
    """
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and (there := os.statvfs(memory)).f_bavail * there.f_frsize > 2**30
    fits = roomy and not there.f_flag & os.ST_NOEXEC
    folder = Path(tempfile.mkdtemp(prefix="kontor-test-", dir=memory if fits else "/tmp"))
    folder.chmod(0o711)
    return folder


@pytest.fixture
def base(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that every account can pass through (pytest's own are closed), cleaned up with all that runs in it."""
    folder = new_folder()
    monkeypatch.setattr(folders, "ELSEWHERE", folder / "elsewhere")
    yield folder
    for log in folder.glob("**/log"):
        with contextlib.suppress(LocalError):  # a test may have left a home that nobody can use
            servers.stop(log.parent)
    for pid in below(folder):
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(folder)


@pytest.fixture
def home(base: Path) -> Path:
    """A home that does not exist yet."""
    return base / "home"


@pytest.fixture(scope="session")
def _made_once() -> Iterator[Path]:
    folder = new_folder()
    with servers.running(Settings(home=folder / "home")):
        pass
    servers.stop(folder / "home")
    yield folder / "home"
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def served(_made_once: Path) -> Iterator[Served]:
    """Servers that run, for tests that only look at them."""
    folder = new_folder()
    subprocess.run(["cp", "-a", _made_once, folder / "home"], check=True)
    with servers.running(Settings(home=folder / "home")) as addresses:
        yield Served(folder / "home", addresses)
    servers.stop(folder / "home")
    shutil.rmtree(folder)


@pytest.fixture
def used_home(_made_once: Path, home: Path) -> Path:
    """A home that has been used before: its cluster is there, and nothing runs."""
    subprocess.run(["cp", "-a", _made_once, home], check=True)
    return home


@pytest.fixture
def user() -> Iterator[Callable[..., User]]:
    """Starts other users, and ends those the test left."""
    started = []

    def start(home: Path, **more: Any) -> User:
        started.append(User(home, **more))
        return started[-1]

    yield start
    for one in started:
        one.kill()
