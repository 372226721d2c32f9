"""`kontor`, dying as `kill -9` kills as soon as it comes to a stage of an import.

``python -m tests.faults.dying STAGE ARGUMENTS...``
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from app.services import timing
from importers.files import guard


def die(*_: object, **__: object) -> None:
    """End this process at once."""
    os.kill(os.getpid(), signal.SIGKILL)


def at(wanted: str) -> None:
    """Have this process die at a stage: ``guard``, or one that is measured. To be called before the rest is loaded."""
    if wanted == "guard":
        guard.judge = die  # type: ignore[assignment]
    stage = timing.stage

    @contextmanager
    def staged(name: str) -> Iterator[None]:
        with stage(name):
            if name == wanted:
                die()
            yield

    timing.stage = staged


if __name__ == "__main__":
    at(sys.argv.pop(1))
    from app.cli.main import main

    main()
