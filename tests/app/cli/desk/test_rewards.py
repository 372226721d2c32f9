"""The catalogue and its orders by command."""

import json
from pathlib import Path

import openpyxl
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from app.cli import output
from app.cli.main import main
from app.config import secret_key
from app.db.transaction import Sessions, transaction
from app.models.orders import RewardOrder
from app.services.access.keys import Keys
from app.services.orders import placing
from tests.support import programs
from tests.support.programs import NOW
from tests.support.sales import Sold, sell
from tests.support.shop import ADDRESS, Shop


def kontor(*words: str) -> dict[str, object]:
    said = CliRunner().invoke(main, [*words, "--json"])
    assert said.exit_code == 0, said.output
    found: dict[str, object] = json.loads(said.output)
    return found


def test_the_sheet_is_written_orders_are_listed_ordered_and_cancelled(
    app: Flask, registry: Sessions, code: str, tmp_path: Path
) -> None:
    with transaction(registry) as session:
        program = programs.load(session, programs.document(code))
        who, what = programs.people(session, program, ["D1"]), programs.goods(session, program, {"P": None})
        sell(session, program, [Sold("F", who["D1"], what["P"], 1, 10_000_00)])
        shop = Shop(session, program, who["D1"])
        ids = {shop.reward("mug", 10, supplier="Ace"): 1, shop.reward("cap", 10): 2}
        wanted = placing.Wanted("once", ids, 30, ADDRESS)
        keys = Keys(secret_key(app.extensions["kontor"]["settings"]))
        placing.place(session, keys, program, who["D1"], wanted, user_id=0, actor="ann@x.example", now=NOW)
    assert kontor("rewards", "sheet", str(tmp_path / "sheet.xlsx"), "--program", code)["rewards"] == 2
    assert len(list(openpyxl.load_workbook(tmp_path / "sheet.xlsx").worksheets[0].iter_rows())) == 3
    assert kontor("rewards", "price", "--program", code) == {"changed": 0}
    (order,) = kontor("orders", "--program", code, "--state", "approved")["orders"]  # type: ignore[misc]
    assert (order["points"], order["distributor"]) == (30, "Distributor D1")
    made = kontor("orders", "supplier-file", str(tmp_path), "--supplier", "Ace", "--program", code)
    assert made["lines"] == 1
    assert Path(str(made["file"])).exists()
    nothing = CliRunner().invoke(
        main, ["orders", "supplier-file", str(tmp_path), "--supplier", "Bee", "--program", code]
    )
    assert (nothing.exit_code, "no approved line waits" in nothing.output) == (output.REFUSED, True)
    number = str(order["id"])
    assert kontor("orders", "cancel", number, "--reason", "sold out", "--program", code)["points"] == 30
    again = CliRunner().invoke(main, ["orders", "cancel", number, "--reason", "again", "--program", code])
    assert again.exit_code == output.REFUSED
    with transaction(registry) as session:
        assert session.scalars(select(RewardOrder.state).where(RewardOrder.id == order["id"])).one() == "cancelled"


def test_an_order_goes_on_once_its_money_came_in(registry: Sessions, code: str, environment: Path) -> None:
    with transaction(registry) as session:
        program = programs.load(session, programs.document(code))
        who, what = programs.people(session, program)["D1"], programs.goods(session, program, {"P": None})["P"]
        sell(session, program, [Sold("1", who, what, 1, 10_000_00)])
        shop = Shop(session, program, who)
        tent = shop.reward("tent", 500, cash_points=200, cash_minor=49_90)
        wanted = placing.Wanted("key", {tent: 1}, 200, ADDRESS, with_cash=frozenset({tent}), cash_minor=49_90)
        keys = Keys("a key of the tests")
        order = placing.place(session, keys, program, who, wanted, user_id=0, actor="ann@d1.example", now=NOW)
    of = ("orders", "paid", str(order), "--program", code)
    assert kontor(*of) == {"order": order, "paid_minor": 4990}
    assert CliRunner().invoke(main, list(of)).exit_code != 0
    assert CliRunner().invoke(main, ["orders", "paid", "999999999", "--program", code]).exit_code != 0


def test_what_was_delivered_comes_back_by_command_and_is_listed_as_that(
    app: Flask, registry: Sessions, code: str
) -> None:
    with transaction(registry) as session:
        program = programs.load(session, programs.document(code, program={"point": {"value": "0.10", "decimals": 2}}))
        who, what = programs.people(session, program)["D1"], programs.goods(session, program, {"P": None})["P"]
        sell(session, program, [Sold("1", who, what, 1, 10_000_00)])
        shop = Shop(session, program, who)
        shop.reward("tent", 350, stock=2)
        shop.reward("mug", 10)
        order = shop.order({"tent": 2, "mug": 1})
        shop.ordered(order)
        tent = next(number for number, line in enumerate(shop.lines(order), start=1) if line.name == "Reward tent")
        early = CliRunner().invoke(main, ["orders", "take-back", str(order), "--reason", "x", "--program", code])
        assert early.exit_code == output.NOT_FOUND, "nobody else sees an order that is not committed"
        shop.deliver(order)
    of = ("orders", "take-back", str(order), "--reason", "too small", "--program", code)
    assert kontor(*of, "--line", str(tent), "--pieces", "1", "--into-stock") == {"order": order, "points": 350}
    for wrong, exit_code in (
        (["--line", "3"], output.NOT_FOUND),
        (["--pieces", "1"], output.USAGE),
        (["--line", str(tent), "--pieces", "2"], output.REFUSED),
    ):
        assert CliRunner().invoke(main, [*of, *wrong]).exit_code == exit_code, wrong
    said = CliRunner().invoke(main, list(of))
    assert "3.60 points are back" in said.output
    (listed,) = kontor("orders", "--program", code)["orders"]  # type: ignore[misc]
    assert (listed["state"], listed["came_back"]) == ("cancelled", True)
    assert "came back" in CliRunner().invoke(main, ["orders", "--program", code]).output
    nothing = CliRunner().invoke(main, list(of))
    assert (nothing.exit_code, "nothing of the order can come back" in nothing.output) == (output.REFUSED, True)
