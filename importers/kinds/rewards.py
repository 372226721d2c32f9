"""Rewards from a file: prices, seasons in which one costs something else, and those it is for."""

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from app.domain.measures.money import smallest_units
from app.domain.program_file.tier_settings import Tiers
from app.domain.rewards.reward_prices import Season, read_seasons
from app.domain.states import Outcome, RewardKind
from app.domain.typed.codes import code_key
from app.services.goods import catalogue
from app.services.participants import distributors
from app.services.rewarding import rewards
from app.services.rewarding.rewards import RewardRow, RewardWrong
from importers.kinds.desk import Desk, Loaded
from importers.kinds.figures import counts_of, days_of, money_of, points_of
from importers.kinds.rows import Cells, ThingRows
from importers.problems.problems import Problems

_LARGEST_COUNT = 2**31 - 1
_CASH = (("cash_points", 1), ("cash", 1))
_YES, _NO = frozenset({"yes", "true", "1", "tak", "sí", "si", "да"}), frozenset({"no", "false", "0", "nie", "нет"})
_COMPUTED, _BY_HAND = frozenset({"computed", "cost"}), frozenset({"by hand", "hand"})


class _Figures(NamedTuple):
    """The figures and days of all rows, each by row."""

    points: dict[int, int]
    season_points: dict[int, int]
    cost: dict[int, int]
    cash_points: dict[int, int]
    cash: dict[int, int]
    stock: dict[int, int]
    per_person: dict[int, int]


class _Known(NamedTuple):
    """What rows may name."""

    distributor_groups: Mapping[str, int]
    product_groups: Mapping[str, int]
    tiers: Tiers


def load(desk: Desk, rows: ThingRows, problems: Problems) -> Loaded:
    """Create and change rewards; what a row leaves empty stays as it is."""
    read = _Figures(
        points_of(desk, rows, "points", problems),
        points_of(desk, rows, "season_points", problems),
        money_of(desk, rows, "cost", problems),
        points_of(desk, rows, "cash_points", problems),
        money_of(desk, rows, "cash", problems),
        counts_of(desk, rows, "stock", problems),
        counts_of(desk, rows, "per_person", problems),
    )
    days = {name: days_of(desk, rows, name, problems) for name in ("from", "until", "season_from", "season_until")}
    known = _Known(
        distributors.group_ids(desk.session, desk.program.id),
        catalogue.group_ids(desk.session, desk.program.id),
        desk.settings.tiers,
    )
    good: dict[int, RewardRow] = {}
    for row, cells in rows:
        _require_sense(row, cells, rows, read, problems)
        season = _season(row, cells, rows, read, days, problems)
        said = _Cells(row, cells, rows, problems, known)
        made = RewardRow(
            code=str(cells["code"]),
            name=str(cells["name"]),
            points=read.points.get(row),
            price_by_hand=said.either("price", _BY_HAND, _COMPUTED),
            kind=said.kind(),
            description=cells.get("description"),
            category=cells.get("category"),
            family=cells.get("family"),
            variant=cells.get("variant"),
            cost_minor=read.cost.get(row),
            cash_points=read.cash_points.get(row),
            cash_minor=read.cash.get(row),
            stock=read.stock.get(row),
            per_person=read.per_person.get(row),
            from_on=days["from"].get(row),
            until_on=days["until"].get(row),
            offered=said.either("offered", _YES, _NO),
            supplier=cells.get("supplier"),
            discount_bp=said.share("discount"),
            product_group_id=said.product_group(),
            season=season,
            seasons=said.seasons(desk.program.point_decimals),
            group_ids=said.groups(),
            tiers=said.tiers(),
        )
        if row not in problems.outcome:
            good[row] = made
    refused: dict[int, RewardWrong] = {}
    loaded = rewards.put_rewards(
        desk.session, desk.program, list(good.values()), actor=desk.actor, now=desk.now, refused=refused
    )
    for at, wrong in refused.items():
        problems.add(list(good)[at], Outcome.REFUSED, f"reward_{wrong.code}")
    return Loaded(*loaded)


def _season(
    row: int,
    cells: Cells,
    rows: ThingRows,
    read: _Figures,
    days: Mapping[str, Mapping[int, dt.date]],
    problems: Problems,
) -> Season | None:
    """Read the season that a row has in columns of its own, and require days in order."""
    for first, last in (("from", "until"), ("season_from", "season_until")):
        begins, ends = days[first].get(row), days[last].get(row)
        if begins is not None and ends is not None and begins > ends:
            field, found = rows.columns[last], repr(cells[last])
            problems.add(row, Outcome.REFUSED, "ends_before_it_begins", field=field, found=found)
    points, begins, ends = read.season_points.get(row), days["season_from"].get(row), days["season_until"].get(row)
    if points is not None and begins is not None and ends is not None:
        return Season(points, begins, ends)
    if points is not None or begins is not None or ends is not None:
        problems.add(row, Outcome.REFUSED, "season_not_whole")
    return None


