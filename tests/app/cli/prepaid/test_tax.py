"""`kontor tax`: rules, what they would levy, statuses by day; what there is of a year without rewards."""

from pathlib import Path
from typing import Any

import pytest

from app.db.transaction import Sessions, transaction
from tests.app.cli.conftest import Desk
from tests.support import programs


@pytest.fixture
def taxed(desk: Desk, registry: Sessions) -> Desk:
    """A programme with a participant."""
    with transaction(registry) as session:
        programs.people(session, programs.load(session, desk.programme(tax={"pack": "PL"})), ["D1"])
    return desk


def test_rules_are_told_and_tried(taxed: Desk) -> None:
    here = ("--program", taxed.code)
    assert "PL-PREMIUM-SALE v1" in taxed.run("tax", "rules", *here).output
    listed = taxed.json("tax", "rules", *here)
    assert (listed["rules"][0]["code"], listed["rules"][0]["confirmed_by"]) == ("PL-PREMIUM-SALE", None)
    found = taxed.json("tax", "try", "5000.00", "private_person", *here)
    assert (found["compensation_minor"], found["forms"]) == (55_600, ["PIT-8AR"])
    told = taxed.run("tax", "try", "5000.00", "private_person", *here, "--on", "2026-03-01").output
    assert "tax paid back 556.00" in told
    assert "is not tax advice" in told
    assert "No tax rule for country PL" in taxed.error("tax", "try", "1.00", "own_employee", *here, code=3)
    assert "expected an amount" in taxed.error("tax", "try", "much", "company", *here, code=3)


def test_a_choice_of_the_programme_s_is_told_and_holds(desk: Desk, registry: Sessions) -> None:
    choices = [{"rule": "PL-DISTRIBUTOR-EMPLOYEE", "rate_bp": 3200}]
    with transaction(registry) as session:
        programs.load(session, desk.programme(tax={"pack": "PL", "choices": choices}))
    here = ("--program", desk.code)
    listed = {one["code"]: one["choice"] for one in desk.json("tax", "rules", *here)["rules"]}
    assert listed["PL-DISTRIBUTOR-EMPLOYEE"] == {"rate_bp": 3200, "borne_by": None}
    assert listed["PL-BUSINESS"] == {"rate_bp": None, "borne_by": None}
    assert "12 % / 32 %" not in desk.run("tax", "rules", *here).output
    tried = desk.json("tax", "try", "1000.00", "distributor_employee", *here)
    assert (tried["rate_bp"], tried["compensation_minor"]) == (3200, 47_059)


def test_a_status_is_noted_with_its_day_and_a_year_without_rewards_says_so(taxed: Desk, tmp_path: Path) -> None:
    here: tuple[Any, ...] = ("--program", taxed.code)
    new = ("tax", "status", "D1", "sole_trader", *here, "--from", "2026-02-01")
    assert "Say why" in taxed.error(*new, code=3)
    told = taxed.json(*new, "--reason", "its letter")["history"]
    assert [(one["status"], one["from"], one["until"]) for one in told] == [
        ("sole_trader", "2026-02-01", None),
        ("company", None, "2026-01-31"),
    ]
    assert "its letter" in taxed.run("tax", "status", "D1", *here).output
    assert "a new status" in taxed.error("tax", "status", "D1", *here, "--reason", "its letter", code=2)
    assert "no distributor 'D9'" in taxed.error("tax", "status", "D9", *here, code=4)
    assert taxed.json("tax", "year", "--year", "2026", *here) == {"rules": [], "forms": []}
    assert taxed.run("tax", "year", "--year", "2026", *here).exit_code == 0
    assert "no rewards in 2026" in taxed.error("tax", "statement", "D1", "--year", "2026", *here, code=4)
    archive = tmp_path / "all.zip"
    assert taxed.json("tax", "papers", "--year", "2026", "--out", archive, *here)["statements"] == 0
