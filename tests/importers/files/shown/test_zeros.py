"""A number format of zeros makes a code of a number, and every other format leaves it a number."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from importers.files.shown.zeros import whole_number, zeros_of


def shown(code: str, number: int) -> str | None:
    """Give what a cell shows; None where the number stays."""
    zeros = zeros_of(code)
    numbers = np.array([number])
    return zeros.texts(numbers).to_pylist()[0] if zeros is not None and zeros.shows(numbers)[0] else None


@pytest.mark.parametrize(
    ("code", "number", "text"),
    [
        ("00000", 123, "00123"),
        ("00000", 0, "00000"),
        ("00000", 1234567, "1234567"),
        ("0000000000000", 12345678905, "0012345678905"),
        ('"PL-"0000', 12, "PL-0012"),
        ('"PL-"0', 12, "PL-12"),
        ('0" szt"', 12, "12 szt"),
        ("000-000", 7, "000-007"),
        ("000-000", 1234567, "1234-567"),
        ("00\\-000", 950, "00-950"),
        ("[$-415]00\\-000", 950, "00-950"),
        ("[$-C0A]00000", 950, "00950"),
        ("000 00 0", 123456, "123 45 6"),
        ('"A;""B"000', 5, "A;B005"),
        ("\\;000", 5, ";005"),
        ('""000', 5, "005"),
        ("00000;-00000", 7, "00007"),
        ("00000;-00000", 0, "00000"),
        ("00000;;", 7, "00007"),
        ("00000;;;@", 7, "00007"),
        ("00000;;;@", 0, None),
        ('00000;"a;b"', 0, "00000"),
        ("00000", -7, None),
        ('"лот "000', 7, "лот 007"),
    ],
)
def test_a_format_of_zeros_is_applied_as_a_spreadsheet_program_does(code: str, number: int, text: str | None) -> None:
    assert shown(code, number) == text


@pytest.mark.parametrize(
    "code",
    [
        "General",
        "0",
        "0;-0",
        "",
        "@",
        '"only text"',
        "0.00",
        "00.000",
        "#,##0",
        "#000",
        "0,000",
        "00,",
        "0%",
        "00E+00",
        "0/0",
        "000/000",
        "yyyy-mm-dd",
        "00:00",
        "?00",
        "_-000_-",
        "* 000",
        "[Red]000",
        "[>9]000;0",
        "[$zł-415]000",
        '"open000',
        "000\\",
        "0" * 256,
    ],
)
def test_any_other_format_leaves_the_number(code: str) -> None:
    assert zeros_of(code) is None


@given(places=st.integers(2, 20), number=st.integers(0, 10**15 - 1))
def test_zeros_alone_are_those_that_python_writes(places: int, number: int) -> None:
    assert shown("0" * places, number) == str(number).zfill(places)


@given(code=st.text('0-" ;\\[]$x.#', max_size=30), number=st.integers(0, 10**15 - 1))
@example("0\\0", 1)
def test_no_format_loses_a_digit(code: str, number: int) -> None:
    text = shown(code.replace("x", ""), number)
    left = iter(text or "")
    # a format may write zeros of its own before the digits, between them and behind them
    assert text is None or all(digit in left for digit in str(number))


@pytest.mark.parametrize(
    ("written", "number"),
    [
        (b"123", 123),
        (b"00123", 123),
        (b"123.0", 123),
        (b"5.901234123457E12", 5901234123457),
        (b"-0", 0),
        (b"-1", None),
        (b"1.5", None),
        (b"999999999999999", 999999999999999),
        (b"1000000000000000", None),
        (b"1E400", None),
        (b"nan", None),
        (b"9" * 5_000, None),
        (b"1.2.3", None),
        (b"", None),
    ],
)
def test_whole_numbers_are_read_as_far_as_a_spreadsheet_keeps_their_digits(written: bytes, number: int | None) -> None:
    assert whole_number(written) == number
