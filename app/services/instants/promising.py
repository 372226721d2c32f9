"""What brings a reward: a document that earns so much by a rule. It is said once, and stopped."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.db.first import First, first
from app.domain.rewards.reward_orders import ORDERED
from app.domain.states import InstantState, RewardKind
from app.domain.typed.codes import code_key
from app.models.instants import InstantGrant, InstantReward
from app.models.programs import Program
from app.models.rewards import Reward
from app.models.rules import EarningRule, EarningRuleVersion
from app.services import audit
from app.services.anew import instants as touching
from app.services.rewarding import draws
from app.services.rulebooks import definition_of

MOST_PROMISED = 20


class InstantWrong(ValueError):
    """What is said does not fit together; the code says in what: ``rule``, ``unit``, ``days``, ``kind``, ``draw``."""

    def __init__(self, code: str) -> None:
        """Say in what."""
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Said:
    """What brings a reward: a document that earns so many points by a rule, within days, so often at most."""

    name: str
    rule: str
    least: int
    pieces: int = 1
    first_on: dt.date = dt.date.min
    last_on: dt.date | None = None
    per_distributor: int | None = None
    budget: int | None = None


@dataclass(frozen=True)
class Standing:
    """Something that brings a reward, the code of its rule, and how often it did."""

    instant: InstantReward
    rule: str
    given: int


def put(session: Session, program: Program, reward: Reward, said: Said, *, actor: str, now: dt.datetime) -> int:
    """Let sales bring a reward from now on; those of its days that are here already bring it as well.

    Returns its id. The caller commits.

    Raises:
        InstantWrong: What is said does not fit together.
    """
    if reward.kind not in ORDERED:
        raise InstantWrong("kind")
    if reward.kind is RewardKind.DRAW and not draws.is_open(session, reward.id):
        raise InstantWrong("draw")
    if said.last_on is not None and said.last_on < said.first_on:
        raise InstantWrong("days")
    named = {code_key(code): id_ for code, id_ in session.execute(_rules_of(program.id))}
    rule_id = named.get(code_key(said.rule))
    if rule_id is None:
        raise InstantWrong("rule")
    newest = select(EarningRuleVersion.definition).where(EarningRuleVersion.rule_id == rule_id)
    definition = definition_of(session.scalars(newest.order_by(EarningRuleVersion.version.desc()).limit(1)).one())
    if definition.unit != "points" or definition.kind == "event":
        raise InstantWrong("unit")
    made = InstantReward(
        program_id=program.id,
        reward_id=reward.id,
        rule_id=rule_id,
        name=said.name,
        least=said.least,
        pieces=said.pieces,
        first_on=said.first_on,
        last_on=said.last_on,
        per_distributor=said.per_distributor,
        budget=said.budget,
        made_by=actor,
        made_at=now,
    )
    session.add(made)
    session.flush()
    touching.touch_all(session, made)
    after = {"instant": made.id, "rule": said.rule, "least": said.least, "pieces": said.pieces}
    audit.note(session, actor, "instant.put", reward.code, now=now, program_id=program.id, after=after)
    return made.id


def _rules_of(program_id: int) -> Select[str, int]:
    return select(EarningRule.code, EarningRule.id).where(EarningRule.program_id == program_id)


def rules_to_choose(session: Session, program_id: int) -> list[str]:
    """Give the codes of the rules that may bring rewards: those that give points for sales, and are not retired."""
    rows = session.execute(
        select(EarningRule.code, EarningRuleVersion.definition)
        .join(EarningRuleVersion, EarningRuleVersion.rule_id == EarningRule.id)
        .where(EarningRule.program_id == program_id, EarningRule.retired_at.is_(None))
        .order_by(EarningRule.code, EarningRuleVersion.version)
    )
    newest = {code: definition_of(definition) for code, definition in rows}
    return [code for code, one in newest.items() if one.unit == "points" and one.kind != "event"]


def stop(session: Session, reward: Reward, instant_id: int, *, actor: str, now: dt.datetime) -> bool:
    """Let sales bring it no more; what they brought stays. False where it was stopped before. The caller commits."""
    found = session.scalars(
        select(InstantReward)
        .where(InstantReward.id == instant_id, InstantReward.reward_id == reward.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None or found.stopped_at is not None:
        return False
    found.stopped_by, found.stopped_at = actor, now
    session.flush()
    after = {"instant": instant_id}
    audit.note(session, actor, "instant.stop", reward.code, now=now, program_id=reward.program_id, after=after)
    return True


def of_reward(session: Session, reward_id: int) -> list[Standing]:
    """Give what brings a reward, the newest first."""
    given = (
        select(func.count())
        .where(
            InstantGrant.instant_id == InstantReward.id,
            InstantGrant.state.in_((InstantState.GIVEN, InstantState.KEPT)),
        )
        .scalar_subquery()
    )
    rows = session.execute(
        select(InstantReward, EarningRule.code, given)
        .join(EarningRule, EarningRule.id == InstantReward.rule_id)
        .where(InstantReward.reward_id == reward_id)
        .order_by(InstantReward.id.desc())
    )
    return [Standing(*row) for row in rows]


def promised(session: Session, program_id: int, today: dt.date) -> First[tuple[str, str, dt.date | None]]:
    """Give what sales of a day bring: its words, the reward's name, and the last day."""
    query = (
        select(InstantReward.name, Reward.name, InstantReward.last_on)
        .join(Reward, Reward.id == InstantReward.reward_id)
        .where(
            InstantReward.program_id == program_id,
            InstantReward.stopped_at.is_(None),
            InstantReward.first_on <= today,
            func.coalesce(InstantReward.last_on, today) >= today,
        )
        .order_by(InstantReward.id)
    )
    return first(session, query, MOST_PROMISED)
