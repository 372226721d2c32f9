"""The reference against numbers worked out by hand: the examples and rules of rules.md sections 1 to 6, 8 and 9."""

from __future__ import annotations

import os
import random
from collections import defaultdict
from collections.abc import Callable
from datetime import date, time
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from tests.reference import gift_wholesale, wheel_club
from tests.reference.arith import round_half_up, share
from tests.reference.ledger import CLAMP, NEGATIVE, RefusedError, Wallet, last_day
from tests.reference.numbering import document_key, normalised
from tests.reference.programme import read_catalogue, read_programme
from tests.reference.real import gift_result, real, wheel_result
from tests.reference.run import Result, count
from tests.reference.sales import (
    CREDIT_NOTE,
    INVOICE,
    Catalogue,
    Distributor,
    Group,
    Product,
    SalesLine,
    chain,
    documents_of,
    find_group,
)

DAY = date(2025, 3, 12)  # a Wednesday


def programme(*rules: dict[str, Any], decimals: int = 0, **more: Any) -> dict[str, Any]:
    """Make the dict of a programme file for 2025 with these rules."""
    head: dict[str, Any] = {
        "code": "test",
        "currency": "EUR",
        "starts_on": date(2025, 1, 1),
        "ends_on": date(2025, 12, 31),
        "earns_on": "net",
        "point": {"decimals": decimals},
    }
    head.update(more.pop("program", {}))
    return {"schema": "kontor/1", "program": head, "earning_rules": list(rules), **more}


def a_catalogue() -> Catalogue:
    """Make a catalogue: bikes > road > race; tools. Distributors A and B in shops > big and shops, C in none."""
    catalogue = Catalogue()
    catalogue.product_groups = [
        Group("bikes", "Bikes"),
        Group("road", "Road bikes", "bikes", ("Strasse",)),
        Group("race", "Race bikes", "road"),
        Group("tools", "Tools"),
    ]
    catalogue.distributor_groups = [Group("shops", "Shops"), Group("big", "Big shops", "shops", ("Large",))]
    for code, group in [("BIKE", "bikes"), ("ROAD", "road"), ("RACE", "race"), ("TOOL", "tools"), ("LOOSE", None)]:
        catalogue.add_product(Product(code, group))
    catalogue.add_distributor(Distributor("A", "big", "gold"))
    catalogue.add_distributor(Distributor("B", "shops", "silver"))
    catalogue.add_distributor(Distributor("C"))
    return catalogue


def sale(
    product: str = "BIKE",
    amount: int | None = 10000,
    quantity: str = "1",
    *,
    number: str = "1",
    day: date = DAY,
    distributor: str = "A",
    **more: Any,
) -> SalesLine:
    """Make a sales line; amounts in cents, the quantity in units."""
    return SalesLine(
        document_number=number,
        issued_on=day,
        distributor=distributor,
        product=product,
        quantity_milli=int(Decimal(quantity) * 1000),
        net_minor=amount,
        **more,
    )


def by_line(result: Result, unit: str = "points") -> dict[tuple[str, int], dict[str, int]]:
    """Show the awards as {(document number as normalised, line): {rule: points}}."""
    shown: dict[tuple[str, int], dict[str, int]] = defaultdict(dict)
    for award in result.awards:
        if award.unit == unit:
            shown[award.document[2], award.line_number][award.rule] = award.points
    return dict(shown)


def points(result: Result, unit: str = "points") -> int:
    """Add up all that was awarded."""
    return sum(award.points for award in result.awards if award.unit == unit)


def earned(rule: dict[str, Any], *lines: SalesLine, **more: Any) -> int:
    """Count lines under a single rule and add up what they earn."""
    return points(count(programme({"code": "r", **rule}, **more), a_catalogue(), lines))


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


# ------------------------------------------------------------------------------------------------ 2. kinds


def test_per_unit_takes_the_floor_per_line() -> None:
    # floor(0.7 x 10) = 7; floor(0.7 x 1.5) = floor(1.05) = 1; floor(0.7 x 1) = 0 leaves no award.
    rule = {"code": "r", "kind": "per_unit", "points": "0.7"}
    lines = [sale(quantity="10"), sale(quantity="1.5"), sale(quantity="1")]
    assert by_line(count(programme(rule), a_catalogue(), lines)) == {("1", 1): {"r": 7}, ("1", 2): {"r": 1}}


def test_per_unit_points_may_have_six_decimals() -> None:
    rule = {"kind": "per_unit", "points": "0.333333"}
    # 0.999999; 0.333333 x 3.001 = 1.000332333; 0.333333 x 3,000,003 = 999,999.999999.
    assert earned(rule, sale(quantity="3")) == 0
    assert earned(rule, sale(quantity="3.001")) == 1
    assert earned(rule, sale(quantity="3000003")) == 999999


def test_per_amount_of_the_document_takes_one_floor() -> None:
    # 1.50 + 1.50 = 3.00: 2 points for each full 1.00 = 6, 3 each.
    rule = {"code": "r", "kind": "per_amount", "points": 2, "step": "1.00"}
    result = count(programme(rule), a_catalogue(), [sale(amount=150), sale(amount=150)])
    assert by_line(result) == {("1", 1): {"r": 3}, ("1", 2): {"r": 3}}


def test_per_amount_of_the_line_takes_a_floor_per_line_and_no_discount() -> None:
    rule = {"kind": "per_amount", "points": 2, "step": "1.00", "of": "line"}
    assert earned(rule, sale(amount=150), sale(amount=290), sale(amount=-100)) == 2 + 4


def test_per_line() -> None:
    assert earned({"kind": "per_line", "points": 3}, sale(amount=1), sale("TOOL", quantity="99")) == 6


def test_per_document_with_and_without_a_least_amount() -> None:
    rule = {"kind": "per_document", "points": 7}
    assert earned(rule, sale(), sale(), sale(number="2")) == 14
    assert earned({**rule, "least_amount": "100.00"}, sale(amount=9999), sale(amount=1)) == 7
    assert earned({**rule, "least_amount": "100.00"}, sale(amount=9999)) == 0
    assert earned({**rule, "least_amount": "100.00"}, sale(amount=10000), sale(amount=-1)) == 0


def test_amount_bands_give_the_highest_band_reached() -> None:
    rule = {"kind": "amount_bands", "bands": [{"from": "50.00", "points": 400}, {"from": "10.00", "points": 50}]}
    assert [earned(rule, sale(amount=amount)) for amount in (999, 1000, 4999, 5000, 999999)] == [0, 50, 50, 400, 400]


def test_line_count_bands_count_the_lines_of_m() -> None:
    rule = {"kind": "line_count_bands", "bands": [{"from": 2, "points": 20}, {"from": 3, "points": 75}]}
    assert [earned(rule, *[sale(amount=1)] * lines) for lines in (1, 2, 3, 4)] == [0, 20, 75, 75]


def test_document_points_are_shared_by_amount_and_ties_go_to_the_lower_line() -> None:
    # 10 points over 1.00, 1.00, 1.00: 3 each, and line 1 has the one left.
    rule = {"code": "r", "kind": "per_document", "points": 10}
    result = count(programme(rule), a_catalogue(), [sale(amount=100)] * 3)
    assert by_line(result) == {("1", 1): {"r": 4}, ("1", 2): {"r": 3}, ("1", 3): {"r": 3}}


def test_given_line_numbers_decide_not_the_place() -> None:
    rule = {"code": "r", "kind": "per_document", "points": 1}
    lines = [sale(line_number=20, amount=100), sale(line_number=10, amount=100)]
    assert by_line(count(programme(rule), a_catalogue(), lines)) == {("1", 10): {"r": 1}}


def test_multiplier_adds_its_share_of_the_base_rounded_half_up() -> None:
    base = {"code": "base", "kind": "per_line", "points": 5}
    half = {"code": "half", "kind": "multiplier", "factor": 15000}
    result = count(programme(base, half), a_catalogue(), [sale()])
    assert by_line(result) == {("1", 1): {"base": 5, "half": 3}}  # 2.5 -> 3


def test_multiplier_works_on_the_lines_of_its_own_scope_only() -> None:
    base = {"code": "base", "kind": "per_line", "points": 5}
    double = {"code": "x2", "kind": "multiplier", "factor": 20000, "scope": {"product_groups": ["tools"]}}
    result = count(programme(base, double), a_catalogue(), [sale(), sale("TOOL")])
    assert by_line(result) == {("1", 1): {"base": 5}, ("1", 2): {"base": 5, "x2": 5}}


