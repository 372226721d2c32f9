"""What processes and those they start use: the peak memory of each, and the processor time of all."""

import os
import threading
from collections.abc import Iterable
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(roots: Iterable[int]) -> float:
    """Sum the processor time of these processes and all below them, the ended ones among those included."""
    ticks = 0
    for pid in _family(roots):
        fields = _stat(pid)
        ticks += sum(map(int, fields[11:15])) if fields else 0  # user, system, and both of children that ended
    return ticks / _TICK


class Memory(threading.Thread):
    """Watches the peak memory of single processes: their own and mapped files; shared buffers count for nobody."""

    def __init__(self, roots: list[int]) -> None:
        """Say whose, with all that they start."""
        super().__init__(daemon=True)
        self.roots = roots
        self.peak_kib: dict[str, int] = {}
        self._stop_asked = threading.Event()

    def run(self) -> None:
        """Look until told to stop."""
        while not self._stop_asked.wait(0.5):
            for pid in _family(self.roots):
                self._look(pid)

    def _look(self, pid: int) -> None:
        try:
            name = Path(f"/proc/{pid}/comm").read_text().strip()
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except OSError:
            return
        sizes = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith(("RssAnon", "RssFile"))}
        used = int(sizes.get("RssAnon", 0)) + int(sizes.get("RssFile", 0))
        self.peak_kib[name] = max(self.peak_kib.get(name, 0), used)

    def end(self) -> dict[str, int]:
        """Stop looking, and give the peaks by name of process, in MiB, the largest first."""
        self._stop_asked.set()
        self.join()
        return {name: round(kib / 1024) for name, kib in sorted(self.peak_kib.items(), key=lambda one: -one[1])}


def _family(roots: Iterable[int]) -> list[int]:
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (fields := _stat(int(entry.name))):
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    family = list(dict.fromkeys(roots))
    for pid in family:
        family += [child for child in parents.get(pid, ()) if child not in family]
    return family


def _stat(pid: int) -> list[str]:
    """Give what the kernel says of a process behind its name; nothing where it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return []
