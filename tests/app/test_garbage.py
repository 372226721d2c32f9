"""When garbage is looked for: seldom while a program is loaded, as usual afterwards, and not among what is loaded."""

import gc
from collections.abc import Iterator

import pytest

from app import garbage


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_what_was_put_off_is_taken_up_without_what_is_loaded_by_then() -> None:
    garbage.put_off()
    assert gc.get_threshold()[0] == 100_000
    loaded = [[number] for number in range(1_000)]
    frozen = gc.get_freeze_count()
    garbage.take_up()
    assert gc.get_threshold() == garbage._USUAL
    assert gc.get_freeze_count() >= frozen + len(loaded)


def test_where_nothing_was_put_off_nothing_is_taken_up() -> None:
    gc.set_threshold(20_000, 50, 100)
    frozen = gc.get_freeze_count()
    garbage.take_up()
    assert gc.get_threshold()[0] == 20_000
    assert gc.get_freeze_count() == frozen


@pytest.mark.parametrize("look_seldom", [False, True])
def test_whoever_settles_looks_again(look_seldom: bool) -> None:
    garbage.put_off()
    garbage.settle(look_seldom=look_seldom)
    assert gc.get_threshold()[0] == (10_000 if look_seldom else garbage._USUAL[0])
    assert gc.get_freeze_count() > 0


def test_what_was_let_go_of_after_it_was_left_out_goes_when_somebody_settles() -> None:
    class Circle:
        gone = False

        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            Circle.gone = True

    circle = Circle()
    gc.freeze()
    del circle
    gc.collect()
    assert not Circle.gone
    garbage.settle()
    assert Circle.gone