def test_a_multiplier_is_above_one() -> None:
    with pytest.raises(ValueError, match="above 10000"):
        read_programme(programme({"code": "x", "kind": "multiplier", "factor": 10000}))


def test_event_rules_earn_nothing_on_documents() -> None:
    assert earned({"kind": "event", "points": 100, "event": "birthday"}, sale()) == 0


def test_point_decimals_scale_the_points() -> None:
    assert earned({"kind": "per_line", "points": "1.5"}, sale(), decimals=2) == 150
    assert earned({"kind": "per_unit", "points": "0.005"}, sale(quantity="3"), decimals=2) == 1
    with pytest.raises(ValueError, match="not a whole number"):
        earned({"kind": "per_line", "points": "1.5"}, sale())


def test_a_document_may_earn_points_and_money() -> None:
    lines = [sale(amount=100000)]
    rules: list[dict[str, Any]] = [
        {"code": "p", "kind": "per_amount", "points": 1, "step": "1.00"},
        {"code": "m", "kind": "per_amount", "points": "0.50", "step": "100.00", "unit": "money"},
        {"code": "x2", "kind": "multiplier", "factor": 20000, "unit": "money"},
    ]
    result = count(programme(*rules, decimals=1), a_catalogue(), lines)
    # 1,000.00: points 1000 x 1.0 = 10000 tenths; money 10 x 0.50 = 5.00, doubled 10.00. The points are not doubled.
    assert by_line(result) == {("1", 1): {"p": 10000}}
    assert by_line(result, "money") == {("1", 1): {"m": 500, "x2": 500}}
    assert result.per_distributor("money")["A"].net == 1000


def test_a_currency_without_a_minor_unit() -> None:
    rule = {"kind": "per_amount", "points": 1, "step": "100"}
    line = sale(amount=None, quantity="3", unit_price=Decimal("133"))
    assert earned(rule, line, program={"currency": "JPY"}) == 3


# ------------------------------------------------------------------------------------------------ 2. scope

LINE = {"kind": "per_line", "points": 1}


def scoped(scope: dict[str, Any], *lines: SalesLine, **more: Any) -> int:
    """Count how many lines a scope lets through."""
    return earned({**LINE, "scope": scope}, *lines, **more)


ALL = [sale(code) for code in ("BIKE", "ROAD", "RACE", "TOOL", "LOOSE", "NEW")]


@pytest.mark.parametrize(
    ("scope", "lines"),
    [
        ({}, 6),
        ({"products": ["bike", "LOOSE"]}, 2),
        ({"products": ["unknown"]}, 0),
        ({"products": []}, 6),
        ({"product_groups": ["bikes"]}, 3),
        ({"product_groups": ["road"]}, 2),
        ({"product_groups": ["ROAD BIKES"]}, 2),
        ({"product_groups": [" strasse"]}, 2),
        ({"product_groups": ["race", "tools"]}, 2),
        ({"product_groups": ["unknown"]}, 0),
        ({"product_groups": ["bikes"], "products": ["ROAD", "TOOL"]}, 1),
        ({"exclude_products": ["TOOL", "unknown"]}, 5),
        ({"exclude_product_groups": ["Road bikes"]}, 4),
        ({"exclude_product_groups": ["bikes", "tools"]}, 2),
        ({"product_groups": ["bikes"], "exclude_product_groups": ["race"]}, 2),
        ({"distributors": ["a"]}, 6),
        ({"distributors": ["B", "C"]}, 0),
        ({"distributor_groups": ["shops"]}, 6),
        ({"distributor_groups": ["large"]}, 6),
        ({"tiers": ["GOLD"]}, 6),
        ({"tiers": ["silver"]}, 0),
        ({"document_kinds": ["invoice"]}, 6),
        ({"document_kinds": ["credit_note"]}, 0),
    ],
)
def test_scope_by_products_groups_and_distributors(scope: dict[str, Any], lines: int) -> None:
    assert scoped(scope, *ALL) == lines


def test_scope_by_distributor_group_does_not_reach_up_or_outside() -> None:
    scope = {"distributor_groups": ["big"]}
    lines = [sale(distributor=code, number=code) for code in ("A", "B", "C", "UNKNOWN")]
    assert scoped(scope, *lines) == 1
    assert scoped({"distributor_groups": ["shops"]}, *lines) == 2


def test_scope_by_outlet_and_channel() -> None:
    lines = [sale(outlet="North ", channel="web"), sale(outlet="south", channel="web"), sale()]
    assert scoped({"outlets": ["NORTH"]}, *lines) == 1
    assert scoped({"channels": ["Web", "phone"]}, *lines) == 2
    assert scoped({"channels": ["web"], "outlets": ["south"]}, *lines) == 1


def test_scope_by_dates_is_inclusive() -> None:
    scope = {"from": date(2025, 3, 2), "until": "2025-03-03"}
    assert [scoped(scope, sale(day=date(2025, 3, day))) for day in (1, 2, 3, 4)] == [0, 1, 1, 0]


def test_scope_by_weekday() -> None:
    scope = {"weekdays": ["sat", "sun"]}
    days = [scoped(scope, sale(day=date(2025, 3, day))) for day in range(10, 17)]  # Monday to Sunday
    assert days == [0, 0, 0, 0, 0, 1, 1]


def test_scope_by_named_days() -> None:
    named = {"fair": ["2025-03-12", date(2025, 3, 13)], "other": ["2025-05-01"]}
    assert scoped({"days": ["Fair", "missing"]}, sale(), named_days=named) == 1
    assert scoped({"days": ["other"]}, sale(), named_days=named) == 0
    assert scoped({"days": ["missing"]}, sale(), named_days=named) == 0


def test_scope_by_hours_includes_from_and_excludes_until() -> None:
    scope = {"hours": {"from": "08:00", "until": "10:30"}}
    times = [time(7, 59, 59), time(8), time(10, 29, 59), time(10, 30), None]
    assert [scoped(scope, sale(issued_at=moment)) for moment in times] == [0, 1, 1, 0, 0]
    assert scoped({"hours": {"from": 1080}}, sale(issued_at=time(18))) == 1  # YAML's reading of an unquoted 18:00


def test_scope_by_line_amount_quantity_and_unit_price_is_inclusive() -> None:
    amounts = [sale(amount=amount) for amount in (999, 1000, 2000, 2001)]
    assert scoped({"line_amount": {"least": "10.00", "most": "20.00"}}, *amounts) == 2
    quantities = [sale(quantity=quantity) for quantity in ("1.999", "2", "3.5", "3.501")]
    assert scoped({"quantity": {"least": 2, "most": "3.5"}}, *quantities) == 2
    prices = [sale(unit_price=Decimal(price)) for price in ("0.009", "0.01", "5", "5.001")]
    assert scoped({"unit_price": {"least": "0.01", "most": 5}}, *prices) == 2
    assert scoped({"unit_price": {"most": 5}}, *prices) == 3


def test_a_unit_price_that_is_not_given_is_the_amount_by_the_quantity() -> None:
    lines = [sale(amount=1000, quantity=quantity) for quantity in ("1.999", "2", "3")]  # above 5.00, 5.00, 3.33
    assert scoped({"unit_price": {"most": 5}}, *lines) == 2
    assert scoped({"unit_price": {"least": "3.33333333", "most": "3.33333333"}}, *lines) == 1
    assert scoped({"unit_price": {"least": "3.33333334"}}, *lines) == 2


def test_limits_are_not_asked_of_discount_lines() -> None:
    rule = {"kind": "per_amount", "points": 1, "step": "1.00", "scope": {"line_amount": {"least": "10.00"}}}
    assert earned(rule, sale(amount=10000), sale(amount=500), sale(amount=-2000)) == 80
    rule["scope"] = {"quantity": {"least": 5}, "products": ["BIKE"]}
    lines = [sale(amount=10000, quantity="5"), sale(amount=-2000), sale("TOOL", amount=-1000)]
    assert earned(rule, *lines) == 80


