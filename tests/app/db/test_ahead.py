"""What is made ahead comes in its order, no more at once than may, and nothing is left running."""

import threading
import time

import pytest

from app.db.ahead import made_ahead


def test_it_is_begun_at_once_and_given_in_order() -> None:
    began = threading.Event()

    def make(number: int) -> int:
        began.set()
        return number * number

    with made_ahead(make, range(7), 3) as made:
        assert began.wait(5), "nobody asked for the first yet"
        assert list(made) == [0, 1, 4, 9, 16, 25, 36]


def test_no_more_is_made_than_may_before_it_is_asked_for() -> None:
    seen: list[int] = []
    with made_ahead(seen.append, range(100), 4) as made:
        time.sleep(0.2)
        assert seen == [0, 1, 2, 3]
        next(made)
        time.sleep(0.2)
        assert seen == [0, 1, 2, 3, 4]
    assert len(seen) == 5


def test_what_making_raises_is_raised_where_it_is_asked_for_and_the_thread_ends() -> None:
    def make(number: int) -> int:
        return 1 // (2 - number)

    before = threading.active_count()
    with made_ahead(make, range(5), 5) as made:
        assert [next(made), next(made)] == [0, 1]
        with pytest.raises(ZeroDivisionError):
            next(made)
    assert threading.active_count() == before
