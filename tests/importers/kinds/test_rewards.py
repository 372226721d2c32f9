"""Rewards come from a file, with the season in which one costs something else."""

import datetime as dt
from typing import Any

from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.states import RewardKind
from app.models.rewards import Reward
from tests.importers.driver import Desk

HEADER = ("code", "name", "points", "kind", "cost", "stock", "from", "until", "sp", "sf", "su")
FIELDS = (
    *("code", "name", "points", "kind", "cost", "stock", "from", "until"),
    *("season_points", "season_from", "season_until"),
)
PROFILE = {"columns": dict(zip(FIELDS, HEADER, strict=True)), "dates": "%d.%m.%Y", "decimal": ","}
SUMMER = ("400", "1.06.2026", "31.08.2026")


def row(code: str, name: str = "Drill", points: str | None = "500", **more: str) -> list[str | None]:
    cells: dict[str, Any] = {"code": code, "name": name, "points": points, **more}
    return [cells.get(field) for field in FIELDS]


def rewards(desk: Desk) -> dict[str, Reward]:
    with transaction(desk.registry) as session:
        found = session.scalars(select(Reward).where(Reward.program_id == desk.program_id)).all()
        session.expunge_all()
    return {one.code: one for one in found}


def test_rewards_are_created_and_changed_by_what_a_row_says(desk: Desk) -> None:
    desk.load(import_profiles={"rewards": PROFILE})
    season = dict(zip(("season_points", "season_from", "season_until"), SUMMER, strict=True))
    file = desk.csv(
        row("R-1", kind="Voucher", cost="149,90", stock="20", **season),
        row("R-2", "Mug", until="31.12.2026", **{"from": "1.01.2026"}),
        header=HEADER,
    )
    assert desk.run(file, "rewards").counts["created"] == 2
    first = rewards(desk)["R-1"]
    assert (first.kind, first.points, first.cost_minor, first.stock) == (RewardKind.VOUCHER, 500, 14_990, 20)
    assert (first.season_points, first.season_from_on, first.season_until_on) == (
        400,
        dt.date(2026, 6, 1),
        dt.date(2026, 8, 31),
    )
    assert rewards(desk)["R-2"].from_on == dt.date(2026, 1, 1)
    again = desk.run(file, "rewards")
    assert (again.counts["created"], again.counts["changed"]) == (0, 0)
    changed = desk.run(desk.csv(row("r-1", "Better drill", "600"), header=HEADER), "rewards")
    assert changed.counts["changed"] == 1
    first = rewards(desk)["R-1"]
    assert (first.name, first.points, first.kind, first.season_points) == ("Better drill", 600, RewardKind.VOUCHER, 400)


def test_what_makes_no_sense_says_so(desk: Desk) -> None:
    desk.load(import_profiles={"rewards": PROFILE})
    found = desk.run(
        desk.csv(
            row("1", points="0"),
            row("2", points="1,5"),
            row("3", kind="car"),
            row("4", season_points="400"),
            row("5", until="1.01.2026", **{"from": "2.01.2026"}),
            row("6", stock="-1"),
            row("7", **{"from": "31.02.2026"}),
            row("8", points=None),
            row("9", cost="1,999"),
            header=HEADER,
        ),
        "rewards",
    )
    assert desk.codes(found) == {
        2: ("refused", "no_such_value"),
        3: ("refused", "too_many_decimals"),
        4: ("refused", "no_such_value"),
        5: ("refused", "season_not_whole"),
        6: ("refused", "ends_before_it_begins"),
        7: ("refused", "no_such_value"),
        8: ("refused", "not_a_date"),
        9: ("refused", "missing"),
        10: ("refused", "too_many_decimals"),
    }
    assert rewards(desk) == {}