def test_first_purchase_is_the_first_invoice_in_counting_order() -> None:
    lines = [
        sale(number="7", day=date(2025, 3, 2)),
        sale(number="8", day=date(2025, 3, 1)),
        sale(number="3", day=date(2025, 2, 1), kind=CREDIT_NOTE),
        sale(number="9", distributor="B"),
    ]
    rule = {"code": "r", "kind": "per_document", "points": 5, "scope": {"first_purchase": True}}
    result = count(programme(rule), a_catalogue(), lines)
    assert by_line(result) == {("8", 1): {"r": 5}, ("9", 1): {"r": 5}}


def test_an_invoice_before_the_programme_is_no_first_purchase() -> None:
    lines = [sale(number="1", day=date(2024, 12, 30)), sale(number="2"), sale(number="3")]
    rule = {"code": "r", "kind": "per_document", "points": 5, "scope": {"first_purchase": True}}
    assert by_line(count(programme(rule), a_catalogue(), lines)) == {("2", 1): {"r": 5}}


def test_a_reference_to_a_group_means_its_code_before_anothers_name() -> None:
    catalogue = a_catalogue()
    catalogue.product_groups[3] = Group("tools", "Road")
    result = count(programme({"code": "r", **LINE, "scope": {"product_groups": ["road"]}}), catalogue, ALL)
    assert {line for _, line in by_line(result)} == {2, 3}


def test_without_discounted_leaves_out_marked_lines_discounts_among_them() -> None:
    rule = {"kind": "per_amount", "points": 1, "step": "1.00", "scope": {"without_discounted": True}}
    lines = [sale(), sale(discounted=True), sale(amount=-1000), sale(amount=-500, discounted=True)]
    assert earned(rule, *lines) == 90
    rule["scope"] = {"without_discounted": False}
    assert earned(rule, *lines) == 185
    assert scoped({"products": ["BIKE"]}, sale(discounted=True)) == 1


# ------------------------------------------------------------------------------------------------ 2. matrix


def matrix(**more: Any) -> dict[str, Any]:
    """Make a programme with one matrix."""
    return programme(matrices=[{"code": "grid", "name": "Grid", **more}])


def test_matrix_climbs_the_product_groups_then_takes_the_default() -> None:
    grid = matrix(
        kind="per_unit",
        default="0.5",
        rates={"bikes": {"big": 3, "shops": 2}, "Race bikes": {"big": "10.5"}, "tools": {"shops": 7}},
    )
    lines = [sale(code, quantity="3") for code in ("BIKE", "ROAD", "RACE", "TOOL", "LOOSE")]
    assert by_line(count(grid, a_catalogue(), lines)) == {
        ("1", 1): {"grid": 9},
        ("1", 2): {"grid": 9},  # climbs from road to bikes
        ("1", 3): {"grid": 31},  # floor(31.5)
        ("1", 4): {"grid": 1},  # no rate for big; shops, the parent of big, is not asked; default 0.5
        ("1", 5): {"grid": 1},
    }


def test_matrix_without_a_default_gives_nothing_where_no_cell_is_found() -> None:
    grid = matrix(kind="per_unit", rates={"bikes": {"big": 3}})
    assert points(count(grid, a_catalogue(), [sale("TOOL"), sale(distributor="C", number="2")])) == 0


def test_matrix_a_rate_of_zero_is_a_rate_and_null_is_none() -> None:
    grid = matrix(kind="per_unit", default=9, rates={"bikes": {"big": 3}, "road": {"big": 0}, "race": {"big": None}})
    result = count(grid, a_catalogue(), [sale("ROAD"), sale("RACE"), sale("BIKE")])
    # RACE has no rate of its own and climbs to road, whose rate is 0.
    assert by_line(result) == {("1", 3): {"grid": 3}}


def test_matrix_per_amount_floors_every_cell_on_its_own() -> None:
    grid = matrix(kind="per_amount", step="1.00", default=1, rates={"bikes": {"big": 2}, "tools": {"big": 3}})
    lines = [
        sale("BIKE", amount=150),
        sale("RACE", amount=150),  # the same cell as BIKE: 3.00 -> 3 x 2 = 6, 3 each
        sale("TOOL", amount=190),  # 1 x 3 = 3
        sale("LOOSE", amount=50),  # with NEW in the default cell: 1.00 -> 1, to the lower line
        sale("NEW", amount=50),
    ]
    assert by_line(count(grid, a_catalogue(), lines)) == {
        ("1", 1): {"grid": 3},
        ("1", 2): {"grid": 3},
        ("1", 3): {"grid": 3},
        ("1", 4): {"grid": 1},
    }


def test_matrix_per_amount_of_the_line() -> None:
    grid = matrix(kind="per_amount", of="line", step="1.00", rates={"bikes": {"big": 2}})
    assert points(count(grid, a_catalogue(), [sale("BIKE", amount=150), sale("ROAD", amount=150)])) == 4


def test_matrix_a_discount_lowers_the_sum_of_its_own_cell() -> None:
    grid = matrix(kind="per_amount", step="1.00", rates={"bikes": {"big": 1}, "tools": {"big": 1}})
    lines = [sale("BIKE", amount=1000), sale("TOOL", amount=1000), sale("TOOL", amount=-1000)]
    assert by_line(count(grid, a_catalogue(), lines)) == {("1", 1): {"grid": 10}}


def test_matrix_has_a_scope_a_stack_a_priority_and_a_unit() -> None:
    grid = matrix(kind="per_unit", unit="money", default="0.25", scope={"products": ["BIKE"]}, stack="s", priority=5)
    rule = {"code": "flat", "kind": "per_line", "points": "0.90", "unit": "money", "stack": "s"}
    grid["earning_rules"] = [rule]
    grid["stacks"] = {"s": "first"}
    result = count(grid, a_catalogue(), [sale("BIKE", quantity="2"), sale("TOOL", quantity="2")])
    assert by_line(result, "money") == {("1", 1): {"grid": 50}, ("1", 2): {"flat": 90}}


# ------------------------------------------------------------------------------------------------ 3. stacks


def flat(code: str, given: int, stack: str = "base", priority: int | None = None, **more: Any) -> dict[str, Any]:
    """Make a rule of so many points per line."""
    rule: dict[str, Any] = {"code": code, "kind": "per_line", "points": given, "stack": stack, **more}
    return rule if priority is None else {**rule, "priority": priority}


def stacked(policy: str, *rules: dict[str, Any]) -> dict[str, int]:
    """Count one line under rules in the stack `base` of this policy."""
    result = count(programme(*rules, stacks={"base": policy}), a_catalogue(), [sale()])
    return by_line(result).get(("1", 1), {})


def test_stack_sum_takes_all() -> None:
    assert stacked("sum", flat("a", 3), flat("b", 5)) == {"a": 3, "b": 5}


def test_a_stack_that_is_not_listed_sums() -> None:
    result = count(programme(flat("a", 3, "x"), flat("b", 5, "x")), a_catalogue(), [sale()])
    assert points(result) == 8


def test_stack_best_takes_the_most_then_the_priority_then_the_code() -> None:
    assert stacked("best", flat("a", 3), flat("b", 5)) == {"b": 5}
    assert stacked("best", flat("b", 5), flat("a", 5)) == {"a": 5}
    assert stacked("best", flat("a", 5), flat("b", 5, priority=99)) == {"b": 5}


def test_stack_first_takes_the_lowest_priority_then_the_code_of_those_that_give() -> None:
    assert stacked("first", flat("a", 9), flat("b", 5, priority=1)) == {"b": 5}
    assert stacked("first", flat("b", 9), flat("a", 5)) == {"a": 5}
    assert stacked("first", flat("a", 0, priority=1), flat("b", 5)) == {"b": 5}


def test_stack_best_decides_line_by_line() -> None:
    rules = [
        {"code": "doc", "kind": "per_amount", "points": 1, "step": "1.00"},
        {"code": "unit", "kind": "per_unit", "points": 60},
    ]
    lines = [sale(amount=10000), sale(amount=5000)]
    result = count(programme(*rules, stacks={"base": "best"}), a_catalogue(), lines)
    assert by_line(result) == {("1", 1): {"doc": 100}, ("1", 2): {"unit": 60}}


def test_stacks_add_up() -> None:
    rules = [flat("a", 3, "s"), flat("b", 5, "s"), flat("c", 7, "t"), flat("d", 2, "t", priority=1)]
    result = count(programme(*rules, stacks={"s": "best", "t": "first"}), a_catalogue(), [sale()])
    assert by_line(result) == {("1", 1): {"b": 5, "d": 2}}


