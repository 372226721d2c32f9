"""What a programme's desk does by hand, and what it cannot do."""

import pytest

from tests.app.cli.conftest import Desk
from tests.support import programs

HEAD = "number,date,distributor,product,quantity,net,total\n"


@pytest.fixture
def stocked(desk: Desk) -> Desk:
    """A desk with one invoice that counted and one that waits, of D1, who is created by it."""
    profile = {**programs.SALES_PROFILE, "columns": {**programs.SALES_PROFILE["columns"], "document_total": "total"}}
    profile |= {"unknown_distributor": "create", "unknown_product": "create"}
    desk.load(desk.programme(import_profiles={"sales": profile}))
    rows = "A,2026-01-02,D1,P1,1,100.00,\nB,2026-01-02,D1,P1,1,50.00,60.00\n"
    told = desk.import_(HEAD + rows)
    assert (told["lines_accepted"], told["lines_held"], told["points_awarded"]) == (1, 1, 15)
    return desk


def test_what_nobody_has_is_not_found(stocked: Desk) -> None:
    of = "--program", stocked.code
    assert stocked.error("statement", "D9", *of, code=4) == "No distributor has the code 'D9'."
    assert stocked.error("explain", "Z", *of, code=4) == "No document has the number 'Z'."
    assert "see `kontor documents`" in stocked.error("decide", "999999999", "accept", *of, "--reason", "x", code=4)
    assert "see `kontor imports list`" in stocked.error("imports", "resume", "999999999", code=4)
    assert "see `kontor convert list`" in stocked.error("convert", "show", "999999999", code=4)
    assert "'D9'" in stocked.error("adjust", "D9", "5", *of, "--reason", "x", code=4)
    assert "'D9'" in stocked.error("cards", "issue", *of, "--distributor", "D9", code=4)


def test_a_decision_needs_a_document_that_waits_and_a_reason(stocked: Desk) -> None:
    of = "--program", stocked.code
    [waiting] = stocked.json("documents", *of)["documents"]
    number = str(waiting["id"])
    assert stocked.error("decide", number, "accept", *of, "--reason", " ", code=3) == "A decision needs a reason."
    assert "'perhaps'" in stocked.error("decide", number, "perhaps", *of, "--reason", "x", code=2)
    assert stocked.json("decide", number, "accept", *of, "--reason", "checked") == {
        "document": waiting["id"],
        "status": "accepted",
    }
    said = stocked.error("decide", number, "accept", *of, "--reason", "again", code=3)
    assert said == f"Document {number} is accepted: it cannot become accepted."
    stocked.load(stocked.programme(program={"code": f"{stocked.code}-too"}))
    other = "--program", f"{stocked.code}-too"
    assert "has no document" in stocked.error("decide", number, "refuse", *other, "--reason", "x", code=4)


@pytest.mark.parametrize("amount", ["1.5", "some", "10000000000000000000", "-1000000000000001"])
def test_an_adjustment_is_a_whole_number_that_the_ledger_holds(stocked: Desk, amount: str) -> None:
    said = stocked.error("adjust", "--program", stocked.code, "--reason", "x", "--", "D1", amount, code=2)
    assert "AMOUNT" in said
    assert amount in said


def test_an_adjustment_needs_an_amount_and_a_reason_and_is_made_once(stocked: Desk) -> None:
    of = "--program", stocked.code
    assert "amount" in stocked.error("adjust", "D1", "0", *of, "--reason", "x", code=3)
    assert "reason" in stocked.error("adjust", "D1", "5", *of, "--reason", "", code=3)
    assert "--reason" in stocked.error("adjust", "D1", "5", *of, code=2)
    key = f"key-{stocked.code}"
    assert stocked.json("adjust", "d1", "5", *of, "--reason", "x", "--key", key)["adjusted"] == 5
    assert repr(key) in stocked.error("adjust", "D1", "5", *of, "--reason", "x", "--key", key, code=3)
    [account] = stocked.json("balances", *of)["accounts"]
    assert (account["available"], account["pending"], account["adjusted"]) == (15, 5, 5)


def test_a_file_that_cannot_be_written_is_told_with_its_place(stocked: Desk) -> None:
    in_the_way = stocked.file("not-a-folder", "x") / "top-ups.csv"
    period = "--program", stocked.code, "--from", "2026-01-01", "--to", "2026-12-31"
    said = stocked.error("export", "top-ups", *period, "--out", in_the_way, code=3)
    assert str(in_the_way) in said
    assert said.endswith("name another place.")


def test_the_kind_of_a_file_is_as_its_name_ends_unless_it_is_said(stocked: Desk) -> None:
    period = "--program", stocked.code, "--from", "2026-01-01", "--to", "2026-12-31"
    nowhere = stocked.folder / "new" / "a.csv"
    assert "cannot be written" in stocked.error("export", "top-ups", *period, "--out", nowhere, code=3)
    assert not nowhere.parent.exists(), "no command makes a folder that was only mistyped"
    assert "end it as xlsx, csv, pdf" in stocked.error("export", "top-ups", *period, "--out", "a.doc", code=2)
    told = stocked.json("export", "top-ups", *period, "--out", stocked.folder / "a.CSV")
    assert (told["format"], told["rows"]) == ("csv", 0)
    told = stocked.json("export", "top-ups", *period, "--out", stocked.folder / "b.xlsx")
    assert told["format"] == "xlsx"
    assert (stocked.folder / "b.xlsx").read_bytes().startswith(b"PK")
    assert stocked.json("export", "top-ups", *period)["format"] == "xlsx"


@pytest.mark.parametrize(
    ("option", "value", "said", "ends_with"),
    [
        ("--status", "nonsense", "'nonsense' is not one of 'reserved', 'ordered'", 2),
        ("--kind", "goods", "'goods' is not one of 'reward', 'compensation'", 2),
        ("--language", "xx", "'xx' is not one of 'en', 'pl', 'es', 'ru'", 2),
        ("--card", "99999", "'99999' is not the last four digits of a card.", 2),
        ("--run", "first", "'first' is not a valid integer range.", 2),
        ("--columns", "day,nope", "--columns: 'nope' is not known; there are: day, ", 3),
        ("--distributor", "D99", "--distributor: 'D99' is not known.", 3),
        ("--sponsor", "Nobody", "No programme is of the sponsor 'Nobody'; there are: ", 4),
    ],
)
def test_what_narrows_an_export_is_known_or_told_with_what_there_is(
    stocked: Desk, option: str, value: str, said: str, ends_with: int
) -> None:
    of = ("--from", "2026-01-01", "--to", "2026-12-31", "--program", stocked.code)
    assert said in stocked.error("export", "top-ups", *of, option, value, code=ends_with)


def test_a_history_is_narrowed_by_what_its_rows_have(stocked: Desk) -> None:
    of = ("--from", "2026-01-01", "--to", "2026-12-31", "--program", stocked.code)
    assert "No such option '--card'" in stocked.error("export", "ledger", *of, "--card", "4242", code=2)
