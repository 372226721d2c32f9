"""The catalogue of rewards: what can be had for points, at which price, when."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.domain.codes import code_key
from app.domain.sorting import sort_key
from app.domain.states import RewardKind
from app.models.programs import Program
from app.models.rewards import Reward
from app.services import audit


@dataclass(frozen=True)
class Season:
    """Days, first and last included, in which a reward has another price."""

    points: int
    from_on: dt.date
    until_on: dt.date


@dataclass(frozen=True)
class RewardRow:
    """What is said of a reward. What is None is not said: it stays as it is."""

    code: str
    name: str
    points: int
    kind: RewardKind | None = None
    description: str | None = None
    category: str | None = None
    cost_minor: int | None = None
    stock: int | None = None
    per_person: int | None = None
    from_on: dt.date | None = None
    until_on: dt.date | None = None
    season: Season | None = None


def put_rewards(
    session: Session, program: Program, rows: Sequence[RewardRow], *, actor: str, now: dt.datetime
) -> tuple[int, int]:
    """Create rewards, and change those that are here with other content. Returns (created, changed).

    The caller commits.
    """
    here = {
        one.code_key: one
        for one in session.scalars(select(Reward).where(Reward.program_id == program.id).with_for_update())
    }
    fresh: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for row in rows:
        said = _columns(row, program.locale)
        known = here.get(code_key(row.code))
        if known is None:
            blank = dict.fromkeys(_OPTIONAL) | {"kind": RewardKind.GOODS}
            new = {"program_id": program.id, "code": row.code, "code_key": code_key(row.code)}
            fresh.append(blank | said | new | {"created_at": now, "changed_at": now})
        elif any(getattr(known, name) != value for name, value in said.items()):
            was = {name: getattr(known, name) for name in ("name", "sort_key", "points", "kind", *_OPTIONAL)}
            changed.append(was | said | {"id": known.id, "changed_at": now})
    if fresh:
        session.execute(insert(Reward), fresh)
    if changed:
        session.execute(update(Reward), changed)
    if fresh or changed:
        after = {"created": len(fresh), "changed": len(changed)}
        audit.note(session, actor, "rewards.put", program.code, now=now, program_id=program.id, after=after)
    return len(fresh), len(changed)


_OPTIONAL = (
    *("description", "category", "cost_minor", "stock", "per_person", "from_on", "until_on"),
    *("season_points", "season_from_on", "season_until_on"),
)


def _columns(row: RewardRow, locale: str) -> dict[str, Any]:
    said = {name: value for name, value in asdict(row).items() if value is not None and name not in ("code", "season")}
    if row.season is not None:
        season = row.season
        said |= {
            "season_points": season.points,
            "season_from_on": season.from_on,
            "season_until_on": season.until_on,
        }
    return said | {"sort_key": sort_key(row.name, locale)}
