"""The catalogue of rewards: what can be had for points, at which price, when, by whom."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from app.domain.measures.money import smallest_units
from app.domain.program_file.rewards_settings import RewardsPart
from app.domain.rewards.reward_prices import Formula, Season, overlapping
from app.domain.saying.sorting import sort_key
from app.domain.states import RewardKind
from app.domain.typed.codes import code_key
from app.models.programs import Program
from app.models.rewards import Reward, RewardAudience, RewardSeason
from app.services import audit


class RewardWrong(ValueError):
    """What is said of a reward does not fit together; the code says in what."""

    def __init__(self, code: str, **found: Any) -> None:
        """Say what is wrong.

        ``no_price``, ``no_cost``, ``half_in_cash``, ``half_a_family``, ``seasons_overlap``, ``no_discount``,
        ``not_a_discount``.
        """
        super().__init__(code, found)
        self.code = code
        self.found = found


@dataclass(frozen=True)
class RewardRow:
    """What is said of a reward. What is None is not said: it stays as it is.

    ``seasons`` are all that it has; ``season`` is one more, in the place of one that begins the same day.
    """

    code: str
    name: str
    points: int | None = None
    price_by_hand: bool | None = None
    kind: RewardKind | None = None
    description: str | None = None
    category: str | None = None
    family: str | None = None
    variant: str | None = None
    cost_minor: int | None = None
    cash_points: int | None = None
    cash_minor: int | None = None
    stock: int | None = None
    per_person: int | None = None
    from_on: dt.date | None = None
    until_on: dt.date | None = None
    offered: bool | None = None
    supplier: str | None = None
    discount_bp: int | None = None
    product_group_id: int | None = None
    season: Season | None = None
    seasons: Sequence[Season] | None = None
    group_ids: Collection[int] | None = None
    tiers: Collection[str] | None = None


_PLAIN = tuple(
    field.name for field in fields(RewardRow) if field.name not in ("code", "season", "seasons", "group_ids", "tiers")
)
"""What stands in the reward's own row."""

_BLANK = dict.fromkeys(_PLAIN) | {"price_by_hand": True, "kind": RewardKind.GOODS, "offered": True}


@dataclass(frozen=True)
class _Whole:
    """All of a reward: its own row, its seasons by their first day, those it is for."""

    plain: Mapping[str, Any]
    seasons: Mapping[dt.date, Season]
    group_ids: frozenset[int] = frozenset()
    tiers: frozenset[str] = frozenset()


def settings_of(program: Program) -> RewardsPart:
    """Give what a programme says about its rewards."""
    return RewardsPart.model_validate(program.rewards)


def formula_of(program: Program) -> Formula:
    """Give how a programme makes a price of a cost."""
    said = settings_of(program)
    step = smallest_units(said.round_to, program.point_decimals) if said.round_to is not None else 1
    return Formula(program.point_value_micro, said.margin, said.tax, step)


