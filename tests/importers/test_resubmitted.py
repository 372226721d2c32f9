"""Last month's invoices under other spellings of their numbers, as a distributor sent them again: none counts twice."""

import json
from pathlib import Path
from typing import Any

from tests.importers.driver import Desk

FEBRUARY, MARCH = "08a_pl_february.csv", "08b_pl_march_with_resubmitted_february.csv"


def told(reports: Path, name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((reports / "expected" / f"{name}.json").read_text())
    return document


def test_every_invoice_that_is_sent_again_under_another_spelling_is_caught(desk: Desk, reports: Path) -> None:
    february, march = told(reports, FEBRUARY), told(reports, MARCH)
    lines = [*february["lines"], *march["lines"]]
    desk.load(program={"starts_on": "2019-01-01", "ends_on": "2019-12-31"})
    desk.people(*sorted({one["customer"] for one in lines}))
    desk.goods(**{one["product_code"]: None for one in lines})

    def sent(report: dict[str, Any]) -> Path:
        rows = [
            (one["invoice_no"], one["date"], one["customer"], one["product_code"], one["qty"], one["value"])
            for one in report["lines"]
        ]
        return desk.csv(*rows)

    desk.run(sent(february))
    before = desk.documents()
    found = desk.run(sent(march))
    again = march["resubmitted_of"]
    repeated = sum(1 for one in march["lines"] if one["invoice_no"] in again)
    caught = found.counts["duplicates"] + found.counts["lines_held"]
    assert (repeated, caught) == (len(again), len(again))
    assert found.counts["lines_accepted"] == march["n_lines"] - repeated
    # an invoice of which not all lines came again is another one, and somebody looks at it
    assert {why for _, why in desk.codes(found).values()} == {"changed_document"}
    new = {one["invoice_no"] for one in march["lines"]} - set(again)
    assert {number for number, _ in desk.documents().keys() - before.keys()} == new
