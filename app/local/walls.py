"""Walls around a process of ours that reads what others wrote: whatever a file makes of it, ours goes on."""

import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

_SEARCHED = os.pathsep.join(
    dict.fromkeys([str(Path(__file__).resolve().parent.parent.parent), *filter(None, sys.path)])
)
BARE = {
    "PATH": os.defpath,
    "PYTHONPATH": _SEARCHED,
    "PYTHONUTF8": "1",
    # numpy's and pyarrow's libraries start threads when they are loaded: whoever forks readers must have one alone
    "OPENBLAS_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
"""The environment of such a process: where it finds its modules, how they behave, and nothing of ours."""

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000


def command(module: str, *arguments: str) -> list[str]:
    """Give the command that runs a module of ours as such a process; it begins by shutting itself in."""
    return [sys.executable, "-P", "-m", module, *arguments]


def shut_in(wanted_by: int, *, memory_mb: int, cpu_seconds: int) -> None:
    """Limit this process: so much memory and as much of a file, so much of the processor, and no network.

    ``wanted_by`` is the process that started it; this one ends when that one does.
    """
    end_with(wanted_by)
    _without_network()
    memory = memory_mb << 20
    for limit, most, at_the_most in (
        (resource.RLIMIT_DATA, memory, memory),
        (resource.RLIMIT_FSIZE, memory, memory),
        (resource.RLIMIT_CPU, cpu_seconds, cpu_seconds + 1),  # then as by somebody
        (resource.RLIMIT_CORE, 0, 0),
    ):
        resource.setrlimit(limit, (most, at_the_most))


def end_with(parent: int) -> None:
    """Have this process end when its parent does, whatever that died of; at once where it has."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)


def _without_network() -> None:
    """Leave the network, where the system lets a process do so. No reader asks for it: this is a second wall."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if libc.unshare(_CLONE_NEWNET) != 0:
            libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
