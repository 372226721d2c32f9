"""A scenario from the command line, and every number explained there: from a balance down to file and row."""

from pathlib import Path

import pytest
import yaml

from tests.app.cli.conftest import Desk
from tests.support import programs
from tests.support.programs import BASE_RULE

HEAD = "number,date,distributor,product,quantity,net\n"


@pytest.fixture
def stocked(desk: Desk) -> Desk:
    profile = {**programs.SALES_PROFILE, "unknown_distributor": "create", "unknown_product": "create"}
    desk.load(desk.programme(import_profiles={"sales": profile}))
    desk.import_(f"{HEAD}A,2026-01-02,D1,P1,1,100.00\nB,2026-02-02,D2,P1,1,50.00\n")
    return desk


def test_a_period_is_replayed_under_the_rules_of_a_file(stocked: Desk, tmp_path: Path) -> None:
    of, file = ("--program", stocked.code), tmp_path / "draft.yaml"
    file.write_text(yaml.safe_dump(programs.document(stocked.code, earning_rules=[dict(BASE_RULE, points=3)])))
    told = stocked.json("simulate", file, *of)
    assert (told["total"]["drafted"], told["total"]["given"]) == (45, 15)
    assert (told["total"]["winners"], told["total"]["losers"], told["total"]["unpaid_lines"]) == (2, 0, 0)
    assert told["throughout"] == []
    later = [dict(BASE_RULE, points=3, valid_from="2026-02-01")]
    file.write_text(yaml.safe_dump(programs.document(stocked.code, earning_rules=later)))
    told = stocked.json("simulate", file, *of)
    assert told["total"]["drafted"] == 45, "it judges every day of the period"
    named = {"code": BASE_RULE["code"], "name": BASE_RULE["name"], "valid_from": "2026-02-01"}
    assert told["throughout"] == [named]
    assert stocked.json("simulate", file, *of, "--from", "2026-02-01")["throughout"] == [], "it began by then"
    assert "as if it had held all the period; it holds from 2026-02-01" in stocked.run("simulate", file, *of).output
    assert [(row["name"], row["drafted"]) for row in told["rules"]] == [(BASE_RULE["name"], 45)]
    promotion = {
        "code": "spring",
        "name": "Spring",
        "from": "2026-01-01",
        "until": "2026-06-30",
        "target": {"default": 90},
        "steps": [{"reach": 10_000, "reward": {"points": 7}}],
    }
    tiers = {"levels": [{"code": "red", "name": "Red", "from": 20}]}
    more = programs.document(stocked.code, promotions=[promotion], program={"tiers": tiers})
    file.write_text(yaml.safe_dump(more))
    told = stocked.json("simulate", file, *of)
    (spring,) = told["promotions"]
    assert (spring["drafted"], spring["given"], spring["drafted_cost"], spring["rewarded"]) == (7, 0, 70, 1)
    assert told["tiers"] == [{"name": "", "drafted": 2, "given": 2}, {"name": "Red", "drafted": 0, "given": 0}]
    shown = stocked.run("simulate", file, *of).output
    assert "Spring" in shown
    assert "Would be in it" in shown
    told = stocked.json("simulate", "--published", *of, "--from", "2026-02-01", "--to", "2026-02-28")
    assert (told["total"]["drafted"], told["total"]["given"]) == (5, 5)
    shown = stocked.run("simulate", "--drafts", *of, "--name", "drafts").output
    assert "would give 15 points, gave 15" in shown
    assert stocked.json("balances", *of)["accounts"][0]["available"] == 10


def test_what_cannot_be_replayed_is_said(stocked: Desk, tmp_path: Path) -> None:
    of = ("--program", stocked.code)
    assert "Name a programme file" in stocked.error("simulate", *of, code=2)
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(yaml.safe_dump(programs.document(stocked.code, earning_rules=[dict(BASE_RULE, step=0)])))
    assert "earning_rules[0].step" in stocked.error("simulate", wrong, *of, code=3)
    backwards = ("--from", "2026-03-01", "--to", "2026-02-01")
    assert "before it begins" in stocked.error("simulate", "--published", *of, *backwards, code=3)


def test_a_balance_is_explained_down_to_file_and_row(stocked: Desk) -> None:
    of = ("--program", stocked.code)
    told = stocked.json("explain", "--balance", "D1", *of)
    (part,) = told["parts"]
    assert part["says"].endswith("10 points for document A of 2026-01-02")
    assert part["lines"] == [
        f"line 1, P1 (row 2 of {part['file']}): base v1: 1 × floor(100.00 PLN / 10.00) = 10 points for this line"
    ]
    stocked.run("adjust", "D1", "5", *of, "--reason", "a fair")
    lot = str(part["lot"])
    assert "10 points for document A" in stocked.run("explain", "--lot", "D1", lot, *of).output
    assert "Which" not in stocked.run("explain", "--movement", "D1", lot, *of).output
    assert stocked.error("explain", "--lot", "D2", lot, *of, code=4) == "There is no such thing in this programme."
    assert "Name one thing" in stocked.error("explain", *of, code=2)
    assert "is no number" in stocked.error("explain", "--lot", "D1", "x", *of, code=2)
    assert stocked.error("explain", "--top-up", "X", *of, code=4) == "There is no such thing in this programme."
