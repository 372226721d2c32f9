"""Work that is done in a thread of its own while whoever needs it waits for the database.

Python works on one thread at a time, but who waits for a statement lets the other work. What is made ahead must not
touch the session.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

P = TypeVar("P")
R = TypeVar("R")


@contextmanager
def made_ahead(make: Callable[[P], R], parts: Iterable[P], most: int) -> Iterator[Iterator[R]]:
    """Begin to make something of each part, at most so many before they are asked for, and give them in their order.

    What is still to be made when the block ends is left; what making one of them raises, asking for it raises.
    """
    thread = ThreadPoolExecutor(1, thread_name_prefix="ahead")
    rest = iter(parts)
    waiting: deque[Future[R]] = deque(thread.submit(make, part) for part in islice(rest, most))

    def made() -> Iterator[R]:
        while waiting:
            first = waiting.popleft()
            waiting.extend(thread.submit(make, part) for part in islice(rest, 1))
            yield first.result()

    try:
        yield made()
    finally:
        thread.shutdown(cancel_futures=True)
