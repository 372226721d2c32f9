"""Rewards of the catalogue that steps give: who has earned one, and whether it was handed over."""

import datetime as dt

from sqlalchemy import BigInteger, any_, delete, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from app.domain.promotion_terms import CompiledPromotion
from app.domain.promotions import gifts_of
from app.models.promotions import Promotion, PromotionGift, PromotionStanding
from app.services import audit
from app.services.promotions.standings import Placed


class NoSuchGift(LookupError):
    """Nobody has earned this reward there, or it was handed over already."""


def bring_up(session: Session, definition: CompiledPromotion, placed: Placed, now: dt.datetime) -> None:
    """Note who has earned rewards of the catalogue; what is earned no more is taken off, unless it was handed over."""
    steps = definition.terms.steps
    if not any(steps.gift) or not len(placed.standing_id):
        return
    ids = any_(literal(placed.standing_id.tolist(), ARRAY(BigInteger)))
    here = set(
        session.execute(
            select(PromotionGift.standing_id, PromotionGift.reward_code).where(PromotionGift.standing_id == ids)
        )
    )
    pairs = zip(placed.standing_id.tolist(), placed.step.tolist(), strict=True)
    wanted = {(id_, gift) for id_, step in pairs for gift in gifts_of(steps, step, each=definition.terms.each)}
    fresh = [{"standing_id": id_, "reward_code": gift, "earned_at": now} for id_, gift in sorted(wanted - here)]
    if fresh:
        session.execute(insert(PromotionGift), fresh)
    for id_, gift in sorted(here - wanted):
        session.execute(
            delete(PromotionGift).where(
                PromotionGift.standing_id == id_, PromotionGift.reward_code == gift, PromotionGift.handed_at.is_(None)
            )
        )


def hand_over(
    session: Session, promotion: Promotion, standing_id: int, reward_code: str, *, actor: str, now: dt.datetime
) -> None:
    """Write down that somebody was given the reward that they earned. The caller commits.

    Raises:
        NoSuchGift: There is none that waits.
    """
    gift = session.scalars(
        select(PromotionGift)
        .join(PromotionStanding, PromotionStanding.id == PromotionGift.standing_id)
        .where(
            PromotionStanding.promotion_id == promotion.id,
            PromotionGift.standing_id == standing_id,
            PromotionGift.reward_code == reward_code,
            PromotionGift.handed_at.is_(None),
        )
        .with_for_update(of=PromotionGift)
    ).one_or_none()
    if gift is None:
        raise NoSuchGift(reward_code)
    gift.handed_at, gift.handed_by = now, actor
    after = {"promotion": promotion.code, "reward": reward_code, "standing": standing_id}
    audit.note(session, actor, "promotion.gift", promotion.code, now=now, program_id=promotion.program_id, after=after)
