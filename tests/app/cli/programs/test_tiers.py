"""`kontor tiers`: who is in which tier, why, and one by hand."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli.main import main
from app.db.transaction import Sessions, transaction
from tests.support import programs


@pytest.fixture
def tiers(registry: Sessions, code: str, environment: Path) -> Any:
    levels = [{"code": "silver", "name": "Silver", "from": 0}, {"code": "gold", "name": "Gold", "from": 500}]
    with transaction(registry) as session:
        given = programs.document(code, program={"tiers": {"levels": levels}})
        programs.people(session, programs.load(session, given), ["D1", "D2"])

    def ask(*words: str) -> Any:
        return CliRunner().invoke(main, ["tiers", *words, "--program", code])

    return ask


def test_tiers_are_judged_listed_given_and_taken_back(tiers: Any) -> None:
    assert tiers("judge").exit_code == 0
    why = ("--reason", "a good year")
    assert tiers("give", "D1", "platinum", *why).exit_code != 0
    assert tiers("give", "D9", "gold", *why).exit_code != 0
    assert "is over" in tiers("give", "D1", "gold", "--until", "2020-01-01", *why).output
    assert tiers("give", "D1", "gold", *why).output == "It is given.\n"
    assert tiers("give", "D1", "gold", *why).output == "It is so already.\n"
    found = json.loads(tiers("list", "--json").output)
    assert [(one["code"], one["from"], one["members"]) for one in found["tiers"]] == [
        ("silver", 0, 1),
        ("gold", 500, 1),
    ]
    assert "Gold" in tiers("list").output
    assert json.loads(tiers("take-back", "D1", *why, "--json").output) == {"taken_back": True}
    told = json.loads(tiers("history", "D1", "--json").output)["history"]
    assert [(one["tier"], one["why"]) for one in told] == [("silver", "ended"), ("gold", "given"), ("silver", "before")]
    assert "a good year" in tiers("history", "D1").output


def test_nothing_is_taken_back_where_there_are_no_tiers(registry: Sessions, code: str, environment: Path) -> None:
    with transaction(registry) as session:
        programs.people(session, programs.load(session, programs.document(code)), ["D1"])
    words = ["tiers", "take-back", "D1", "--reason", "a mistake", "--program", code, "--json"]
    done = CliRunner().invoke(main, words)
    assert (done.exit_code, json.loads(done.output)) == (0, {"taken_back": False})
