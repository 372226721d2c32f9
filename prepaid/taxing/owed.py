"""What is still to be compensated: loads that arrived, and goods that were delivered, in a period.

A load's compensation was computed and frozen with it. Goods have none yet: their tax is computed by the run that takes
them (`prepaid.taxing.goods_tax`). Whatever has a compensation that is loaded, or under way, is not looked at again.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, ColumnElement, Select, and_, case, cast, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from app.db.bulk import read_numbers, rows_of
from app.db.days import day_there
from app.domain.measures.calendar import end_of, midnight
from app.domain.measures.exact import Ints
from app.domain.rewards.reward_orders import worths
from app.domain.states import CardState, Identity, OrderState, RewardKind, TaxStatus, TopUpKind, Unit
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.models.orders import OrderLine, RewardOrder
from app.models.prepaid import Card, Redemption, TopUp
from app.models.programs import Program
from app.models.rewards import Reward
from app.services.loads.arrivals import ENDED_WITHOUT, is_there
from app.services.participants import tax_statuses
from app.services.rewarding import rewards
from prepaid.loads.recipients import RECEIVES, Recipient

TAXED_GOODS = (RewardKind.GOODS, RewardKind.VOUCHER)
"""Rewards of a catalogue that a tax rule may be about. A discount, a donation and a ticket are none of them."""


@dataclass(frozen=True)
class Owed:
    """Redemptions whose compensation is not loaded, in columns, in the order of those who receive it.

    ``attempts`` is how many times it was ordered before.
    """

    redemption_id: Ints
    recipient_id: Ints
    compensation_minor: Ints
    attempts: Ints


@dataclass(frozen=True, slots=True)
class Goods:
    """A line of an order that was delivered and whose tax nobody has looked at.

    ``cost_minor`` is of all its pieces, and so is ``paid_minor``: the money that was paid for them besides points.
    """

    line_id: int
    account_id: int
    recipient_id: int
    tax_status: TaxStatus
    reservation_id: int
    delivered_on: dt.date
    kind: RewardKind
    name: str
    points: int
    worth_minor: int
    cost_minor: int | None
    tax_bp: int
    paid_minor: int


@dataclass(frozen=True, slots=True)
class Receiver:
    """Somebody who is to receive compensations, and the card that they go to."""

    id: int
    code: str
    name: str
    blocked: bool
    card_id: int | None
    card_state: CardState | None
    identity: Identity
    balance_minor: int


PAYING = aliased(TopUp, name="paying")
"""The load that compensates a redemption: loaded, under way, or there after all (`app.services.loads.arrivals`)."""


def _another() -> ColumnElement[bool]:
    """Say that a reward has another load of the kind, which did not end without money."""
    other = aliased(TopUp)
    return (
        select(other.id)
        .where(
            other.redemption_id == PAYING.redemption_id,
            other.kind == TopUpKind.COMPENSATION,
            other.status.not_in(ENDED_WITHOUT),
        )
        .correlate(PAYING)
        .exists()
    )


IS_PAYING: ColumnElement[bool] = and_(
    PAYING.redemption_id == Redemption.id,
    PAYING.kind == TopUpKind.COMPENSATION,
    or_(PAYING.status.not_in(ENDED_WITHOUT), and_(is_there(PAYING), ~_another())),
)

REWARD = aliased(TopUp, name="reward")
"""The load of a redemption."""


def given_on(time_zone: str) -> ColumnElement[dt.date]:
    """Give the day on which a reward arrived, in the programme's time zone: it says which period it is of."""
    return case(
        (Redemption.order_line_id.is_not(None), Redemption.redeemed_on),
        else_=day_there(REWARD.settled_at, time_zone),
    )


