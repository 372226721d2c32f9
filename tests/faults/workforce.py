"""Real workers and a sweeper, kept running as `kontor up` keeps them, and killed as no operator would."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from app.config import PROJECT
from app.local.processes import die_with_us
from tests.app.local.support import eventually, kill
from tests.faults.house import Site

MAIN = "app.cli.main"


def start(site: Site, *arguments: str, module: str = MAIN, log: str) -> subprocess.Popen[bytes]:
    """Start one of our own commands (or another module) in an installation; what it says goes to a log of its own."""
    path = site.settings.home / "log" / f"{log}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as sink:
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env=site.environment(),
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            preexec_fn=die_with_us(signal.SIGKILL),
        )


class Workforce:
    """Workers and a sweeper. What ends is replaced by `mend`, whoever ended it."""

    def __init__(self, site: Site, workers: int, *, sweeper: bool = True) -> None:
        self.site = site
        self.replaced = 0
        self._names = [*(f"worker-{number}" for number in range(workers)), *["sweeper"] * sweeper]
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._seen: set[int] = set()

    def __enter__(self) -> "Workforce":
        self.mend()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End everything, also what a killed worker left behind."""
        self.horses()
        for process in self._processes.values():
            process.kill()
            process.wait()
        kill(*(pid for pid in self._seen if _is_of(pid, self.site.settings.home)))

    def mend(self) -> None:
        """Start what does not run."""
        for name in self._names:
            process = self._processes.get(name)
            if process is None or process.poll() is not None:
                self.replaced += process is not None
                self._processes[name] = start(self.site, name.partition("-")[0], log=name)

    def horses(self) -> dict[int, int]:
        """Give the processes in which RQ does work, with the worker that each belongs to."""
        workers = {process.pid for name, process in self._processes.items() if name != "sweeper"}
        found = {pid: parent for pid, parent in _parents() if parent in workers}
        self._seen |= found.keys()
        return found

    def wait_until_idle(self) -> None:
        """Wait until nobody works any more, not even a process whose worker was killed."""
        eventually(lambda: not self.horses() and not any(_is_of(pid, self.site.settings.home) for pid in self._seen))


def _parents() -> Iterator[tuple[int, int]]:
    """Give every living process with its parent."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                state, parent = (entry / "stat").read_text().rsplit(")", 1)[1].split()[:2]
                if state != "Z":
                    yield int(entry.name), int(parent)


def _is_of(pid: int, home: Path) -> bool:
    """Say whether a process lives that works for a home: its number may belong to somebody else by now."""
    try:
        return f"KONTOR_HOME={home}".encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False
