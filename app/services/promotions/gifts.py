"""Rewards of the catalogue that steps give: who has earned one, and whether it was handed over."""

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.many import any_of
from app.domain.promoting.promotion_terms import CompiledPromotion
from app.domain.promoting.promotions import gifts_of
from app.models.promotions import Promotion, PromotionGift, PromotionStanding
from app.services import audit
from app.services.promotions.standings import Placed


class NoSuchGift(LookupError):
    """Nobody has earned this reward there, or it was handed over already."""


def bring_up(session: Session, definition: CompiledPromotion, placed: Placed, now: dt.datetime) -> None:
    """Note who has earned rewards of the catalogue; what is earned no more is taken off, unless it was handed over.

    Nor is what an older version gave and this one does not.
    """
    if not len(placed.standing_id):
        return
    ids = any_of(placed.standing_id.tolist())
    here = set(
        session.execute(
            select(PromotionGift.standing_id, PromotionGift.reward_code).where(PromotionGift.standing_id == ids)
        )
    )
    earned = wanted(definition, zip(placed.standing_id.tolist(), placed.step.tolist(), strict=True))
    fresh = [{"standing_id": id_, "reward_code": gift, "earned_at": now} for id_, gift in sorted(earned - here)]
    if fresh:
        session.execute(insert(PromotionGift), fresh)
    for id_, gift in sorted(here - earned):
        session.execute(
            delete(PromotionGift).where(
                PromotionGift.standing_id == id_, PromotionGift.reward_code == gift, PromotionGift.handed_at.is_(None)
            )
        )


def wanted(definition: CompiledPromotion, reached: Iterable[tuple[int, int]]) -> set[tuple[int, str]]:
    """Give who has earned which rewards, by standing and code, of standings and the steps they reached."""
    steps, each = definition.terms.steps, definition.terms.each
    return {(id_, gift) for id_, step in reached for gift in gifts_of(steps, step, each=each)}


def handed(session: Session, promotion_id: int) -> set[tuple[int, str]]:
    """Give what was handed over already, by standing and code."""
    query = (
        select(PromotionGift.standing_id, PromotionGift.reward_code)
        .join(PromotionStanding, PromotionStanding.id == PromotionGift.standing_id)
        .where(PromotionStanding.promotion_id == promotion_id, PromotionGift.handed_at.is_not(None))
    )
    return set(session.execute(query))


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
        .execution_options(populate_existing=True)
    ).one_or_none()
    if gift is None:
        raise NoSuchGift(reward_code)
    gift.handed_at, gift.handed_by = now, actor
    after = {"promotion": promotion.code, "reward": reward_code, "standing": standing_id}
    audit.note(session, actor, "promotion.gift", promotion.code, now=now, program_id=promotion.program_id, after=after)
