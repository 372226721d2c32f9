"""Where a rule meets others of its stack: worked out by the engine, on real lines first, then on samples."""

from typing import Any

import pytest

from app.services.rulebooks import definition_of
from app.services.rules.rule_conflicts import conflicts
from tests.support.desk import Desk, Opening

PIECE = {"code": "piece", "name": "Piece", "kind": "per_unit", "points": 2}


def _desk(open_desk: Opening, *rules: dict[str, Any], policy: str = "sum", **more: Any) -> Desk:
    return open_desk(earning_rules=[PIECE, *rules], stacks={"base": policy, "extra": "sum"}, **more)


def _meets(desk: Desk, **rule: Any) -> list[tuple[Any, ...]]:
    given = definition_of({"code": "new", "name": "New", "kind": "per_unit", "points": 3, **rule})
    found = conflicts(desk.session, desk.program, given)
    return [(one.other.code, one.number, one.mine, one.theirs, one.total, one.kept) for one in found]


@pytest.mark.parametrize(
    ("policy", "total", "kept"), [("sum", 50, ("new", "piece")), ("best", 30, ("new",)), ("first", 20, ("piece",))]
)
def test_a_line_that_both_match_shows_what_the_policy_makes_of_it(
    open_desk: Opening, policy: str, total: int, kept: tuple[str, ...]
) -> None:
    desk = _desk(open_desk, policy=policy)
    desk.invoice("7/2026", 10)
    assert _meets(desk, priority=200) == [("piece", "7/2026", 30, 20, total, kept)]


def test_what_other_rules_of_the_stack_give_there_is_told_so_that_the_sum_adds_up(open_desk: Opening) -> None:
    third = {**PIECE, "code": "third", "name": "Third", "points": 7}
    elsewhere = {**PIECE, "code": "elsewhere", "name": "Elsewhere", "stack": "extra"}
    desk = _desk(open_desk, third, elsewhere)
    desk.invoice("7/2026", 10)
    given = definition_of({"code": "new", "name": "New", "kind": "per_unit", "points": 3})
    found = {one.other.code: one for one in conflicts(desk.session, desk.program, given)}
    assert found["piece"].besides == (("Third", 70),)
    assert found["third"].besides == (("Piece", 20),)
    for one in found.values():
        assert one.mine + one.theirs + sum(amount for _name, amount in one.besides) == one.total == 120


def test_without_sales_samples_show_it_and_what_cannot_meet_is_left_out(open_desk: Opening) -> None:
    desk = _desk(open_desk)
    assert _meets(desk) == [("piece", None, 30, 20, 50, ("new", "piece"))]
    assert _meets(desk, scope={"products": ["nothing"]}) == []
    assert _meets(desk, stack="extra") == []
    assert _meets(desk, unit="money") == []


def test_rules_of_other_days_do_not_meet(open_desk: Opening) -> None:
    early = {**PIECE, "code": "early", "scope": {"until": "2026-03-31"}}
    desk = _desk(open_desk, early)
    assert [one[0] for one in _meets(desk, scope={"from": "2026-04-01"})] == ["piece"]
    assert [one[0] for one in _meets(desk, scope={"from": "2026-03-31"})] == ["early", "piece"]


def test_events_meet_events(open_desk: Opening) -> None:
    training = {"code": "training", "name": "T", "kind": "event", "event": "training", "points": 5, "about": ["a"]}
    desk = _desk(open_desk, training, policy="best")
    mine = {"kind": "event", "event": "training", "points": 9}
    assert _meets(desk, **mine) == [("training", None, 9, 5, 9, ("new",))]
    assert _meets(desk, **mine, about=["b"]) == []
    assert _meets(desk, **{**mine, "event": "survey"}) == []
