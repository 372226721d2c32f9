"""Baskets: what somebody has put aside to order for their distributor. Nothing is reserved by it."""

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.models.orders import BasketItem

MOST_OF_ONE = 1_000
MOST_REWARDS = 50


def put(
    session: Session, user_id: int, distributor_id: int, reward_id: int, quantity: int, *, with_cash: bool = False
) -> None:
    """Let a basket have so many of a reward; none: it goes out of it. The caller commits."""
    if quantity < 1:
        session.execute(
            delete(BasketItem).where(
                BasketItem.user_id == user_id,
                BasketItem.distributor_id == distributor_id,
                BasketItem.reward_id == reward_id,
            )
        )
        return
    made = insert(BasketItem).values(
        user_id=user_id,
        distributor_id=distributor_id,
        reward_id=reward_id,
        quantity=min(quantity, MOST_OF_ONE),
        with_cash=with_cash,
    )
    session.execute(
        made.on_conflict_do_update(
            index_elements=["user_id", "distributor_id", "reward_id"],
            set_={"quantity": made.excluded.quantity, "with_cash": made.excluded.with_cash},
        )
    )


def add(
    session: Session, user_id: int, distributor_id: int, reward_id: int, quantity: int = 1, *, with_cash: bool = False
) -> bool:
    """Add to a basket; False where it is full. The caller commits."""
    here = of(session, user_id, distributor_id)
    if reward_id not in here and len(here) >= MOST_REWARDS:
        return False
    put(session, user_id, distributor_id, reward_id, here.get(reward_id, 0) + quantity, with_cash=with_cash)
    return True


def of(session: Session, user_id: int, distributor_id: int) -> dict[int, int]:
    """Give what is in a basket: how many, by reward."""
    rows = session.execute(
        select(BasketItem.reward_id, BasketItem.quantity)
        .where(BasketItem.user_id == user_id, BasketItem.distributor_id == distributor_id)
        .order_by(BasketItem.reward_id)
    )
    return dict(rows.all())


def with_cash(session: Session, user_id: int, distributor_id: int) -> frozenset[int]:
    """Name the rewards of a basket that are to be paid in points and money."""
    return frozenset(
        session.scalars(
            select(BasketItem.reward_id).where(
                BasketItem.user_id == user_id, BasketItem.distributor_id == distributor_id, BasketItem.with_cash
            )
        )
    )


def pieces(session: Session, user_id: int, distributor_id: int) -> int:
    """Count the pieces in a basket."""
    total = select(func.coalesce(func.sum(BasketItem.quantity), 0)).where(
        BasketItem.user_id == user_id, BasketItem.distributor_id == distributor_id
    )
    return int(session.execute(total).scalar_one())


def empty(session: Session, user_id: int, distributor_id: int) -> None:
    """Empty a basket: it was ordered. The caller commits."""
    session.execute(
        delete(BasketItem).where(BasketItem.user_id == user_id, BasketItem.distributor_id == distributor_id)
    )
