import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.typed.card_numbers import (
    first_card_number,
    holds_card_number,
    holds_issued_number,
    passes_luhn,
    without_issued_numbers,
)

CARDS = [
    "4111111111111111",
    "5555555555554444",
    "378282246310005",
    "6011000990139424",
    "4222222222222",
    "6304000000000000000",
]


@pytest.mark.parametrize("number", CARDS)
def test_numbers_of_cards_are_found_wherever_they_stand(number: str) -> None:
    assert holds_card_number(number)
    assert holds_card_number(f"card {number}, blocked")
    assert holds_card_number(f"ref:{number};")


@pytest.mark.parametrize(
    "text", ["4111 1111 1111 1111", "4111-1111-1111-1111", "3782 822463 10005", "no 12 4111 1111 1111 1111"]
)
def test_numbers_in_groups_are_found(text: str) -> None:
    assert holds_card_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4111111111111112",  # does not check
        "411111111111",  # 12 digits
        "41111111111111111111",  # 20 digits
        "2026-11-21 12:30:59",
        "1234567.89",
        "5265877635-20250826-0100001AF629-AF",
        "RCDHWYGYDKDU-60R1",
        "sbx-jyzbzbvoazhssqmovaulhdol",
        "•••• 1111",
    ],
)
def test_other_texts_hold_none(text: str) -> None:
    assert not holds_card_number(text)


@given(st.integers(10**11, 10**18 - 1))
def test_exactly_one_last_digit_checks(head: int) -> None:
    assert [passes_luhn(f"{head}{last}") for last in range(10)].count(True) == 1


def test_the_first_in_a_column_is_named() -> None:
    assert first_card_number([None, "", "fine", "4111111111111111", "4111111111111111"]) == 3
    assert first_card_number(["fine", None]) is None


@pytest.mark.parametrize(
    "text", ["5.55555555555444E+15", "4,11111111111111E+15", "4.1111111111E+015", "no 5.55555555555444e15."]
)
def test_a_number_whose_last_digit_a_spreadsheet_lost_is_one_still(text: str) -> None:
    assert holds_issued_number(text)
    assert not holds_issued_number(text, is_code=True)
    assert first_card_number(["fine", text], holds_issued_number) == 1


@pytest.mark.parametrize(
    "text",
    [
        "5.55556E+15",  # the first six digits alone
        "5.55555555555444E+17",  # three digits lack
        "1.23456789012345E+15",  # no card begins so
    ],
)
def test_other_numbers_of_spreadsheets_are_none(text: str) -> None:
    assert not holds_issued_number(text)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("karta 4111111111111111.csv", "karta ••••••••••••1111.csv"),
        ("4111 1111 1111 1111 and 378282246310005.pdf", "•••• •••• •••• 1111 and •••••••••••0005.pdf"),
        ("IMG_20260115093000123.jpg", "IMG_20260115093000123.jpg"),
        ("5901234123457.xlsx", "5901234123457.xlsx"),
    ],
)
def test_of_a_number_in_a_name_the_last_digits_stay(name: str, kept: str) -> None:
    assert without_issued_numbers(name) == kept
    assert not holds_issued_number(kept)
