"""Clients that work side by side, each in a process of its own, and what their work came to."""

import multiprocessing
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeAlias

WARM_UP = 50

Client: TypeAlias = Callable[..., AbstractContextManager[Callable[[], None]]]
"""Makes, in its own process, the function that does one transaction. Must be importable by name."""


@dataclass(frozen=True)
class Figures:
    """How many transactions, how many a second, and how long 95 in 100 of them took at most."""

    transactions: int
    tx_per_second: float
    p95_ms: float

    @staticmethod
    def of(took: Sequence[float], seconds: float) -> "Figures":
        """Take the seconds that each transaction took, and those that all had."""
        if not took:
            return Figures(0, 0.0, 0.0)
        return Figures(len(took), len(took) / seconds, sorted(took)[len(took) * 95 // 100] * 1e3)

    @staticmethod
    def median(several: Sequence["Figures"]) -> "Figures":
        """Give the median of several runs, figure by figure."""
        return Figures(
            round(statistics.median(one.transactions for one in several)),
            statistics.median(one.tx_per_second for one in several),
            statistics.median(one.p95_ms for one in several),
        )


def race(client: Client, arguments: Sequence[tuple[Any, ...]], seconds: float, *, warm_up: int = WARM_UP) -> Figures:
    """Let one client work for each tuple of arguments, all at the same time and for so long.

    Before that each does what a process does once, ``warm_up`` times: connect, prepare its statements. That is not
    measured.
    """
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([client.__module__])
    ready = processes.Barrier(len(arguments))
    results = processes.SimpleQueue()
    started = [
        processes.Process(target=_work, args=(client, one, seconds, warm_up, ready, results)) for one in arguments
    ]
    for process in started:
        process.start()
    took: list[float] = []
    failed: list[str] = []
    for _ in started:
        found = results.get()
        if isinstance(found, str):
            failed.append(found)
        else:
            took += found
    for process in started:
        process.join()
    if failed:
        raise SystemExit(f"a client failed: {failed[0]}")
    return Figures.of(took, seconds)


def _work(client: Client, arguments: tuple[Any, ...], seconds: float, warm_up: int, ready: Any, results: Any) -> None:
    try:
        with client(*arguments) as once:
            for _ in range(warm_up):
                once()
            ready.wait()
            took = []
            began = now = time.perf_counter()
            while now < began + seconds:
                once()
                before, now = now, time.perf_counter()
                took.append(now - before)
    except BaseException as error:
        ready.abort()  # nobody waits for one who does not come
        results.put(repr(error))
        raise
    results.put(took)
