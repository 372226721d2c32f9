"""What the tables of exports themselves refuse, whoever writes to them."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import delete
from sqlalchemy.exc import DBAPIError

from app.domain.states import ExportForm, ExportRhythm, ExportSpan, ExportState, ExportSubject, ExportWay
from app.models.exports import Export
from tests.app.models.whole_rows import World
from tests.support.programs import NOW

DAY = dt.date(2026, 11, 30)
PLAN: dict[str, Any] = {
    "shape": {},
    "span": ExportSpan.MONTH,
    "rhythm": ExportRhythm.NEVER,
    "day": 1,
    "way": ExportWay.NONE,
}
ASKED: dict[str, Any] = {
    "subject": ExportSubject.LEDGER,
    "form": ExportForm.CSV,
    "wish": {},
    "sums": [],
    "cut_texts": 0,
    "state": ExportState.ASKED,
}
READ: dict[str, Any] = {"read_at": NOW, "rows": 0, "kept_sha256": b"1"}
MADE: dict[str, Any] = {"made_at": NOW, "sha256": b"1", "bytes": 1}


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"next_on": DAY}, "due"),
        ({"rhythm": ExportRhythm.DAILY}, "due"),
        ({"rhythm": ExportRhythm.WEEKLY, "next_on": DAY, "day": 8}, "day"),
        ({"rhythm": ExportRhythm.MONTHLY, "next_on": DAY, "day": 0}, "day"),
        ({"target": "books"}, "target"),
        ({"way": ExportWay.MAIL}, "target"),
    ],
)
def test_a_plan_is_due_and_goes_somewhere_as_it_says(world: World, values: dict[str, Any], why: str) -> None:
    assert world.refused("export_plan", name="A", **PLAN | values) == f"ck_export_plan_{why}"


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"rows": 1}, "read_as_a_whole"),
        (READ | {"read_at": None}, "read_as_a_whole"),
        (MADE | {"state": ExportState.MADE, "sha256": None}, "made_as_a_whole"),
        (MADE, "made"),
        ({"state": ExportState.MADE}, "made"),
        ({"state": ExportState.FAILED}, "failed"),
        ({"failure": "no"}, "failed"),
        ({"again_at": NOW}, "again_as_a_whole"),
        ({"sent_to": "books"}, "sent_as_a_whole"),
    ],
)
def test_an_export_is_read_made_compared_and_sent_as_a_whole(world: World, values: dict[str, Any], why: str) -> None:
    assert world.refused("export", **ASKED | values) == f"ck_export_{why}"


def test_a_plan_is_named_once_and_what_was_exported_stays(world: World) -> None:
    world.insert("export_plan", name="A", **PLAN)
    assert world.refused("export_plan", name="A", **PLAN) == "uq_export_plan_program_id_name"
    world.insert("export", **ASKED | READ | MADE | {"state": ExportState.MADE})
    with pytest.raises(DBAPIError, match="permission denied"), world.session.begin_nested():
        world.session.execute(delete(Export))


def test_a_message_names_what_goes_with_it(world: World) -> None:
    said = {"channel": "mail", "state": "waiting", "failures": 0}
    assert world.refused("message", **said, attachment="exports/1.csv") == "ck_message_attached_as_a_whole"
