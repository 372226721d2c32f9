"""The same time for every answer: whoever asks for a link must not learn by the clock who is here."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

SECONDS = 0.25
"""Longer than what is done for somebody who is here takes."""


@contextmanager
def even() -> Iterator[None]:
    """Let what is done inside take a quarter of a second, and no less."""
    began = time.monotonic()
    try:
        yield
    finally:
        time.sleep(max(0.0, began + SECONDS - time.monotonic()))
