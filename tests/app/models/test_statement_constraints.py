"""What the tables of a provider's statements themselves refuse, whoever writes to them."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from app.domain.states import BookingKind, FindingAnswer, FindingKind
from tests.app.models.whole_rows import World
from tests.support.programs import NOW

DAY = NOW.date()
LINE = {"kind": BookingKind.LOAD, "top_up_id": None}
FINDING: dict[str, Any] = {"kind": FindingKind.MISSING_HERE, "answer": None, "top_up_id": None, "adjustment_id": None}
CLOSED = {"closed_by": "ada", "closed_at": NOW}


@pytest.fixture
def house(laid_out: World) -> Iterator[World]:
    """The world with a statement of one line; what a test adds is taken back."""
    saved, before = laid_out.session.begin_nested(), dict(laid_out.ids)
    laid_out.ids["provider_statement"] = laid_out.insert("provider_statement")
    laid_out.ids["statement_line"] = laid_out.insert("statement_line", **LINE)
    yield laid_out
    laid_out.ids.clear()
    laid_out.ids.update(before)
    saved.rollback()


@pytest.mark.parametrize(
    ("table", "values", "why"),
    [
        ("provider_statement", {"from_on": DAY, "to_on": DAY - dt.timedelta(days=1)}, "period"),
        ("provider_statement", {"lines": 0}, "has_lines"),
        ("provider_statement", {"closed_by": "ada"}, "closed_as_a_whole"),
        ("statement_line", {**LINE, "amount_minor": 0}, "amount"),
        ("statement_line", {**LINE, "amount_minor": -1, "kind": BookingKind.REVERSAL}, "amount"),
        ("statement_finding", {**FINDING, "line_id": None}, "about_something"),
        ("statement_finding", {**FINDING, "answer": FindingAnswer.NOTED}, "closed_as_a_whole"),
        ("statement_finding", {**FINDING, **CLOSED}, "closed_as_a_whole"),
    ],
)
def test_what_makes_no_sense_is_refused(house: World, table: str, values: dict[str, Any], why: str) -> None:
    assert house.refused(table, **values) == f"ck_{table}_{why}"


def test_a_difference_stands_once_and_only_an_adjustment_names_one(house: World) -> None:
    house.insert("statement_finding", **FINDING)
    assert house.refused("statement_finding", **FINDING) == "uq_statement_finding_once"
    asked = house.insert("adjustment_request", transaction_id=None)
    other = {**FINDING, **CLOSED, "kind": FindingKind.TWICE, "adjustment_id": asked}
    for answer in (FindingAnswer.NOTED, FindingAnswer.SETTLED):
        assert house.refused("statement_finding", **{**other, "answer": answer}) == "ck_statement_finding_adjusted"
    house.insert("statement_finding", **{**other, "answer": FindingAnswer.ADJUSTED})
