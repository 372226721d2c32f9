import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.points.conversion import MICRO, convert, in_minor_units, parts_in_minor_units

POINTS = st.integers(0, 10**12)
VALUES = st.integers(1, 10**9)


def convert_one(points: int, value: int) -> tuple[int, int]:
    """Convert a column of one amount: the amount in minor units, and the points that it takes."""
    made = convert(np.asarray([points], dtype=np.int64), value)
    return int(made.amount_minor[0]), int(made.points[0])


@pytest.mark.parametrize(
    ("points", "value", "amount", "used"),
    [
        (10_000, 50_000_000, 500_000, 10_000),  # 10,000 points at 0.50: 5,000.00
        (7, 333_333, 2, 7),  # a third of a grosz each: 6 points make 1.999998
        (6, 333_333, 1, 4),
        (2, 333_333, 0, 0),
        (0, 50_000_000, 0, 0),
        (1, 1_500_000, 1, 1),  # worth one and a half: one minor unit, and the point is gone
        (12_345, MICRO, 12_345, 12_345),  # money stays what it is
    ],
)
def test_worked_examples(points: int, value: int, amount: int, used: int) -> None:
    assert convert_one(points, value) == (amount, used)


@given(POINTS, VALUES)
@example(10**12, 10**9)
def test_the_amount_is_the_floor_and_takes_the_fewest_points(points: int, value: int) -> None:
    amount, used = convert_one(points, value)
    assert amount == points * value // MICRO
    assert 0 <= used <= points
    assert used * value // MICRO == amount
    assert used == 0 or (used - 1) * value // MICRO < amount


@given(POINTS, VALUES)
def test_what_stays_makes_no_minor_unit_with_what_went(points: int, value: int) -> None:
    amount, used = convert_one(points, value)
    left_amount, _ = convert_one(points - used, value)
    assert amount + left_amount <= points * value // MICRO
    assert left_amount == 0


@given(POINTS, POINTS, VALUES)
def test_more_points_are_never_worth_less(one: int, more: int, value: int) -> None:
    assert convert_one(one + more, value)[0] >= convert_one(one, value)[0]


@given(st.lists(POINTS, max_size=30), VALUES)
def test_a_column_is_its_elements(points: list[int], value: int) -> None:
    converted = convert(np.asarray(points, dtype=np.int64), value)
    assert list(zip(converted.amount_minor.tolist(), converted.points.tolist(), strict=True)) == [
        convert_one(one, value) for one in points
    ]


@given(st.integers(0, 2**63 - 1))
def test_money_is_worth_itself_up_to_the_largest_number(amount: int) -> None:
    assert convert_one(amount, MICRO) == (amount, amount)


def test_an_amount_beyond_64_bits_is_an_error() -> None:
    with pytest.raises(OverflowError):
        convert_one(2**62, 4 * MICRO)


@pytest.mark.parametrize(("points", "value"), [(-1, MICRO), (1, 0), (1, -5)])
def test_what_means_nothing_is_refused(points: int, value: int) -> None:
    with pytest.raises(ValueError, match="found"):
        convert_one(points, value)


@given(st.integers(-(10**15), 10**15))
def test_a_worth_below_zero_is_the_mirror_of_that_above(worth: int) -> None:
    assert in_minor_units(-worth) == -in_minor_units(worth)
    assert abs(in_minor_units(worth)) == abs(worth) // MICRO


@given(st.lists(st.integers(-(10**12), 10**12), max_size=9))
def test_parts_add_up_to_the_whole_that_is_rounded_once(worths: list[int]) -> None:
    parts = parts_in_minor_units(worths)
    assert sum(parts) == in_minor_units(sum(worths))
    assert all(abs(part * MICRO - worth) < MICRO for part, worth in zip(parts, worths, strict=True))
