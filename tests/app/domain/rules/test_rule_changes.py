"""What is different between two wordings of a rule: what says the same is no difference, however it is written."""

from typing import Any

import pytest

from app.domain.rules.rule_changes import changes


@pytest.mark.parametrize(
    ("was", "now", "differ"),
    [
        ({"step": "100.00"}, {"step": "100"}, []),
        ({"step": "100.00"}, {"step": "100.01"}, ["step"]),
        ({"priority": 10}, {"priority": "10.0"}, []),
        ({"scope": {"quantity": {"least": "1.0"}}}, {"scope": {"quantity": {"least": "1"}}}, []),
        ({"bands": [{"from": "0", "points": "1.0"}]}, {"bands": [{"from": "0.00", "points": "1"}]}, []),
        ({"bands": [{"from": "0", "points": "1"}]}, {"bands": [{"from": "0", "points": "2"}]}, ["bands"]),
        ({"rates": {"a": {"b": "2.50"}}}, {"rates": {"a": {"b": "2.5"}}}, []),
        ({"name": "100"}, {"name": "100.0"}, ["name"]),
        ({"scope": {"products": ["100"]}}, {"scope": {"products": ["100.0"]}}, ["scope.products"]),
        ({"first": True}, {"first": "1"}, ["first"]),
        ({}, {"valid_from": "2026-11-28"}, ["valid_from"]),
    ],
)
def test_numbers_differ_by_what_they_come_to(was: dict[str, Any], now: dict[str, Any], differ: list[str]) -> None:
    assert [one.path for one in changes(was, now)] == differ
