"""Looking for garbage seldom, and not at what is there for good.

A process that serves has some hundred thousand objects loaded before its first request. Python would look through all
of them again and again: a fifth of a second, in which nobody is answered. A worker's forks would copy each page of
memory that such a look touches.
"""

import gc


def settle() -> None:
    """Leave what is loaded by now out of every later look for garbage: it stays as long as the process does."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
