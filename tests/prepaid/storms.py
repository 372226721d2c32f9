"""A storm: work is carried out by processes that are killed again and again, until one of them comes to its end."""

import multiprocessing
import signal
import time
from collections.abc import Callable

_GOES = 30.0
"""Seconds within which a process that was killed is gone."""


def until_done(
    target: Callable[..., None], arguments: tuple[object, ...], patience: Callable[[int], float], *, longest: float
) -> int:
    """Carry work out, and tell how many processes were killed over it.

    ``patience`` says for how many seconds a process is left alone, by how many were killed before it. Work that is not
    done in ``longest`` seconds fails, and so does a process that ends by itself in any way but well.
    """
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([target.__module__])
    ends, kills = time.monotonic() + longest, 0
    while True:
        left = ends - time.monotonic()
        assert left > 0, f"not done in {longest:.0f} s, after {kills} killed processes"
        child = processes.Process(target=target, args=arguments)
        child.start()
        child.join(min(left, patience(kills)))
        if child.exitcode is None:
            child.kill()
            child.join(_GOES)
            assert child.exitcode is not None, f"process {child.pid} was killed and is not gone"
            kills += 1
        ended = child.exitcode
        child.close()
        if ended == 0:
            return kills
        assert ended == -signal.SIGKILL, f"a process ended by itself with {ended}; what stopped it stands above"