def test_points_and_money_do_not_compete_in_a_stack() -> None:
    rules = [flat("a", 3), flat("m", 5, unit="money")]
    result = count(programme(*rules, stacks={"base": "best"}), a_catalogue(), [sale()])
    assert by_line(result) == {("1", 1): {"a": 3}}
    assert by_line(result, "money") == {("1", 1): {"m": 500}}


def times(code: str, factor: int, stack: str = "boost", priority: int = 100, **more: Any) -> dict[str, Any]:
    """Make a multiplier."""
    return {"code": code, "kind": "multiplier", "factor": factor, "stack": stack, "priority": priority, **more}


def test_double_and_treble_in_a_sum_make_four_times() -> None:
    assert stacked("sum", flat("a", 10), times("x2", 20000, "base"), times("x3", 30000, "base")) == {
        "a": 10,
        "x2": 10,
        "x3": 20,
    }


def multiplied(policy: str, *multipliers: dict[str, Any]) -> dict[str, int]:
    """Count one line worth 10 under multipliers in the stack `boost` of this policy."""
    stacks = {"base": "sum", "boost": policy}
    result = count(programme(flat("a", 10), *multipliers, stacks=stacks), a_catalogue(), [sale()])
    return by_line(result)[("1", 1)]


def test_multipliers_best_and_first() -> None:
    assert multiplied("best", times("x2", 20000), times("x3", 30000)) == {"a": 10, "x3": 20}
    assert multiplied("first", times("x2", 20000, priority=1), times("x3", 30000)) == {"a": 10, "x2": 10}
    assert multiplied("first", times("x3", 30000), times("x2", 20000)) == {"a": 10, "x2": 10}
    assert multiplied("best", times("y", 20000), times("x", 20000)) == {"a": 10, "x": 10}


def test_multipliers_of_two_stacks_add_and_never_multiply_each_other() -> None:
    assert multiplied("best", times("x2", 20000), times("x3", 30000, "other")) == {"a": 10, "x2": 10, "x3": 20}


def test_the_base_of_a_multiplier_is_what_stacking_left() -> None:
    rules = [flat("a", 3, "s"), flat("b", 5, "s"), flat("c", 7, "t"), times("x2", 20000)]
    result = count(programme(*rules, stacks={"s": "best"}), a_catalogue(), [sale()])
    assert by_line(result) == {("1", 1): {"b": 5, "c": 7, "x2": 12}}


def test_a_multiplier_of_nothing_gives_nothing() -> None:
    result = count(programme(times("x2", 20000)), a_catalogue(), [sale()])
    assert result.awards == []


# ------------------------------------------------------------------------------------------------ 4. caps


def capped(caps: dict[str, Any], *lines: SalesLine, rule: dict[str, Any] | None = None) -> list[tuple[int, str | None]]:
    """Count lines under one rule of 10 points per line with caps; show the awards in order."""
    wanted = rule or flat("r", 10)
    result = count(programme({**wanted, "caps": caps}), a_catalogue(), lines)
    assert all(award.before_caps >= award.points for award in result.awards)
    return [(award.points, award.cut_by) for award in result.awards]


def test_cap_per_document() -> None:
    lines = [sale(), sale(), sale(), sale(number="2")]
    assert capped({"per_document": 15}, *lines) == [
        (10, None),
        (5, "per_document"),
        (0, "per_document"),
        (10, None),
    ]


@pytest.mark.parametrize(
    ("period", "inside", "outside"),
    [
        ("day", date(2025, 3, 12), date(2025, 3, 13)),
        ("month", date(2025, 3, 1), date(2025, 4, 1)),
        ("quarter", date(2025, 1, 1), date(2025, 4, 1)),
        ("year", date(2025, 1, 1), date(2026, 1, 1)),
    ],
)
def test_cap_per_distributor_and_period(period: str, inside: date, outside: date) -> None:
    caps = {"per_distributor": {period: 15}}
    lines = [
        sale(day=inside, number="1"),
        sale(number="2"),
        sale(day=outside, number="3"),
        sale(number="4", distributor="B"),
    ]
    made = programme({**flat("r", 10), "caps": caps}, program={"ends_on": None})
    result = count(made, a_catalogue(), lines)
    assert {award.document[2]: (award.points, award.cut_by) for award in result.awards} == {
        "1": (10, None),
        "2": (5, period),
        "3": (10, None),
        "4": (10, None),
    }


def test_cap_per_distributor_for_the_whole_programme() -> None:
    lines = [sale(day=date(2025, month, 1), number=str(month)) for month in (1, 5, 9)]
    assert capped({"per_distributor": {"program": 15}}, *lines) == [(10, None), (5, "program"), (0, "program")]


def test_budget_counts_everybody_in_counting_order() -> None:
    lines = [
        sale(number="2", day=date(2025, 3, 2)),
        sale(number="1", day=date(2025, 3, 3)),
        sale(number="3", day=date(2025, 3, 1), distributor="B"),
        sale(number="10", day=date(2025, 3, 2), distributor="B"),
    ]
    # 3 (1 March), 10 before 2 as text (2 March), 1 (3 March).
    made = programme({**flat("r", 10), "caps": {"budget": 25}})
    result = count(made, a_catalogue(), lines)
    assert [(a.document[2], a.points, a.cut_by) for a in result.awards] == [
        ("3", 10, None),
        ("10", 10, None),
        ("2", 5, "budget"),
        ("1", 0, "budget"),
    ]


def test_caps_apply_one_after_the_other_and_the_last_that_cut_is_named() -> None:
    caps = {"per_document": 12, "per_distributor": {"day": 16, "month": 17}, "budget": 100}
    lines = [sale(), sale(), sale(number="2"), sale(number="3", day=date(2025, 3, 13))]
    # Document 1: 10, 2. Day: document 2 has 16 - 12 = 4 left. Month: 17 - 16 = 1 left for the 13th.
    assert capped(caps, *lines) == [(10, None), (2, "per_document"), (4, "day"), (1, "month")]
    # Cut to 15 by its document, then to 13 by the budget.
    rule = flat("r", 20)
    assert capped({"per_document": 15, "budget": 13}, sale(), rule=rule) == [(13, "budget")]


def test_a_later_cap_does_not_give_an_earlier_one_more_room() -> None:
    # The day cap cuts line 1 to 5. The document has 5 left of 10 for line 2, and the day nothing.
    caps = {"per_document": 10, "per_distributor": {"day": 5}}
    assert capped(caps, sale(), sale()) == [(5, "day"), (0, "day")]


def test_what_cut_an_award_does_not_depend_on_how_sales_were_parted_into_documents() -> None:
    caps = {"per_distributor": {"day": 10, "month": 5}}
    assert capped(caps, sale(), sale()) == [(5, "month"), (0, "month")]
    assert capped(caps, sale(), sale(number="2")) == [(5, "month"), (0, "month")]


def test_caps_are_per_rule_and_come_after_multipliers() -> None:
    rules = [{**flat("a", 10), "caps": {"per_document": 4}}, {**times("x2", 20000), "caps": {"per_document": 7}}]
    result = count(programme(*rules), a_catalogue(), [sale()])
    assert by_line(result) == {("1", 1): {"a": 4, "x2": 7}}  # the multiplier's base was 10


def test_a_matrix_may_be_capped_and_caps_are_scaled() -> None:
    grid = matrix(kind="per_unit", default=10, caps={"per_document": 12})
    assert points(count(grid, a_catalogue(), [sale(), sale()])) == 12
    made = programme({**flat("r", 10), "caps": {"budget": "1.5"}}, decimals=1)
    assert points(count(made, a_catalogue(), [sale()])) == 15


def test_returns_give_no_room_back_under_a_cap() -> None:
    lines = [
        sale(day=date(2025, 3, 1), number="1"),
        sale(day=date(2025, 3, 2), number="2", kind=CREDIT_NOTE),
        sale(day=date(2025, 3, 3), number="3"),
    ]
    result = count(programme({**flat("r", 10), "caps": {"budget": 12}}), a_catalogue(), lines)
    totals = result.per_distributor()["A"]
    assert (totals.awarded, totals.reversed, totals.net) == (12, 10, 2)


# ------------------------------------------------------------------------------------------------ 6. returns

SEVEN = {"code": "r", "kind": "per_unit", "points": "0.7"}


