"""The last digits of cards, as operators and offices write them."""

import pytest

from prepaid.cards.last_four import last_four


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("42", "0042"),
        (" 0042 ", "0042"),
        ("**** 0042", "0042"),
        ("XXXX-XXXX-XXXX-0042", "0042"),
        ("555555******0042", "0042"),
        ("5555 55** **** 0042", "0042"),
        ("5555-55XX-XXXX-0042", "0042"),
        ("karta ...0042", "0042"),
        ("12345", None),
        ("ab1234cd", None),
        ("**** **** 42", None),
        ("5555 5555 5555 0042", None),
    ],
)
def test_the_last_digits_are_read_however_the_rest_is_hidden(text: str, digits: str | None) -> None:
    assert last_four(text) == digits
