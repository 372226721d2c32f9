"""Single cases of the engine: the edges that rules.md names, and those that columns of 64-bit numbers have."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from app.domain.documents.sales import NO_AMOUNT
from tests.app.domain.worlds import Engine, Paper, SoldLine, World, counted, expected

DAY = dt.date(2025, 3, 12)


def line(number: int = 1, net: int = 10_000, quantity: int = 1_000, **more: Any) -> SoldLine:
    return SoldLine(
        **{
            "number": number,
            "product": "BIKE",
            "quantity_milli": quantity,
            "net_minor": net,
            "gross_minor": net,
            **more,
        }
    )


def paper(*lines: SoldLine, number: str = "1", **more: Any) -> Paper:
    given = {"distributor": "A", "kind": "invoice", "number": number, "issued_on": DAY, **more}
    return Paper(lines=tuple(replace(one, number=at) for at, one in enumerate(lines, start=1)), **given)


def world(rules: list[dict[str, Any]], *papers: Paper, program: dict[str, Any] | None = None) -> World:
    file = {
        "schema": "kontor/1",
        "program": {
            "code": "w",
            "name": "W",
            "sponsor": "W",
            "currency": "PLN",
            "country": "PL",
            "time_zone": "Europe/Warsaw",
            "starts_on": "2025-01-01",
            "ends_on": "2025-12-31",
            "point": {"value": 1},
            **(program or {}),
        },
        "distributor_groups": [],
        "product_groups": [{"code": "bikes", "name": "Bikes"}],
        "products": [{"code": "BIKE", "name": "Bike", "group": "bikes"}, {"code": "X", "name": "X"}],
        "distributors": [{"code": "A"}, {"code": "B"}],
        "stacks": {},
        "named_days": {},
        "earning_rules": [{"code": f"r{at}", "name": "Rule", **rule} for at, rule in enumerate(rules)],
        "matrices": [],
    }
    return World(file, papers)


def earned(rules: list[dict[str, Any]], *papers: Paper, **more: Any) -> list[int]:
    """Award; the reference must say the same. Gives the amounts in order."""
    made = world(rules, *papers, **more)
    told = Engine.of(made).told()
    assert told == expected(counted(made))
    return [amount for _, amount, _, _ in told.values()]


PER_LINE = {"kind": "per_line", "points": 5}


def test_what_is_in_m() -> None:
    lines = [line(), line(net=0), line(net=-100), line(quantity=-1_000, net=-100), line(quantity=0), line(net=1)]
    assert earned([PER_LINE], paper(*lines)) == [5, 5]


def test_a_set_whose_sum_is_not_above_zero_earns_nothing() -> None:
    assert earned([PER_LINE], paper(line(net=100), line(net=-99))) == [5]
    assert earned([PER_LINE], paper(line(net=100), line(net=-100))) == []
    assert earned([PER_LINE, {"kind": "multiplier", "factor": 20000}], paper(line(net=100), line(net=-100))) == []


def test_two_equal_lines_are_two_sales() -> None:
    assert earned([{"kind": "per_amount", "points": 1, "step": "10.00"}], paper(line(net=1_500), line(net=1_500))) == [
        2,
        1,
    ]


def test_equal_numbers_of_different_distributors_are_two_documents() -> None:
    papers = [paper(line(net=900)), paper(line(net=900), distributor="B")]
    assert earned([{"kind": "per_amount", "points": 1, "step": "10.00"}], *papers) == []
    assert earned([{"kind": "per_document", "points": 7}], *papers) == [7, 7]


@pytest.mark.parametrize(("factor", "extra"), [(20_000, 5), (15_000, 3), (10_999, 0), (11_000, 1), (25_000, 8)])
def test_a_multiplier_rounds_half_up(factor: int, extra: int) -> None:
    assert earned([PER_LINE, {"kind": "multiplier", "factor": factor}], paper(line())) == [5] + [extra] * (extra > 0)


def test_multipliers_add_up_and_points_and_money_do_not_mix() -> None:
    rules = [
        PER_LINE,
        {"kind": "multiplier", "factor": 20_000},
        {"kind": "multiplier", "factor": 30_000},
        {"kind": "per_line", "points": "1.00", "unit": "money"},
        {"kind": "multiplier", "factor": 15_000, "unit": "money"},
    ]
    assert earned(rules, paper(line())) == [5, 5, 10, 100, 50]


def test_a_derived_price_that_no_column_holds_is_above_every_limit() -> None:
    dear = line(net=10**13, quantity=1)  # 100 milliard for a thousandth of a piece
    scope = {"unit_price": {"least": "1.00"}}
    assert earned([{**PER_LINE, "scope": scope}], paper(dear)) == [5]
    assert earned([{**PER_LINE, "scope": {"unit_price": {"most": "1.00"}}}], paper(dear)) == []


def test_a_given_price_counts_even_where_it_contradicts_the_amount() -> None:
    odd = line(net=10_000, quantity=2_000, unit_price=Decimal("-1.00"))
    assert earned([{**PER_LINE, "scope": {"unit_price": {"least": "1.00"}}}], paper(odd)) == []


def test_a_line_without_a_gross_amount_neither_earns_nor_lowers_a_sum_of_a_gross_programme() -> None:
    made = world([PER_LINE], paper(line(gross_minor=NO_AMOUNT), line()), program={"earns_on": "gross"})
    told = Engine.of(made).told()
    assert [label.split(", ")[1] for label in told] == ["line 2"]


def test_large_amounts_are_exact() -> None:
    most = 10**15 - 1  # twelve digits before the point, three after it
    rule = {"kind": "per_amount", "points": 7, "step": "0.01"}
    assert sum(earned([rule], paper(line(net=most), line(net=most - 1), line(net=3)))) == 7 * (2 * most + 2)
    assert earned([{"kind": "per_unit", "points": "0.000001"}], paper(line(quantity=10**15))) == [10**6]
    assert earned([{"kind": "per_unit", "points": "999999.999999"}], paper(line(quantity=10**12))) == [
        999_999_999_999_000
    ]


def test_the_edges_of_the_programme_and_of_a_scope_are_inside() -> None:
    days = ["2024-12-31", "2025-01-01", "2025-12-31", "2026-01-01"]
    papers = [paper(line(), number=day, issued_on=dt.date.fromisoformat(day)) for day in days]
    assert earned([PER_LINE], *papers) == [5, 5]
    assert earned([{**PER_LINE, "scope": {"from": "2025-12-31", "until": "2025-12-31"}}], *papers) == [5]


def test_a_document_is_not_parted_by_the_hour_of_its_first_line() -> None:
    papers = [paper(line(), number=str(minute), minute=minute) for minute in (479, 480, 629, 630)]
    scope = {"hours": {"from": "08:00", "until": "10:30"}}
    assert earned([{**PER_LINE, "scope": scope}], *papers, paper(line(), number="none")) == [5, 5]


def test_what_cut_an_award_is_the_last_cap_that_made_it_less() -> None:
    caps = {"per_document": 8, "per_distributor": {"day": 12}, "budget": 13}
    papers = [
        paper(line(), line(), number="1"),
        paper(line(), number="2"),
        paper(line(), number="3", distributor="B"),
    ]
    made = world([{**PER_LINE, "caps": caps}], *papers)
    told = Engine.of(made).told()
    assert told == expected(counted(made))
    assert [(amount, cut) for _, amount, _, cut in told.values()] == [
        (5, None),
        (3, "per_document"),
        (4, "day"),
        (1, "budget"),
    ]