def returns_of(result: Result) -> list[tuple[str, str, int, int]]:
    """Show reversals as (return document, sale document, sale line, points)."""
    return [(r.return_document[2], r.sale_document[2], r.sale_line, r.points) for r in result.reversals]


def back(number: str, quantity: str, day: int = 20, product: str = "BIKE", **more: Any) -> SalesLine:
    """Make a credit-note line."""
    return sale(product, -1, quantity, number=number, day=date(2025, 3, day), kind=CREDIT_NOTE, **more)


def test_the_example_ten_pieces_earned_seven_points() -> None:
    lines = [sale(quantity="10"), back("c1", "3", 20), back("c2", "-4", 21), back("c3", "3", 22)]
    result = count(programme(SEVEN), a_catalogue(), lines)
    # In all: 2.1 -> 2, 4.9 -> 5, 7.
    assert [r.points for r in result.reversals] == [2, 3, 2]
    totals = result.per_distributor()["A"]
    assert (totals.awarded, totals.reversed, totals.net) == (7, 7, 0)
    assert result.unmatched == []
    assert result.taken_back_by() == {
        ("A", INVOICE, "1"): 0,
        ("A", CREDIT_NOTE, "C1"): 2,
        ("A", CREDIT_NOTE, "C2"): 3,
        ("A", CREDIT_NOTE, "C3"): 2,
    }
    assert result.per_document()[("A", INVOICE, "1")].net == 0
    (entry,) = result.per_line()[("A", INVOICE, "1"), 1]
    assert (entry.rule, entry.awarded, entry.reversed) == ("r", 7, 7)


def test_a_return_takes_the_latest_sale_first_by_date_number_and_line() -> None:
    lines = [
        sale(number="5", day=date(2025, 3, 1), quantity="10"),
        sale(number="10", day=date(2025, 3, 2), quantity="10"),
        sale(number="9", day=date(2025, 3, 2), quantity="10"),
        sale(number="9", day=date(2025, 3, 2), quantity="10"),
        back("c", "35"),
    ]
    result = count(programme(SEVEN), a_catalogue(), lines)
    # "9" is after "10" as text; its line 2 before its line 1; half of document 5: 3.5 -> 4.
    assert returns_of(result) == [("C", "9", 2, 7), ("C", "9", 1, 7), ("C", "10", 1, 7), ("C", "5", 1, 4)]


def test_a_return_does_not_match_later_sales_other_products_or_other_distributors() -> None:
    lines = [
        sale(number="1", day=date(2025, 3, 21), quantity="10"),
        sale("TOOL", number="2", day=date(2025, 3, 1), quantity="10"),
        sale(number="3", day=date(2025, 3, 1), distributor="B", quantity="10"),
        back("c", "2", 20),
    ]
    result = count(programme(SEVEN), a_catalogue(), lines)
    assert result.reversals == []
    assert [(u.document[2], u.product, u.unmatched_milli, u.is_whole) for u in result.unmatched] == [
        ("C", "BIKE", 2000, True)
    ]


def test_a_credit_note_counts_after_the_invoices_of_its_day() -> None:
    lines = [back("1", "10", 12), sale(number="2", quantity="10")]
    assert returns_of(count(programme(SEVEN), a_catalogue(), lines)) == [("1", "2", 1, 7)]


def test_a_sale_is_returned_up_to_its_quantity_and_the_rest_is_a_return_without_a_sale() -> None:
    lines = [sale(quantity="10"), back("c1", "8", 20), back("c2", "5", 21)]
    result = count(programme(SEVEN), a_catalogue(), lines)
    assert [r.points for r in result.reversals] == [6, 1]  # 5.6 -> 6, then 7 in all
    (rest,) = result.unmatched
    assert (rest.document[2], rest.returned_milli, rest.unmatched_milli, rest.is_whole) == ("C2", 5000, 3000, False)


def test_a_named_document_is_the_only_one_searched() -> None:
    lines = [
        sale(number="FV/1/2025", day=date(2025, 3, 1), quantity="10"),
        sale(number="FV/2/2025", day=date(2025, 3, 2), quantity="10"),
        back("c1", "5", 20, corrects="fv 1/25"),
        back("c2", "10", 21, corrects="FV/1/2025"),
        back("c3", "1", 22, corrects="FV/99/2025"),
        back("c4", "1", 23, product="TOOL", corrects="FV/2/2025"),
    ]
    result = count(programme(SEVEN), a_catalogue(), lines)
    assert returns_of(result) == [("C1", "1.25", 1, 4), ("C2", "1.25", 1, 3)]
    assert [(u.document[2], u.unmatched_milli) for u in result.unmatched] == [("C2", 5000), ("C3", 1000), ("C4", 1000)]


def test_the_document_names_what_it_corrects_for_all_its_lines() -> None:
    lines = [
        sale(number="1", day=date(2025, 3, 1), quantity="10"),
        sale(number="2", day=date(2025, 3, 2), quantity="10"),
        back("c", "1", product="TOOL", corrects="1"),
        back("c", "10"),
    ]
    assert returns_of(count(programme(SEVEN), a_catalogue(), lines)) == [("C", "1", 1, 7)]


def test_a_negative_line_of_an_invoice_returns_its_own_positive_lines_first() -> None:
    lines = [
        sale(number="1", day=date(2025, 3, 1), quantity="10"),
        sale(number="2", quantity="-12", amount=-12000),
        sale(number="2", quantity="10"),
    ]
    result = count(programme(SEVEN), a_catalogue(), lines)
    # The sale on line 2 of document 2 first, then two of ten from document 1: 1.4 -> 1.
    assert returns_of(result) == [("2", "2", 2, 7), ("2", "1", 1, 1)]


def test_a_return_reverses_every_award_of_the_line_for_itself() -> None:
    rules = [flat("a", 5), flat("m", 3, unit="money"), times("x2", 15000)]
    lines = [sale(quantity="4"), back("c", "2")]
    result = count(programme(*rules), a_catalogue(), lines)
    # a: 2.5 -> 3. x2: 3 points (2.5 -> 3), half of it 1.5 -> 2. m: 300 -> 150.
    assert [(r.rule, r.unit, r.points) for r in result.reversals] == [
        ("a", "points", 3),
        ("m", "money", 150),
        ("x2", "points", 2),
    ]
    assert {code: (t.awarded, t.reversed) for code, t in result.per_rule().items()} == {"a": (5, 3), "x2": (3, 2)}


def test_totals_add_up_over_rules_lines_and_documents() -> None:
    lines = [sale(quantity="2"), sale(quantity="2"), sale(number="2", quantity="2", day=date(2025, 3, 13))]
    result = count(programme(flat("a", 4), flat("b", 6)), a_catalogue(), [*lines, back("c", "5")])
    # Two of document 2, two of line 2 and one of line 1 of document 1: 10 + 10 + 5.
    one, two, credit = ("A", INVOICE, "1"), ("A", INVOICE, "2"), ("A", CREDIT_NOTE, "C")
    totals = result.per_document()
    assert {key: (t.awarded, t.reversed, t.net) for key, t in totals.items()} == {
        one: (20, 15, 5),
        two: (10, 10, 0),
        credit: (0, 0, 0),
    }
    assert result.taken_back_by() == {one: 0, two: 0, credit: 25}
    assert {code: (t.awarded, t.reversed) for code, t in result.per_rule().items()} == {"a": (12, 10), "b": (18, 15)}
    assert [(e.rule, e.awarded, e.reversed) for e in result.per_line()[one, 1]] == [("a", 4, 2), ("b", 6, 3)]
    assert result.per_distributor()["A"].net == 5


def test_a_returned_quantity_of_zero_and_a_blank_named_document_say_nothing() -> None:
    lines = [sale(quantity="10"), back("c1", "0"), back("c2", "10", corrects=" "), sale(number="2", quantity="0")]
    result = count(programme(SEVEN), a_catalogue(), lines)
    assert returns_of(result) == [("C2", "1", 1, 7)]
    assert result.unmatched == []


def test_a_return_reverses_what_was_awarded_after_caps() -> None:
    lines = [sale(quantity="2"), back("c", "1")]
    result = count(programme({**flat("r", 10), "caps": {"budget": 6}}), a_catalogue(), lines)
    assert [r.points for r in result.reversals] == [3]


def test_a_return_of_a_line_that_earned_nothing_matches_and_takes_nothing() -> None:
    lines = [sale(amount=0, quantity="2"), back("c", "2")]
    result = count(programme(flat("r", 10)), a_catalogue(), lines)
    assert (result.reversals, result.unmatched) == ([], [])


