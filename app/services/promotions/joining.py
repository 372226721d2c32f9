"""Distributors that become one are one participant: what both were paid counts as paid to it, and stays where it is.

Nothing is taken back from one to be given to the other: points may be spent, and people of both who bear one name may
each have an account of their own. Promotions that are closed stay as they are.
"""

from typing import Any

from sqlalchemy import BigInteger, Date, cast, delete, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as insert_or_leave
from sqlalchemy.orm import Session, aliased

from app.domain.states import PromotionState
from app.models.promotions import Promotion, PromotionGift, PromotionStanding, PromotionTouched


def hold_running(session: Session, program_id: int) -> None:
    """Hold the promotions that run until the transaction ends: before wallets, as whoever brings one up does."""
    session.execute(
        select(Promotion.id)
        .where(Promotion.program_id == program_id, Promotion.state == PromotionState.PUBLISHED)
        .order_by(Promotion.id)
        .with_for_update()
    )


def join(session: Session, program_id: int, merged_id: int, survivor_id: int) -> None:
    """Let the standings of one distributor be those of another one. The caller holds both wallets, and commits."""
    running = select(Promotion.id).where(
        Promotion.program_id == program_id, Promotion.state == PromotionState.PUBLISHED
    )
    mine, theirs = PromotionStanding, aliased(PromotionStanding)
    names = [column.key for column in PromotionStanding.__table__.columns if column.key != "id"]
    figures = {
        **dict.fromkeys(names, literal(0)),
        **{
            name: getattr(mine, name)
            for name in ("promotion_id", "person", "version", "is_open", "gates", "changed_at")
        },
        "distributor_id": literal(survivor_id, BigInteger),
        "paid_to_id": literal(None, BigInteger),
        "into_id": literal(None, BigInteger),
    }
    of_merged = (mine.distributor_id == merged_id, mine.promotion_id.in_(running))
    session.execute(
        insert_or_leave(PromotionStanding)
        .from_select(names, select(*(figures[name] for name in names)).where(*of_merged))
        .on_conflict_do_nothing()
    )
    same = (
        theirs.promotion_id == mine.promotion_id,
        theirs.person == mine.person,
        theirs.distributor_id == survivor_id,
    )
    into = select(theirs.id).where(*same).scalar_subquery()
    joined = dict(
        session.execute(
            update(mine)
            .where(*of_merged)
            .values(into_id=into)
            .returning(mine.id, mine.into_id)
            .execution_options(synchronize_session=False)
        ).all()
    )
    for merged, survivor in joined.items():
        assert survivor is not None, "it was made where there was none"
        # who was merged into the merged one before
        session.execute(
            update(mine)
            .where(mine.into_id == merged)
            .values(into_id=survivor)
            .execution_options(synchronize_session=False)
        )
        _gifts(session, merged, survivor)
    session.execute(
        insert(PromotionTouched).from_select(
            ["promotion_id", "distributor_id", "month_on"],
            select(
                mine.promotion_id,
                func.unnest(literal([merged_id, survivor_id], ARRAY(BigInteger)), type_=BigInteger),
                cast(func.date_trunc("month", Promotion.first_on), Date),
            )
            .join(Promotion, Promotion.id == mine.promotion_id)
            .where(mine.id.in_(joined))
            .distinct(),
        )
    )


def _gifts(session: Session, merged: int, survivor: int) -> None:
    """Let rewards of the catalogue go over; of one that both have, the one that was handed over stays."""
    gift, other = PromotionGift, aliased(PromotionGift)
    quiet = {"synchronize_session": False}

    def has(standing: int, *, handed: bool) -> Any:
        one = (other.standing_id == standing, other.reward_code == gift.reward_code)
        return select(other.reward_code).where(*one, *([other.handed_at.is_not(None)] if handed else [])).exists()

    waits = (gift.standing_id == survivor, gift.handed_at.is_(None), has(merged, handed=True))
    session.execute(delete(gift).where(*waits).execution_options(**quiet))
    goes = (gift.standing_id == merged, ~has(survivor, handed=False))
    session.execute(update(gift).where(*goes).values(standing_id=survivor).execution_options(**quiet))
    stays = (gift.standing_id == merged, gift.handed_at.is_(None))
    session.execute(delete(gift).where(*stays).execution_options(**quiet))
