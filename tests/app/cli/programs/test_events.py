"""`kontor events`: told once, and listed with what it gave."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli.main import main
from app.db.transaction import Sessions, transaction
from tests.support import programs


@pytest.fixture
def told(registry: Sessions, code: str, environment: Path) -> Any:
    rule = {"code": "survey", "name": "Survey", "kind": "event", "event": "survey", "points": 12}
    with transaction(registry) as session:
        programs.people(session, programs.load(session, programs.document(code, earning_rules=[rule])), ["D1"])

    def ask(*words: str) -> Any:
        return CliRunner().invoke(main, ["events", *words, "--program", code])

    return ask


def test_an_event_is_told_once_and_listed(told: Any) -> None:
    first = told("tell", "D1", "survey", "--on", "2026-05-05", "--about", "spring")
    assert (first.exit_code, first.output) == (0, "Told. It gave 12 points.\n")
    assert "told before" in told("tell", "D1", "survey", "--on", "2026-05-05", "--about", "spring").output
    assert "no rule rewards it" in told("tell", "D1", "review", "--on", "2026-05-05").output
    answer = json.loads(told("tell", "D1", "survey", "--on", "2026-05-06", "--json").output)
    assert (answer["new"], answer["points"], answer["money"]) == (1, 12, 0)
    assert told("tell", "D9", "survey").exit_code != 0
    long = told("tell", "D1", "review", "--about", "a" * 5_000)
    assert (long.exit_code, "value too long" in long.output) == (3, True)
    to_come = told("tell", "D1", "survey", "--on", "2999-05-05")
    assert (to_come.exit_code, "2999-05-05 is still to come" in to_come.output) == (3, True)
    found = json.loads(told("list", "--json").output)["events"]
    assert [(one["event"], one["about"], one["points"]) for one in found] == [
        ("survey", None, 12),
        ("review", None, 0),
        ("survey", "spring", 12),
    ]
    assert "spring" in told("list").output