def test_a_sale_outside_the_programmes_dates_is_matched_too() -> None:
    lines = [sale(day=date(2024, 12, 30), quantity="2"), back("c", "2")]
    result = count(programme(flat("r", 10)), a_catalogue(), lines)
    assert (result.reversals, result.unmatched) == ([], [])


def test_a_full_return_in_any_steps_leaves_exactly_zero() -> None:
    dice = random.Random(6)
    for _ in range(200):
        quantity = dice.randint(1, 40)
        rules = [{"code": "u", "kind": "per_unit", "points": "1.37"}, flat("l", dice.randint(1, 9)), times("x", 13700)]
        lines = [sale(quantity=str(quantity))]
        left = quantity
        while left:
            part = dice.randint(1, left)
            left -= part
            lines.append(back(f"c{left}x", str(part), 20 + dice.randint(0, 5)))
        result = count(programme(*rules), a_catalogue(), lines)
        assert result.per_distributor()["A"].net == 0
        assert result.unmatched == []
        assert all(reversal.points > 0 for reversal in result.reversals)


# ------------------------------------------------------------------------------------------------ 5, 6, 8. the wallet


def state(wallet: Wallet) -> dict[str, int]:
    """Show what is not zero."""
    wallet.check()
    names = ("earned", "spent", "expired", "adjusted", "pending", "available", "reserved", "debt")
    return {name: getattr(wallet, name) for name in names if getattr(wallet, name)}


def test_wallet_pending_is_released_or_voided() -> None:
    wallet = Wallet()
    first = wallet.award(10, pending=True)
    second = wallet.award(7, pending=True)
    assert state(wallet) == {"earned": 17, "pending": 17}
    assert wallet.release(first) == 10
    assert wallet.void(second) == 7
    assert state(wallet) == {"earned": 10, "available": 10}
    for again in (wallet.release, wallet.void):
        with pytest.raises(RefusedError):
            again(first)
    with pytest.raises(RefusedError):
        wallet.reverse(second, 1, DAY)


def test_wallet_spends_what_expires_first_then_the_oldest() -> None:
    wallet = Wallet()
    never = wallet.award(5)
    late = wallet.award(5, date(2025, 12, 31))
    soon = wallet.award(5, date(2025, 6, 30))
    soon_too = wallet.award(5, date(2025, 6, 30))
    wallet.spend(12, DAY)
    assert [wallet.lots[lot].free for lot in (soon, soon_too, late, never)] == [0, 0, 3, 5]
    assert state(wallet) == {"earned": 20, "spent": 12, "available": 8}
    with pytest.raises(RefusedError):
        wallet.spend(9, DAY)


def test_wallet_a_lot_can_be_spent_on_its_last_day_and_not_after() -> None:
    wallet = Wallet()
    wallet.award(5, date(2025, 3, 12))
    assert wallet.expire(date(2025, 3, 12)) == 0
    assert wallet.spendable(date(2025, 3, 12)) == 5
    assert wallet.spendable(date(2025, 3, 13)) == 0
    assert wallet.expire(date(2025, 3, 13)) == 5
    assert state(wallet) == {"earned": 5, "expired": 5}


def test_wallet_reserved_points_do_not_expire_and_a_cancelled_order_gives_them_back() -> None:
    wallet = Wallet()
    lot = wallet.award(5, date(2025, 6, 30))
    other = wallet.award(5)
    order = wallet.reserve(7, DAY)
    assert state(wallet) == {"earned": 10, "available": 3, "reserved": 7}
    wallet.cancel(order, date(2025, 6, 30))
    assert (wallet.lots[lot].free, wallet.lots[other].free) == (5, 5)
    assert wallet.lots[lot].expires_on == date(2025, 6, 30)
    with pytest.raises(RefusedError):
        wallet.settle(order)


def test_wallet_an_order_cancelled_after_the_last_day_has_the_programmes_grace() -> None:
    wallet = Wallet(grace_days=10)
    lot = wallet.award(5, date(2025, 6, 30))
    order = wallet.reserve(3, DAY)
    # The two free points were over on 1 July and get no grace; the three that come back last until 11 July.
    wallet.cancel(order, date(2025, 7, 1))
    assert state(wallet) == {"earned": 5, "expired": 2, "available": 3}
    assert wallet.lots[lot].expires_on == date(2025, 7, 11)
    assert wallet.expire(date(2025, 7, 12)) == 3
    assert (wallet.lots[lot].expired, wallet.expired) == (5, 5)
    wallet.reinstate(lot, 5, None)
    assert state(wallet) == {"earned": 5, "available": 5}


def test_wallet_a_return_takes_its_own_award_then_others_then_owes() -> None:
    wallet = Wallet(NEGATIVE)
    soon = wallet.award(4, date(2025, 6, 30))
    late = wallet.award(10, date(2025, 12, 31))
    assert wallet.reverse(late, 3, DAY) == 3
    assert (wallet.lots[soon].free, wallet.lots[late].free) == (4, 7)
    wallet.spend(9, DAY)  # 4 of the one, 5 of the other
    assert wallet.reverse(late, 6, DAY) == 6
    assert state(wallet) == {"earned": 5, "spent": 9, "available": -4, "debt": 4}
    with pytest.raises(RefusedError):
        wallet.reverse(late, 2, DAY)  # 9 of 10 have been reversed
    with pytest.raises(RefusedError):
        wallet.reserve(1, DAY)


def test_wallet_new_awards_pay_the_debt_first() -> None:
    wallet = Wallet(NEGATIVE)
    lot = wallet.award(10)
    wallet.spend(10, DAY)
    wallet.reverse(lot, 10, DAY)
    assert state(wallet) == {"spent": 10, "available": -10, "debt": 10}
    held = wallet.award(6, pending=True)
    assert state(wallet) == {"earned": 6, "spent": 10, "pending": 6, "available": -10, "debt": 10}
    wallet.release(held)
    assert wallet.available == -4
    new = wallet.award(9)
    assert state(wallet) == {"earned": 15, "spent": 10, "available": 5}
    assert wallet.lots[new].free == 5


def test_wallet_clamp_takes_what_there_is_and_lets_the_rest_go() -> None:
    wallet = Wallet(CLAMP)
    lot = wallet.award(10)
    wallet.spend(8, DAY)
    assert wallet.reverse(lot, 5, DAY) == 2
    assert state(wallet) == {"earned": 8, "spent": 8}
    assert wallet.reverse(lot, 5, DAY) == 0
    with pytest.raises(RefusedError):
        wallet.reverse(lot, 1, DAY)


def test_wallet_a_pending_award_is_reversed_where_it_is() -> None:
    wallet = Wallet()
    lot = wallet.award(10, pending=True)
    wallet.award(5)
    assert wallet.reverse(lot, 4, DAY) == 4
    assert state(wallet) == {"earned": 11, "pending": 6, "available": 5}
    assert wallet.void(lot) == 6
    assert state(wallet) == {"earned": 5, "available": 5}


def test_wallet_a_return_leaves_reserved_points_alone_and_a_cancelled_order_pays_the_debt() -> None:
    wallet = Wallet(NEGATIVE)
    lot = wallet.award(10)
    order = wallet.reserve(8, DAY)
    wallet.reverse(lot, 5, DAY)
    assert state(wallet) == {"earned": 5, "reserved": 8, "available": -3, "debt": 3}
    wallet.cancel(order, DAY)
    assert state(wallet) == {"earned": 5, "available": 5}


def test_wallet_expired_points_may_be_reinstated() -> None:
    wallet = Wallet()
    lot = wallet.award(10, date(2025, 3, 1))
    wallet.expire(DAY)
    with pytest.raises(RefusedError):
        wallet.reinstate(lot, 11, None)
    new = wallet.reinstate(lot, 6, date(2025, 4, 1))
    assert state(wallet) == {"earned": 10, "expired": 4, "available": 6}
    wallet.extend(new, date(2025, 5, 1))
    assert wallet.expire(date(2025, 4, 2)) == 0


