"""Promotions as they are shown: how far somebody has come, what the next step lacks, and how long there is left."""

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.orm import Session, aliased

from app.domain.promotion_definition import Metric, StepReward
from app.domain.promotion_definition import Promotion as Definition
from app.domain.promotion_terms import terms_of
from app.domain.promotions import Terms, thresholds
from app.domain.rulebook import Scale
from app.domain.states import PromotionState
from app.models.promotions import Promotion, PromotionStanding, PromotionVersion
from app.services.promotions import ranking, standings
from app.services.promotions.ranking import NextPlace, Row
from app.services.promotions.reading import compiled, of_now, scale_of
from app.services.rulebooks import ProgramRules


@dataclass(frozen=True)
class StepShown:
    """A step: its share of the target, where it begins, what it gives, whether it is reached, and what is missing."""

    reach_bp: int
    begins_at: int
    reward: StepReward
    reached: bool
    missing: int


@dataclass(frozen=True)
class GateShown:
    """What must be sold as well: how much of it was."""

    name: str
    metric: Metric
    least: int
    sold: int


@dataclass(frozen=True)
class Progress:
    """How far one participant has come in a promotion.

    ``missing`` is for the next step; None where there is none. ``days_left`` counts the last day as well.
    """

    promotion: Promotion
    definition: Definition
    person: str
    value: int
    target: int
    share_bp: int
    steps: Sequence[StepShown]
    gates: Sequence[GateShown]
    is_open: bool
    earned: int
    paid: int
    days_left: int
    ranking: Sequence[Row]
    next_place: NextPlace | None

    @property
    def next_step(self) -> StepShown | None:
        """Give the first step that is not reached."""
        return next((step for step in self.steps if not step.reached), None)

    @property
    def bar_bp(self) -> int:
        """Give how far a bar is filled: to the highest step, or to the target."""
        most = max([10_000, *(step.reach_bp for step in self.steps)])
        return min(10_000, self.share_bp * 10_000 // most)


def progress_of(
    session: Session, rules: ProgramRules, distributor_id: int, persons: Sequence[str] | None, today: dt.date
) -> list[Progress]:
    """Tell how far a distributor has come in the promotions that are for it; the running ones first.

    Args:
        session: reads only.
        rules: the programme's.
        distributor_id: whose.
        persons: names in lower case of whoever looks, who sees theirs alone; None: of whoever sees the whole company.
        today: where the programme is.
    """
    merged = aliased(PromotionStanding)
    also = (
        select(cast(func.coalesce(func.sum(merged.paid), 0), BigInteger))
        .where(merged.into_id == PromotionStanding.id)
        .scalar_subquery()
    )
    query = (
        select(Promotion, PromotionVersion.definition, PromotionStanding, also)
        .join(PromotionVersion, of_now())
        .join(PromotionStanding, PromotionStanding.promotion_id == Promotion.id)
        .where(
            Promotion.program_id == rules.program_id,
            Promotion.state != PromotionState.DRAFT,
            PromotionStanding.distributor_id == distributor_id,
        )
        .order_by(Promotion.state.desc(), Promotion.last_on, Promotion.id, PromotionStanding.person)
    )
    if persons is not None:
        query = query.where(PromotionStanding.person.in_(persons))
    scale = scale_of(rules)
    found: list[Progress] = []
    for promotion, of_promotion in itertools.groupby(session.execute(query), key=lambda row: row[0]):
        rows = list(of_promotion)
        definition = Definition.model_validate(rows[0][1])
        if persons is not None and definition.participants != "persons":
            continue
        if distributor_id in standings.may_take_part(compiled(session, rules, definition)):
            found += [_progress(session, promotion, definition, scale, row[2], row[3], today) for row in rows]
    return found


def _progress(
    session: Session,
    promotion: Promotion,
    definition: Definition,
    scale: Scale,
    standing: PromotionStanding,
    also: int,
    today: dt.date,
) -> Progress:
    """Tell of one standing; ``also`` was paid to those who were merged into it."""
    terms = terms_of(definition, scale)
    last = promotion.last_on or today
    closed = promotion.state is PromotionState.CLOSED
    return Progress(
        promotion=promotion,
        definition=definition,
        person=standing.person,
        value=standing.value,
        target=standing.target,
        share_bp=standing.share_bp,
        steps=_steps(definition, terms, standing),
        gates=[
            GateShown(gate.name, gate.metric, told.least, sold)
            for gate, told, sold in zip(definition.gates, terms.gates, standing.gates, strict=False)
        ],
        is_open=standing.is_open,
        earned=standing.earned,
        paid=standing.paid + also,
        days_left=0 if closed else max((last - today).days + 1, 0),
        ranking=ranking.seen_from(session, definition.ranking, standing) if definition.ranking is not None else (),
        next_place=ranking.next_place(session, definition.ranking, standing)
        if definition.ranking is not None
        else None,
    )


def _steps(definition: Definition, terms: Terms, standing: PromotionStanding) -> list[StepShown]:
    begins = thresholds(terms.steps, np.asarray([standing.target], dtype=np.int64))[:, 0].tolist()
    return [
        StepShown(
            step.reach,
            at if standing.target else 0,
            step.reward,
            number < standing.step,
            max(at - standing.value, 0) if standing.target else 0,
        )
        for number, (step, at) in enumerate(zip(definition.steps, begins, strict=True))
    ]


@dataclass(frozen=True)
class Summary:
    """What a promotion has come to: how many take part and have reached each step, what was paid, what is left."""

    participants: int
    reached: Sequence[int]
    earned: int
    paid: int
    budget: int | None
    near: int

    @property
    def left(self) -> int | None:
        """Give what is left of the budget."""
        return None if self.budget is None else self.budget - self.paid


def summary_of(session: Session, promotion: Promotion, definition: Definition, scale: Scale) -> Summary:
    """Sum a promotion up. One query."""
    standing = PromotionStanding
    steps = len(definition.steps)
    columns = [func.count().filter(standing.step > number, standing.is_open) for number in range(steps)]
    # whoever is within a tenth of the target, and not there
    near = func.count().filter(standing.share_bp.between(9_000, 9_999))
    row = session.execute(
        select(
            func.count(),
            cast(func.coalesce(func.sum(standing.earned), 0), BigInteger),
            cast(func.coalesce(func.sum(standing.paid), 0), BigInteger),
            near,
            *columns,
        ).where(standing.promotion_id == promotion.id)
    ).one()
    count, earned, paid, close, *reached = row
    return Summary(count, reached, earned, paid, terms_of(definition, scale).budget, close)
