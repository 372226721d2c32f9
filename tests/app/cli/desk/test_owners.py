"""Whose points they are, from the command line: given, shared, merged."""

import pytest

from tests.app.cli.conftest import Desk
from tests.support import programs

HEAD = "number,date,distributor,product,quantity,net\n"


@pytest.fixture
def stocked(desk: Desk) -> Desk:
    profile = {**programs.SALES_PROFILE, "unknown_distributor": "create", "unknown_product": "create"}
    settings = {"accounts": {"transfers": {"asked_by": "administrators"}}}
    desk.load(desk.programme(import_profiles={"sales": profile}, program=settings))
    desk.import_(HEAD + "A,2026-01-02,D1,P1,1,100.00\nB,2026-01-02,D2,P1,1,50.00\nB,2026-01-02,D3,P1,1,70.00\n")
    return desk


def available(desk: Desk) -> dict[str, int]:
    told = desk.json("balances", "--program", desk.code)["accounts"]
    return {one["distributor"]: one["available"] for one in told}


def test_points_are_given_shared_and_merged(stocked: Desk) -> None:
    of = ("--program", stocked.code)
    asked = stocked.json("accounts", "transfer", "ask", "D1", "D2", "4", *of, "--note", "help", "--by", "ann")
    number = str(asked["transfer"])
    [waits] = stocked.json("accounts", "transfer", "list", "--state", "waiting", *of)["transfers"]
    assert (str(waits["transfer"]), waits["giver"], waits["receiver"], waits["amount"]) == (number, "D1", "D2", 4)
    assert "second person" in stocked.error(
        "accounts", "transfer", "decide", number, "approve", *of, "--by", "ann", code=3
    )
    stocked.json("accounts", "transfer", "decide", number, "approve", *of, "--by", "ben")
    assert available(stocked) == {"D1": 6, "D2": 9, "D3": 7}
    pool = str(stocked.json("accounts", "pool", "open", "South", "D1", *of)["pool"])
    assert stocked.json("accounts", "pool", "join", pool, "D2", "--look", *of)["available"] == 9
    stocked.json("accounts", "pool", "join", pool, "D2", *of)
    assert available(stocked) == {"D1": 15, "D2": 0, "D3": 7}
    assert stocked.json("accounts", "transfer", "list", "--state", "waiting", *of)["transfers"] == []
    assert "approved" in stocked.run("accounts", "transfer", "list", *of).stdout
    [one] = stocked.json("accounts", "pool", "list", *of)["pools"]
    assert (str(one["pool"]), one["name"], one["holder"], one["members"]) == (pool, "South", "D1", 2)
    told = stocked.json("accounts", "pool", "show", pool, *of)["members"]
    assert {one["distributor"]: one["earned"] for one in told} == {"D1": 6, "D2": 9}
    shared = stocked.json("statement", "D1", *of)["movements"]
    assert sum(one["available"] for one in shared if one["whose"] == "D2") == 9
    assert "Whose" in stocked.run("statement", "D1", *of).stdout
    assert "Whose" not in stocked.run("statement", "D3", *of).stdout
    assert stocked.json("accounts", "pool", "leave", pool, "D2", *of)["available"] == 9
    stocked.json("accounts", "pool", "close", pool, *of)
    seen = stocked.json("accounts", "merge", "look", "D3", "D2", *of)
    [both] = seen["twice"]
    assert (both["number"], both["same"]) == ("B", False)
    asked = ("accounts", "merge", "ask", "D3", "D2", *of, "--note", "one firm", "--by", "ann")
    assert "say which one counts" in stocked.error(*asked, code=3)
    made = str(stocked.json(*asked, "--keep", f"{both['document']}=merged")["merge"])
    stocked.json("accounts", "merge", "decide", made, "approve", *of, "--by", "ben")
    [merged] = stocked.json("accounts", "merge", "list", "--state", "done", *of)["merges"]
    assert (str(merged["merge"]), merged["merged"], merged["survivor"]) == (made, "D3", "D2")
    assert available(stocked) == {"D1": 6, "D2": 11, "D3": 0}
    stocked.import_(HEAD + "C,2026-01-03,D3,P1,1,30.00\n")
    assert available(stocked) == {"D1": 6, "D2": 14, "D3": 0}
    assert stocked.json("ledger", "check")["problems"] == []