class _Cells:
    """The cells of one row that are read by their words; what cannot be is a problem of the row."""

    def __init__(self, row: int, cells: Cells, rows: ThingRows, problems: Problems, known: _Known) -> None:
        """Take the row."""
        self._row, self._cells, self._rows, self._problems, self._known = row, cells, rows, problems, known

    def kind(self) -> RewardKind | None:
        """Read what a reward is."""
        text = self._cells.get("kind")
        if text is None:
            return None
        try:
            return RewardKind(text.casefold().replace("-", "_").replace(" ", "_"))
        except ValueError:
            self._wrong("kind", ", ".join(RewardKind))
            return None

    def either(self, field: str, yes: Collection[str], no: Collection[str]) -> bool | None:
        """Read one of two words."""
        text = (self._cells.get(field) or "").casefold()
        if not text:
            return None
        if text not in yes and text not in no:
            self._wrong(field, f"{sorted(yes)[-1]}, {sorted(no)[-1]}")
        return text in yes

    def share(self, field: str) -> int | None:
        """Read a percentage as basis points.

        A spreadsheet keeps what it shows as 10 % as the number 0.1: less than one is believed where it says percent.
        """
        written = self._cells.get(field) or ""
        text = written.removesuffix("%").strip()
        if not text:
            return None
        try:
            share_bp = smallest_units(Decimal(text.replace(",", ".")), 2)
        except (InvalidOperation, ValueError):
            share_bp = 0
        if not 0 < share_bp <= 10_000 or (share_bp < 100 and "%" not in written):
            self._wrong(field, "5, 10, 12.5, 0.5%")
        return share_bp

    def product_group(self) -> int | None:
        """Read the group of goods on which a discount is."""
        text = self._cells.get("product_group")
        return None if text is None else self._group(text, self._known.product_groups)

    def groups(self) -> list[int] | None:
        """Read the groups that a reward is for."""
        named = self.several("groups")
        if named is None:
            return None
        found = [self._group(one, self._known.distributor_groups) for one in named]
        return [one for one in found if one is not None]

    def tiers(self) -> list[str] | None:
        """Read the tiers that a reward is for. A programme that has none of its own takes what files call so."""
        named, levels = self.several("tiers"), self._known.tiers.levels
        if named is None or not levels:
            return named
        found = [(one, self._known.tiers.level(one)) for one in named]
        for one in (one for one, level in found if level is None):
            told = {"field": self._rows.columns["tiers"], "found": repr(one)}
            expected = ", ".join(level.code for level in levels)
            self._problems.add(self._row, Outcome.HELD, "no_such_value", expected=expected, **told)
        return [level.code for _, level in found if level is not None]

    def several(self, field: str) -> list[str] | None:
        """Read several codes, with semicolons between them."""
        text = self._cells.get(field)
        return None if text is None else [one for one in (part.strip() for part in text.split(";")) if one]

    def seasons(self, decimals: int) -> list[Season] | None:
        """Read all seasons of a reward from one cell."""
        text = self._cells.get("seasons")
        if text is None:
            return None
        try:
            return read_seasons(text, _points(decimals))
        except (ValueError, InvalidOperation):
            self._wrong("seasons", "2026-12-01..2026-12-24 = 80; 2027-06-01..2027-06-30 = 90")
            return None

    def _group(self, code: str, known: Mapping[str, int]) -> int | None:
        found = known.get(code_key(code))
        if found is None:
            self._problems.add(self._row, Outcome.HELD, "unknown_group", found=repr(code))
        return found

    def _wrong(self, field: str, expected: str) -> None:
        said: dict[str, Any] = {"field": self._rows.columns[field], "found": repr(self._cells[field])}
        self._problems.add(self._row, Outcome.REFUSED, "no_such_value", expected=expected, **said)


def _points(decimals: int) -> Callable[[str], int]:
    return lambda text: smallest_units(Decimal(text.replace(",", ".")), decimals)


def _require_sense(row: int, cells: Cells, rows: ThingRows, read: _Figures, problems: Problems) -> None:
    """Refuse prices below 1, counts below 0, limits below 1."""
    for field, least in (("points", 1), ("season_points", 1), ("cost", 0), ("stock", 0), ("per_person", 1), *_CASH):
        value = getattr(read, field).get(row)
        counted = field in ("stock", "per_person")
        if value is not None and (value < least or (counted and value > _LARGEST_COUNT)):
            name, found = rows.columns[field], repr(cells[field])
            expected = f"{least}, {least + 1}, {least + 2}"
            problems.add(row, Outcome.REFUSED, "no_such_value", field=name, found=found, expected=expected)
