"""Variants stand in the order in which people look for theirs; a family is one however it is spelled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.rewards.families import counted_with, variant_order


@pytest.mark.parametrize(
    "ordered",
    [
        ["XXS", "XS", "S", "M", "L", "XL", "XXL", "3XL", "4xl"],
        ["S, navy", "M, black", "M, navy", "L"],
        ["2XS", "xs", "S"],
        ["38", "39", "39,5", "40", "112"],
        ["50 zł", "100 zł", "1000 zł"],
        ["M", "2 m", "10m"],
        ["M", "40", "black", "Large", "Navy"],
    ],
)
def test_variants_stand_as_people_look_for_them(ordered: list[str]) -> None:
    places = [variant_order(one) for one in ordered]
    assert places == sorted(places)


@given(st.text(max_size=12))
def test_any_text_has_its_place(variant: str) -> None:
    kind, _at, text = variant_order(variant)
    assert kind in (0, 1, 2)
    assert text == variant.strip().casefold()


def test_a_family_is_one_however_it_is_spelled() -> None:
    assert counted_with(7, "Work jacket") == counted_with(8, " work  JACKET".replace("  ", " "))
    assert counted_with(7, None) != counted_with(8, None)
