"""Codes that a spreadsheet program took zeros from are new ones, and whoever brings them is told."""

import pytest

from importers.kinds.lost_zeros import lost_zeros
from tests.importers.driver import Desk

COLUMNS = {"code": "code", "name": "name"}


@pytest.mark.parametrize("kind", ["distributors", "products"])
def test_a_code_that_another_one_has_but_for_its_zeros_is_noticed(desk: Desk, kind: str) -> None:
    desk.load(import_profiles={kind: {"columns": COLUMNS}})
    first = desk.run(desk.xlsx(("0042", "North"), ("0043", "South"), ("A1", "West"), header=("code", "name")), kind)
    assert [one["code"] for one in first.warnings if one["code"] == "codes_but_for_zeros"] == []
    again = desk.xlsx((42, "North"), ("0043", "South"), (44, "East"), header=("code", "name"))
    for trial in (True, False):
        found = desk.run(again, kind, dry_run=trial)
        assert (found.counts["created"], found.counts["changed"]) == (2, 0)
        noticed = {one["code"]: one for one in found.warnings}["codes_but_for_zeros"]
        assert (noticed["count"], noticed["found"]) == (1, "2: 42 / 0042")


def test_two_rows_of_a_file_are_as_like_and_letters_keep_their_zeros() -> None:
    (found,) = lost_zeros({2: "007", 3: "7", 4: "0A1", 5: "A1", 6: "8"}, {"8", "08"})
    assert (found["count"], found["found"]) == (2, "2: 007 / 7, 3: 7 / 007")
    assert lost_zeros({2: "8"}, {"8", "08"}) == []
