"""An order as a page shows it: its lines with their rewards, what became of its points, what happened to it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, exists, select
from sqlalchemy.orm import Session

from app.domain.rewards.reward_orders import LineStanding, PointsOf, points_of, steps_of
from app.domain.states import OrderState
from app.models.distributors import Distributor
from app.models.orders import OrderEvent, OrderLine, RewardOrder
from app.models.rewards import Reward, RewardPicture

CAME_BACK = and_(
    RewardOrder.state == OrderState.CANCELLED,
    exists().where(OrderLine.order_id == RewardOrder.id, OrderLine.returned > 0).correlate(RewardOrder),
)
"""Of an order that nothing is left of: it was delivered and came back (`ReadOrder.came_back`)."""


@dataclass(frozen=True)
class ReadLine:
    """A line, the code of its reward, and its picture."""

    line: OrderLine
    code: str
    picture: bytes | None

    @property
    def left(self) -> int:
        """Give the pieces that were not cancelled."""
        return self.line.quantity - self.line.cancelled


@dataclass(frozen=True)
class ReadOrder:
    """An order with all that stands on its page; events newest first, with the name of the line they are about."""

    order: RewardOrder
    lines: Sequence[ReadLine]
    points: PointsOf
    events: Sequence[tuple[OrderEvent, str | None]]

    @property
    def steps(self) -> Sequence[OrderState]:
        """Give the steps that it goes through."""
        return steps_of((one.line.kind, one.line.state) for one in self.lines)

    @property
    def came_back(self) -> bool:
        """Tell whether nothing is left of it because it came back: what was called off before was never delivered."""
        return self.order.state is OrderState.CANCELLED and any(one.line.returned for one in self.lines)


def read(session: Session, order_id: int) -> ReadOrder:
    """Read an order."""
    rows = session.execute(
        select(OrderLine, Reward.code, RewardPicture.sha256)
        .join(Reward, Reward.id == OrderLine.reward_id)
        .outerjoin(RewardPicture, RewardPicture.reward_id == Reward.id)
        .where(OrderLine.order_id == order_id)
        .order_by(OrderLine.position)
    ).all()
    lines = [ReadLine(line, code, picture) for line, code, picture in rows]
    events = session.execute(
        select(OrderEvent, OrderLine.name)
        .outerjoin(OrderLine, OrderLine.id == OrderEvent.line_id)
        .where(OrderEvent.order_id == order_id)
        .order_by(OrderEvent.id.desc())
    ).all()
    standing = [
        LineStanding(one.line.state, one.line.quantity, one.line.cancelled, one.line.unit_points) for one in lines
    ]
    return ReadOrder(
        session.get_one(RewardOrder, order_id), lines, points_of(standing), [(event, name) for event, name in events]
    )


@dataclass(frozen=True)
class Listed:
    """An order as a list shows it. ``came_back``: it is called off because it was delivered and came back."""

    id: int
    distributor: str
    placed_at: dt.datetime
    points: int
    state: OrderState
    came_back: bool


def newest(session: Session, program_id: int, state: OrderState | None, limit: int) -> list[Listed]:
    """List orders of a programme, newest first."""
    query = (
        select(
            RewardOrder.id, Distributor.name, RewardOrder.placed_at, RewardOrder.points, RewardOrder.state, CAME_BACK
        )
        .join(Distributor, Distributor.id == RewardOrder.distributor_id)
        .where(RewardOrder.program_id == program_id)
        .order_by(RewardOrder.placed_at.desc(), RewardOrder.id.desc())
        .limit(limit)
    )
    if state is not None:
        query = query.where(RewardOrder.state == state)
    return [Listed(*row) for row in session.execute(query)]
