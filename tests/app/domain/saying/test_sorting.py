"""Names in the order of the language their readers speak: compared with lists that were sorted by hand."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.saying.sorting import sort_key
from tests.app.domain.profiles import searching

ORDERS = {
    "pl": """Adamów Ambit Ąbrys Bąk Bór Cedr Ćma Dom Elbląg Ęsi Kawa Lód Lubań Łask Łódź Mak Nowak Ńa
        Oset Owoc Óda Sok Szum Śnieg Zamek Zupa Źrebak Żaba Żubr""",
    "es": "Ábaco Agua Árbol Cana Canto Caña Niña Nube Ñandú Ñu Oca Ópera Pingüino Pino",
    "ru": "Аня Ежов Ёлка Емеля Жук Иван Игла Йога Йод Кот Мир Подъезд Эхо Яма",
    "en": "Ábel Acme Åland Beta Café Cafés Żaba Zeta",
}
"""Names sorted by hand."""


def in_order(names: list[str], locale: str) -> list[str]:
    return sorted(names[1::2] + names[::2], key=lambda name: sort_key(name, locale))


@pytest.mark.parametrize("locale", ["pl", "pl-PL", "pl_PL", "PL", "es", "es-MX", "ru", "en"])
def test_names_in_order(locale: str) -> None:
    names = ORDERS[locale[:2].lower()].split()
    assert in_order(names, locale) == names


def test_polish_letters_stand_between_their_neighbours() -> None:
    words = [f"x{letter}x" for letter in "aąbcćdeęfghijklłmnńoópqrsśtuvwxyzźż"]
    assert in_order(words, "pl") == words


def test_a_letter_of_its_own_stands_after_the_letter_it_comes_from_wherever_the_word_goes_on() -> None:
    words = ["la", "lz", "lzzz", "ła", "łz", "ma"]
    assert in_order(words, "pl") == words


@pytest.mark.parametrize(
    ("one", "other", "locale"),
    [
        ("ŁÓDŹ", "łódź", "pl"),
        ("Ёлка", "Елка", "ru"),
        ("Café", "cafe", "en"),
        ("Straße", "STRASSE", "de"),
        ("Łódź", unicodedata.normalize("NFD", "Łódź"), "pl"),
        ("A.B. Kowalski", "A B Kowalski", "pl"),
        ("  Nowak ", "Nowak", "pl"),
        ("Łódź", "Lodz", "en"),
        ("Ørsted", "Orsted", "en"),
    ],
)
def test_names_that_sort_as_one(one: str, other: str, locale: str) -> None:
    assert sort_key(one, locale) == sort_key(other, locale)


def test_marks_count_only_where_the_language_counts_them() -> None:
    assert sort_key("ñ", "pl") == sort_key("n", "pl")
    assert sort_key("ñ", "es") > sort_key("nz", "es")
    assert sort_key("ą", "es") == sort_key("a", "es")
    assert sort_key("й", "ru") > sort_key("ия", "ru")


def test_a_shorter_name_stands_before_the_same_with_more() -> None:
    names = ["Bar", "Bar 2", "Bar Łódź", "Barek"]
    assert in_order(names, "pl") == names


@searching(200)
@given(st.text(max_size=20), st.sampled_from(["pl", "es", "ru", "en", "", "x"]))
def test_every_text_has_a_key_that_case_and_spaces_around_do_not_change(name: str, locale: str) -> None:
    key = sort_key(name, locale)
    assert key == key.strip()
    assert sort_key(f"  {name} ", locale) == key
    assert "  " not in key
