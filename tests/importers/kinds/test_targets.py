"""Targets of single distributors come from a sheet, those of a published dataset as well."""

import csv
from collections import defaultdict
from pathlib import Path
from typing import Any

import openpyxl
from sqlalchemy import select

from app.config import Settings
from app.db.transaction import transaction
from app.models.distributors import Distributor
from app.models.promotions import PromotionStanding, PromotionTarget
from app.services.promotions import running
from importers.files.guard import judge
from importers.files.limits import Limits
from importers.layout.looks.proposing import propose
from importers.reading.reading import look_at
from tests.importers.driver import Desk

AUTUMN = {
    "code": "autumn",
    "name": "Autumn",
    "from": "2026-03-01",
    "until": "2026-11-30",
    "target": {"default": 50_000},
    "steps": [{"reach": 10_000, "reward": {"points": 100}}],
}
PIECES = {**AUTUMN, "code": "pieces", "metric": "quantity"}
PROFILE = {"columns": {"distributor": "code", "target": "target", "promotion": "promotion"}}
HEADER = ("code", "target", "promotion")


def targets_of(desk: Desk) -> dict[str, int]:
    with transaction(desk.registry) as session:
        rows = session.execute(
            select(Distributor.code, PromotionTarget.value)
            .join(Distributor, Distributor.id == PromotionTarget.distributor_id)
            .where(Distributor.program_id == desk.program_id)
        ).all()
    return dict(rows)


def test_targets_are_set_changed_and_taken_away(desk: Desk) -> None:
    desk.load(promotions=[AUTUMN], import_profiles={"targets": PROFILE})
    desk.people("D1", "D2")
    file = desk.csv(
        ("D1", "1000.50", None), ("D2", "700", "Autumn"), ("D9", "1", None), ("D1", "5", "spring"), header=HEADER
    )
    found = desk.run(file, "targets")
    assert (found.counts["created"], found.counts["changed"]) == (2, 0)
    assert desk.codes(found) == {4: ("held", "unknown_distributor"), 5: ("held", "no_such_value")}
    assert targets_of(desk) == {"D1": 1000_50, "D2": 700_00}
    again = desk.run(desk.csv(("D1", "900", None), ("D2", "0", None), header=HEADER), "targets")
    assert (again.counts["created"], again.counts["changed"]) == (0, 2)
    assert targets_of(desk) == {"D1": 900_00}


def test_a_target_in_thousands_is_found_and_read(desk: Desk) -> None:
    desk.load(promotions=[AUTUMN])
    desk.people("D1", "D2", "D3", "D4", "D5")
    rows = [("D1", "12,5 tys."), ("D2", "1,2 mln zł"), ("D3", "900,50"), ("D4", "3 tys. EUR"), ("D5", "pięć tys.")]
    file = desk.csv(*rows, header=("Kod klienta", "Cel"))
    seen = look_at(judge(file, file.name, Limits.of(Settings()), ["pl"]), file.name, "targets")
    desk.load(promotions=[AUTUMN], import_profiles={"targets": propose(seen).model_dump(mode="json", by_alias=True)})
    found = desk.run(file, "targets")
    assert targets_of(desk) == {"D1": 12_500_00, "D2": 1_200_000_00, "D3": 900_50}
    assert desk.codes(found) == {5: ("held", "other_currency"), 6: ("refused", "not_a_number")}
    assert [desk.problems(found.batch_id)[row][1][0]["found"] for row in (5, 6)] == ["'3 tys. EUR'", "'pięć tys.'"]


def test_a_target_in_another_currency_waits(desk: Desk) -> None:
    desk.load(promotions=[AUTUMN], import_profiles={"targets": PROFILE})
    desk.people("D1", "D2", "D3")
    rows = [("D1", "1000 EUR", None), ("D2", "700 zł", None), ("D3", "5 szt.", None)]
    found = desk.run(desk.csv(*rows, header=HEADER), "targets")
    assert desk.codes(found) == {2: ("held", "other_currency")}
    assert targets_of(desk) == {"D2": 700_00, "D3": 5_00}
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    page.append(HEADER)
    page.append(("D1", 900, None))
    page["B2"].number_format = "#,##0.00 [$€-407]"
    book.save(desk.folder / "targets.xlsx")
    assert desk.codes(desk.run(desk.folder / "targets.xlsx", "targets")) == {2: ("held", "other_currency")}


def test_a_target_that_a_row_above_contradicts_is_refused(desk: Desk) -> None:
    desk.load(promotions=[AUTUMN], import_profiles={"targets": PROFILE})
    desk.people("D1", "D2")
    rows = [("D1", "100", None), ("D1", "200", "autumn"), ("D2", "5", "autumn"), ("D2", "5", None)]
    found = desk.run(desk.csv(*rows, header=HEADER), "targets")
    assert desk.codes(found) == {3: ("refused", "said_otherwise")}
    assert (found.counts["created"], found.counts["duplicates"]) == (2, 1)
    assert targets_of(desk) == {"D1": 100_00, "D2": 5_00}


def test_a_distributor_coded_total_has_a_target(desk: Desk) -> None:
    desk.load(promotions=[AUTUMN], import_profiles={"targets": PROFILE})
    desk.people("D1", "Total")
    found = desk.run(desk.csv(("D1", "100", None), ("Total", "250", None), header=HEADER), "targets")
    assert found.counts["created"] == 2
    assert targets_of(desk) == {"D1": 100_00, "Total": 250_00}


def test_a_target_is_counted_as_its_promotion_counts(desk: Desk) -> None:
    desk.load(promotions=[AUTUMN, PIECES], import_profiles={"targets": PROFILE})
    desk.people("D1", "D2")
    rows = [("D1", "12", "pieces"), ("D2", "12.5", None), ("D2", "-3", "pieces")]
    found = desk.run(desk.csv(*rows, header=HEADER), "targets")
    assert targets_of(desk) == {"D1": 12_000}
    assert desk.codes(found) == {3: ("held", "no_such_value"), 4: ("refused", "no_such_value")}


def sellers(data: Path) -> dict[str, int]:
    """Give each seller's targets of all months together, in thousands."""
    found: dict[str, int] = defaultdict(int)
    with (data / "reseller_sales_adventureworks" / "ResellerSalesTargets.csv").open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            said = [row[f"M{month:02}"] for month in range(1, 13)]
            found[row["EmployeeID"]] += sum(int(one) for one in said if one and one != "NULL")
    return found


def test_the_targets_of_the_wheel_makers_sellers(desk: Desk, test_data: Path) -> None:
    told: dict[str, Any] = {**AUTUMN, "target": {}, "from": "2026-01-01", "until": "2026-12-31"}
    planned = {code: thousands for code, thousands in sellers(test_data).items() if thousands}
    assert len(planned) > 10
    desk.load(promotions=[told], import_profiles={"targets": PROFILE})
    desk.people(*planned)
    rows = [(code, f"{thousands}000", None) for code, thousands in planned.items()]
    found = desk.run(desk.csv(*rows, header=HEADER), "targets")
    assert found.counts["created"] == len(planned)
    assert targets_of(desk) == {code: thousands * 1_000_00 for code, thousands in planned.items()}
    running.run_due(desk.registry, desk.clock())
    with transaction(desk.registry) as session:
        standing = session.execute(
            select(Distributor.code, PromotionStanding.target)
            .join(Distributor, Distributor.id == PromotionStanding.distributor_id)
            .where(Distributor.program_id == desk.program_id)
        ).all()
    assert dict(standing) == targets_of(desk)
