"""What a line of sales carries, what of it counts, and in which order: worked out by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from tests.reference.arith import round_half_up, share
from tests.reference.by_hand import a_catalogue, by_line, earned, points, programme, sale
from tests.reference.run import count
from tests.reference.sales import (
    CREDIT_NOTE,
    INVOICE,
)

# ------------------------------------------------------------------------------------------------ arithmetic


@pytest.mark.parametrize(
    ("value", "rounded"),
    [("0.5", 1), ("0.49", 0), ("1.5", 2), ("2.5", 3), ("-0.5", -1), ("-0.4", 0), ("7", 7), ("2.1", 2)],
)
def test_halves_are_rounded_up_and_mirrored_below_zero(value: str, rounded: int) -> None:
    assert round_half_up(Fraction(value)) == rounded


def test_sharing_gives_the_left_points_to_the_largest_remainders() -> None:
    # 10 x 1/6, 2/6, 3/6 = 1.67, 3.33, 5.00: the one left point goes to line 1.
    assert share(10, [(1, 100), (2, 200), (3, 300)]) == {1: 2, 2: 3, 3: 5}


def test_sharing_breaks_ties_to_the_lower_line_number() -> None:
    assert share(2, [(7, 50), (3, 50), (5, 50)]) == {3: 1, 5: 1, 7: 0}


# ------------------------------------------------------------------------------------------------ 1. sales lines


def test_a_missing_net_is_quantity_times_unit_price_rounded_once_per_line() -> None:
    # 3 x 0.335 = 1.005 -> 1.01 (half up) and not 3 x 0.34; two lines make 2.02, floor(2.02 / 0.01) = 202.
    rule = {"kind": "per_amount", "points": 1, "step": "0.01"}
    lines = [sale(amount=None, quantity="3", unit_price=Decimal("0.335")) for _ in range(2)]
    assert earned(rule, *lines) == 202


def test_a_given_net_wins_over_the_unit_price() -> None:
    line = sale(amount=5000, unit_price=Decimal("99.00"))
    assert earned({"kind": "per_amount", "points": 1, "step": "1.00"}, line) == 50


def test_without_an_amount_and_a_price_a_line_cannot_be_counted() -> None:
    with pytest.raises(ValueError, match="neither an amount nor a unit price"):
        earned({"kind": "per_line", "points": 1}, sale(amount=None))


def test_a_programme_may_earn_on_gross() -> None:
    rule = {"kind": "per_amount", "points": 1, "step": "1.00"}
    line = sale(amount=10000, gross_minor=12300)
    assert earned(rule, line) == 100
    assert earned(rule, line, program={"earns_on": "gross"}) == 123
    assert earned(rule, sale(amount=10000), program={"earns_on": "gross"}) == 100


def test_two_equal_lines_are_two_sales() -> None:
    assert earned({"kind": "per_line", "points": 3}, sale(), sale()) == 6


def test_codes_compare_trimmed_and_without_case() -> None:
    rule = {"kind": "per_unit", "points": 3, "scope": {"products": ["85123A"]}}
    assert earned(rule, sale(" 85123a "), sale("85123A"), sale("85123B")) == 6


def test_a_document_has_the_earliest_date_of_its_lines() -> None:
    result = count(programme(), a_catalogue(), [sale(day=date(2025, 3, 14)), sale(day=date(2025, 3, 12))])
    assert [(d.issued_on, len(d.lines)) for d in result.documents] == [(date(2025, 3, 12), 2)]


def test_two_spellings_of_one_number_are_one_document() -> None:
    lines = [sale(number="FV/0012/2025"), sale(number="fv 12-25"), sale(number="FV/12/2025", distributor="B")]
    result = count(programme(), a_catalogue(), lines)
    assert [len(d.lines) for d in result.documents] == [2, 1]


def test_one_seller_makes_one_document_whoever_bought() -> None:
    lines = [
        sale(seller_tax_id="PL1", number="1"),
        sale(seller_tax_id=" pl1 ", number="01"),
        sale(seller_tax_id="PL2", number="1"),
        sale(seller_tax_id=" ", number="1"),
    ]
    keys = [d.key for d in count(programme(), a_catalogue(), lines).documents]
    assert keys == [("PL1", INVOICE, "1"), ("PL2", INVOICE, "1"), ("A", INVOICE, "1")]


def test_a_document_has_one_distributor() -> None:
    lines = [sale(seller_tax_id="PL1"), sale(seller_tax_id="PL1", distributor="B")]
    with pytest.raises(ValueError, match="two distributors"):
        count(programme(), a_catalogue(), lines)


def test_the_counting_order_is_date_then_invoices_then_the_number_as_text() -> None:
    lines = [
        sale(number=" 9", day=date(2025, 3, 2)),
        sale(number="10", day=date(2025, 3, 2)),
        sale(number="1", day=date(2025, 3, 2), kind=CREDIT_NOTE),
        sale(number="99", day=date(2025, 3, 1), kind=CREDIT_NOTE),
    ]
    result = count(programme(), a_catalogue(), lines)
    assert [(d.kind, d.number) for d in result.documents] == [
        (CREDIT_NOTE, "99"),
        (INVOICE, "10"),
        (INVOICE, "9"),
        (CREDIT_NOTE, "1"),
    ]


# ------------------------------------------------------------------------------------------------ 2. M


def test_discount_free_and_negative_lines_are_not_in_m() -> None:
    lines = [sale(), sale(amount=0), sale(amount=-100, quantity="1"), sale(amount=-100, quantity="-1")]
    assert earned({"kind": "per_line", "points": 5}, *lines) == 5
    bands = [{"from": 1, "points": 1}, {"from": 2, "points": 10}]
    assert earned({"kind": "line_count_bands", "bands": bands}, *lines) == 1


def test_a_discount_line_lowers_the_sum_and_weighs_nothing() -> None:
    # 100 + 50 - 30 = 120 -> 120 points, shared 100 : 50 = 80, 40.
    rule = {"code": "r", "kind": "per_amount", "points": 1, "step": "1.00"}
    lines = [sale(amount=10000), sale(amount=5000), sale("TOOL", amount=-3000)]
    result = count(programme(rule), a_catalogue(), lines)
    assert by_line(result) == {("1", 1): {"r": 80}, ("1", 2): {"r": 40}}


def test_a_discount_line_with_quantity_zero_lowers_the_sum_too() -> None:
    rule = {"kind": "per_amount", "points": 1, "step": "1.00"}
    assert earned(rule, sale(amount=10000), sale(amount=-2550, quantity="0")) == 74


def test_a_discount_line_outside_the_scope_lowers_nothing() -> None:
    rule = {"kind": "per_amount", "points": 1, "step": "1.00", "scope": {"products": ["BIKE"]}}
    assert earned(rule, sale(amount=10000), sale("TOOL", amount=-3000)) == 100


def test_a_quantity_of_zero_with_an_amount_is_neither_a_sale_nor_a_discount() -> None:
    rule = {"kind": "per_amount", "points": 1, "step": "1.00"}
    assert earned(rule, sale(amount=10000), sale(amount=5000, quantity="0")) == 100


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "per_unit", "points": 1},
        {"kind": "per_amount", "points": 1, "step": "1.00"},
        {"kind": "per_amount", "points": 1, "step": "1.00", "of": "line"},
        {"kind": "per_line", "points": 1},
        {"kind": "per_document", "points": 1},
        {"kind": "amount_bands", "bands": [{"from": 0, "points": 1}]},
        {"kind": "line_count_bands", "bands": [{"from": 0, "points": 1}]},
    ],
)
@pytest.mark.parametrize("discount", [-10000, -10001])
def test_a_set_whose_sum_is_zero_or_negative_earns_nothing(rule: dict[str, Any], discount: int) -> None:
    assert earned(rule, sale(amount=10000), sale(amount=discount)) == 0
    assert earned(rule, sale(amount=10000)) > 0


def test_a_multiplier_adds_nothing_where_its_own_sum_is_not_above_zero() -> None:
    base = {"code": "base", "kind": "per_line", "points": 10, "scope": {"products": ["BIKE"]}}
    double = {"code": "x2", "kind": "multiplier", "factor": 20000}
    lines = [sale(amount=10000), sale("TOOL", amount=-10000)]
    assert points(count(programme(base, double), a_catalogue(), lines)) == 10


def test_credit_notes_never_earn() -> None:
    rule = {"kind": "per_line", "points": 1, "scope": {"document_kinds": ["credit_note", "invoice"]}}
    assert earned(rule, sale(kind=CREDIT_NOTE)) == 0
    assert earned(rule, sale()) == 1


def test_nothing_is_earned_outside_the_programmes_dates() -> None:
    rule = {"kind": "per_line", "points": 1}
    days = [date(2024, 12, 31), date(2025, 1, 1), date(2025, 12, 31), date(2026, 1, 1)]
    assert [earned(rule, sale(day=day)) for day in days] == [0, 1, 1, 0]
