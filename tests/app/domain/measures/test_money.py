"""Whole numbers of smallest units, written as people write amounts."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.measures.money import decimal_text, smallest_units
from tests.app.domain.profiles import searching


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (123456, 2, "1234.56"),
        (5, 2, "0.05"),
        (-5, 2, "-0.05"),
        (0, 2, "0.00"),
        (100, 0, "100"),
        (-100, 0, "-100"),
        (0, 0, "0"),
        (1500, 3, "1.500"),
        (10**18, 2, "10000000000000000.00"),
    ],
)
def test_written_amounts(value: int, decimals: int, text: str) -> None:
    assert decimal_text(value, decimals) == text
    assert smallest_units(Decimal(text), decimals) == value


@searching(200)
@given(st.integers(-(2**63), 2**63), st.integers(0, 6))
def test_what_is_written_reads_back(value: int, decimals: int) -> None:
    assert smallest_units(Decimal(decimal_text(value, decimals)), decimals) == value


@pytest.mark.parametrize(("written", "decimals"), [("0.005", 2), ("1.5", 0), ("1e-7", 6)])
def test_finer_than_the_smallest_unit_is_refused(written: str, decimals: int) -> None:
    with pytest.raises(ValueError, match="more than"):
        smallest_units(Decimal(written), decimals)