def put_rewards(
    session: Session,
    program: Program,
    rows: Sequence[RewardRow],
    *,
    actor: str,
    now: dt.datetime,
    refused: dict[int, RewardWrong] | None = None,
) -> tuple[int, int]:
    """Create rewards, and change those that are here with other content. Returns (created, changed).

    Rows that do not fit together are left out and noted in ``refused``, by their place. The caller commits.

    Raises:
        RewardWrong: Where nobody asks for those that are refused.
    """
    here = {
        one.code_key: one
        for one in session.scalars(
            # in the order in which everybody locks rewards
            select(Reward)
            .where(Reward.program_id == program.id)
            .order_by(Reward.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
    was_of = _wholes(session, list(here.values()))
    formula = formula_of(program)
    created = changed = 0
    days = settings_of(program).announced_days
    for at, row in enumerate(rows):
        known = here.get(code_key(row.code))
        was = was_of[known.id] if known is not None else _Whole(_BLANK, {})
        try:
            whole = _priced(_merged(row, was, days), formula)
        except RewardWrong as wrong:
            if refused is None:
                raise
            refused[at] = wrong
            continue
        if known is None:
            made = here[code_key(row.code)] = _create(session, program, row.code, whole, now)
            was_of[made.id] = whole
            created += 1
        elif whole != was:
            _change(session, known.id, was, whole, program.locale, now)
            changed += 1
    if created or changed:
        after = {"created": created, "changed": changed}
        audit.note(session, actor, "rewards.put", program.code, now=now, program_id=program.id, after=after)
    session.expire_all()
    return created, changed


def save(
    session: Session,
    program: Program,
    reward_id: int | None,
    row: RewardRow,
    *,
    actor: str,
    now: dt.datetime,
    stock_stays: bool = False,
) -> int:
    """Keep a reward as an editor says it, all of it: what is None is none. Returns its id. The caller commits.

    ``stock_stays``: nobody changed it; what was ordered since the editor was shown it is gone from it all the same.

    Raises:
        RewardWrong: What is said does not fit together, or another reward has the code (``code_taken``).
    """
    plain = {name: getattr(row, name) for name in _PLAIN}
    plain |= {name: _BLANK[name] for name in ("price_by_hand", "kind", "offered") if plain[name] is None}
    whole = _Whole(
        plain,
        {one.from_on: one for one in row.seasons or ()},
        frozenset(row.group_ids or ()),
        frozenset(row.tiers or ()),
    )
    _require_sense(whole, list(row.seasons or ()))
    whole = _priced(whole, formula_of(program))
    same = select(Reward.id).where(Reward.program_id == program.id, Reward.code_key == code_key(row.code))
    taken = session.scalars(same).one_or_none()
    if taken is not None and taken != reward_id:
        raise RewardWrong("code_taken", found=row.code)
    if reward_id is None:
        made = _create(session, program, row.code, whole, now).id
        audit.note(session, actor, "reward.create", row.code, now=now, program_id=program.id, after=_noted(whole))
        return made
    known = session.scalars(
        select(Reward)
        .where(Reward.id == reward_id, Reward.program_id == program.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    was = _wholes(session, [known])[known.id]
    if stock_stays:
        whole = replace(whole, plain={**whole.plain, "stock": was.plain["stock"]})
    if whole != was:
        _change(session, known.id, was, whole, program.locale, now)
        audit.note(
            session,
            actor,
            "reward.change",
            known.code,
            now=now,
            program_id=program.id,
            before=_noted(was),
            after=_noted(whole),
        )
    session.expire_all()
    return reward_id


def offer(session: Session, reward_id: int, *, offered: bool, actor: str, now: dt.datetime) -> bool:
    """Show a reward in the catalogue, or no more. Returns whether that changed anything. The caller commits."""
    found = session.get_one(Reward, reward_id, with_for_update=True, populate_existing=True)
    if found.offered == offered:
        return False
    found.offered, found.changed_at = offered, now
    audit.note(
        session,
        actor,
        "reward.offer" if offered else "reward.withdraw",
        found.code,
        now=now,
        program_id=found.program_id,
    )
    session.flush()
    return True


def categorise(session: Session, reward_id: int, category: str | None, *, actor: str, now: dt.datetime) -> None:
    """Put a reward into another category. The caller commits."""
    found = session.get_one(Reward, reward_id, with_for_update=True, populate_existing=True)
    before = found.category
    found.category, found.changed_at = category, now
    audit.note(
        session,
        actor,
        "reward.category",
        found.code,
        now=now,
        program_id=found.program_id,
        before={"category": before},
        after={"category": category},
    )
    session.flush()


def price_anew(session: Session, program: Program, *, actor: str, now: dt.datetime) -> int:
    """Compute the prices that are not set by hand anew. Returns how many changed. The caller commits."""
    formula, changed = formula_of(program), 0
    computed = (Reward.program_id == program.id, Reward.price_by_hand.is_(False))
    for one in session.scalars(
        select(Reward).where(*computed).order_by(Reward.id).with_for_update().execution_options(populate_existing=True)
    ):
        points = formula.points(one.cost_minor or 0)
        if points != one.points:
            one.points, one.changed_at = points, now
            changed += 1
    session.flush()
    if changed:
        audit.note(
            session, actor, "rewards.price", program.code, now=now, program_id=program.id, after={"changed": changed}
        )
    return changed


def seasons_of(session: Session, reward_ids: Collection[int]) -> dict[int, list[Season]]:
    """Give the seasons of rewards, first to last."""
    found: dict[int, list[Season]] = {one: [] for one in reward_ids}
    for reward_id, points, from_on, until_on, announced_on in session.execute(
        select(
            RewardSeason.reward_id,
            RewardSeason.points,
            RewardSeason.from_on,
            RewardSeason.until_on,
            RewardSeason.announced_on,
        )
        .where(RewardSeason.reward_id.in_(list(reward_ids)))
        .order_by(RewardSeason.from_on)
    ):
        found[reward_id].append(Season(points, from_on, until_on, announced_on))
    return found


def audience_of(session: Session, reward_ids: Collection[int]) -> dict[int, tuple[list[int], list[str]]]:
    """Give the groups and the tiers that rewards are for; both empty: everybody."""
    found: dict[int, tuple[list[int], list[str]]] = {one: ([], []) for one in reward_ids}
    for reward_id, group_id, tier in session.execute(
        select(RewardAudience.reward_id, RewardAudience.distributor_group_id, RewardAudience.tier)
        .where(RewardAudience.reward_id.in_(list(reward_ids)))
        .order_by(RewardAudience.id)
    ):
        if group_id is not None:
            found[reward_id][0].append(group_id)
        elif tier is not None:
            found[reward_id][1].append(tier)
    return found


def _wholes(session: Session, rewards: Sequence[Reward]) -> dict[int, _Whole]:
    ids = [one.id for one in rewards]
    seasons, audience = seasons_of(session, ids), audience_of(session, ids)
    return {
        one.id: _Whole(
            {name: getattr(one, name) for name in _PLAIN},
            {season.from_on: season for season in seasons[one.id]},
            frozenset(audience[one.id][0]),
            frozenset(audience[one.id][1]),
        )
        for one in rewards
    }


def _merged(row: RewardRow, was: _Whole, announced_days: int) -> _Whole:
    """Lay what a row says over what was."""
    said = {name: getattr(row, name) for name in _PLAIN if getattr(row, name) is not None}
    if "kind" in said and said["kind"] is not RewardKind.DISCOUNT:
        said |= {"discount_bp": None, "product_group_id": None}
    seasons = dict(was.seasons)
    if row.seasons is not None:
        seasons = {one.from_on: one for one in row.seasons}
    if row.season is not None:
        seasons[row.season.from_on] = row.season
    whole = _Whole(
        {**was.plain, **said},
        {day: announced(one, announced_days) for day, one in sorted(seasons.items())},
        was.group_ids if row.group_ids is None else frozenset(row.group_ids),
        was.tiers if row.tiers is None else frozenset(row.tiers),
    )
    _require_sense(whole, [*whole.seasons.values()] if row.seasons is None else list(row.seasons))
    return whole


def announced(season: Season, days: int) -> Season:
    """Give a season with the day from which people are told of it, so many days ahead where it says none."""
    if season.announced_on is not None:
        return season
    return Season(season.points, season.from_on, season.until_on, season.from_on - dt.timedelta(days=days))


def _require_sense(whole: _Whole, seasons: Sequence[Season]) -> None:
    both = overlapping(seasons)
    if both is not None:
        raise RewardWrong("seasons_overlap", first=both[0], second=both[1])
    if whole.plain["price_by_hand"] and whole.plain["points"] is None:
        raise RewardWrong("no_price")
    if not whole.plain["price_by_hand"] and whole.plain["cost_minor"] is None:
        raise RewardWrong("no_cost")
    cash = (whole.plain.get("cash_points"), whole.plain.get("cash_minor"))
    if (cash[0] is None) != (cash[1] is None):
        raise RewardWrong("half_in_cash")
    if (whole.plain.get("family") is None) != (whole.plain.get("variant") is None):
        raise RewardWrong("half_a_family")
    discount = whole.plain["kind"] is RewardKind.DISCOUNT
    if discount != (whole.plain["discount_bp"] is not None):
        raise RewardWrong("no_discount" if discount else "not_a_discount")


def _priced(whole: _Whole, formula: Formula) -> _Whole:
    if whole.plain["price_by_hand"]:
        return whole
    computed = {"points": formula.points(whole.plain["cost_minor"])}
    return _Whole({**whole.plain, **computed}, whole.seasons, whole.group_ids, whole.tiers)


def _create(session: Session, program: Program, code: str, whole: _Whole, now: dt.datetime) -> Reward:
    made = Reward(
        program_id=program.id,
        code=code,
        code_key=code_key(code),
        sort_key=sort_key(whole.plain["name"], program.locale),
        created_at=now,
        changed_at=now,
        **whole.plain,
    )
    session.add(made)
    session.flush()
    _lay_beside(session, made.id, whole)
    return made


def _change(session: Session, reward_id: int, was: _Whole, whole: _Whole, locale: str, now: dt.datetime) -> None:
    values = {**whole.plain, "sort_key": sort_key(whole.plain["name"], locale), "changed_at": now}
    session.execute(update(Reward).where(Reward.id == reward_id).values(values))
    if (was.seasons, was.group_ids, was.tiers) != (whole.seasons, whole.group_ids, whole.tiers):
        session.execute(delete(RewardSeason).where(RewardSeason.reward_id == reward_id))
        session.execute(delete(RewardAudience).where(RewardAudience.reward_id == reward_id))
        _lay_beside(session, reward_id, whole)


def _lay_beside(session: Session, reward_id: int, whole: _Whole) -> None:
    seasons = [
        {
            "reward_id": reward_id,
            "points": one.points,
            "from_on": one.from_on,
            "until_on": one.until_on,
            "announced_on": one.announced_on or one.from_on,
        }
        for one in whole.seasons.values()
    ]
    audience: list[dict[str, Any]] = [
        {"reward_id": reward_id, "distributor_group_id": one, "tier": None} for one in sorted(whole.group_ids)
    ]
    audience += [{"reward_id": reward_id, "distributor_group_id": None, "tier": one} for one in sorted(whole.tiers)]
    if seasons:
        session.execute(insert(RewardSeason), seasons)
    if audience:
        session.execute(insert(RewardAudience), audience)


def _noted(whole: _Whole) -> dict[str, Any]:
    """Write a reward for the audit log."""
    plain = {name: str(value) if isinstance(value, dt.date) else value for name, value in whole.plain.items()}
    return {
        **plain,
        "seasons": [[one.points, str(one.from_on), str(one.until_on)] for one in whole.seasons.values()],
        "groups": sorted(whole.group_ids),
        "tiers": sorted(whole.tiers),
    }
