"""Fields of numbers: what they say of one that is too large, too small, too fine, or none."""

from collections.abc import Callable, Sequence

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from app.web.forms.fields import Between, CountField, ExactField, ShareField
from app.web.forms.form import Form

MICRO = 10**6


class Numbers(Form):
    """A field of each kind that needs no programme."""

    share = ShareField("Share", [Between(1, 10_000)])
    free = ShareField("Share without limits")
    count = CountField("Count", [Between(0, 1_000_000)])
    exact = ExactField("Exact", [Between(1, 10**11 * MICRO)])


def told(pages: Flask, fits: Callable[[], int] | None = None, **typed: str) -> Sequence[str]:
    """Send a form of numbers. Gives what is wrong, one after the other."""
    with pages.test_request_context():
        form = Numbers(MultiDict(typed), meta={"csrf": False})
        form.exact.fits = fits
        form.validate()
        return [problem.text for problem in form.problems()]


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("share", "100.01", "Write a number from 0.01 to 100."),
        ("share", "0", "Write a number from 0.01 to 100."),
        ("share", "9" * 16, "Write a number up to 100."),
        ("free", "9" * 16, "Write a number up to 999,999,999,999,999."),
        ("share", "9" * 16 + "x", "This is no number here. Write it like this: 12,480.50."),
        ("count", "1000001", "Write a number from 0 to 1,000,000."),
        ("count", "1.5", "Write a whole number."),
        ("count", "9" * 400, "Write a number up to 1,000,000."),
        ("exact", "0", "Write a number from 0.000001 to 100,000,000,000."),
    ],
)
def test_limits_are_said_in_whole_numbers_and_without_zeros_at_the_end(
    pages: Flask, field: str, typed: str, said: str
) -> None:
    assert told(pages, **{field: typed}) == [said]


@pytest.mark.parametrize(
    ("places", "typed", "said"),
    [
        (0, "0", ["Write a number from 1 to 100,000,000,000."]),
        (0, "1.5", ["Write a whole number."]),
        (2, "0", ["Write a number from 0.01 to 100,000,000,000."]),
        (2, "1.555", ["Write at most 2 decimals."]),
        (2, "1.55", []),
    ],
)
def test_limits_have_the_decimals_of_what_is_meant(pages: Flask, places: int, typed: str, said: list[str]) -> None:
    assert told(pages, lambda: places, exact=typed) == said


def test_what_is_kept_is_shown_with_the_decimals_that_it_has(pages: Flask) -> None:
    with pages.test_request_context():
        form = Numbers(data={"share": 1_250, "count": 1_000, "exact": 1_500_000}, meta={"csrf": False})
        shown = [form._fields[name]._value() for name in ("share", "count", "exact")]
    assert shown == ["12.5", "1,000", "1.5"]
