"""Several rules of one line, multipliers, caps and budgets: worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.reference.by_hand import a_catalogue, by_line, flat, matrix, points, programme, sale, times
from tests.reference.run import count
from tests.reference.sales import (
    CREDIT_NOTE,
    SalesLine,
)


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
