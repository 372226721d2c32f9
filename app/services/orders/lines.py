"""A reward becomes a line of an order: its price is frozen, its pieces leave the stock."""

from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.domain.rewards.reward_prices import Price
from app.domain.states import OrderState, RewardKind
from app.models.orders import OrderLine, RewardOrder
from app.models.programs import Program
from app.models.rewards import Reward
from app.services.rewarding import rewards


def put_line(
    session: Session,
    program: Program,
    order: RewardOrder,
    position: int,
    reward: Reward,
    price: Price,
    goods: str | None,
    *,
    quantity: int,
    unit: tuple[int, int],
    reservation_id: int,
) -> None:
    """Add a line whose points are reserved. The reward's row is locked.

    ``unit`` is what one costs in points and in money, ``goods`` the name of what a discount is for.
    """
    session.add(
        OrderLine(
            order_id=order.id,
            position=position,
            reward_id=reward.id,
            name=reward.name,
            kind=reward.kind,
            quantity=quantity,
            cancelled=0,
            unit_points=unit[0],
            unit_cash_minor=unit[1],
            priced=_priced(program, reward, price, goods),
            reservation_id=reservation_id,
            state=OrderState.WAITING,
            supplier=reward.supplier,
        )
    )
    session.execute(
        update(Reward)
        .where(Reward.id == reward.id, Reward.stock.is_not(None))
        .values(stock=Reward.stock - quantity)
        .execution_options(synchronize_session=False)
    )
    session.flush()


def _priced(program: Program, reward: Reward, price: Price, goods: str | None) -> dict[str, Any]:
    """Freeze what computed the price of a line."""
    found: dict[str, Any] = {"code": reward.code, "regular": price.regular, "by_hand": reward.price_by_hand}
    if price.season is not None:
        found["season"] = [str(price.season.from_on), str(price.season.until_on)]
    if not reward.price_by_hand:
        formula = rewards.formula_of(program)
        found |= {
            "cost_minor": reward.cost_minor,
            "margin_bp": formula.margin_bp,
            "tax_bp": formula.tax_bp,
            "step": formula.step,
            "point_value_micro": formula.point_value_micro,
        }
    if reward.kind is RewardKind.DISCOUNT:
        found |= {"discount_bp": reward.discount_bp, "goods": goods}
    return found
