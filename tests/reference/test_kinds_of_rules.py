"""What each kind of rule earns on a document, matrices among them: worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.reference.by_hand import a_catalogue, by_line, earned, matrix, points, programme, sale
from tests.reference.programme import read_programme
from tests.reference.run import count

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
