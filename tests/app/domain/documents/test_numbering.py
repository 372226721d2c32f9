"""When two numbers are the same document's (rules.md 9)."""

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.documents.numbering import number_key, number_keys
from tests.app.domain.profiles import searching
from tests.reference.numbering import NO_WIDTH, normalised

YEARS = st.sampled_from([1999, 2000, 2001, 2005, 2010, 2020, 2024, 2025, 2026])
WORDS = ["FV", "FAKTURA", "INVOICE", "RE", "NR", "fv", "Faktura", "nr", "F", "FVAT", "REX", "SO", "C", "KOR", "Ł", "żó"]
PIECES = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(["/", "-", " ", "_", ".", ":", "//", " / ", "\\", "\u00a0", "–", "nr. "]),
    st.sampled_from(["2025", "25", "2005", "05", "5", "1999", "2000", "00", "0", "12", "012", "0012", "1", "11", "2"]),
    st.sampled_from(["O", "I", "L", "l", "o", "1O", "2O25", "l2", "I5", "SOI1", "0O"]),
    st.sampled_from(["１２", "²", "½", "ﬁ", "Ⅷ", "①", "٣", "ß", "é", "e\u0301", "ё", "一", "\u0130"]),
    st.sampled_from(["\u0410", "\u0430", "\u041e", "\u0416", "A", "FA", "MAG"]),
    st.sampled_from(list(NO_WIDTH)),
    st.integers(0, 10**14).map(str),
)
BUILT = st.lists(PIECES, max_size=8).map("".join)
NUMBERS = st.one_of(BUILT, BUILT, st.text(max_size=12), st.text("0123456789OILFVNRE/- ", max_size=14))


@searching(1000)
@given(NUMBERS, YEARS)
@example(number="2025/25", year=2025)
@example(number="FV/FV12", year=2025)
def test_a_number_has_the_references_key(number: str, year: int) -> None:
    assert number_key(number, year) == normalised(number, year)


@searching(150)
@given(st.lists(st.tuples(NUMBERS, YEARS), max_size=12))
def test_many_numbers_at_once_have_the_keys_that_each_has(rows: list[tuple[str, int]]) -> None:
    found = number_keys([number for number, _ in rows], [year for _, year in rows])
    assert found == [number_key(number, year) for number, year in rows]


def test_plain_numbers_at_once_have_the_keys_that_each_has() -> None:
    """All numbers that are built from a word and up to four groups: these are computed in columns."""
    words = ["", "FV", "FV/", "NR ", "RE//", "SO", "A-", "FVAT", "KORSFVNRRE", "FVI", "C", "X///"]
    groups = ["2025", "25", "05", "0", "1", "000012"]
    tails = [
        "".join(f"/{one}" for one in chosen) for count in range(4) for chosen in itertools.product(groups, repeat=count)
    ]
    numbers = [f"{word}{first}{tail}" for word in words for first in groups for tail in tails]
    for year in (2025, 2005):
        assert number_keys(numbers, [year] * len(numbers)) == [number_key(number, year) for number in numbers]


def test_no_numbers_have_no_keys() -> None:
    assert number_keys([], []) == []


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("FV/1/12/2025", "1.12.25"),
        ("fv 0001-12-25", "1.12.25"),
        ("Faktura nr 12/2025", "12.25"),
        ("INVOICE NR RE FV 12/2025", "12.25"),
        ("FV12/2025", "12.25"),
        ("1O/2O25", "10.25"),
        ("l2/25", "12.25"),
        ("SO43659", "SO43659"),
        ("C536379", "C536379"),
        ("FVAT12", "FVAT12"),
        ("2025", "2025"),
        ("000", "0"),
        ("A/2025", "A2025"),
        ("\ufeff\u200bFV 7/25\u2069", "7.25"),
        ("７／２０２５", "7.25"),
        ("fv-", "FV-"),
        (" -- ", "--"),
    ],
)
def test_worked_examples(number: str, expected: str) -> None:
    assert number_key(number, 2025) == normalised(number, 2025) == expected
    assert number_keys([number], [2025]) == [expected]


@pytest.mark.parametrize(
    "spellings",
    [
        [
            "FV/12/2025",
            "fv 12/25",
            "FV-12-2025",
            "FV 0012/2025",
            "Faktura nr 12/2025",
            "NR 12_25",
            "12.2025",
            "FV12/25",
        ],
        ["10/2025", "1O/2025", "l0/25", "I0-2O25"],
        ["SO43659", "so 43659", "so-043659"],
        ["KOR/3/2025", "kor 3-25", "KOR/03/2025"],
    ],
)
def test_spellings_of_one_number(spellings: list[str]) -> None:
    assert len({number_key(one, 2025) for one in spellings}) == 1


def test_cyrillic_letters_among_latin_ones_are_read_as_those_that_they_look_like() -> None:
    cyrillic = "F\u0410 12/2025/M\u0410G"
    assert number_key(cyrillic, 2025) == number_key("FA 12/2025/MAG", 2025)
    assert number_keys([cyrillic], [2025]) == [number_key(cyrillic, 2025)]
    wholly = "\u041d\u0410-12/2025"
    assert number_key(wholly, 2025) != number_key("HA-12/2025", 2025), "a number in one alphabet stays in it"
    assert number_key("FA-\u0416-12", 2025) == "FA\u041612", "what looks like no Latin letter says that it is meant"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("FV/1/12/2025", "FV/11/2/2025"),
        ("FV/2005/2025", "FV/5/2025"),
        ("FV/1/2024", "FV/1/2025"),
        ("FV/24/2025", "FV/2024/2025"),
        ("1/2", "12"),
        ("A1/2", "A12"),
        ("FV/12/2025", "FK/12/2025"),
        ("FV/12/A/2025", "FV/12/B/2025"),
        ("SO1", "S01"),
        ("12/I/25", "12/1/25"),
        ("100/2025", "10/2025"),
        ("FV/25/2025", "FV/25"),
    ],
)
def test_numbers_that_must_stay_two(one: str, other: str) -> None:
    assert number_key(one, 2025) != number_key(other, 2025)
    assert number_keys([one], [2025]) != number_keys([other], [2025])


def test_the_year_is_that_of_issue() -> None:
    assert number_key("1/2005", 2005) == number_key("1/05", 2005)
    assert number_key("1/2005", 2025) == "1.2005"
    assert number_keys(["1/2005", "1/2005"], [2005, 2025]) == ["1.5", "1.2005"]
