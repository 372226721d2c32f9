"""Which lines a rule is about: worked out by hand."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest

from tests.reference.by_hand import a_catalogue, by_line, earned, programme, sale
from tests.reference.run import count
from tests.reference.sales import (
    CREDIT_NOTE,
    Group,
    SalesLine,
)

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
