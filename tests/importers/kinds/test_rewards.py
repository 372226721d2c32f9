"""Rewards come from a file, with the season in which one costs something else."""

import datetime as dt
from typing import Any

from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.states import RewardKind
from app.exports.reward_sheet import COLUMNS, write_rewards
from app.models.programs import Program
from app.models.rewards import Reward, RewardAudience, RewardSeason
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


def seasons(desk: Desk) -> list[tuple[int, dt.date, dt.date]]:
    query = select(RewardSeason.points, RewardSeason.from_on, RewardSeason.until_on).join(Reward)
    with transaction(desk.registry) as session:
        of_program = query.where(Reward.program_id == desk.program_id).order_by(RewardSeason.from_on)
        return [(points, first, last) for points, first, last in session.execute(of_program)]


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
    summer = (400, dt.date(2026, 6, 1), dt.date(2026, 8, 31))
    assert seasons(desk) == [summer]
    assert rewards(desk)["R-2"].from_on == dt.date(2026, 1, 1)
    again = desk.run(file, "rewards")
    assert (again.counts["created"], again.counts["changed"]) == (0, 0)
    changed = desk.run(desk.csv(row("r-1", "Better drill", "600"), header=HEADER), "rewards")
    assert changed.counts["changed"] == 1
    first = rewards(desk)["R-1"]
    assert (first.name, first.points, first.kind) == ("Better drill", 600, RewardKind.VOUCHER)
    assert seasons(desk) == [summer], "what a row does not say stays"


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


def test_families_come_from_a_file_and_go_back_into_a_sheet(desk: Desk) -> None:
    names = {"code": "Kod", "name": "Nazwa", "points": "Punkty", "family": "Model", "variant": "Rozmiar"}
    desk.load(import_profiles={"rewards": {"columns": names}})
    found = desk.run(
        desk.csv(
            ("J-M", "Jacket M", "100", "Jacket", "M"),
            ("J-L", "Jacket L", "100", "Jacket", "L"),
            ("J-X", "Jacket X", "100", "Jacket", None),
            header=tuple(names.values()),
        ),
        "rewards",
    )
    assert desk.codes(found) == {4: ("refused", "reward_half_a_family")}
    assert {one.code: (one.family, one.variant) for one in rewards(desk).values()} == {
        "J-M": ("Jacket", "M"),
        "J-L": ("Jacket", "L"),
    }
    desk.load(import_profiles={"rewards": {"columns": COLUMNS}})
    sheet = desk.folder / "sheet.xlsx"
    with transaction(desk.registry) as session:
        write_rewards(sheet, session, session.get_one(Program, desk.program_id))
    again = desk.run(sheet, "rewards")
    assert (again.counts["lines_accepted"], again.counts["created"], again.counts["changed"]) == (2, 0, 0)


ALL = ("code", "name", "points", "kind", "cost", "price", "seasons", "groups", "tiers", "discount", "product_group")
WHOLE = {"columns": {name: name for name in (*ALL, "offered", "supplier")}}


def test_seasons_groups_and_prices_of_a_cost_come_with_a_row(desk: Desk) -> None:
    desk.load(import_profiles={"rewards": WHOLE}, rewards={"margin": 2_000, "tax": 2_300, "round_to": "10"})
    windows = "2026-12-01..2026-12-24 = 80; 2027-06-01..2027-06-30 = 90 (2027-05-01)"
    drill = ("R-1", "Drill", "1", "goods", "10.00", "computed", windows, "gold; silver", "top", None, None, "no", "Ace")
    off = ("R-2", "Ten off", "50", "discount", None, None, None, None, None, "10%", "tools", None, None)
    found = desk.run(desk.csv(drill, off, header=(*ALL, "offered", "supplier")), "rewards")
    assert found.counts["created"] == 2
    made = rewards(desk)
    # 10.00 x 1.2 x 1.23 = 14.76; a point is worth 0.10: 147.6, up to 150
    assert (made["R-1"].points, made["R-1"].offered, made["R-1"].supplier) == (150, False, "Ace")
    assert [points for points, _, _ in seasons(desk)] == [80, 90]
    assert (made["R-2"].discount_bp, made["R-2"].product_group_id is not None) == (1_000, True)


def test_what_does_not_fit_together_says_so(desk: Desk) -> None:
    desk.load(import_profiles={"rewards": WHOLE})
    blank = dict.fromkeys((*ALL, "offered", "supplier"))

    def row(code: str, **more: str) -> list[str | None]:
        return list((blank | {"code": code, "name": code, "points": "10"} | more).values())

    found = desk.run(
        desk.csv(
            row("1", price="computed"),
            row("2", kind="discount"),
            row("3", discount="5"),
            row("31", kind="discount", discount="0.1"),
            row("4", seasons="2026-12-01..2026-12-24 = 80; 2026-12-24..2026-12-31 = 90"),
            row("5", seasons="December: 80"),
            row("6", groups="bronze"),
            row("7", offered="perhaps"),
            header=tuple(blank),
        ),
        "rewards",
    )
    assert desk.codes(found) == {
        2: ("refused", "reward_no_cost"),
        3: ("refused", "reward_no_discount"),
        4: ("refused", "reward_not_a_discount"),
        5: ("refused", "no_such_value"),
        6: ("refused", "reward_seasons_overlap"),
        7: ("refused", "no_such_value"),
        8: ("held", "unknown_group"),
        9: ("refused", "no_such_value"),
    }


def test_a_tier_that_the_programme_does_not_have_is_held(desk: Desk) -> None:
    tiers = {"metric": "points", "window": "lifetime", "levels": [{"code": "Gold", "name": "Gold", "from": 100}]}
    desk.load(import_profiles={"rewards": WHOLE}, program={"tiers": tiers})
    blank = dict.fromkeys((*ALL, "offered", "supplier"))
    rows = [
        list((blank | {"code": code, "name": code, "points": "10", "tiers": named}).values())
        for code, named in (("R-1", "gold"), ("R-2", "gold; golden"), ("R-3", None))
    ]
    found = desk.run(desk.csv(*rows, header=tuple(blank)), "rewards")
    assert desk.codes(found) == {3: ("held", "no_such_value")}
    with transaction(desk.registry) as session:
        of_program = select(RewardAudience.tier).join(Reward).where(Reward.program_id == desk.program_id)
        assert list(session.scalars(of_program)) == ["Gold"]


def test_the_sheet_that_is_taken_away_changes_nothing_when_it_comes_back(desk: Desk) -> None:
    desk.load(import_profiles={"rewards": WHOLE}, rewards={"margin": 1_000})
    windows = "2026-12-01..2026-12-24 = 80"
    drill = ("R-1", "=Drill", "1", "goods", "10.00", "computed", windows, "gold", "top", None, None, "no", "Ace")
    off = ("R-2", "Ten off", "50", "discount", None, None, None, None, None, "12.5", "tools", None, None)
    desk.run(desk.csv(drill, off, header=(*ALL, "offered", "supplier")), "rewards")
    sheet = desk.folder / "sheet.xlsx"
    with transaction(desk.registry) as session:
        write_rewards(sheet, session, session.get_one(Program, desk.program_id))
    desk.load(import_profiles={"rewards": {"columns": COLUMNS}}, rewards={"margin": 1_000})
    again = desk.run(sheet, "rewards")
    assert (again.counts["lines_accepted"], again.counts["created"], again.counts["changed"]) == (2, 0, 0)
