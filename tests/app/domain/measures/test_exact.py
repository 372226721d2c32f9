"""Columns of whole numbers give what Python's unbounded integers give, or say that they cannot."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.measures.exact import by_value, floor_product, half_up, order_of, places, running_before, sums_by
from tests.app.domain.profiles import searching
from tests.reference.arith import round_half_up

LEAST, MOST = -(2**63), 2**63 - 1
ANY = st.one_of(st.integers(-50, 50), st.integers(-(10**12), 10**12), st.integers(LEAST, MOST))
DIVISORS = st.one_of(st.integers(1, 20), st.sampled_from([10_000, 10**9, 2**62]))


def column(values: list[int]) -> np.ndarray:
    return np.asarray(values, dtype=np.int64)


def fits(values: list[int]) -> bool:
    return all(LEAST <= value <= MOST for value in values)


@searching(400)
@given(
    st.lists(st.tuples(ANY, ANY), min_size=1, max_size=6),
    DIVISORS,
    st.one_of(st.just(0), st.integers(0, 10**9), st.integers(-(2**62), 2**62)),
)
def test_products_are_exact_or_refused(pairs: list[tuple[int, int]], divisor: int, add: int) -> None:
    exact = [(left * right + add) // divisor for left, right in pairs]
    lefts, rights = column([left for left, _ in pairs]), column([right for _, right in pairs])
    if fits(exact):
        assert floor_product(lefts, rights, divisor, add).tolist() == exact
    else:
        with pytest.raises(OverflowError):
            floor_product(lefts, rights, divisor, add)


@searching(200)
@given(st.lists(ANY, min_size=1, max_size=6), ANY, DIVISORS)
def test_a_column_times_one_number(lefts: list[int], right: int, divisor: int) -> None:
    exact = [left * right // divisor for left in lefts]
    if fits(exact):
        assert floor_product(column(lefts), right, divisor).tolist() == exact
    else:
        with pytest.raises(OverflowError):
            floor_product(column(lefts), right, divisor)


def test_empty_columns() -> None:
    assert floor_product(column([]), column([]), 3).tolist() == []
    assert half_up(column([]), 10).tolist() == []
    assert sums_by(column([]), column([]), 2).tolist() == [0, 0]
    assert running_before(column([]), np.zeros(0, dtype=bool)).tolist() == []


@searching(300)
@given(st.lists(st.one_of(st.integers(-100, 100), st.integers(-(2**62), 2**62)), min_size=1, max_size=6), DIVISORS)
def test_halves_are_rounded_away_from_zero(values: list[int], divisor: int) -> None:
    assert half_up(column(values), divisor).tolist() == [round_half_up(Fraction(value, divisor)) for value in values]


@pytest.mark.parametrize(("value", "rounded"), [(5, 1), (4, 0), (15, 2), (25, 3), (-5, -1), (-4, 0), (-15, -2), (0, 0)])
def test_tenths(value: int, rounded: int) -> None:
    assert half_up(column([value]), 10).tolist() == [rounded]


RUNS = st.lists(st.lists(st.integers(-(10**15), 10**15), min_size=1, max_size=5), min_size=1, max_size=5)


@searching(200)
@given(RUNS)
def test_running_sums_begin_anew_in_every_run(runs: list[list[int]]) -> None:
    values = column([value for run in runs for value in run])
    starts = np.asarray([at == 0 for run in runs for at in range(len(run))])
    assert running_before(values, starts).tolist() == [sum(run[:at]) for run in runs for at in range(len(run))]


@searching(200)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(-(10**17), 10**17)), max_size=12))
def test_sums_by_group(rows: list[tuple[int, int]]) -> None:
    found = sums_by(column([group for group, _ in rows]), column([value for _, value in rows]), 5)
    assert found.tolist() == [sum(value for group, value in rows if group == one) for one in range(5)]


def test_a_number_that_is_not_known_has_no_place_among_others() -> None:
    known = np.asarray([3, 5, 9])
    assert places(known, np.asarray([9, 3, 3])).tolist() == [2, 0, 0]
    assert places(known[:0], known[:0]).tolist() == []
    for strange in (1, 4, 10):
        with pytest.raises(LookupError, match=str(strange)):
            places(known, np.asarray([5, strange]))
    with pytest.raises(LookupError):
        places(known[:0], np.asarray([5]))


def test_places_by_value() -> None:
    found = [(value, at.tolist()) for value, at in by_value(np.asarray([5, -1, 5, 7, -1]))]
    assert found == [(-1, [1, 4]), (5, [0, 2]), (7, [3])]
    assert list(by_value(np.zeros(0, dtype=np.int64))) == []


@searching(400)
@given(st.lists(st.tuples(ANY, st.integers(-2, 2), ANY, st.integers(0, 3)), max_size=12))
def test_rows_stand_in_the_order_of_their_columns_and_alike_ones_as_they_stood(
    rows: list[tuple[int, int, int, int]],
) -> None:
    columns = [column([row[at] for row in rows]) for at in range(4)]
    assert order_of(*columns).tolist() == sorted(range(len(rows)), key=lambda at: rows[at])
