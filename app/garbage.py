"""Looking for garbage seldom, and not at what is there for good.

A process that serves has some hundred thousand objects loaded before its first request. Python would look through all
of them again and again: a fifth of a second, in which nobody is answered. A worker's forks would copy each page of
memory that such a look touches. While a program is loaded they take a third of the time, and find next to nothing.
"""

import gc

_USUAL = gc.get_threshold()
_PUT_OFF = (100_000, 50, 50)


def put_off() -> None:
    """Look seldom from now on, until what the program needs is loaded: see `take_up`."""
    gc.set_threshold(*_PUT_OFF)


def take_up() -> None:
    """Look as usual again, where it was put off, but not at what is loaded by now."""
    if gc.get_threshold() == _PUT_OFF:
        gc.freeze()
        gc.set_threshold(*_USUAL)


def settle(*, look_seldom: bool = False) -> None:
    """Leave what is loaded by now out of every later look for garbage: it stays as long as the process does.

    ``look_seldom`` is for pages, which leave little behind; a table that waits for such a look is a hundred megabytes.
    """
    gc.unfreeze()  # what was no more needed when it was left out goes as well
    gc.collect()
    take_up()
    gc.freeze()
    if look_seldom:
        gc.set_threshold(10_000, 20, 20)
