"""The commands, as a person at a desk uses them, and as a script reads them."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import update

from app.cli.main import main
from app.cli.running import runtime
from app.config import Settings, settings
from app.db.transaction import transaction
from app.domain.states import TaxStatus
from app.extensions import db
from app.factory import create_app
from app.local.servers import Addresses
from app.models.distributors import Distributor
from prepaid.conversions import preparing
from prepaid.issuers import sandbox
from prepaid.redeeming import redemptions
from tests.prepaid.conftest import NOW, World

PERIOD = ("--from", "2026-11-01", "--to", "2026-11-30")


class Desk:
    def __init__(self, world: World) -> None:
        self.world = world
        self.apps: list[Flask] = []

    def app(self, *given: Any, **named: Any) -> Flask:
        self.apps.append(create_app(*given, **named))
        return self.apps[-1]

    def run(self, *words: str) -> Result:
        """Do what a process of its own would do, and leave no connection behind as its end would."""
        result = CliRunner().invoke(main, list(words), catch_exceptions=False)
        while self.apps:
            with self.apps.pop().app_context():
                db.session.remove()
                db.engine.dispose()
        return result

    def json(self, *words: str, code: int = 0) -> dict[str, Any]:
        result = self.run(*words, "--json")
        assert result.exit_code == code, result.output
        found: dict[str, Any] = json.loads(result.stdout)
        return found

    def convert(self) -> int:
        run = self.json("convert", "--program", self.world.code, *PERIOD, "--by", "ann")
        number: int = run["run"]
        return number


@pytest.fixture
def desk(world: World, house: tuple[Settings, Addresses], monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("KONTOR_HOME", str(house[0].home))
    settings.cache_clear()
    world.load().add("P", 10_000, TaxStatus.PRIVATE_PERSON, name="Paula").add("A", 201).add("B", 7)
    world.add("FRIEND", 50, TaxStatus.BUSINESS_FRIEND)
    made = Desk(world)
    monkeypatch.setattr(runtime, "create_app", made.app)
    yield made
    settings.cache_clear()


def refuse(monkeypatch: pytest.MonkeyPatch, *refused: tuple[str, str]) -> None:
    """Let the sandbox refuse these loads: distributor code and kind."""
    monkeypatch.setattr(
        sandbox.SandboxProvider.__init__,
        "__kwdefaults__",
        {"refusal": lambda code, kind, _: "card_blocked" if (code, kind) in refused else None},
    )


def test_the_main_flow(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    refuse(monkeypatch, ("A", "reward"))
    previewed = desk.json("convert", "--program", desk.world.code, *PERIOD, "--by", "ann")
    number = str(previewed["run"])
    assert {key: previewed[key] for key in ("status", "accounts", "points", "amount_minor", "compensation_minor")} == {
        "status": "preview",
        "accounts": 3,
        "points": 10_208,
        "amount_minor": 510_400,
        "compensation_minor": 55_600,
    }
    assert (previewed["currency"], previewed["order_file"]) == ("PLN", None)
    assert [(one["distributor"], one["code"]) for one in previewed["exceptions"]] == [("FRIEND", "no_tax_rule")]

    refused = desk.json("convert", "approve", number, "--by", "Ann", code=3)
    assert "second person" in refused["error"][0]

    approved = desk.json("convert", "approve", number, "--by", "ben")
    assert (approved["status"], approved["order_lines"], approved["approved_by"]) == ("ordered", 4, "ben")
    with Path(approved["order_file"]).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[-1]["amount"] == "5660.00"

    sent = desk.json("convert", "send", number)
    assert {key: sent[key] for key in ("status", "loaded", "failed", "unknown", "loaded_minor", "problems")} == {
        "status": "settled",
        "loaded": 3,
        "failed": 1,
        "unknown": 0,
        "loaded_minor": 555_950,
        "problems": [],
    }
    assert (sent["points_redeemed"], sent["points_returned"], sent["still_open"]) == (10_007, 201, 0)

    again = desk.json("convert", "settle", number, sent["response_file"])
    assert again["settled"] == dict.fromkeys(again["settled"], 0) | {"rows": 4, "again": 4}

    shown = desk.json("convert", "show", number, "--all")
    assert [(one["distributor"], one["status"]) for one in shown["lines"]] == [
        ("A", "failed"),
        ("B", "loaded"),
        ("P", "loaded"),
        ("P", "loaded"),
    ]
    out = tmp_path / "history.xlsx"
    today = "--from", "2000-01-01", "--to", "2100-01-01"
    exported = desk.json("export", "top-ups", *today, "--program", desk.world.code, "--out", str(out))
    assert (exported["rows"], exported["amount_minor"], exported["loaded_minor"]) == (4, 566_000, 555_950)
    assert openpyxl.load_workbook(out)["Top-ups"].cell(6, 8).value == 5_660
    kept = desk.json("export", "top-ups", *today, "--program", desk.world.code, "--format", "csv")
    assert Path(kept["file"]).read_text(encoding="utf-8").count("\n") == 6
    assert desk.json("export", "again", str(kept["export"]), "--program", desk.world.code)["same"] is True
    newest = desk.json("export", "list", "--program", desk.world.code, "--limit", "1")["exports"]
    assert [(one["export"], one["again_same"]) for one in newest] == [(kept["export"], True)]

    assert desk.json("ledger", "check")["ok"] is True
    cards = desk.json("cards", "list", "--program", desk.world.code)["cards"]
    assert [(one["distributor"], len(one["last4"])) for one in cards] == [("A", 4), ("B", 4), ("P", 4)]


def test_a_large_run_is_prepared_in_pieces_by_the_command_where_no_worker_lives(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "AT_ONCE", 1)
    previewed = desk.json("convert", "--program", desk.world.code, *PERIOD, "--by", "ann")
    assert (previewed["status"], previewed["accounts"], previewed["points"]) == ("preview", 3, 10_208)
    assert desk.json("convert", "prepare", str(previewed["run"])) == previewed  # prepared, it has nothing more to do
    assert "No run has the number 999999999" in desk.json("convert", "prepare", "999999999", code=4)["error"][0]


def test_people_read_the_same(desk: Desk) -> None:
    number = str(desk.convert())
    text = desk.run("convert", "show", number).output.replace("\u00a0", " ")
    for words in (
        "preview",
        "10 208",
        "5 104.00 PLN",
        "556.00 PLN",
        "nobody yet",
        "1 no_tax_rule",
        "Distributor FRIEND",
    ):
        assert words in text
    assert "order file:" in desk.run("convert", "approve", number, "--by", "ben").output
    assert "Paula" in desk.run("convert", "show", number, "--all").output
    assert desk.world.code in desk.run("convert", "list").output
    assert desk.json("convert", "list", "--program", desk.world.code)["runs"][0]["status"] == "ordered"
    assert "Paula" in desk.run("cards", "list", "--program", desk.world.code).output
    today = "--from", "2000-01-01", "--to", "2100-01-01"
    assert "4 top-ups in" in desk.run("export", "top-ups", *today, "--program", desk.world.code).output


def test_a_preview_says_whose_card_cannot_be_loaded_any_more(desk: Desk) -> None:
    number = str(desk.convert())
    assert desk.json("convert", "show", number)["cannot_be_loaded_now"] == []
    with transaction(desk.world.registry) as session:
        whose = Distributor.program_id == desk.world.program_id
        session.execute(update(Distributor).where(whose, Distributor.code == "P").values(blocked=True))
    (one,) = desk.json("convert", "show", number)["cannot_be_loaded_now"]
    assert (one["distributor"], one["name"], one["code"], one["points"]) == ("P", "Paula", "blocked", 10_000)
    assert "Cannot be loaded now" in desk.run("convert", "show", number).output


def test_calling_a_run_off(desk: Desk) -> None:
    number = str(desk.convert())
    cancelled = desk.json("convert", "cancel", number, "--reason", "too early")
    assert (cancelled["status"], cancelled["cancelled"]) == ("cancelled", 4)
    assert desk.world.wallet("P") == (10_000, 0, 0)
    number = str(desk.convert())
    desk.json("convert", "approve", number, "--by", "ben")
    assert "--order-file-not-sent" in desk.json("convert", "cancel", number, code=3)["error"][0]
    assert desk.json("convert", "cancel", number, "--order-file-not-sent")["status"] == "cancelled"


def test_a_response_by_hand_with_problems_ends_with_1(desk: Desk) -> None:
    number = str(desk.convert())
    desk.json("convert", "approve", number, "--by", "ben")
    path = desk.world.respond("reference,result\nNOBODY,loaded\n")
    settled = desk.json("convert", "settle", number, str(path), code=1)
    assert [one["code"] for one in settled["problems"]] == ["unknown_reference"]
    result = desk.run("convert", "settle", number, str(path))
    assert result.exit_code == 1
    assert "No top-up has this reference." in result.output


def test_a_compensation_is_ordered_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, ("P", "compensation"))
    number = str(desk.convert())
    assert "no compensation" not in desk.json("convert", "approve", number, "--by", "ben")
    assert desk.json("convert", "send", number)["failed"] == 1
    refuse(monkeypatch)
    again = desk.json("convert", "reorder", number)
    assert (again["status"], again["order_lines"], again["order_amount_minor"]) == ("ordered", 1, 55_600)
    assert desk.json("convert", "send", number)["loaded"] == 4
    assert desk.json("convert", "reorder", number, code=3)["error"]


def test_cards_are_issued_replaced_and_registered(desk: Desk) -> None:
    of = "--program", desk.world.code
    assert desk.json("cards", "issue", *of, "--distributor", "P")["issued"] == 1
    assert desk.json("cards", "issue", *of)["issued"] == 3
    assert desk.json("cards", "issue", *of)["issued"] == 0
    assert desk.json("cards", "issue", *of, "--distributor", "P", "--replace")["issued"] == 1
    token = f"tok-{desk.world.code}"
    assert desk.json("cards", "register", "A", *of, "--token", token, "--last4", "0042")["last4"] == "0042"
    assert len(desk.json("cards", "list", *of, "--all")["cards"]) == 6
    refused = desk.json("cards", "register", "A", *of, "--token", "4111111111111111", "--last4", "1111", code=3)
    assert "4111" not in refused["error"][0]
    assert desk.run("cards", "register", "NOBODY", *of, "--token", token, "--last4", "0042").exit_code == 4
    assert desk.run("cards", "issue", *of, "--replace").exit_code == 2


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["convert"], 2),
        (["convert", "--program", "x"], 2),
        (["convert", "--program", "no-such-programme", *PERIOD], 4),
        (["convert", "show", "999999999"], 4),
        (["convert", "send", "999999999"], 4),
        (["convert", "approve", "x"], 2),
        (["export", "top-ups", "--from", "2026-11-02", "--to", "2026-11-01"], 3),
    ],
)
def test_what_cannot_be_done_says_so_by_its_code(desk: Desk, words: list[str], code: int) -> None:
    assert desk.run(*words).exit_code == code


def test_redemptions_are_asked_for_approved_gathered_and_sent_by_commands(desk: Desk) -> None:
    code = desk.world.load().add("A", 300).add("B", 50).code
    of = ("--program", code)
    asked = desk.json("redemptions", "ask", "A", "100", "--key", "k1", *of, "--by", "dora")
    assert (asked["state"], asked["points"], asked["amount_minor"]) == ("waiting", 100, 5000)
    again = desk.json("redemptions", "ask", "A", "100", "--key", "k1", *of, "--by", "dora")
    assert again["redemption"] == asked["redemption"]
    number = str(asked["redemption"])
    assert desk.run("redemptions", "approve", number, *of, "--by", "dora").exit_code == 3
    assert desk.json("redemptions", "order", *of) == {"run": None, "lines": 0}
    goes = desk.json("redemptions", "approve", number, *of, "--by", "ben")
    assert goes["run"] is not None  # a provider that is asked by its interface gets each as soon as it is approved
    other = str(desk.json("redemptions", "ask", "B", "50", "--key", "k2", *of, "--by", "dora")["redemption"])
    assert desk.json("redemptions", "call-off", other, "--reason", "later", *of, "--by", "ben")["state"] == "refused"
    assert desk.run("redemptions", "show", "999999", *of).exit_code == 4
    desk.json("convert", "send", str(goes["run"]), "--by", "ben")
    shown = desk.json("redemptions", "show", number, *of)
    assert shown["state"] in ("loaded", "failed")
    assert [one["word"] for one in shown["moments"]][:3] == ["asked", "approved", "ordered"]
    listed = desk.json("redemptions", *of)["redemptions"]
    assert [(one["distributor"], one["points"]) for one in listed] == [("B", 50), ("A", 100)]
    assert "A" in desk.run("redemptions", *of).output
    assert "by ben" in desk.run("redemptions", "show", number, *of).output
    third = desk.json("redemptions", "ask", "B", "50", "--key", "k3", *of, "--by", "dora")["redemption"]
    with transaction(desk.world.registry) as session:  # as where a file is waited for
        redemptions.approve(session, third, actor="ben", now=NOW)
    ordered = desk.json("redemptions", "order", *of, "--by", "ben")
    assert ordered["lines"] == 1
    assert Path(ordered["file"]).is_file()


def test_a_run_of_a_group_and_one_of_a_schedule_are_prepared_by_commands(desk: Desk) -> None:
    groups = "{pack: PL}\ndistributor_groups:\n  - {code: shops, name: Shops}"
    code = desk.world.load(tax=groups, prepaid="{scheduled_run: {day: 1, takes: everything}}").add("A", 300).code
    of_shops = ("convert", "--program", code, *PERIOD, "--group", "shops", "--at-least", "5")
    assert "no run is kept" in desk.json(*of_shops, code=4)["error"][0]
    assert desk.json("convert", "list", "--program", code)["runs"] == []
    assert desk.run(*of_shops).exit_code == 4
    made = desk.json("convert", "scheduled", "--program", code)
    assert (made["status"], made["previewed_by"]) == ("preview", "schedule")
    assert made["points"] >= 300
    assert desk.json("convert", "scheduled", "--program", code) == {"run": None}
    assert "No run is due" in desk.run("convert", "scheduled", "--program", code).output


def test_taxes_are_paid_back_by_a_run_of_their_own(desk: Desk) -> None:
    desk.world.load(prepaid="{compensation: {paid: by_run}}")
    program = ("--program", desk.world.code)
    run = desk.convert()
    shown = desk.run("convert", "show", str(run))
    assert "by later runs" in shown.stdout
    desk.run("convert", "approve", str(run), "--by", "ben")
    assert desk.json("convert", "send", str(run), "--by", "ben")["deferred_minor"] == 55_600
    assert desk.json("compensate", "waiting", *program)["amount_minor"] == 55_600
    assert "556.00 PLN to pay back, the oldest since" in desk.run("compensate", "waiting", *program).stdout
    made = desk.json("compensate", *program, "--from", "2020-01-01", "--to", "2099-12-31", "--by", "ann")
    assert (made["kind"], made["status"], made["compensation_minor"]) == ("compensations", "preview", 55_600)
    number = str(made["run"])
    assert desk.run("compensate", "approve", number, "--by", "ann").exit_code == 3
    assert desk.json("compensate", "approve", number, "--by", "ben")["order_lines"] == 1
    assert desk.json("compensate", "send", number, "--by", "ben")["loaded_minor"] == 55_600
    assert desk.json("compensate", "waiting", *program)["rewards"] == 0
    (listed,) = desk.json("compensate", "list", *program)["runs"]
    assert (listed["run"], listed["loads"], listed["status"]) == (made["run"], 1, "settled")
    assert "Compensation runs" in desk.run("compensate", "list", *program).stdout
    assert desk.run("compensate", *program).exit_code == 2
    nothing = desk.json("compensate", *program, "--from", "2020-01-01", "--to", "2099-12-31", code=4)
    assert nothing["error"] == [
        "Nothing that is to be compensated falls from 2020-01-01 to 2099-12-31; no run is kept."
    ]
    assert len(desk.json("compensate", "list", *program)["runs"]) == 1
