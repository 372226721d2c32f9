"""A past period under other rules: those in force give what was given, others what they give elsewhere; none moves."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pytest
import yaml
from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import InternalError

from app.domain.states import RulesOf, SumOf, Unit
from app.models.base import Base
from app.models.ledger import LedgerEntry, LedgerTransaction, Lot
from app.models.rules import CapUsage as CapUsageRow
from app.models.sales import Award, AwardReversal
from app.models.scenarios import Scenario, ScenarioSum
from app.services import rulebooks
from app.services.scenarios import asking, period, replaying, results
from app.services.scenarios.keeping import WHOLE as KEPT_WHOLE
from app.services.setup import program_files
from tests.support import programs
from tests.support.desk import CORRECTING, Desk, Opening
from tests.support.programs import BASE_RULE, NOW
from verification.incoming import Source

FILE = Source(name="import", policy="accept", may_correct=True)
MARCH = (dt.date(2026, 3, 1), dt.date(2026, 3, 31))
KEPT: tuple[type[Base], ...] = (LedgerTransaction, LedgerEntry, Lot, Award, AwardReversal, CapUsageRow)


def asked(desk: Desk, proposal: rulebooks.Proposal, days: tuple[dt.date, dt.date] = MARCH) -> Scenario:
    made = asking.create(desk.session, desk.program, RulesOf.FILE, proposal, days, name="a try", actor="ann", now=NOW)
    return desk.session.get_one(Scenario, made)


def as_they_are(desk: Desk) -> rulebooks.Proposal:
    return rulebooks.published(desk.session, desk.program.id)


def with_rules(desk: Desk, *rules: dict[str, Any], **more: Any) -> rulebooks.Proposal:
    document = programs.document(desk.program.code, earning_rules=list(rules), **more)
    return asking.of_file(desk.session, desk.program, program_files.parse(yaml.safe_dump(document, sort_keys=False)))


def replayed(desk: Desk, scenario: Scenario, lines: int = period.LINES) -> list[dict[str, Any]]:
    """Replay a scenario in stretches of so many lines, and give the sums as rows."""
    plan = replaying.plan_of(desk.session, scenario)
    usage = replaying.used_before(desk.session, plan)
    totals: dict[tuple[int, int, int, int], dict[str, int]] = {}
    for stretch, _count in period.stretches(desk.session, desk.program.id, scenario.from_on, scenario.to_on, lines):
        sums = replaying.replay(plan, replaying.read(desk.session, plan, stretch), usage).sums
        for values in zip(*(column.tolist() for column in vars(sums).values()), strict=True):
            row = dict(zip(vars(sums), values, strict=True))
            key = (row.pop("about"), row.pop("key"), row.pop("other"), row.pop("unit"))
            mine = totals.setdefault(key, dict.fromkeys(row, 0))
            for name, value in row.items():
                mine[name] += value
    return [
        {"about": SumOf(about), "key": key, "other": other, "unit": Unit(unit), **row}
        for (about, key, other, unit), row in sorted(totals.items())
    ]


def of(rows: list[dict[str, Any]], about: SumOf, **more: Any) -> list[dict[str, Any]]:
    return [row for row in rows if row["about"] is about and all(row[name] == value for name, value in more.items())]


RULES: Sequence[dict[str, Any]] = [
    dict(BASE_RULE, caps={"per_distributor": {"month": 25}}),
    {"code": "each", "name": "2 a piece", "kind": "per_unit", "points": 2, "scope": {"products": ["P"]}},
    {"code": "first", "name": "First", "kind": "per_document", "points": 9, "scope": {"first_purchase": True}},
    {"code": "some", "name": "Few", "kind": "per_line", "points": 3, "caps": {"budget": 10}},
    {"code": "double", "name": "Doubled", "kind": "multiplier", "factor": 20000, "scope": {"products": ["Q"]}},
    {"code": "money", "name": "Money", "kind": "per_line", "points": "0.50", "unit": "money"},
]
OTHERS: Sequence[dict[str, Any]] = [
    dict(BASE_RULE, points=3, caps={"per_distributor": {"program": 70}}),
    {
        "code": "bands",
        "name": "Bands",
        "kind": "amount_bands",
        "bands": [{"from": 50, "points": 5}, {"from": 90, "points": 11}],
    },
    {
        "code": "lines",
        "name": "Few lines",
        "kind": "per_line",
        "points": 4,
        "scope": {"products": ["P"]},
        "caps": {"budget": 21},
    },
]


def sold_at(desk: Desk) -> Desk:
    """Sell and take back: what is returned in part, named, later, and what is corrected."""
    desk.sell(
        *(desk.line(f"F{at}", 3 + at, who=f"D{at % 3 + 1}", issued_on=f"2026-03-{at + 1:02}") for at in range(9)),
        *(desk.line(f"F{at}", 2, who=f"D{at % 3 + 1}", what="Q", issued_on=f"2026-03-{at + 1:02}") for at in range(9)),
    )
    desk.credit("K1", 2, issued_on="2026-03-20")
    desk.credit("K2", 1, issued_on="2026-03-21", who="D2", corrects="F4")
    desk.credit("K3", 2, issued_on="2026-04-02", who="D1")
    desk.invoice("A1", 4, issued_on="2026-04-01", who="D2")
    desk.sell(desk.line("A1", 6, issued_on="2026-04-01", who="D2"), source=CORRECTING)
    return desk


@pytest.fixture
def busy(open_desk: Opening) -> Desk:
    """A desk of several rules, with returns, a correction, caps and a budget that runs out."""
    return sold_at(open_desk(earning_rules=list(RULES)))


@pytest.mark.parametrize("lines", [1, 7, period.LINES])
@pytest.mark.parametrize("days", [MARCH, (dt.date(2026, 3, 1), dt.date(2026, 12, 31))])
def test_the_rules_that_are_in_force_give_what_was_given(busy: Desk, days: Any, lines: int) -> None:
    rows = replayed(busy, asked(busy, as_they_are(busy), days), lines)
    assert {row["about"] for row in rows} == {SumOf.RULE, SumOf.PRODUCT, SumOf.DISTRIBUTOR, SumOf.MONTH, SumOf.PAIR}
    for row in rows:
        if row["about"] is not SumOf.PAIR:
            assert row["drafted"] == row["given"], row
    in_all = sum(row["given"] for row in of(rows, SumOf.RULE, unit=Unit.POINTS))
    if days != MARCH:
        assert in_all == sum(busy.balance(who).earned for who in ("D1", "D2", "D3"))


@pytest.mark.parametrize("refused", ["F6", "F4"])
def test_what_came_back_of_a_sale_that_counts_no_more_takes_nothing(open_desk: Opening, refused: str) -> None:
    desk = open_desk(earning_rules=[dict(BASE_RULE)])
    desk = sold_at(desk)
    desk.refuse(refused)  # of which goods came back
    rows = replayed(desk, asked(desk, as_they_are(desk), WHOLE))
    for row in rows:
        if row["about"] is not SumOf.PAIR:
            assert row["drafted"] == row["given"], row
    in_all = sum(row["given"] for row in of(rows, SumOf.RULE, unit=Unit.POINTS))
    assert in_all == sum(desk.balance(who).earned for who in ("D1", "D2", "D3"))


WHOLE = (dt.date(2026, 1, 1), dt.date(2026, 12, 31))


def by_code(desk: Desk, scenario: Scenario, rows: list[dict[str, Any]], name: str) -> dict[str, int]:
    return {scenario.codes[row["key"]]: row[name] for row in of(rows, SumOf.RULE, unit=Unit.POINTS) if row[name]}


@pytest.mark.parametrize("lines", [5, period.LINES])
def test_other_rules_would_have_given_what_they_give_where_they_are_in_force(
    busy: Desk, open_desk: Opening, lines: int
) -> None:
    scenario = asked(busy, with_rules(busy, *OTHERS), WHOLE)
    rows = replayed(busy, scenario, lines)
    there = sold_at(open_desk(earning_rules=list(OTHERS)))
    twin = asked(there, as_they_are(there), WHOLE)
    really = replayed(there, twin)
    assert by_code(busy, scenario, rows, "drafted") == by_code(there, twin, really, "given")
    names = {there.people[who]: busy.people[who] for who in busy.people}
    assert {row["key"]: row["drafted"] for row in of(rows, SumOf.DISTRIBUTOR, unit=Unit.POINTS)} == {
        names[row["key"]]: row["given"] for row in of(really, SumOf.DISTRIBUTOR, unit=Unit.POINTS)
    }
    # and what was given here is what these rules gave
    assert sum(row["given"] for row in of(rows, SumOf.PRODUCT, unit=Unit.POINTS)) == sum(
        busy.balance(who).earned for who in busy.people
    )


def test_lines_that_two_rules_pay_and_lines_that_none_pays(desk: Desk) -> None:
    desk.sell(desk.line("1", 10), desk.line("2", 5, what="Q"), desk.line("3", 0, quantity=1, net_minor=9_00, what="Q"))
    only_p = {"scope": {"products": ["P"]}}
    a, b, c = (
        {"code": code, "name": code, "kind": "per_line", "points": points, **only_p}
        for code, points in (("a", 1), ("b", 2), ("c", 4))
    )
    scenario = asked(desk, with_rules(desk, a, b, c))
    rows = replayed(desk, scenario)
    pairs = {(row["key"], row["other"]): (row["drafted"], row["lines"]) for row in of(rows, SumOf.PAIR)}
    assert pairs == {(0, 1): (3, 1), (1, 2): (6, 1), (0, 2): (5, 1)}
    desk.session.add_all(ScenarioSum(scenario_id=scenario.id, piece=KEPT_WHOLE, **row) for row in of(rows, SumOf.PAIR))
    desk.session.flush()
    shown = results.pairs(desk.session, scenario, {}, most=1)
    assert ([(one.one, one.other) for one in shown], shown.more) == ([("a", "b")], 2)
    gaps = {row["key"]: (row["lines"], row["unpaid_lines"], row["unpaid_minor"]) for row in of(rows, SumOf.PRODUCT)}
    assert gaps == {desk.goods["P"]: (1, 0, 0), desk.goods["Q"]: (2, 2, 59_00)}


def test_a_multiplier_shows_the_lines_that_it_multiplies_and_makes_no_pairs(desk: Desk) -> None:
    desk.sell(desk.line("1", 10), desk.line("2", 5, what="Q"), desk.line("3", 7, what="Q"))
    each = {"code": "each", "name": "Each", "kind": "per_unit", "points": 2}
    double = {"code": "twice", "name": "Twice", "kind": "multiplier", "factor": 20000, "scope": {"products": ["Q"]}}
    scenario = asked(desk, with_rules(desk, each, double))
    rows = replayed(desk, scenario)
    assert by_code(desk, scenario, rows, "lines") == {"each": 3, "twice": 2}
    nets = by_code(desk, scenario, rows, "net_minor")
    assert nets["twice"] == sum(row["net_minor"] for row in of(rows, SumOf.PRODUCT) if row["key"] == desk.goods["Q"])
    assert of(rows, SumOf.PAIR) == []


def test_caps_remember_what_was_given_before_the_period(open_desk: Opening) -> None:
    rule = dict(BASE_RULE, caps={"per_distributor": {"year": 12}})
    desk = open_desk(earning_rules=[rule])
    desk.sell(desk.line("1", 10, issued_on="2026-02-10"), desk.line("2", 10, issued_on="2026-03-10"))
    (row,) = of(replayed(desk, asked(desk, as_they_are(desk))), SumOf.RULE)
    assert (row["drafted"], row["given"]) == (2, 2)


def test_sales_that_wait_for_a_claim_earn_nothing_by_any_rules(open_desk: Opening) -> None:
    waiting = {"people_per_sale": 1, "loaded_sales_count": "when_claimed"}
    desk = open_desk(earning_rules=[BASE_RULE], program={"verification": waiting})
    desk.sell(desk.line("1", 10), desk.line("2", 5, person="Uwe"), source=FILE)
    (row,) = of(replayed(desk, asked(desk, as_they_are(desk))), SumOf.RULE)
    assert (row["drafted"], row["given"]) == (5, 5)
    (row,) = of(replayed(desk, asked(desk, with_rules(desk, dict(BASE_RULE, points=3)))), SumOf.RULE)
    assert (row["drafted"], row["given"]) == (15, 5)


def test_what_comes_back_of_an_earlier_sale_is_taken_as_it_was(open_desk: Opening) -> None:
    desk = open_desk(earning_rules=[BASE_RULE])
    desk.invoice("1", 10, issued_on="2026-02-10")
    desk.credit("K", 4, issued_on="2026-03-10")
    (row,) = of(replayed(desk, asked(desk, with_rules(desk, dict(BASE_RULE, points=5)))), SumOf.RULE)
    assert (row["drafted"], row["given"]) == (-4, -4)


def test_nothing_is_written_and_nothing_could_be(busy: Desk) -> None:
    scenario = asked(busy, with_rules(busy, *OTHERS), WHOLE)
    before = {kind: busy.session.scalar(select(func.count()).select_from(kind)) for kind in KEPT}
    gone = delete(Scenario)

    def replay_and_write() -> None:
        with busy.session.begin_nested():
            busy.session.execute(text("set transaction read only"))
            assert replayed(busy, scenario, 5)
            busy.session.execute(gone)

    with pytest.raises(InternalError, match="read-only transaction"):
        replay_and_write()
    assert before == {kind: busy.session.scalar(select(func.count()).select_from(kind)) for kind in KEPT}
