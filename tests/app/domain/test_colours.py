"""A sponsor's colour: kept where it can be read, darkened or lightened as little as it takes where it cannot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import colours
from app.domain.colours import READABLE, contrast, read_colour, readable, shades

COLOURS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == 21
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert contrast("#0b5cad", "#0b5cad") == 1


@given(COLOURS)
def test_every_accent_becomes_readable_everywhere(accent: str) -> None:
    made = shades(accent)
    for button in (made.button_light, made.hover_light, made.button_dark, made.hover_dark):
        assert contrast(button, "#ffffff") >= READABLE
    assert all(contrast(made.text_light, ground) >= READABLE for ground in colours._LIGHT_GROUNDS)
    assert all(contrast(made.text_dark, ground) >= READABLE for ground in colours._DARK_GROUNDS)


@given(COLOURS)
def test_an_accent_that_can_be_read_stays_as_it_is(accent: str) -> None:
    assert (shades(accent).button_light == accent) == readable(accent)


@pytest.mark.parametrize("wrong", ["", "red", "#fff", "0b5cad", "#0b5cad00", "#0b5cag", "#0b5cad;}", "url(x)"])
def test_what_is_no_colour_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="expected a colour"):
        read_colour(wrong)


def test_large_letters_are_the_same_colour() -> None:
    assert read_colour(" #0B5CAD ") == "#0b5cad"
