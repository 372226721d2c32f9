"""A total that is divided adds up again (rules.md 2)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.measures.sharing import parts_of, share
from tests.app.domain.profiles import searching
from tests.reference import arith

WEIGHTS = st.lists(st.one_of(st.integers(1, 12), st.integers(1, 10**6), st.integers(1, 10**15)), min_size=1, max_size=8)
TOTALS = st.one_of(st.integers(0, 20), st.integers(0, 10**6), st.integers(0, 2**62))


@searching(400)
@given(TOTALS, WEIGHTS)
def test_parts_are_the_references_and_add_up(total: int, weights: list[int]) -> None:
    parts = parts_of(total, weights)
    assert sum(parts) == total
    assert parts == list(arith.share(total, list(enumerate(weights))).values())


@searching(200)
@given(TOTALS, WEIGHTS)
def test_every_part_is_the_exact_one_rounded_down_or_up(total: int, weights: list[int]) -> None:
    for part, weight in zip(parts_of(total, weights), weights, strict=True):
        assert total * weight // sum(weights) <= part <= -(-total * weight // sum(weights))


@searching(200)
@given(st.lists(st.tuples(TOTALS, WEIGHTS), min_size=1, max_size=5))
def test_many_totals_at_once_are_divided_each_for_itself(given_: list[tuple[int, list[int]]]) -> None:
    totals = np.asarray([total for total, _ in given_], dtype=np.int64)
    groups = np.asarray([at for at, (_, weights) in enumerate(given_) for _ in weights], dtype=np.int64)
    weights = np.asarray([weight for _, weights in given_ for weight in weights], dtype=np.int64)
    together = share(totals, groups, weights).tolist()
    assert together == [part for total, weights in given_ for part in parts_of(total, weights)]


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (10, [100, 100, 100], [4, 3, 3]),
        (1, [1, 1], [1, 0]),
        (2, [1, 2, 1], [1, 1, 0]),
        (0, [5, 7], [0, 0]),
        (7, [3], [7]),
        (111, [368838, 372855, 6837, 368838], [37, 37, 1, 36]),
        (100, [1, 1, 1, 1, 1, 1], [17, 17, 17, 17, 16, 16]),
    ],
)
def test_largest_remainder_and_ties_to_the_first(total: int, weights: list[int], parts: list[int]) -> None:
    assert parts_of(total, weights) == parts


def test_nothing_is_divided_among_nobody() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert share(none, none, none).tolist() == []
