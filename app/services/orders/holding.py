"""An order in somebody's hands: locked with its lines, moved, and what happens to it noted."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.rewards.reward_orders import may_become, state_of
from app.domain.states import OrderState, OrderWord
from app.models.orders import OrderEvent, OrderLine, RewardOrder
from app.models.rewards import Reward
from app.services.ledger.accounts import lock_wallets


class OrderError(Exception):
    """Something cannot be done with an order; nothing was changed."""


class NotNow(OrderError):
    """An order, or a line of it, is not as far as that, or further already."""

    def __init__(self, line: str | None = None) -> None:
        """Name the line."""
        super().__init__(f"{line or 'the order'} is not as far as that, or further already")
        self.line = line


class SamePerson(OrderError):
    """Whoever placed an order does not approve it."""


class NotPaid(OrderError):
    """The money of an order's price has not come in."""


class TakesNoPart(OrderError):
    """Whose order it is was blocked since: it redeems nothing. The order can be cancelled."""


class NoCodes(OrderError):
    """Codes that an order is to be given have ended since it was placed, and there are no others."""


@dataclass
class Held:
    """An order that nobody else can change until the transaction ends, and its lines."""

    session: Session
    order: RewardOrder
    lines: Sequence[OrderLine]
    actor: str | None
    now: dt.datetime

    def chosen(self, line_ids: Sequence[int] | None) -> list[OrderLine]:
        """Give some lines, or all that are not cancelled.

        Raises:
            LookupError: One is none of the order's.
        """
        if line_ids is None:
            return [line for line in self.lines if line.state is not OrderState.CANCELLED]
        by_id = {line.id: line for line in self.lines}
        return [by_id[one] for one in line_ids]

    def move(self, line: OrderLine, state: OrderState) -> None:
        """Let a line become what it may become now.

        Raises:
            NotNow: It may not.
        """
        if not may_become(line.state, state):
            raise NotNow(line.name)
        line.state = state

    def note(
        self, word: OrderWord, line: OrderLine | None = None, *, quantity: int | None = None, words: str | None = None
    ) -> None:
        """Note what happened; the order's state follows from its lines'."""
        self.order.state = state_of(line.state for line in self.lines)
        self.session.add(
            OrderEvent(
                order_id=self.order.id,
                line_id=line.id if line is not None else None,
                word=word,
                quantity=quantity,
                words=words,
                actor=self.actor,
                at=self.now,
            )
        )
        self.session.flush()


def hold(session: Session, program_id: int, order_id: int, *, actor: str | None, now: dt.datetime) -> Held:
    """Lock an order with its lines.

    Raises:
        LookupError: The programme has no such order.
    """
    order = session.scalars(
        select(RewardOrder)
        .where(RewardOrder.id == order_id, RewardOrder.program_id == program_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if order is None:
        raise LookupError(order_id)
    lines = session.scalars(
        select(OrderLine)
        .where(OrderLine.order_id == order_id)
        .order_by(OrderLine.position)
        .execution_options(populate_existing=True)
    ).all()
    return Held(session, order, lines, actor, now)


def lock_in_order(session: Session, order_ids: Collection[int]) -> None:
    """Lock orders, the wallets of all of them, and their rewards, each in the order in which everybody locks them.

    Whoever goes through several orders in one transaction does this for all of them, before the first.
    """
    orders = select(RewardOrder.id, RewardOrder.distributor_id).where(RewardOrder.id.in_(order_ids))
    held = session.execute(orders.order_by(RewardOrder.id).with_for_update()).all()
    lock_wallets(session, np.asarray([owner for _, owner in held], dtype=np.int64))
    of_lines = select(OrderLine.reward_id).where(OrderLine.order_id.in_([id_ for id_, _ in held]))
    session.execute(select(Reward.id).where(Reward.id.in_(of_lines)).order_by(Reward.id).with_for_update())
