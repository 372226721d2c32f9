"""`kontor promotions`: list them, see where everybody stands, bring them up to date, close them."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli.main import main
from app.db.transaction import Sessions, transaction
from tests.app.services.promotions.running import EXAMPLE
from tests.support import programs
from tests.support.sales import Sold, sell


@pytest.fixture
def promotions(registry: Sessions, code: str, environment: Path) -> Any:
    """Asks for promotions of a programme whose one is over: D1 reached its first step, D2 nothing."""
    over = {**EXAMPLE, "code": "spring", "name": "Spring", "until": "2026-03-31", "target": {"default": 500}}
    with transaction(registry) as session:
        program = programs.load(session, programs.document(code, promotions=[over, EXAMPLE]))
        who, what = programs.people(session, program, ["D1", "D2"]), programs.goods(session, program, {"P": None})
        sell(session, program, [Sold("1", who["D1"], what["P"], 1, 400_00), Sold("2", who["D2"], what["P"], 1, 10_00)])

    def ask(*words: str) -> Any:
        return CliRunner().invoke(main, ["promotions", *words, "--program", code])

    return ask


def test_promotions_are_brought_up_shown_and_closed(promotions: Any) -> None:
    assert json.loads(promotions("bring-up", "--json").output)["steps"] > 0
    assert promotions("bring-up").output == "Everything is up to date.\n"
    listed = json.loads(promotions("list", "--json").output)["promotions"]
    assert [(one["code"], one["state"], one["participants"], one["paid"]) for one in listed] == [
        ("autumn", "published", 2, 0),
        ("spring", "published", 2, 400),
    ]
    shown = json.loads(promotions("show", "spring", "--json").output)["standings"]
    assert [(one["distributor"], one["share_bp"], one["step"], one["paid"]) for one in shown] == [
        ("D1", 8_000, 1, 400),
        ("D2", 200, 0, 0),
    ]
    assert "D1" in promotions("show", "spring").output
    assert "spring" in promotions("list").output
    assert json.loads(promotions("close", "spring", "--json").output) == {"code": "spring", "given": 0, "taken": 0}
    for again in (promotions("close", "spring"), promotions("close", "winter"), promotions("show", "winter")):
        assert again.exit_code != 0
