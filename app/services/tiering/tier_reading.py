"""What tiers look like to people: who is in which, what each gives, what somebody has, needs and may lose."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.first import First, first
from app.domain.program_file.definition import Multiplier
from app.domain.program_file.tier_settings import Fall, TierLevel, Tiers
from app.domain.states import TierReason
from app.domain.typed.codes import code_key
from app.models.distributors import Distributor
from app.models.placements import TierChange, TierStanding
from app.models.programs import Program
from app.models.rewards import Reward, RewardAudience
from app.services.placing.tiers import decimals_of, settings_of
from app.services.rulebooks import rules_of


@dataclass(frozen=True)
class Gives:
    """What a tier gives besides what its own words say: factors of rules in basis points, rewards for it alone."""

    factors: tuple[tuple[str, int], ...] = ()
    rewards: tuple[str, ...] = ()


@dataclass(frozen=True)
class Progress:
    """Where somebody stands: amounts are in the smallest unit of what the tiers count.

    ``missing`` is what the next tier takes still; ``lacking`` what keeps the present one beyond ``holds_until``, its
    last day (None: there is nothing to lose); ``falls_to`` is where they would go as things are.
    """

    level: TierLevel | None
    since_on: dt.date
    has: int
    next: TierLevel | None
    takes: int
    missing: int
    holds_until: dt.date | None
    keeping: int
    lacking: int
    falls_to: TierLevel | None
    given: bool
    given_until_on: dt.date | None

    @property
    def reached_bp(self) -> int:
        """Give how much of what the next tier takes is there, in basis points."""
        return 10_000 if self.takes <= 0 else max(0, min(10_000, self.has * 10_000 // self.takes))


@dataclass(frozen=True)
class Told:
    """A line of somebody's history of tiers."""

    from_on: dt.date | None
    tier: str | None
    why: TierReason
    metric: int | None
    threshold: int | None
    until_on: dt.date | None
    noted_at: dt.datetime
    noted_by: str | None
    reason: str | None


def progress(session: Session, program: Program, distributor_id: int) -> Progress | None:
    """Say where a distributor stands; None where nobody was judged yet, or the programme has no tiers."""
    tiers = settings_of(program)
    found = session.get(TierStanding, distributor_id)
    if found is None or not tiers.levels:
        return None
    thresholds = tiers.thresholds(decimals_of(program, tiers.metric))
    tier = session.scalars(select(Distributor.tier).where(Distributor.id == distributor_id)).one()
    at = tiers.place(tier)
    upper = at + 1 < len(thresholds)
    keeps = thresholds[at] if at >= 0 else 0
    lacking = max(0, keeps - max(found.keeping, found.metric)) if found.review_on is not None and at >= 0 else 0
    return Progress(
        level=tiers.level(tier),
        since_on=found.since_on,
        has=found.metric,
        next=tiers.levels[at + 1] if upper else None,
        takes=thresholds[at + 1] if upper else 0,
        missing=max(0, thresholds[at + 1] - found.metric) if upper else 0,
        holds_until=None if found.review_on is None or not keeps else found.review_on - dt.timedelta(days=1),
        keeping=found.keeping,
        lacking=lacking,
        falls_to=falls_to(tiers, thresholds, at, max(found.keeping, found.metric)) if lacking else None,
        given=found.given,
        given_until_on=found.given_until_on,
    )


def falls_to(tiers: Tiers, thresholds: list[int], at: int, has: int) -> TierLevel | None:
    """Tell which tier somebody falls to from the one at a place, with what they have by now; None: to none."""
    earned = max((place for place, takes in enumerate(thresholds) if takes <= has), default=-1)
    place = max(at - 1, earned) if tiers.fall is Fall.BY_ONE else earned
    return tiers.levels[place] if place >= 0 else None


def distribution(session: Session, program_id: int) -> Mapping[str | None, int]:
    """Give how many distributors are in each tier, by the code as it compares; None: in none."""
    found: dict[str | None, int] = defaultdict(int)
    rows = session.execute(
        select(Distributor.tier, func.count())
        .where(
            Distributor.program_id == program_id,
            Distributor.merged_into_id.is_(None),
            Distributor.person_of_id.is_(None),
        )
        .group_by(Distributor.tier)
    )
    for tier, count in rows:
        found[None if tier is None else code_key(tier)] += count
    return found


def gives(session: Session, program_id: int) -> Mapping[str, Gives]:
    """Give what each tier gives by rules and rewards that name it, by the code as it compares."""
    factors: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for rule in rules_of(session, program_id).book.rules:
        definition = rule.version.definition
        if isinstance(definition, Multiplier) and rule.judges_until is None:
            for tier in definition.scope.tiers:
                factors[code_key(tier)].append((definition.name, definition.factor))
    rewards: dict[str, list[str]] = defaultdict(list)
    rows = session.execute(
        select(RewardAudience.tier, Reward.name)
        .join(Reward, Reward.id == RewardAudience.reward_id)
        .where(Reward.program_id == program_id, RewardAudience.tier.is_not(None))
        .order_by(Reward.sort_key)
    )
    for code, name in rows:
        if code is not None:
            rewards[code_key(code)].append(name)
    return {
        key: Gives(tuple(factors.get(key, ())), tuple(rewards.get(key, ()))) for key in factors.keys() | rewards.keys()
    }


def history(session: Session, distributor_id: int, *, moves: bool = False, most: int = 200) -> First[Told]:
    """Give the tiers that a distributor was in, newest first; nothing where it was always in the same.

    ``moves``: without the tier that it began in, which has no first day.
    """
    query = (
        select(
            TierChange.from_on,
            TierChange.tier,
            TierChange.why,
            TierChange.metric,
            TierChange.threshold,
            TierChange.until_on,
            TierChange.noted_at,
            TierChange.noted_by,
            TierChange.reason,
        )
        .where(TierChange.distributor_id == distributor_id)
        .order_by(TierChange.id.desc())
    )
    if moves:
        query = query.where(TierChange.from_on.is_not(None))
    return first(session, query, most, Told)
