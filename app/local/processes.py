"""Who the servers run as, and how their processes begin and end."""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.local.errors import OutOfReach

ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
"""All that a server sees of our environment: a PGPORT or an LD_LIBRARY_PATH of whoever starts us is not for it."""

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Account:
    """The account the servers run as: our own, or for root an unprivileged one."""

    name: str
    uid: int
    gid: int
    switch: bool


def account_of_servers() -> Account:
    """Give the account the servers run as: our own, or ``nobody`` where we are root, which PostgreSQL refuses.

    Raises `OutOfReach` where there is no such account: PostgreSQL does not run as a number without a name, and says
    so less clearly.
    """
    switch = os.geteuid() == 0
    try:
        entry = pwd.getpwnam("nobody") if switch else pwd.getpwuid(os.geteuid())
    except KeyError:
        wanted = "user 'nobody', whom root's servers run as" if switch else f"name for user id {os.geteuid()}"
        raise OutOfReach(
            f"This system has no {wanted} (no line in /etc/passwd), and PostgreSQL does not run without. "
            "Add one, run Kontor as another user, or set DATABASE_URL and REDIS_URL."
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, switch)


def run(
    account: Account, command: Sequence[str | Path], *, timeout: float = 30, dies_with_us: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run a command as the account, to its end.

    ``dies_with_us`` is for the keeper, which has one thread: code between fork and exec is not safe with more.
    Raises `OSError` where it cannot run, `subprocess.TimeoutExpired` where it does not end.
    """
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=timeout,
        check=False,
        cwd="/",
        env=ENVIRONMENT,
        user=account.uid if account.switch else None,
        group=account.gid if account.switch else None,
        extra_groups=[] if account.switch else None,
        preexec_fn=die_with_us(signal.SIGKILL) if dies_with_us else None,
    )


def start(
    account: Account, command: Sequence[str | Path], *, log: Path, last_signal: signal.Signals
) -> subprocess.Popen[bytes]:
    """Start a server as the account. On Linux it gets the last signal when we die, whatever we die of.

    The log is opened here, so its folder needs no rights for the account. Raises `OSError` where it cannot start.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=ENVIRONMENT,
            user=account.uid if account.switch else None,
            group=account.gid if account.switch else None,
            extra_groups=[] if account.switch else None,
            preexec_fn=die_with_us(last_signal),
        )


def die_with_us(last_signal: signal.Signals) -> Callable[[], None] | None:
    """Give what a child does between fork and exec to be told when we die.

    It has to come after the change of user, which clears it; subprocess does it in that order. A parent that died
    before the call is noticed by the changed parent id.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def arrange() -> None:
        prctl(_PR_SET_PDEATHSIG, int(last_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return arrange


def working_in(folder: Path, account: Account, *, hint: int | None = None) -> set[int]:
    """Give the processes of the account that work in a folder.

    Servers and all their children work in their data folder, so on Linux this finds them without trusting a pid file,
    whose number may belong to somebody else by now. Elsewhere the hint, a number from a pid file, is taken where it
    belongs to a server of the account.
    """
    if sys.platform != "linux":
        return {hint} if hint and _is_server(hint, account) else set()
    found = set()
    for entry in os.listdir("/proc"):
        if entry.isdecimal():
            try:
                if os.readlink(f"/proc/{entry}/cwd") == str(folder) and _real_uid(entry) == account.uid:
                    found.add(int(entry))
            except OSError:
                continue  # it ended, or it belongs to another user
    return found


def _real_uid(pid: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("Uid:"):
            return int(line.split()[1])
    raise ProcessLookupError(pid)


def _is_server(pid: int, account: Account) -> bool:
    shown = subprocess.run(
        ["/bin/ps", "-p", str(pid), "-o", "uid=,command="], capture_output=True, text=True, check=False
    ).stdout.split(maxsplit=1)
    return (
        len(shown) == 2
        and shown[0] == str(account.uid)
        and any(name in shown[1] for name in ("postgres", "valkey-server", "redis-server"))
    )


def send(pids: Collection[int], number: signal.Signals) -> None:
    """Send a signal to those that are still there."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def vanish(find: Callable[[], Collection[int]], *, patience: float) -> bool:
    """Wait till none is found any more; say whether that came true in time."""
    until = time.monotonic() + patience
    while find():
        if time.monotonic() >= until:
            return False
        time.sleep(0.02)
    return True


def ends(process: subprocess.Popen[bytes], *, patience: float) -> bool:
    """Wait for a child to end; say whether it did in time."""
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        return False
    return True


def tail(log: Path, *, since: int = 0, most: int = 2000) -> str:
    """Give the end of a log, from a position on, for an error message."""
    try:
        with log.open("rb") as lines:
            lines.seek(max(since, lines.seek(0, os.SEEK_END) - most))
            return lines.read().decode(errors="replace").strip()
    except OSError:
        return ""
