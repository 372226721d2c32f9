"""Rewards from a file, with the season in which one costs something else."""

from typing import NamedTuple

from app.domain.states import Outcome, RewardKind
from app.services import rewards
from app.services.rewards import RewardRow, Season
from importers.kinds.desk import Desk, Loaded
from importers.kinds.figures import counts_of, days_of, money_of, points_of
from importers.kinds.rows import Cells, ThingRows
from importers.problems import Problems

_LARGEST_COUNT = 2**31 - 1


class _Figures(NamedTuple):
    """The figures and days of all rows, each by row."""

    points: dict[int, int]
    season_points: dict[int, int]
    cost: dict[int, int]
    stock: dict[int, int]
    per_person: dict[int, int]


def load(desk: Desk, rows: ThingRows, problems: Problems) -> Loaded:
    """Create and change rewards; what a row leaves empty stays as it is."""
    read = _Figures(
        points_of(desk, rows, "points", problems),
        points_of(desk, rows, "season_points", problems),
        money_of(desk, rows, "cost", problems),
        counts_of(desk, rows, "stock", problems),
        counts_of(desk, rows, "per_person", problems),
    )
    days = {name: days_of(desk, rows, name, problems) for name in ("from", "until", "season_from", "season_until")}
    good: list[RewardRow] = []
    for row, cells in rows:
        kind = _kind(row, cells, rows, problems)
        _require_sense(row, cells, rows, read, problems)
        season = [read.season_points.get(row), days["season_from"].get(row), days["season_until"].get(row)]
        whole = all(one is not None for one in season)
        if not whole and any(one is not None for one in season):
            problems.add(row, Outcome.REFUSED, "season_not_whole")
        for first, last in (("from", "until"), ("season_from", "season_until")):
            begins, ends = days[first].get(row), days[last].get(row)
            if begins is not None and ends is not None and begins > ends:
                field, found = rows.columns[last], repr(cells[last])
                problems.add(row, Outcome.REFUSED, "ends_before_it_begins", field=field, found=found)
        if row in problems.outcome:
            continue
        good.append(
            RewardRow(
                code=str(cells["code"]),
                name=str(cells["name"]),
                points=read.points[row],
                kind=kind,
                description=cells.get("description"),
                category=cells.get("category"),
                cost_minor=read.cost.get(row),
                stock=read.stock.get(row),
                per_person=read.per_person.get(row),
                from_on=days["from"].get(row),
                until_on=days["until"].get(row),
                season=Season(*season) if whole else None,  # type: ignore[arg-type]  # none of them is None
            )
        )
    return Loaded(*rewards.put_rewards(desk.session, desk.program, good, actor=desk.actor, now=desk.now))


def _kind(row: int, cells: Cells, rows: ThingRows, problems: Problems) -> RewardKind | None:
    text = cells.get("kind")
    if text is None:
        return None
    try:
        return RewardKind(text.casefold().replace("-", "_").replace(" ", "_"))
    except ValueError:
        expected = ", ".join(RewardKind)
        field = rows.columns["kind"]
        problems.add(row, Outcome.REFUSED, "no_such_value", field=field, found=repr(text), expected=expected)
        return None


def _require_sense(row: int, cells: Cells, rows: ThingRows, read: _Figures, problems: Problems) -> None:
    """Refuse prices below 1, counts below 0, limits below 1."""
    for field, least in (("points", 1), ("season_points", 1), ("cost", 0), ("stock", 0), ("per_person", 1)):
        value = getattr(read, field).get(row)
        counted = field in ("stock", "per_person")
        if value is not None and (value < least or (counted and value > _LARGEST_COUNT)):
            name, found = rows.columns[field], repr(cells[field])
            expected = f"{least}, {least + 1}, {least + 2}"
            problems.add(row, Outcome.REFUSED, "no_such_value", field=name, found=found, expected=expected)
