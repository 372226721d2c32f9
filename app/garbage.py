"""Looking for garbage seldom, and not at what is there for good.

A process that serves has some hundred thousand objects loaded before its first request. Python would look through all
of them again and again: a fifth of a second, in which nobody is answered. A worker's forks would copy each page of
memory that such a look touches.
"""

import gc


def settle(*, look_seldom: bool = False) -> None:
    """Leave what is loaded by now out of every later look for garbage: it stays as long as the process does.

    ``look_seldom`` is for pages, which leave little behind; a table that waits for such a look is a hundred megabytes.
    """
    gc.collect()
    gc.freeze()
    if look_seldom:
        gc.set_threshold(10_000, 20, 20)
