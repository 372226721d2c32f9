"""Points, costs and targets in files of every kind are read by the signs that their columns prove; else it is asked."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from sqlalchemy import select

from app.config import Settings
from app.db.transaction import transaction
from app.domain.states import BatchStatus
from app.models.desk import AdjustmentRequest
from app.models.rewards import Reward
from importers.files.guard import judge
from importers.files.limits import Limits
from importers.layout.looks.proposing import Unanswered, propose
from importers.reading.reading import look_at
from tests.importers.driver import Desk, Row

REWARDS = ("Kod nagrody", "Nazwa", "Punkty", "Koszt")
ADJUSTMENTS = ("Kod klienta", "Punkty dodane", "Punkty odjęte", "Uwagi")


def proposed(
    desk: Desk, kind: str, header: Sequence[str], rows: Sequence[Row], answers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Give the profile that a look at a file proposes, as a programme keeps it."""
    path = desk.csv(*rows, header=header)
    seen = look_at(judge(path, path.name, Limits.of(Settings()), ["pl"]), path.name, kind)
    return propose(seen, answers).model_dump(mode="json", by_alias=True, exclude_defaults=True)


def points_asked(desk: Desk) -> list[int]:
    with transaction(desk.registry) as session:
        query = select(AdjustmentRequest.amount).where(AdjustmentRequest.program_id == desk.program_id)
        return list(session.scalars(query.order_by(AdjustmentRequest.id)))


def costs(desk: Desk) -> dict[str, tuple[int, int | None]]:
    with transaction(desk.registry) as session:
        query = select(Reward.code, Reward.points, Reward.cost_minor).where(Reward.program_id == desk.program_id)
        return {code: (points, cost) for code, points, cost in session.execute(query)}


@pytest.mark.parametrize(
    ("kind", "header", "row", "signs"),
    [
        ("rewards", REWARDS, ("R1", "Telewizor", "120 000", "1.999,00"), (",", ".")),
        ("rewards", REWARDS, ("R1", "Kubek", "100", "12.50"), (".", None)),
        ("targets", ("Kod klienta", "Cel"), ("D1", "12 500,50"), (",", None)),
        ("rates", ("Grupa produktów", "Grupa klientów", "Punkty"), ("tools", "gold", "2,5"), (",", None)),
        ("aliases", ("Nazwa u klienta", "Kod produktu", "Sztuk w jednostce"), ("Karton", "P1", "12,5"), (",", None)),
    ],
)
def test_signs_are_proved_in_files_of_every_kind(
    desk: Desk, kind: str, header: Sequence[str], row: Row, signs: tuple[str, str | None]
) -> None:
    desk.load()
    found = proposed(desk, kind, header, [row])
    assert (found.get("decimal", "."), found.get("thousands")) == signs


def test_points_that_may_be_one_or_a_thousand_are_asked_and_counted_as_was_said(desk: Desk) -> None:
    desk.load()
    desk.people("D1", "D2")
    rows: list[Row] = [("D1", "1.000", None, "training"), ("D2", None, "2.500", "returned")]
    with pytest.raises(Unanswered):
        proposed(desk, "adjustments", ADJUSTMENTS, rows)
    said = proposed(desk, "adjustments", ADJUSTMENTS, rows, {"decimal": ","})
    desk.document["import_profiles"]["adjustments"] = said
    desk.reload()
    assert desk.run(desk.csv(*rows, header=ADJUSTMENTS), "adjustments").counts["lines_accepted"] == 2
    assert points_asked(desk) == [1_000, -2_500]


def test_a_profile_that_leaves_it_to_the_file_stops_where_the_file_does_not_say(desk: Desk) -> None:
    columns = dict(zip(("distributor", "credit", "debit", "note"), ADJUSTMENTS, strict=True))
    desk.load(import_profiles={"adjustments": {"columns": columns, "decimal": "found"}})
    desk.people("D1")
    batch = desk.start(desk.csv(("D1", "1.000", None, "training"), header=ADJUSTMENTS), "adjustments")
    desk.work()
    assert desk.progress(batch).status is BatchStatus.FAILED
    assert "Punkty dodane" in str(desk.progress(batch).message)
    assert points_asked(desk) == []


@pytest.mark.parametrize("as_workbook", [False, True])
def test_costs_come_with_their_currency_and_another_one_is_held(desk: Desk, as_workbook: bool) -> None:
    columns = dict(zip(("code", "name", "points", "cost"), REWARDS, strict=True))
    desk.load(import_profiles={"rewards": {"columns": columns, "decimal": "found"}})
    rows = [("R1", "TV", "120 000", "1 999,00 zł"), ("R2", "Mug", "100", "12,50"), ("R3", "Bag", "200", "9,50 EUR")]
    write = desk.xlsx if as_workbook else desk.csv
    found = desk.run(write(*rows, header=REWARDS), "rewards")
    assert desk.codes(found) == {4: ("held", "other_currency")}
    assert costs(desk) == {"R1": (120_000, 199_900), "R2": (100, 1_250)}
