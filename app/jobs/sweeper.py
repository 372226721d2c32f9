"""The sweeper: looks every few seconds for work that nobody was told of, or whose worker fell silent."""

import logging
import threading
from collections.abc import Callable

from sqlalchemy.exc import OperationalError

from app.db.transaction import Sessions, transaction, what_ended
from app.jobs import board, messenger

_log = logging.getLogger(__name__)


def sweep_once(registry: Sessions, redis_url: str) -> int:
    """Wake workers for the jobs that could be claimed. Returns how many there are."""
    with transaction(registry) as session:
        jobs = board.waiting(session)
    registry.remove()
    if jobs:
        messenger.wake(redis_url, jobs)
    return jobs


def sweep(
    registry: Sessions,
    redis_url: str,
    every_seconds: float,
    stop: threading.Event,
    chores: Callable[[], None],
) -> None:
    """Sweep until told to stop; ``chores`` are what else is done now and then (release, expiry, seals)."""
    while True:
        try:
            sweep_once(registry, redis_url)
            chores()
        except OperationalError as problem:
            registry.remove()
            _log.warning("%s; sweeping goes on", what_ended(problem))
        except Exception:  # noqa: BLE001  # work that is forgotten must be found whatever became of a chore
            registry.remove()
            _log.exception("sweeping met something unexpected; it goes on")
        if stop.wait(every_seconds):
            return
