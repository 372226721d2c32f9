"""Checks of what is like an earlier document, and of numbers that are out of their order."""

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from app.domain.documents.numbering import number_key
from app.domain.documents.sales import Sales
from app.domain.program_file.verification_settings import DEFAULTS, Check
from tests.support.sales import Sold, incoming
from tests.verification.told import earlier, facts_of, found_by, history, one_sale
from verification.checks import prints
from verification.checks.facts import (
    Earlier,
    History,
    as_earlier,
)
from verification.checks.table import CHECKS

LINES = ((1, 2, 20_00), (2, 1, 7_50))


def as_here(sales: Sales, **changed: Any) -> Earlier:
    """Give what stands here as the first of these documents, under another number."""
    keys = np.full(len(sales.documents), "distributor:1", dtype=object)
    mine = as_earlier(sales, keys, keys)
    row = {name: getattr(mine, name)[0] for name in mine.__dataclass_fields__}
    return earlier(row | {"id": 7, "number": "OLD", "number_key": "OLD"} | changed)


@pytest.mark.parametrize(
    ("changed", "own", "other"),
    [
        ({}, True, False),
        ({"issued_on": "2025-06-01"}, True, False),
        ({"issued_on": "2024-06-01"}, False, False),  # longer ago than the check looks
        ({"distributor_id": 2}, False, True),
        ({"distributor_id": 2, "issued_on": "2026-02-28"}, False, False),
        ({"net_minor": 27_51}, False, False),
        ({"lines": 99}, False, False),
        ({"kind": 2}, False, False),
        ({"number_key": "N1"}, False, False),  # its own key: the document itself
    ],
)
def test_a_twin_has_the_same_lines_and_sum_under_another_number(
    changed: dict[str, Any], own: bool, other: bool
) -> None:
    sales = incoming(one_sale("N1", *LINES)).sales
    past = history(alike=as_here(sales, **changed))
    assert bool(found_by(Check.TWIN_OWN, sales, history=past)) is own
    assert bool(found_by(Check.TWIN_OTHER, sales, history=past)) is other


def test_one_line_alone_is_a_twin_on_its_own_day_only() -> None:
    sales = incoming(one_sale("N1", (1, 2, 20_00))).sales
    assert found_by(Check.TWIN_OWN, sales, history=history(alike=as_here(sales)))
    before = history(alike=as_here(sales, issued_on="2026-02-27"))
    assert not found_by(Check.TWIN_OWN, sales, history=before)
    others = facts_of(sales, history=history(alike=as_here(sales, distributor_id=2)))
    usual = DEFAULTS["portal"][Check.TWIN_OTHER]
    found = [bool(list(CHECKS[Check.TWIN_OTHER](others, dataclasses.replace(usual, limit=most)))) for most in (1, 2)]
    assert found == [True, False]


NIP, OTHER_NIP = "tax:5260001246", "tax:5213003700"


@pytest.mark.parametrize(
    ("seller", "changed", "same", "two"),
    [
        (NIP, {}, True, False),  # its tax id was typed on one of the two
        ("distributor:1", {"seller_key": NIP}, True, False),
        (NIP, {"seller_key": "tax:PL5260001246"}, True, False),  # one seller, written in two ways
        (NIP, {"net_minor": 99_99, "lines": 99}, True, False),  # the day is the same
        (NIP, {"issued_on": "2025-06-01"}, True, False),  # the sum is the same
        (NIP, {"issued_on": "2024-06-01"}, False, False),
        (NIP, {"issued_on": "2026-02-28", "net_minor": 99_99}, False, False),  # another invoice of the same number
        (NIP, {"distributor_id": 2}, False, False),
        (NIP, {"kind": 2}, False, False),
        (NIP, {"number_key": "N2"}, False, False),
        (NIP, {"seller_key": NIP}, False, False),  # its own key: the document itself
        (NIP, {"seller_key": OTHER_NIP}, True, False),  # number, day and sum: two sellers are not so alike
        (NIP, {"seller_key": OTHER_NIP, "net_minor": 99_99}, False, True),
        (NIP, {"seller_key": OTHER_NIP, "issued_on": "2026-02-28"}, False, True),
        (NIP, {"seller_key": OTHER_NIP, "issued_on": "2026-02-28", "net_minor": 99_99}, False, False),
    ],
)
def test_one_number_with_another_seller_or_none_may_be_one_invoice(
    seller: str, changed: dict[str, Any], same: bool, two: bool
) -> None:
    sales = incoming(one_sale("N1", *LINES)).sales
    said = np.asarray([seller, None], dtype=object)[:-1]
    past = history(numbered=as_here(sales, **{"number_key": "N1"} | changed))
    assert bool(found_by(Check.SAME_NUMBER, sales, history=past, seller_key=said)) is same
    assert bool(found_by(Check.NUMBER_OF_TWO_SELLERS, sales, history=past, seller_key=said)) is two


def test_one_number_of_two_sellers_weighs_little_and_of_one_takes_a_person() -> None:
    of_one, of_two = (DEFAULTS["portal"][one] for one in (Check.SAME_NUMBER, Check.NUMBER_OF_TWO_SELLERS))
    assert (of_one.severity, of_two.severity) == ("review", "note")
    assert of_two.weight < 300 <= of_one.weight


def test_of_two_twins_that_come_together_the_later_is_told() -> None:
    sales = incoming([*one_sale("N1", *LINES), *one_sale("N7", *LINES[::-1]), *one_sale("N8", (1, 3, 27_50))]).sales
    (found,) = found_by(Check.TWIN_OWN, sales)
    assert (sales.documents.number[found.document], found.evidence) == (
        "N7",
        {"number": "N1", "issued_on": "2026-03-01"},
    )


