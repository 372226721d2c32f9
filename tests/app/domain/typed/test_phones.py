"""Phone numbers in one form, whatever was typed."""

import pytest

from app.domain.typed.phones import NoPhoneNumber, phone_number, shown


@pytest.mark.parametrize(
    ("typed", "country", "kept"),
    [
        ("+48 600 100 200", None, "+48600100200"),
        ("0048600100200", "PL", "+48600100200"),
        ("600-100-200", "PL", "+48600100200"),
        ("(600) 100 200", "PL", "+48600100200"),
        ("+34 612 345 678", "PL", "+34612345678"),
        ("+7 912 345-67-89", None, "+79123456789"),
    ],
)
def test_a_number_is_kept_in_one_form(typed: str, country: str | None, kept: str) -> None:
    assert phone_number(typed, country) == kept
    assert phone_number(shown(kept)) == kept


@pytest.mark.parametrize(
    "typed", ["", "600100200", "+48", "+48 123", "call me", "+1 000 000 0000", "\0", "=1+1", "+" * 500, "٠٠"]
)
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(NoPhoneNumber):
        phone_number(typed)


def test_numbers_are_written_in_groups() -> None:
    assert shown("+48600100200") == "+48 600 100 200"
