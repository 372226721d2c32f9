"""Sums of a scenario, compared with sums that are added up one row at a time."""

import datetime as dt
from collections import Counter
from itertools import combinations
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.domain.rules.comparing import ByLine, ByRule, Moved, Paying, Selling, compare
from app.domain.states import SumOf, Unit

DAYS = (18_262, 18_382)
"""From January to April 2020: the months 600 to 603."""
SPANS = ((0, 18_280), (18_275, 18_300))
MOVED = st.tuples(
    st.integers(0, 4),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(*DAYS),
    st.sampled_from(Unit),
    st.integers(-9, 99),
)
LINES = st.lists(
    st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(600, 603), st.integers(1, 999)), max_size=8
)


def columns(rows: list[Any], count: int) -> list[Any]:
    return list(np.asarray(rows, dtype=np.int64).reshape(-1, count).T)


def moved(rows: list[Any]) -> Moved:
    rule, product, distributor, day, unit, amount = columns(rows, 6)
    return Moved(ByRule(rule, unit, amount), ByLine(product, distributor, day, unit, amount))


@given(st.lists(MOVED, max_size=20), st.lists(MOVED, max_size=20), LINES, st.data())
def test_sums_are_those_of_the_rows(
    drafted: list[Any], given_: list[Any], lines: list[Any], data: st.DataObject
) -> None:
    pays = st.tuples(
        st.integers(0, max(len(lines) - 1, 0)), st.sampled_from((0, 1, 61, 62, 130)), st.sampled_from(Unit)
    )
    once = lambda row: row[:2]  # noqa: E731

    def drawn() -> list[Any]:
        paying = data.draw(st.lists(pays, max_size=20, unique_by=once)) if lines else []
        amounts = data.draw(st.lists(st.integers(1, 50), min_size=len(paying), max_size=len(paying)))
        net = [lines[line][3] for line, _rule, _unit in paying]
        return [(*one, amount, of) for one, amount, of in zip(paying, amounts, net, strict=True)]

    rows, upon = drawn(), drawn()
    paid, multiplied = (Paying(*columns(sorted(some, key=lambda row: row[0]), 5)[:4]) for some in (rows, upon))
    product, distributor, month, net_minor = columns(lines, 4)
    selling = Selling(product, distributor, month, net_minor, np.ones(len(lines), dtype=np.int64))
    sums = compare(moved(drafted), moved(given_), selling, paid, multiplied, SPANS)
    found = {
        (int(about), int(key), int(other), int(unit)): dict(zip(list(vars(sums))[4:], map(int, values), strict=True))
        for about, key, other, unit, *values in zip(*vars(sums).values(), strict=True)
    }
    assert found == _naive(drafted, given_, lines, rows, upon)


def _spans(day: int) -> list[int]:
    return [number for number, (first, last) in enumerate(SPANS) if first <= day <= last]


def _naive(
    drafted: list[Any], given_: list[Any], lines: list[Any], paying: list[Any], multiplying: list[Any]
) -> dict[Any, dict[str, int]]:
    found: dict[Any, Counter[str]] = {}

    def add(about: SumOf, key: int, unit: int, other: int = 0, **values: int) -> None:
        mine = found.setdefault((int(about), key, other, int(unit)), Counter())
        for name, value in values.items():
            mine[name] += value

    for name, moved in (("drafted", drafted), ("given", given_)):
        for rule, product, distributor, day, unit, amount in moved:
            date = dt.date(1970, 1, 1) + dt.timedelta(day)
            month = (date.year - 1970) * 12 + date.month - 1
            for number in _spans(day) if unit is Unit.POINTS else ():
                add(SumOf.SPAN, distributor, unit, number, **{name: amount})
            for about, key in zip(SumOf, (rule, product, distributor, month), strict=False):
                add(about, key, unit, **{name: amount})
    is_paid = {line for line, *_rest in paying}
    for at, (product, distributor, month, net) in enumerate(lines):
        unpaid = 0 if at in is_paid else 1
        for about, key in ((SumOf.PRODUCT, product), (SumOf.DISTRIBUTOR, distributor), (SumOf.MONTH, month)):
            add(about, key, Unit.POINTS, lines=1, net_minor=net, unpaid_lines=unpaid, unpaid_minor=unpaid * net)
    for _line, rule, unit, _amount, net in (*paying, *multiplying):
        add(SumOf.RULE, rule, unit, lines=1, net_minor=net)
    for (line, rule, unit, amount, net), (line_2, rule_2, unit_2, amount_2, _net) in combinations(sorted(paying), 2):
        if (line, unit) == (line_2, unit_2):
            add(SumOf.PAIR, rule, unit, rule_2, drafted=amount + amount_2, lines=1, net_minor=net)
    names = ("drafted", "given", "lines", "net_minor", "unpaid_lines", "unpaid_minor")
    return {key: {name: value[name] for name in names} for key, value in found.items()}
