"""Sellers by their tax ids: one however it is written, and two where they are two."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.documents.seller_keys import own_key, seller_key

_MARKS = st.sampled_from(["", " ", "-", ".", "/", " ", "​", "–", "_"])


@st.composite
def _written(draw: st.DrawFn, tax_id: str) -> str:
    """Write a tax id as somebody may: with the country or without, with marks anywhere, in small letters."""
    letters = draw(st.sampled_from(["", "PL", "pl", "PL ", "ＰＬ"]))
    return letters + "".join(one + draw(_MARKS) for one in tax_id)


@given(st.data(), st.from_regex("[0-9]{7,12}", fullmatch=True))
def test_a_tax_id_is_one_however_it_is_written(data: st.DataObject, tax_id: str) -> None:
    assert seller_key(data.draw(_written(tax_id))) == f"tax:{tax_id}"


@given(st.from_regex("[0-9]{7,12}", fullmatch=True), st.from_regex("[0-9]{7,12}", fullmatch=True))
def test_other_figures_are_another_seller(one: str, other: str) -> None:
    assert (seller_key(one) == seller_key(other)) is (one == other)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("526-000-12-46", "PL5260001246", True),
        ("ES B-12345678", "esb12345678", True),
        ("B12345678", "A12345678", False),  # letters that belong to the number
        ("WA0000001", "KR0000001", False),  # a branch, and no country
        ("CHE-123.456.789", "CHE123456789", True),
        ("1-12", "11-2", False),  # a code of somebody's own: its marks tell two apart
        ("A 12", "a12", True),
        ("PL01", "DE01", False),
        ("7701234567", "7701234568", False),
    ],
)
def test_writings_of_sellers(one: str, other: str, same: bool) -> None:
    assert (seller_key(one) == seller_key(other)) is same


def test_a_seller_that_is_named_is_never_taken_for_a_distributor() -> None:
    assert seller_key("distributor:1") != own_key(1) == "distributor:1"
