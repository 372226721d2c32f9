"""Finance's books from the command line: what was owed, months closed and opened by two people."""

from pathlib import Path

import openpyxl

from tests.app.cli.conftest import Desk
from tests.support import programs

ROWS = "number,date,distributor,product,quantity,net\nA,2026-01-02,D1,P1,1,100.00\nB,2026-02-02,D2,P1,1,50.00\n"


def test_what_was_owed_is_told_and_months_are_closed_and_opened_by_two_people(desk: Desk, tmp_path: Path) -> None:
    profile = {**programs.SALES_PROFILE, "unknown_distributor": "create", "unknown_product": "create"}
    desk.load(desk.programme(import_profiles={"sales": profile}))
    desk.import_(ROWS)
    of = ("--program", desk.code)
    assert [desk.json("liability", *of, "--on", day)["points"] for day in ("2026-01-31", "2026-02-28")] == [10, 15]
    book = tmp_path / "books.xlsx"
    told = desk.json("liability", *of, "--xlsx", str(book))
    assert (told["points"], told["breakage"], sum(one["points"] for one in told["parts"])) == (15, None, 15)
    assert openpyxl.load_workbook(book).sheetnames == ["Owed", "Months"]
    assert desk.json("periods", "close", "2026-02", *of, "--by", "fin")["closed"] == ["2026-01", "2026-02"]
    assert "nothing to close" in desk.error("periods", "close", "2026-02", *of, code=3)
    seen = {one["month"]: one["state"] for one in desk.json("periods", "list", *of)["months"]}
    assert (seen["2026-01"], seen["2026-02"]) == ("closed", "closed")
    desk.import_("number,date,distributor,product,quantity,net\nC,2026-01-09,D1,P1,1,70.00\n")
    assert desk.json("liability", *of, "--on", "2026-01-31")["points"] == 10
    assert desk.json("liability", *of, "--on", "2026-03-31")["points"] == 22
    assert desk.json("periods", "ask", *of, "--why", "a mistake", "--by", "fin")["state"] == "asked"
    assert "does not agree" in desk.error("periods", "decide", "open", *of, "--by", "fin", code=3)
    assert desk.json("periods", "decide", "open", *of, "--by", "boss") == {"month": "2026-02", "state": "open"}
    checked = desk.json("ledger", "check")
    assert checked["problems"] == []
    said = desk.run("ledger", "check").stdout
    assert ("newer than the seal" in said) == (checked["unsealed"] > 0)
