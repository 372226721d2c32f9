"""Being a user of the servers: holding the lock that keeps them alive, and waking a keeper that runs them."""

import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from app.config import PROJECT
from app.local import errors, locks, processes, reports
from app.local.errors import KeeperFailed
from app.local.home import Place
from app.local.reports import Report, State

PATIENCE = 660.0
"""Seconds a user waits: for servers of others to stop, and for its own to start, which may follow a crash."""

_PAUSE = 0.01
_KEEPERS_TRIED = 4
_LAST_WAIT = 60.0


@dataclass
class _Hold:
    """This process's share in the users' lock: one descriptor, however many ask for it."""

    descriptor: int
    count: int


_holds: dict[Path, _Hold] = {}
_guard = threading.Lock()


def _after_fork() -> None:
    """Give a fork a free guard: another thread of the parent may have held it. The share in the lock it keeps."""
    global _guard
    _guard = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)


def join(place: Place) -> None:
    """Become a user, or one more of this process; wait while a keeper that nobody used is still stopping.

    Raises `KeeperFailed` where that takes too long.
    """
    with _guard:
        hold = _holds.get(place.root)
        if hold is None:
            descriptor = locks.take(place.users_lock, shared=True, patience=PATIENCE)
            if descriptor is None:
                raise KeeperFailed(f"The servers of {place.home} have been stopping for too long; see {place.log}.")
            hold = _holds[place.root] = _Hold(descriptor, 0)
        hold.count += 1


def leave(place: Place) -> None:
    """Stop being a user, or be one less of this process."""
    with _guard:
        hold = _holds[place.root]
        hold.count -= 1
        if hold.count:
            return
        del _holds[place.root]
        os.close(hold.descriptor)
    if os.getpid() == 1:
        # The first process of a container takes all others down with it, at once: the servers get the time to stop.
        until = time.monotonic() + _LAST_WAIT
        while locks.is_held(place.keeper_lock) and time.monotonic() < until:
            time.sleep(_PAUSE)


def ensure(place: Place, wanted: dict[str, Path | None]) -> None:
    """See to it that a keeper lives and that the wanted servers answer. The caller is a user already.

    Raises `KeeperFailed`, or the error that made a server fail.
    """
    until = time.monotonic() + PATIENCE
    started = 0
    life = ""
    known: dict[str, int] = {}  # of this keeper: the attempt that a server had come to when we asked for it
    while True:
        if not locks.is_held(place.keeper_lock):
            if started >= _KEEPERS_TRIED:
                said = processes.tail(place.log / "keeper.log")
                raise KeeperFailed(
                    f"The keeper of the servers does not stay alive. {place.log}/keeper.log ends:\n{said}"
                )
            _start_keeper(place, wanted)
            started += 1
            continue
        report = reports.read(place)
        if report and not report.stopping:
            if report.life != life:
                life = report.life
                known = {}
            ready = [_is_ready(place, name, setting, report, known) for name, setting in wanted.items()]
            if all(ready):
                return
        if time.monotonic() >= until:
            raise KeeperFailed(
                f"The servers of {place.home} have not started within {PATIENCE:.0f} s; see {place.log}."
            )
        time.sleep(_PAUSE)


def _is_ready(place: Place, name: str, setting: Path | None, report: Report, known: dict[str, int]) -> bool:
    """Say whether a server is ready; ask for it where nobody has. Raises what made our attempt fail."""
    said = report.servers.get(name)
    attempt = said.attempt if said else 0
    if said and said.state is State.FAILED and attempt > known.get(name, attempt):
        raise errors.from_report(said.kind, said.message)
    if said and said.state is State.READY:
        return _listens(place.socket_of(name))  # the keeper notices a crash only when it looks again
    if name not in known:
        if said and said.state is State.STARTING:
            known[name] = attempt - 1  # somebody else's attempt is as good as ours
        else:
            known[name] = attempt
            reports.ask_for(place, name, setting)
    return False


def _start_keeper(place: Place, wanted: dict[str, Path | None]) -> None:
    """Start a keeper, unless another process just did. It returns when the keeper has its lock."""
    with locks.exclusively(place.start_lock, patience=PATIENCE):
        if locks.is_held(place.keeper_lock):
            return
        reports.forget(place)
        for name, setting in wanted.items():
            reports.ask_for(place, name, setting)
        log = place.log / "keeper.log"
        path = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")]))
        with log.open("ab") as output:
            began = output.tell()
            code = subprocess.run(
                [sys.executable, "-P", "-m", "app.local.keeper", str(place.home)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env={**os.environ, "PYTHONPATH": path},
                start_new_session=True,
                check=False,
            ).returncode
    if code:
        raise KeeperFailed(f"The keeper of the servers did not start. {log} ends:\n{processes.tail(log, since=began)}")


def _listens(address: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(2)
        try:
            client.connect(str(address))
        except OSError:
            return False
    return True


def are_there(place: Place) -> bool:
    """Say whether any process is a user."""
    if not place.users_lock.exists():
        return False
    descriptor = locks.open_file(place.users_lock)
    try:
        return not locks.try_lock(descriptor, shared=False)
    finally:
        os.close(descriptor)