@pytest.mark.parametrize(
    ("mine", "there", "alike"),
    [
        ("101/26", "101A/26", True),  # a letter more
        ("101/26", "101/26/X", True),
        ("102/26", "101/26", False),  # counted on
        ("102/26", "101/26/X", False),  # two edits
        ("FV 7/3/26", "7/3/26", False),  # the same number
    ],
)
def test_a_number_is_alike_by_an_edit_that_counting_does_not_make(mine: str, there: str, alike: bool) -> None:
    sales = incoming(one_sale(mine, *LINES)).sales
    past = earlier({"number": there, "number_key": number_key(there, 2026), "net_minor": 99_99, "line_count": 2})
    assert bool(found_by(Check.NUMBER_ALIKE, sales, history=history(recent=past))) is alike


def test_numbers_counted_on_are_alike_where_the_goods_are_the_same() -> None:
    sales = incoming(one_sale("102/26", *LINES)).sales
    same = as_here(sales, number="101/26", number_key=number_key("101/26", 2026), net_minor=99_99)
    assert found_by(Check.NUMBER_ALIKE, sales, history=history(recent=same))
    assert not found_by(Check.NUMBER_ALIKE, sales, history=history(recent=dataclasses.replace(same, products=PRINT)))


PRINT = np.asarray([1], dtype=np.uint64)


def test_a_way_of_writing_numbers_that_a_distributor_has_is_no_edit() -> None:
    sales = incoming(one_sale("105B/26", (1, 1, 5_00))).sales
    usual = [{"number_key": number_key(f"{at}B/26", 2026)} for at in (201, 202, 203)]
    past = earlier({"number_key": number_key("105/26", 2026)}, *usual)
    assert not found_by(Check.NUMBER_ALIKE, sales, history=history(recent=past))


@given(st.text("AB12", min_size=1, max_size=6), st.text("AB12", min_size=1, max_size=6))
def test_prints_of_shortened_texts_find_whatever_is_one_edit_apart(one: str, other: str) -> None:
    place, short = prints.shortened([one, other], np.zeros(2, dtype=np.int64))
    shared = set(short[place == 0].tolist()) & set(short[place == 1].tolist())
    if Levenshtein.distance(one, other) <= 1:
        assert shared
    if not shared:
        assert Levenshtein.distance(one, other) > 1


def numbered(*rows: tuple[str, str]) -> Earlier:
    return earlier(*({"number": n, "number_key": number_key(n, 2026), "issued_on": day} for n, day in rows))


IN_ORDER = numbered(("10/26", "2026-01-05"), ("12/26", "2026-02-05"), ("20/26", "2026-03-05"))


@pytest.mark.parametrize(
    ("number", "day", "back"),
    [
        ("11/26", "2026-01-20", False),
        ("11/26", "2026-02-10", False),  # a few days are nothing
        ("11/26", "2026-03-20", True),
        ("21/26", "2026-01-20", True),
        ("30/26", "2026-06-20", False),
    ],
)
def test_a_number_that_runs_against_time_is_found(number: str, day: str, back: bool) -> None:
    sales = incoming(one_sale(number, (1, 1, 5_00), day=day)).sales
    assert bool(found_by(Check.NUMBER_BACKWARDS, sales, history=history(recent=IN_ORDER))) is back


def test_what_waits_tells_nothing_of_the_order_of_numbers() -> None:
    sales = incoming(one_sale("11/26", (1, 1, 5_00), day="2026-03-20")).sales
    waiting = dataclasses.replace(IN_ORDER, accepted=np.zeros(3, dtype=bool))
    assert not found_by(Check.NUMBER_BACKWARDS, sales, history=history(recent=waiting))


def test_a_number_far_from_all_others_is_found() -> None:
    usual = [f"FV/{at}/0{1 + at % 6}/2026" for at in range(100, 130, 3)]
    mine = ["FV/131/06/2026", "FV/4000/06/2026", "FV/95/01/2026", "S-1", "S-90000"]
    there = as_earlier(
        incoming([Sold(one, 1, 1, 1, 10, "2026-03-01") for one in usual]).sales, _keys(usual), _keys(usual)
    )
    sales = incoming([Sold(one, 1, 1, 1, 10, "2026-03-02") for one in mine]).sales
    history = dataclasses.replace(History.none(), recent=there)
    (found,) = found_by(Check.NUMBER_GAP, sales, history=history)
    assert sales.documents.number[found.document] == "FV/4000/06/2026"
    assert (found.evidence["number"], found.evidence["count"], found.evidence["usual"]) == ("FV/127/02/2026", 3873, 3)


def _keys(numbers: list[str]) -> np.ndarray:
    return np.asarray([*(number_key(one, 2026) for one in sorted(numbers)), None], dtype=object)[:-1]


@given(
    st.lists(st.integers(0, 5_000), max_size=12, unique=True),
    st.lists(st.integers(0, 400_000), max_size=6, unique=True),
)
def test_exactly_the_numbers_far_from_all_others_are_found(known: list[int], mine: list[int]) -> None:
    usual, asked = [f"A/{at}" for at in known], [f"A/{at}" for at in mine]
    there = as_earlier(incoming([Sold(one, 1, 1, 1, 10) for one in usual]).sales, _keys(usual), _keys(usual))
    sales = incoming([Sold(one, 1, 1, 1, 10) for one in asked]).sales
    found = found_by(Check.NUMBER_GAP, sales, history=dataclasses.replace(History.none(), recent=there))
    steps = sorted(b - a for a, b in itertools.pairwise(sorted(known)))
    far = {
        f"A/{at}"
        for at in mine
        if len(known) >= 5 and min(abs(at - one) for one in known) > 60 * max(steps[len(steps) // 2], 1)
    }
    assert {sales.documents.number[one.document] for one in found} == far
