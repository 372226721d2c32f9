"""What closing a promotion would pay, before anybody closes it: reckoned from its standings as closing reckons."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import BigInteger, cast, exists, func, select
from sqlalchemy.orm import Session

from app.db.many import any_of
from app.domain.measures.calendar import local_date
from app.domain.measures.exact import Ints
from app.domain.promoting.promotion_terms import CompiledPromotion
from app.domain.promoting.promotions import changes
from app.domain.rules.program_rules import ProgramRules
from app.domain.states import DocumentStatus, PromotionState
from app.models.promotions import Promotion, PromotionStanding, PromotionTouched
from app.models.sales import SalesDocument
from app.services.promotions import gifts, standings
from app.services.promotions.reading import compiled, definition_of


@dataclass(frozen=True)
class Held:
    """Documents of a promotion's days that wait for a decision: how many, and what they are worth in minor units."""

    documents: int
    net_minor: int


@dataclass(frozen=True)
class Foreseen:
    """What closing would do on a day.

    Attributes:
        on: the day on which it would be paid, in the programme's time zone.
        points: what would be given, in the smallest part of a point.
        receivers: how many participants would get them; ``distributors``: of how many distributors they are.
        taken: what would be taken back, of those who have it: a wallet that may not owe gives back what it has.
        cut: what is earned and would not be given, because the budget is spent.
        gifts: rewards of the catalogue that would be handed over, by code: how many.
        behind_gates: how many participants reached a step and get nothing, for what they did not sell as well.
        held: what waits for a decision, and would count no more.
    """

    on: dt.date
    points: int
    receivers: int
    distributors: int
    taken: int
    cut: int
    gifts: Mapping[str, int]
    behind_gates: int
    held: Held


def is_reckoned(session: Session, promotion: Promotion) -> bool:
    """Tell whether the standings are up to date: it was measured, and nobody's sales changed since."""
    touched = exists().where(PromotionTouched.promotion_id == promotion.id)
    return promotion.measured and not session.execute(select(touched)).scalar_one()


def foresee(session: Session, rules: ProgramRules, promotion: Promotion, now: dt.datetime) -> Foreseen | None:
    """Tell what closing a promotion would pay as it stands. None: it does not run, or is not reckoned yet.

    Reads only. What is given comes from the same standings and by the same arithmetic as closing itself.
    """
    if promotion.state is not PromotionState.PUBLISHED or not is_reckoned(session, promotion):
        return None
    definition = compiled(session, rules, definition_of(session, promotion))
    to_people = rules.has_people and rules.settings.accounts.shares.of_person > 0
    known = standings.to_pay(session, promotion.id, to_people=to_people)
    moved = known.closed_now(definition.terms.budget) - known.paid
    gains = moved > 0
    whole = changes(known.parted(known.earned + known.prize), known.paid, known.forgiven, None, known.order)
    return Foreseen(
        on=local_date(now, rules.time_zone),
        points=int(moved[gains].sum()),
        receivers=len(np.unique(known.into[gains])),
        distributors=len(np.unique(known.distributor_id[gains])),
        taken=-int(np.minimum(moved, 0).sum()),
        cut=int(np.maximum(whole, 0).sum() - moved[gains].sum()),
        gifts=_gifts(session, promotion, definition),
        behind_gates=_behind_gates(session, promotion),
        held=_held(session, promotion, standings.may_take_part(definition)),
    )


def _gifts(session: Session, promotion: Promotion, definition: CompiledPromotion) -> Mapping[str, int]:
    """Count the rewards that are to be handed over once it is closed, those that wait already among them."""
    steps = definition.terms.steps
    if not any(steps.gift):
        return {}
    query = select(PromotionStanding.id, PromotionStanding.step).where(
        PromotionStanding.promotion_id == promotion.id, PromotionStanding.is_open, PromotionStanding.step > 0
    )
    wanted = gifts.wanted(definition, session.execute(query))
    return dict(Counter(code for _id, code in sorted(wanted - gifts.handed(session, promotion.id))))


def _behind_gates(session: Session, promotion: Promotion) -> int:
    shut = select(func.count()).where(
        PromotionStanding.promotion_id == promotion.id, PromotionStanding.step > 0, ~PromotionStanding.is_open
    )
    return session.execute(shut).scalar_one()


def _held(session: Session, promotion: Promotion, distributor_ids: Ints) -> Held:
    ids: Sequence[int] = distributor_ids.tolist()
    row = session.execute(
        select(func.count(), cast(func.coalesce(func.sum(SalesDocument.net_minor), 0), BigInteger)).where(
            SalesDocument.program_id == promotion.program_id,
            SalesDocument.status == DocumentStatus.REVIEW,
            SalesDocument.issued_on.between(promotion.first_on, promotion.last_on),
            SalesDocument.distributor_id == any_of(ids),
        )
    ).one()
    return Held(*row)