def given(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Join redemptions with the load that arrived, and ask for those with something to compensate."""
    return query.outerjoin(
        REWARD,
        and_(
            REWARD.redemption_id == Redemption.id,
            REWARD.kind == TopUpKind.REWARD,
            is_there(REWARD),
        ),
    ).where(
        Redemption.compensation_minor > 0,
        # what was called off may be on its card all the same
        or_(REWARD.id.is_not(None), and_(Redemption.order_line_id.is_not(None), Redemption.ended_at.is_(None))),
    )


def owed(session: Session, program: Program, from_on: dt.date, to_on: dt.date) -> Owed:
    """Find what arrived in a period, both days included, and is not compensated."""
    arrived = (REWARD.settled_at >= midnight(from_on, program.time_zone)) & (
        REWARD.settled_at < end_of(to_on, program.time_zone)
    )
    tried = (
        select(func.coalesce(func.max(TopUp.attempt), 0))
        .where(TopUp.redemption_id == Redemption.id, TopUp.kind == TopUpKind.COMPENSATION)
        .scalar_subquery()
    )
    rows = (
        given(
            select(
                Redemption.id,
                Recipient.id.label("recipient"),
                Redemption.compensation_minor,
                cast(tried, BigInteger).label("attempts"),
            ).select_from(Redemption)
        )
        .join(Account, Account.id == Redemption.account_id)
        .join(Distributor, Distributor.id == Account.distributor_id)
        .join(Recipient, RECEIVES)
        .where(
            Redemption.program_id == program.id,
            or_(
                and_(Redemption.order_line_id.is_not(None), Redemption.redeemed_on.between(from_on, to_on)),
                arrived,
            ),
            ~select(PAYING.id).where(IS_PAYING).exists(),
        )
        .order_by(Recipient.sort_key, Recipient.id, Redemption.id)
    )
    names = ("redemption_id", "recipient_id", "compensation_minor", "attempts")
    return Owed(**read_numbers(session, rows, names))


def goods(session: Session, program: Program, from_on: dt.date, to_on: dt.date) -> list[Goods]:
    """Find the goods and vouchers that were delivered in a period and were not looked at, in the order of delivery.

    None of them comes back until the transaction ends (`app.services.orders.returning`).
    """
    judged = select(Redemption.id).where(Redemption.order_line_id == OrderLine.id, Redemption.ended_at.is_(None))
    left = OrderLine.quantity - OrderLine.cancelled
    cost = func.coalesce(cast(OrderLine.priced["cost_minor"].astext, BigInteger), Reward.cost_minor)
    rows: Any = session.execute(
        select(
            OrderLine.order_id,
            OrderLine.id,
            Account.id,
            Recipient.id,
            tax_statuses.status_of_day(Recipient, OrderLine.delivered_on),
            OrderLine.reservation_id,
            OrderLine.delivered_on,
            OrderLine.kind,
            OrderLine.name,
            cast(left, BigInteger) * OrderLine.unit_points,
            cost * left,
            func.coalesce(cast(OrderLine.priced["tax_bp"].astext, BigInteger), rewards.settings_of(program).tax),
            cast(left, BigInteger) * OrderLine.unit_cash_minor,
        )
        .join(RewardOrder, RewardOrder.id == OrderLine.order_id)
        .join(Reward, Reward.id == OrderLine.reward_id)
        .join(Distributor, Distributor.id == RewardOrder.distributor_id)
        .join(Recipient, RECEIVES)
        .join(Account, and_(Account.distributor_id == Distributor.id, Account.unit == Unit.POINTS))
        .where(
            RewardOrder.program_id == program.id,
            OrderLine.state == OrderState.DELIVERED,
            OrderLine.delivered_on.between(from_on, to_on),
            OrderLine.kind.in_(TAXED_GOODS),
            ~judged.exists(),
        )
        .order_by(OrderLine.delivered_on, OrderLine.id)
        .with_for_update(read=True, of=OrderLine)
    ).all()
    worth = _worths(session, [row[0] for row in rows])
    complete = ([*line, worth[line[0]], *costs] for _order, *line, costs in ((*row[:-3], row[-3:]) for row in rows))
    return [Goods(*one) for one in complete]


def _worths(session: Session, orders: Sequence[int]) -> dict[int, int]:
    """Give what the lines of orders were worth when their points were spent, as the orders keep it, by line."""
    wanted = rows_of(id=np.unique(np.asarray(orders, dtype=np.int64)))
    lines = read_numbers(
        session,
        select(
            OrderLine.id,
            OrderLine.order_id,
            cast(OrderLine.quantity, BigInteger),
            OrderLine.unit_points,
            cast(OrderLine.quantity - OrderLine.cancelled, BigInteger),
            RewardOrder.worth_minor,
        )
        .join(wanted, wanted.c.id == OrderLine.order_id)
        .join(RewardOrder, RewardOrder.id == OrderLine.order_id)
        .order_by(OrderLine.order_id, OrderLine.position),
        ("line", "order", "quantity", "unit_points", "left", "worth"),
    )
    _, first, order = np.unique(lines["order"], return_index=True, return_inverse=True)
    worth = worths(lines["worth"][first], order, lines["quantity"], lines["unit_points"], lines["left"])
    return dict(zip(lines["line"].tolist(), worth.tolist(), strict=True))


@dataclass(frozen=True)
class Waiting:
    """What is not compensated by now, of whatever period; ``first_on`` is the day on which the oldest arrived."""

    rewards: int
    amount_minor: int
    first_on: dt.date | None


def waiting(session: Session, program: Program) -> Waiting:
    """Sum what arrived and is not compensated, but for goods: nobody knows their tax before a run looks at them."""
    query = given(
        select(
            func.count(),
            cast(func.coalesce(func.sum(Redemption.compensation_minor), 0), BigInteger),
            func.min(given_on(program.time_zone)),
        ).select_from(Redemption)
    ).where(Redemption.program_id == program.id, ~select(PAYING.id).where(IS_PAYING).exists())
    return Waiting(*session.execute(query).one())


def receivers(session: Session, ids: Ints, provider: str) -> dict[int, Receiver]:
    """Give those who receive something, with the card of a provider that it goes to."""
    wanted = rows_of(id=np.unique(ids))
    card = and_(Card.distributor_id == Distributor.id, Card.provider == provider, Card.active, Card.token.is_not(None))
    rows = session.execute(
        select(
            Distributor.id,
            Distributor.code,
            Distributor.name,
            Distributor.blocked,
            Card.id,
            Card.state,
            func.coalesce(Card.identity, literal(Identity.UNKNOWN, Card.identity.type)),
            func.coalesce(Card.balance_minor, 0),
        )
        .join(wanted, wanted.c.id == Distributor.id)
        .outerjoin(Card, card)
    )
    return {row[0]: Receiver(*row) for row in rows}
