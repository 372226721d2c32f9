"""Other processes that use the servers, and ways to look at what runs."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from app.config import PROJECT
from app.local import home as folders
from app.local import servers

USER = """
import dataclasses, json, sys
from pathlib import Path
from app.config import Settings
from app.local import servers
with servers.running(Settings(home=Path(sys.argv[1]))) as addresses:
    print(json.dumps(dataclasses.asdict(addresses)), flush=True)
    exec(sys.argv[2])
    sys.stdin.read()
"""


@dataclass(frozen=True)
class Served:
    """A home whose servers run."""

    home: Path
    addresses: servers.Addresses


class User:
    """Another process that uses the servers of a home until it is told to leave, or is killed."""

    def __init__(self, home: Path, *, also: str = "", **popen: Any) -> None:
        found_at = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")]))
        environment = {**os.environ, "PYTHONPATH": found_at, **popen.pop("env", {})}
        self.process = subprocess.Popen(
            [popen.pop("python", sys.executable), "-c", USER, str(home), also],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            **popen,
        )

    def addresses(self) -> servers.Addresses:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            assert self.process.stderr
            raise AssertionError(self.process.stderr.read())
        return servers.Addresses(**json.loads(line))

    def leave(self) -> None:
        assert self.process.stdin
        if not self.process.stdin.closed:
            self.process.communicate(timeout=30)

    def kill(self) -> None:
        self.process.kill()
        self.leave()


def connect(url: str, **more: Any) -> psycopg.Connection[Any]:
    """Connect as the address says, without the machinery of an engine."""
    parts = make_url(url)
    return psycopg.connect(autocommit=True, **{"user": parts.username, "dbname": parts.database, **parts.query, **more})


def ask(url: str, query: str) -> Any:
    with connect(url) as connection:
        row = connection.execute(query).fetchone()
    return row[0] if row else None


def eventually(holds: Callable[[], Any], *, seconds: float = 20) -> Any:
    until = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < until, "it did not come true in time"
        time.sleep(0.02)
    return found


def keepers(home: Path) -> set[int]:
    return {pid for pid, words in _commands() if "app.local.keeper" in words and str(home) in words}


def at_work(home: Path) -> set[int]:
    """The servers of a home with all their children: whoever works in a data folder."""
    place = folders.find(home)
    if place is None:
        return set()
    found = set()
    for pid, _ in _commands():
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/cwd").readlink() in (place.data_of("postgres"), place.data_of("valkey")):
                found.add(pid)
    return found


def below(folder: Path) -> set[int]:
    """Processes with a folder in their command or under their feet."""
    found = set()
    for pid, words in _commands():
        with contextlib.suppress(OSError):
            if str(folder) in " ".join(words) or Path(f"/proc/{pid}/cwd").readlink().is_relative_to(folder):
                found.add(pid)
    return found - {os.getpid()}


def kill(*pids: int) -> None:
    """Kill, and wait till they are dead: a signal is on its way for a moment, and the dead may stay as zombies."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    eventually(lambda: not any(is_alive(pid) for pid in pids))


def is_alive(pid: int) -> bool:
    try:
        words = Path(f"/proc/{pid}/status").read_text()
        return "State:\tZ" not in words or "Threads:\t1\n" not in words  # a zombie's threads may go on for a moment
    except OSError:
        return False


def status_of(home: Path, name: str) -> servers.ServerStatus:
    return next(server for server in servers.status(home).servers if server.name == name)


def pid_of(home: Path, name: str) -> int:
    pid = status_of(home, name).pid
    assert pid
    return pid


def _commands() -> list[tuple[int, list[str]]]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
                found.append((int(entry.name), words))
    return found