def test_wallet_refuses_zero_and_what_does_not_exist() -> None:
    wallet = Wallet()
    lot = wallet.award(10, date(2025, 6, 30))
    refused: list[Callable[[], object]] = [
        lambda: wallet.award(0),
        lambda: wallet.reverse(lot, 0, DAY),
        lambda: wallet.reserve(0, DAY),
        lambda: wallet.reinstate(lot, 0, None),
        lambda: wallet.adjust(0, DAY),
        lambda: wallet.extend(lot, date(2025, 6, 29)),
        lambda: wallet.release(99),
        lambda: wallet.settle(99),
        lambda: wallet.cancel(99, DAY),
    ]
    for operation in refused:
        with pytest.raises(RefusedError):
            operation()
    assert state(wallet) == {"earned": 10, "available": 10}


def test_wallet_adjustments_follow_the_policy() -> None:
    owing, clamped = Wallet(NEGATIVE), Wallet(CLAMP)
    for wallet in (owing, clamped):
        assert wallet.adjust(5, DAY) == 5
    assert owing.adjust(-8, DAY) == -8
    assert clamped.adjust(-8, DAY) == -5
    assert state(owing) == {"adjusted": -3, "available": -3, "debt": 3}
    assert state(clamped) == {}


@pytest.mark.parametrize(
    ("awarded", "months", "last"),
    [
        (date(2025, 3, 12), 24, date(2027, 3, 12)),
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2025, 12, 31), 36, date(2028, 12, 31)),
        (date(2025, 11, 30), 3, date(2026, 2, 28)),
    ],
)
def test_the_last_day_is_the_same_day_months_later_or_the_months_end(awarded: date, months: int, last: date) -> None:
    assert last_day(awarded, {"months_after_award": months}) == last


def test_without_an_expiry_points_never_expire() -> None:
    assert last_day(DAY, None) is None


def a_step(wallet: Wallet, dice: random.Random, day: date) -> None:
    """Do one operation with random arguments, many of which are refused."""
    lot = dice.randint(1, max(1, len(wallet.lots)))
    order = dice.randint(1, max(1, len(wallet.orders)))
    some = dice.randint(1, 40)
    later = dice.choice([None, date(2025, dice.randint(1, 12), dice.randint(1, 28))])
    operations: list[Callable[[], object]] = [
        lambda: wallet.award(some, later),
        lambda: wallet.award(some, later, pending=True),
        lambda: wallet.release(lot),
        lambda: wallet.void(lot),
        lambda: wallet.reverse(lot, some, day),
        lambda: wallet.reserve(some, day),
        lambda: wallet.spend(some, day),
        lambda: wallet.settle(order),
        lambda: wallet.cancel(order, day),
        lambda: wallet.expire(day),
        lambda: wallet.reinstate(lot, some, later),
        lambda: wallet.extend(lot, later),
        lambda: wallet.adjust(some, day, later),
        lambda: wallet.adjust(-some, day),
    ]
    dice.choice(operations)()


