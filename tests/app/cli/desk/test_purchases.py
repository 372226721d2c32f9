"""`kontor purchases`: what balances pay for is listed, taken for a purchase, and given back."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from app.cli.main import main
from app.config import secret_key, settings
from app.db.transaction import Sessions, transaction
from app.domain.states import Unit
from app.services.access.keys import Keys
from app.services.orders import purchase_credits
from tests.support import programs
from tests.support.sales import Sold, sell


def test_a_code_is_taken_once_and_what_is_open_is_given_back(registry: Sessions, code: str, environment: Path) -> None:
    keys = Keys(secret_key(settings()))
    with transaction(registry) as session:
        told = {"purchases": {"offered": True}}
        program = programs.load(session, programs.document(code, program=told))
        who, what = programs.people(session, program)["D1"], programs.goods(session, program, {"P": None})["P"]
        sell(session, program, [Sold("1", who, what, 1, 10_000_00)])
        by: dict[str, Any] = {"actor": "ann@d1.example", "now": dt.datetime.now(dt.UTC)}  # the command's clock
        for at in range(2):
            last = purchase_credits.ask(session, keys, program, who, Unit.POINTS, 100 + at, key=f"{at}", **by)
        shown = purchase_credits.codes_of(session, keys, who)[1][1]

    def ask(*words: str) -> Any:
        return CliRunner().invoke(main, ["purchases", *words, "--program", code])

    taking = ("take", shown, "--document", "FV/7")
    assert "so much of it may not be paid" in ask(*taking, "--amount", "9.99").output
    assert json.loads(ask(*taking, "--amount", "10.00", "--json").output) == {"document": "FV/7", "worth_minor": 1000}
    assert "was used" in ask(*taking, "--amount", "10.00").output
    assert ask("give-back", str(last), "--reason", "a mistake").output == f"Credit {last} is given back.\n"
    assert ask("give-back", "999999999", "--reason", "a mistake").exit_code != 0
    listed = json.loads(ask("--json").output)["credits"]
    assert [(one["worth_minor"], one["document"], one["state"]) for one in listed] == [
        (1010, None, "ended"),
        (1000, "FV/7", "used"),
    ]
    assert "FV/7" in ask("--state", "used").output
