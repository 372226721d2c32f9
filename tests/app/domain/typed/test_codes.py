"""Codes compare trimmed and without case (rules.md 1)."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.typed.codes import by_every_name, code_key, is_ean, slug
from tests.app.domain.profiles import searching


@pytest.mark.parametrize(
    "spellings",
    [
        ["85123a", "85123A", " 85123A\t", "85123A\u00a0"],
        ["ŁÓDŹ-1", "łódź-1", "Łódź-1", "ło\u0301dz\u0301-1"],
        ["ЁЖ", "ёж"],
        ["Straße", "STRASSE", "strasse"],
        ["ΣΊΣΥΦΟΣ", "σίσυφος"],
    ],
)
def test_spellings_of_one_code(spellings: list[str]) -> None:
    assert len({code_key(one) for one in spellings}) == 1


@pytest.mark.parametrize("pair", [("85123", "085123"), ("A 1", "A1"), ("L-1", "Ł-1"), ("A1", "А1"), ("e", "é")])
def test_codes_that_stay_two(pair: tuple[str, str]) -> None:
    assert code_key(pair[0]) != code_key(pair[1])


@searching(200)
@given(st.text(max_size=12))
def test_the_key_of_a_key_is_itself_for_codes_people_write(code: str) -> None:
    assert code_key(f" {code} ") == code_key(code)
    key = code_key(code)
    if key.isascii():
        assert code_key(key) == key == code_key(code.upper())


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("Road Frames", "road-frames"),
        ("  Bib-Shorts ", "bib-shorts"),
        ("Łożyska i śruby", "lozyska-i-sruby"),
        ("Niño & Año", "nino-ano"),
        ("Caps (2025)", "caps-2025"),
        ("Рамы", "рамы"),
        ("Серия 5", "серия-5"),
        ("Линия 5", "линия-5"),
        ("A", "a"),
        ("A+", "a-plus"),
        ("--", "--"),
    ],
)
def test_slugs(name: str, made: str) -> None:
    assert slug(name) == made


def test_a_code_wins_over_a_name_and_a_name_over_an_alias() -> None:
    entries = [
        (1, "x", "One", ["two", "three"]),
        (2, "two", "X", ["One"]),
        (3, "y", "Three", ["alone", "TWO"]),
    ]
    for order in itertools.permutations(entries):
        found = by_every_name(order)
        assert {name: found[name] for name in ("x", "two", "one", "three", "y", "alone")} == {
            "x": 1,
            "two": 2,
            "one": 1,
            "three": 3,
            "y": 3,
            "alone": 3,
        }
        assert "four" not in found


def test_the_last_digit_proves_an_ean() -> None:
    good = ("5901234123457", "590-1234 123457", "96385074", "012345678905", "15901234123454")
    assert all(map(is_ean, good))
    assert not any(map(is_ean, ("5901234123458", "590123412345", "123", "", "P-5901234123457")))