@pytest.mark.parametrize("policy", [NEGATIVE, CLAMP])
def test_wallet_the_identity_holds_whatever_happens_and_a_refusal_changes_nothing(policy: str) -> None:
    dice = random.Random(2025)
    done = 0
    for _ in range(100):
        wallet = Wallet(policy, grace_days=dice.choice([0, 14]))
        for step in range(60):
            before = state(wallet)
            try:
                a_step(wallet, dice, date(2025, 1 + step // 5, 15))
                done += 1
            except RefusedError:
                assert state(wallet) == before
            wallet.check()
    assert done > 2000


# ------------------------------------------------------------------------------------------------ 9. numbering


@pytest.mark.parametrize(
    ("number", "expected"),  # of documents of 2025
    [
        ("FV/1/12/2025", "1.12.25"),
        ("FV/11/2/2025", "11.2.25"),
        ("fv 0012/2025", "12.25"),
        ("Faktura 12/25", "12.25"),
        ("INVOICE-12-25", "12.25"),
        ("RE: 12_25", "12.25"),
        ("nr12/25", "12.25"),
        ("FV12", "12"),
        ("FVAT12", "FVAT12"),
        ("REX12", "REX12"),
        ("SO43659", "SO43659"),
        ("C536379", "C536379"),
        ("  536365 ", "536365"),
        ("000", "0"),
        ("00/000", "0.0"),
        ("2025", "2025"),  # the only digit group keeps its four digits
        ("A/2025", "A2025"),
        ("2025/1", "25.1"),
        ("2005/2025", "2005.25"),  # document 2005 of 2025 is not document 5
        ("5/2025", "5.25"),
        ("1/2024", "1.2024"),  # not the year of issue
        ("1/1999", "1.1999"),
        ("1/12025", "1.12025"),
        ("2025/2025", "2025.25"),  # one group at most, the last
        ("25/2025", "25.25"),
        ("2025/25", "2025.25"),  # the last that reads as the year is short already
        ("2025/1/2", "25.1.2"),
        ("A2025B1", "A25B1"),
        ("FV FAKTURA NR 7/2025", "7.25"),
        ("FV/RE12", "12"),
        ("FVNR12", "FVNR12"),
        ("FV/REX12", "REX12"),
        ("12/FV/25", "12FV25"),
        ("fv", "FV"),
        ("Faktura nr", "FAKTURA NR"),
        (" -- ", "--"),
        ("1O/2O25", "10.25"),
        ("l2/25", "12.25"),
        ("I5", "15"),
        ("12/I/25", "12I25"),  # a run without a digit keeps its letters
        ("12/A/25", "12A25"),
        ("A01B002", "A1B2"),
        ("SOI1", "SOI1"),  # S is no look-alike, so the run keeps its letters
        ("\uff11\uff12\uff0f\uff12\uff15", "12.25"),  # full-width 12/25
        ("12\u200b3/25", "123.25"),  # zero-width space
        ("\ufeffFV 7/25", "7.25"),
        ("12--/ 25", "12.25"),
        ("", ""),
    ],
)
def test_normalised_numbers(number: str, expected: str) -> None:
    assert normalised(number, 2025) == expected


def test_only_the_year_of_issue_is_a_year() -> None:
    assert normalised("1/2005", 2005) == normalised("1/05", 2005) == "1.5"
    assert normalised("1/2005", 2025) == "1.2005"
    assert normalised("1/2000", 2000) == "1.0"


def test_the_key_of_a_document() -> None:
    assert document_key(" pl123 ", INVOICE, "FV/01/2025", 2025) == ("PL123", "invoice", "1.25")


def test_the_year_of_a_document_is_that_of_its_earliest_line() -> None:
    lines = [sale(number="1/2024", day=date(2025, 1, 1)), sale(number="1/2024", day=date(2024, 12, 31))]
    (document,) = documents_of(lines, "net", 2)
    assert document.key[2] == "1.24"


def test_a_return_of_january_names_an_invoice_of_december() -> None:
    lines = [
        sale(number="FV/7/2025", day=date(2025, 12, 30), quantity="10"),
        sale(number="FV/7/2026", day=date(2026, 1, 2), quantity="10"),
        sale(number="K1", day=date(2026, 1, 5), quantity="4", kind=CREDIT_NOTE, corrects="fv 7/25"),
    ]
    result = count(programme(SEVEN, program={"ends_on": None}), a_catalogue(), lines)
    assert returns_of(result) == [("K1", "7.25", 1, 3)]


# ------------------------------------------------------------------------------------------------ reading a programme


def test_group_references_find_the_code_before_the_name_before_the_alias() -> None:
    groups = [Group("x", "One", aliases=("two",)), Group("two", "x"), Group("three", "TWO")]
    found = [find_group(groups, name) for name in ("X", "two", "one")]
    assert [group.code if group else None for group in found] == ["x", "two", "x"]
    assert find_group(groups, "four") is None


def test_unknown_groups_and_circles_of_groups_end_the_climb() -> None:
    groups = [Group("a", parent="b"), Group("b", parent="a"), Group("c", parent="missing")]
    assert [group.code for group in chain(groups, "a")] == ["a", "b"]
    assert [group.code for group in chain(groups, "c")] == ["c"]
    assert chain(groups, "missing") == []


def test_the_catalogue_of_a_programme_file() -> None:
    catalogue = read_catalogue(
        {
            "product_groups": [{"code": "g", "name": "G"}, {"code": "h", "parent": "g"}],
            "products": [{"code": "p1", "group": "H"}],
            "distributor_groups": [{"code": "w", "aliases": ["Ware House"]}],
            "distributors": [{"code": "d1", "group": "ware house", "tier": "gold"}],
        }
    )
    assert [group.code for group in catalogue.product_chain(" P1")] == ["h", "g"]
    assert [group.code for group in catalogue.distributor_chain("D1")] == ["w"]


@pytest.mark.parametrize(
    "rule",
    [
        {"code": "r", "kind": "per_dozen", "points": 1},
        {"code": "r", "kind": "per_line", "points": 1, "unit": "stars"},
        {"code": "r", "kind": "per_amount", "points": 1},
        {"code": "r", "kind": "per_line", "points": 1, "caps": {"per_distributor": {"week": 1}}},
    ],
)
def test_a_rule_that_cannot_be_read_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_programme(programme(rule))


# ------------------------------------------------------------------------------------------------ the real data


def shown_document(result: Result, number: str) -> dict[int, dict[str, int]]:
    """Show the awards of one document by line."""
    return {line: rules for (document, line), rules in by_line(result).items() if document == number}


def test_wheel_club_totals() -> None:
    made, folder = real("wheel-club")
    result = wheel_result()
    assert wheel_club.read(made, folder).held == []
    totals = result.per_distributor()
    assert (len(result.documents), sum(len(d.lines) for d in result.documents)) == (1994, 30129)
    assert (len(totals), sum(t.net for t in totals.values())) == (428, 646394)
    assert {code: t.awarded for code, t in result.per_rule().items()} == {
        "base": 443098,
        "accessories": 17816,
        "clothing-line": 18423,
        "big-order": 143000,
        "specialty-november": 2471,
        "warehouse-half-more": 21586,
    }
    assert (totals["678"].net, totals["608"].net) == (10068, 9551)
    assert (result.reversals, result.unmatched) == ([], [])


def test_wheel_club_by_a_second_and_shorter_way() -> None:
    """Recompute the rules without sharing straight from the rows."""
    _, folder = real("wheel-club")
    folder = folder / "reseller_sales_adventureworks"
    products = {row["ProductKey"]: row for row in wheel_club.rows_of(folder / "Product.csv")}
    cents: dict[str, int] = defaultdict(int)
    accessories = clothing = 0
    for row in wheel_club.rows_of(folder / wheel_club.SALES_FILE):
        cents[row["SalesOrderNumber"]] += int(row["SalesAmount"].replace(".", ""))
        product = products[row["ProductKey"]]
        if product["EnglishProductCategoryName"] == "Accessories":
            accessories += 2 * int(row["OrderQuantity"])
        if product["EnglishProductCategoryName"] == "Clothing" and product["Subcategory"] != "Socks":
            clothing += 3
    rules = wheel_result().per_rule()
    assert rules["base"].awarded == sum(amount // 10000 for amount in cents.values())
    assert rules["accessories"].awarded == accessories
    assert rules["clothing-line"].awarded == clothing
    big = sum(400 if amount >= 5000000 else 50 for amount in cents.values() if amount >= 1000000)
    assert rules["big-order"].awarded == big


def test_wheel_club_one_order_by_hand() -> None:
    # SO48088 of a specialty shop, 29 November 2018: 3,688.38 + 3,728.55 + 68.37 + 3,688.38 = 11,173.68.
    # base 111: 36.64, 37.04, 0.68, 36.64 -> two left for lines 3 and 1. big-order 50: 16.50, 16.68, 0.31, 16.50 -> two
    # left for lines 2 and 1. One clothing line. The bikes double: 37+17, 37+17, 36+16.
    assert shown_document(wheel_result(), "SO48088") == {
        1: {"base": 37, "big-order": 17, "specialty-november": 54},
        2: {"base": 37, "big-order": 17, "specialty-november": 54},
        3: {"base": 1, "clothing-line": 3},
        4: {"base": 36, "big-order": 16, "specialty-november": 52},
    }


@pytest.mark.slow
@pytest.mark.skipif(
    os.environ.get("KONTOR_REFERENCE") != "whole",
    reason="NOT RUN: the journey computes the same for every distributor; KONTOR_REFERENCE=whole adds it up",
)
def test_gift_wholesale_totals() -> None:
    made, folder = real("gift-wholesale")
    result = gift_result()
    assert len(gift_wholesale.read(made, gift_wholesale.csv_rows(folder)).refused) == 59976
    kinds = [d.kind for d in result.documents]
    assert (kinds.count(INVOICE), kinds.count(CREDIT_NOTE)) == (7410, 1588)
    assert sum(len(d.lines) for d in result.documents) == 149053
    totals = result.per_distributor()
    assert len(totals) == 2767
    assert sum(t.awarded for t in totals.values()) == 3438051
    assert sum(t.reversed for t in totals.values()) == 161433
    assert sum(t.net for t in totals.values()) == 3276618
    assert {code: (t.awarded, t.reversed) for code, t in result.per_rule().items()} == {
        "base": (3271736, 152028),
        "hero": (81405, 8637),
        "wide-basket": (84910, 768),
    }
    assert (totals["14646"].net, totals["18102"].net) == (111930, 64635)
    assert min(t.net for t in totals.values()) == 0
    # 821 returned lines are not covered by sales: 806 of them not at all, 15 in part.
    assert (len(result.unmatched), sum(u.is_whole for u in result.unmatched)) == (821, 806)
    assert sum(u.unmatched_milli for u in result.unmatched) == 18332000


@pytest.mark.slow
def test_gift_wholesale_by_a_second_and_shorter_way() -> None:
    """Recompute what is awarded straight from the rows: whole pence, since prices of goods have two decimals."""
    _, folder = real("gift-wholesale")
    charges = {"POST", "DOT", "M", "D", "S", "C2", "PADS", "BANK CHARGES", "CRUK", "AMAZONFEE"}
    pence: dict[str, int] = defaultdict(int)
    lines: dict[str, int] = defaultdict(int)
    heroes = 0
    for row in gift_wholesale.csv_rows(folder):
        code = row["StockCode"].strip().upper()
        if not row["CustomerID"] or row["InvoiceNo"].startswith("C") or code in charges:
            continue
        amount = int(row["Quantity"]) * Decimal(row["UnitPrice"]) * 100
        assert amount == int(amount)
        if amount > 0:
            pence[row["InvoiceNo"]] += int(amount)
            lines[row["InvoiceNo"]] += 1
            heroes += 3 * int(row["Quantity"]) * (code in ("85123A", "22423"))
    rules = gift_result().per_rule()
    assert rules["base"].awarded == sum(amount // 100 for amount in pence.values())
    assert rules["hero"].awarded == heroes
    assert rules["wide-basket"].awarded == sum(75 if n >= 50 else 20 for n in lines.values() if n >= 20)


@pytest.mark.slow
def test_gift_wholesale_one_invoice_and_its_return_by_hand() -> None:
    # 538503: 175.20 + 40.80 + 12.60 + 153.00 + 10.00 + 122.04 = 513.64 -> 513 points. By amount 174.98, 40.75, 12.58,
    # 152.81, 9.99, 121.89: 508 whole, five left for lines 5, 1, 6, 4, 2. Line 1 is 16 cakestands: 48 more.
    result = gift_result()
    assert shown_document(result, "538503") == {
        1: {"base": 175, "hero": 48},
        2: {"base": 41},
        3: {"base": 12},
        4: {"base": 153},
        5: {"base": 10},
        6: {"base": 122},
    }
    # C539253: ten of the 16 come back: 175 x 10/16 = 109.4 -> 109, 48 x 10/16 = 30.
    taken = [r for r in result.reversals if r.return_document[2] == "C539253"]
    assert [(r.sale_document[2], r.sale_line, r.rule, r.points) for r in taken] == [
        ("538503", 1, "base", 109),
        ("538503", 1, "hero", 30),
    ]
    # C540097 returns the whole of 538907.
    (key,) = [d.key for d in result.documents if d.number == "538907"]
    assert result.per_document()[key].awarded == 220
    assert result.per_document()[key].net == 0


@pytest.mark.slow
@pytest.mark.skipif(
    os.environ.get("KONTOR_FAULTS") != "long",
    reason="NOT RUN: KONTOR_FAULTS=long reads the large workbook too",
)
def test_gift_wholesale_the_workbook_gives_the_same() -> None:
    made, folder = real("gift-wholesale")
    from_workbook = gift_wholesale.expected(made, folder, from_xlsx=True)
    assert from_workbook.per_distributor() == gift_result().per_distributor()
    assert from_workbook.unmatched == gift_result().unmatched
