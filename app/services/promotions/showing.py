"""Promotions as they are shown: how far somebody has come, what the next step lacks, and how long there is left."""

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import BigInteger, ColumnElement, cast, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from app.domain.measures.scale import Scale
from app.domain.program_file.promotion_definition import Metric, StepReward
from app.domain.program_file.promotion_definition import Promotion as Definition
from app.domain.promoting.promotion_terms import terms_of
from app.domain.promoting.promotions import Terms, thresholds
from app.domain.rules.program_rules import ProgramRules
from app.domain.states import PromotionState
from app.models.promotions import Promotion, PromotionStanding, PromotionVersion
from app.services.promotions import ranking, standings
from app.services.promotions.ranking import NextPlace, Row
from app.services.promotions.reading import compiled, of_now, scale_of


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
class BudgetShown:
    """What is left of a promotion's budget, and what is still due to all together: earned or won, and not paid yet."""

    left: int
    due: int

    @property
    def spent(self) -> bool:
        """Tell whether nothing is left."""
        return self.left <= 0

    @property
    def suffices(self) -> bool:
        """Tell whether all can be paid what is due to them by now."""
        return self.due <= self.left

    def holds(self, points: int) -> bool:
        """Tell whether so much more can be paid."""
        return self.due + points <= self.left


@dataclass(frozen=True)
class Progress:
    """How far one participant has come in a promotion.

    ``earned`` has the prize once it is closed. ``days_left`` counts the last day as well. ``budget``: None where the
    promotion has none. ``next_points`` is what the next step gives where it gives fixed points, else 0.
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
    budget: BudgetShown | None
    next_points: int

    @property
    def next_step(self) -> StepShown | None:
        """Give the first step that is not reached."""
        return next((step for step in self.steps if not step.reached), None)

    @property
    def unpaid(self) -> int:
        """Give what was earned and is not on the account."""
        return max(self.earned - self.paid, 0)

    @property
    def bar_bp(self) -> int:
        """Give how far a bar is filled: to the highest step, or to the target."""
        most = max([10_000, *(step.reach_bp for step in self.steps)])
        return min(10_000, self.share_bp * 10_000 // most)


@dataclass(frozen=True)
class Ahead:
    """What a promotion that runs still asks for until its next step."""

    definition: Definition
    step: StepShown
    days_left: int


def ending_first(
    session: Session, rules: ProgramRules, distributor_id: int, today: dt.date, *, of_people: bool
) -> Ahead | None:
    """Give the next step of the promotion that ends first, of those in which there is one to reach; in one statement.

    Args:
        session: reads only.
        rules: the programme's.
        distributor_id: whose.
        today: where the programme is.
        of_people: whether promotions of sales reps count as well: on their own accounts they do.
    """
    of_all = aliased(PromotionStanding)
    paid = select(_sum(of_all.paid)).where(of_all.promotion_id == Promotion.id).scalar_subquery()
    last = func.coalesce(Promotion.last_on, today)
    query = (
        select(PromotionVersion.definition, PromotionStanding, last, paid)
        .join_from(Promotion, PromotionVersion, of_now())
        .join(PromotionStanding, PromotionStanding.promotion_id == Promotion.id)
        .where(
            Promotion.program_id == rules.program_id,
            Promotion.state == PromotionState.PUBLISHED,
            last >= today,
            PromotionStanding.distributor_id == distributor_id,
            PromotionStanding.is_open,
            PromotionStanding.target > 0,
        )
        .order_by(last, Promotion.id)
    )
    if not of_people:
        query = query.where(PromotionStanding.person == "")
    scale = scale_of(rules)
    for told, standing, ends_on, paid_to_all in session.execute(query):
        definition = Definition.model_validate(told)
        terms = terms_of(definition, scale)
        step = next((one for one in _steps(definition, terms, standing) if not one.reached), None)
        spent = terms.budget is not None and paid_to_all >= terms.budget
        if step is None or spent or distributor_id not in standings.may_take_part(compiled(session, rules, definition)):
            continue
        return Ahead(definition, step, (ends_on - today).days + 1)
    return None


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
            budget = _budget(session, promotion, terms_of(definition, scale).budget)
            found += [_progress(session, promotion, definition, scale, row[2], row[3], budget, today) for row in rows]
    return found


def _budget(session: Session, promotion: Promotion, budget: int | None) -> BudgetShown | None:
    if budget is None:
        return None
    paid, due, _ = _together(session, promotion)
    return BudgetShown(budget - paid, due)


def _together(session: Session, promotion: Promotion) -> tuple[int, int, int]:
    """Sum what all were paid, what is due to them beyond it, and count to how many something is.

    Whoever was merged counts as the one that they were merged into.
    """
    standing = PromotionStanding
    paid = _sum(standing.paid)
    # the prize is among what was earned once it is closed
    earned = standing.earned if promotion.state is PromotionState.CLOSED else standing.earned + standing.prize
    due = func.greatest(_sum(earned) - paid, 0)
    each = (
        select(paid.label("paid"), due.label("due"))
        .where(standing.promotion_id == promotion.id)
        .group_by(func.coalesce(standing.into_id, standing.id))
        .subquery()
    )
    query = select(_sum(each.c.paid), _sum(each.c.due), func.count().filter(each.c.due > 0))
    of_all, owed, short = session.execute(query).one()
    return of_all, owed, short


def _sum(figure: ColumnElement[int] | InstrumentedAttribute[int]) -> ColumnElement[int]:
    return cast(func.coalesce(func.sum(figure), 0), BigInteger)


def _progress(
    session: Session,
    promotion: Promotion,
    definition: Definition,
    scale: Scale,
    standing: PromotionStanding,
    also: int,
    budget: BudgetShown | None,
    today: dt.date,
) -> Progress:
    """Tell of one standing; ``also`` was paid to those who were merged into it."""
    terms = terms_of(definition, scale)
    last = promotion.last_on or today
    closed = promotion.state is PromotionState.CLOSED
    steps = _steps(definition, terms, standing)
    return Progress(
        promotion=promotion,
        definition=definition,
        person=standing.person,
        value=standing.value,
        target=standing.target,
        share_bp=standing.share_bp,
        steps=steps,
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
        budget=budget,
        next_points=next((int(terms.steps.points[at]) for at, step in enumerate(steps) if not step.reached), 0),
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
    """What a promotion has come to: how many take part and have reached each step, what was paid, what is left.

    ``due`` is what was earned or won and is not paid (yet); ``short`` how many were paid less than they earned.
    """

    participants: int
    reached: Sequence[int]
    paid: int
    due: int
    short: int
    budget: int | None
    near: int

    @property
    def left(self) -> int | None:
        """Give what is left of the budget."""
        return None if self.budget is None else self.budget - self.paid


def summary_of(session: Session, promotion: Promotion, definition: Definition, scale: Scale) -> Summary:
    """Sum a promotion up. Two queries."""
    standing = PromotionStanding
    steps = len(definition.steps)
    columns = [func.count().filter(standing.step > number, standing.is_open) for number in range(steps)]
    # whoever is within a tenth of the target, and not there
    near = func.count().filter(standing.share_bp.between(9_000, 9_999))
    row = session.execute(select(func.count(), near, *columns).where(standing.promotion_id == promotion.id)).one()
    count, close, *reached = row
    paid, due, short = _together(session, promotion)
    return Summary(count, reached, paid, due, short, terms_of(definition, scale).budget, close)
