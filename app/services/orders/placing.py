"""Placing an order: everything is looked at once more, the points are reserved, and it is there once.

Who orders holds the wallet first and the rewards after it, in the order of their ids: stock, codes and limits are what
they are until the order stands, however many order at once.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.measures.calendar import local_date
from app.domain.rewards.families import counted_with
from app.domain.rewards.reward_orders import SENT
from app.domain.states import OrderState, OrderWord, Unit
from app.domain.typed.card_numbers import holds_card_number
from app.models.distributors import Distributor
from app.models.orders import RewardOrder
from app.models.programs import Program
from app.models.rewards import Reward
from app.services import audit
from app.services.access.keys import Keys
from app.services.ledger import expiring, ledger, liability
from app.services.ledger.accounts import lock_wallets
from app.services.orders import approving, baskets, holding
from app.services.orders.lines import put_line
from app.services.owners import pools
from app.services.owners.moves import on_behalf
from app.services.rewarding import offers, rewards
from app.services.rewarding.offers import Offer, Purse


@dataclass(frozen=True)
class Problem:
    """Why an order cannot be placed: ``gone``, ``stock``, ``limit``, ``points``, ``price``, ``address``, ``blocked``.

    ``pool``: the holder of its pool alone spends the points.
    ``reward`` names the reward, ``left`` how many there still are, or how many points are missing.
    """

    code: str
    reward: str | None = None
    left: int | None = None


class OrderRefused(Exception):
    """An order that cannot be placed as it is; nothing was reserved."""

    def __init__(self, *problems: Problem) -> None:
        """Say why."""
        super().__init__(", ".join(one.code for one in problems))
        self.problems = problems


@dataclass(frozen=True)
class Wanted:
    """What somebody orders, as they saw it: how many of each reward, and what they were told that costs."""

    key: str
    quantities: Mapping[int, int]
    points: int
    address: Mapping[str, str] | None = None
    note: str | None = None
    with_cash: frozenset[int] = frozenset()
    """Those of which each piece is paid in points and money."""
    cash_minor: int = 0

    def unit(self, one: Offer) -> tuple[int, int]:
        """Give what one of a reward costs in points and in money, as it is wanted."""
        return one.unit(with_cash=one.reward.id in self.with_cash)


def place(
    session: Session,
    keys: Keys,
    program: Program,
    distributor_id: int,
    wanted: Wanted,
    *,
    user_id: int,
    actor: str,
    now: dt.datetime,
) -> int:
    """Place an order, or find the one that was placed under the same key. Returns its id. The caller commits.

    Raises:
        OrderRefused: With everything that is in its way. The caller's transaction must be rolled back.
    """
    today = local_date(now, program.time_zone)
    # locked by whose they are: points that move to a pool meanwhile are followed there
    lock_wallets(session, np.asarray([distributor_id], dtype=np.int64))
    expiring.write_off(session, program.id, today, [ledger.wallet_of(session, distributor_id, Unit.POINTS)])
    same = select(RewardOrder.id).where(RewardOrder.distributor_id == distributor_id, RewardOrder.key == wanted.key)
    placed = session.scalars(same).one_or_none()
    if placed is not None:
        return placed
    purse = Purse(session, program, distributor_id, today)
    ids = sorted(wanted.quantities)
    session.scalars(
        select(Reward)
        .where(Reward.id.in_(ids))
        .order_by(Reward.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    offered = {one.reward.id: one for one in offers.of_distributor(session, program, distributor_id, now=now, only=ids)}
    _require(session, program, distributor_id, wanted, offered, purse)
    address = dict(wanted.address) if wanted.address is not None and _sends(offered.values()) else None
    order = RewardOrder(
        program_id=program.id,
        distributor_id=distributor_id,
        key=wanted.key,
        state=OrderState.WAITING,
        points=wanted.points,
        cash_minor=wanted.cash_minor,
        worth_minor=liability.worth_minor(wanted.points, program.point_value_micro),
        address=address,
        address_by=actor if address is not None else None,
        note=wanted.note or None,
        placed_by=actor,
        placed_at=now,
    )
    session.add(order)
    session.flush()
    _reserve(session, program, order, wanted, offered, purse, today)
    held = holding.hold(session, program.id, order.id, actor=actor, now=now)
    held.note(OrderWord.PLACED)
    baskets.empty(session, user_id, distributor_id)
    after = {"order": order.id, "points": order.points, "lines": len(held.lines)}
    audit.note(session, actor, "order.place", str(order.id), now=now, program_id=program.id, after=after)
    if not order.cash_minor:
        approving.approved_where_nobody_is_asked(keys, program, held)
    return order.id


def lacking_of(offer: Offer, quantity: int, of_family: int) -> Problem | None:
    """Say why so many of a reward cannot be had: the stock, or what one participant gets at most; None: they can.

    ``of_family`` are the pieces of its whole family that are wanted with it: what one gets at most counts them all.
    """
    allowed, left = offer.allowed, offer.left
    if allowed is not None and of_family > allowed:
        had = allowed if left is None or offer.reward.family is not None else min(allowed, left)
        return Problem("limit", offer.reward.family or offer.reward.name, had)
    return Problem("stock", offer.reward.name, left) if left is not None and quantity > left else None


def wanted_together(quantities: Mapping[int, int], offered: Iterable[Offer]) -> dict[int, int]:
    """Count by reward what is wanted of its whole family; of one that stands alone, what is wanted of it."""
    keys = {one.reward.id: counted_with(one.reward.id, one.reward.family) for one in offered}
    sums: Counter[int | str] = Counter()
    for reward_id, key in keys.items():
        sums[key] += quantities.get(reward_id, 0)
    return {reward_id: sums[key] for reward_id, key in keys.items()}


def _sends(offered: Any) -> bool:
    return any(one.reward.kind in SENT for one in offered)


def _require(
    session: Session,
    program: Program,
    distributor_id: int,
    wanted: Wanted,
    offered: Mapping[int, Offer],
    purse: Purse,
) -> None:
    """Find everything that is in an order's way."""
    found = []
    if session.scalars(select(Distributor.blocked).where(Distributor.id == distributor_id)).one():
        found.append(Problem("blocked"))
    if not pools.may_spend(session, distributor_id):
        found.append(Problem("pool"))
    families = wanted_together(wanted.quantities, offered.values())
    for reward_id, quantity in wanted.quantities.items():
        one = offered.get(reward_id)
        if one is None:
            name = session.scalars(
                select(Reward.name).where(Reward.id == reward_id, Reward.program_id == program.id)
            ).one_or_none()
            found.append(Problem("gone", name))
        elif (lacking := lacking_of(one, quantity, families[reward_id])) is not None and lacking not in found:
            found.append(lacking)
    if not wanted.quantities or any(quantity < 1 for quantity in wanted.quantities.values()):
        found.append(Problem("gone"))
    if found:
        raise OrderRefused(*found)
    total = sum(wanted.unit(offered[one])[0] * quantity for one, quantity in wanted.quantities.items())
    cash = sum(wanted.unit(offered[one])[1] * quantity for one, quantity in wanted.quantities.items())
    if (total, cash) != (wanted.points, wanted.cash_minor):
        raise OrderRefused(Problem("price", left=total))
    if total > purse.redeemable:
        raise OrderRefused(Problem("points", left=total - purse.redeemable))
    if _sends(offered.values()) and not _whole_address(program, wanted.address):
        raise OrderRefused(Problem("address"))
    said = [*(wanted.address or {}).values(), wanted.note or ""]
    if any(holds_card_number(one) for one in said):
        raise OrderRefused(Problem("card_number"))


def _whole_address(program: Program, address: Mapping[str, str] | None) -> bool:
    return address is not None and all(address.get(one, "").strip() for one in rewards.settings_of(program).address)


def _reserve(
    session: Session,
    program: Program,
    order: RewardOrder,
    wanted: Wanted,
    offered: Mapping[int, Offer],
    purse: Purse,
    today: dt.date,
) -> None:
    """Reserve the points of each line and take it off the stock.

    What the fewest points may pay for comes first: what may be paid with any point must not use those up.
    """
    terms = {one: purse.terms(offered[one].reward.kind, offered[one].reward.category) for one in wanted.quantities}

    def narrow(reward_id: int) -> tuple[bool, int, int]:
        may = terms[reward_id]
        return may is None, len(may or ()), reward_id

    for position, reward_id in enumerate(sorted(wanted.quantities, key=narrow), start=1):
        one, quantity = offered[reward_id], wanted.quantities[reward_id]
        unit_points, unit_cash = wanted.unit(one)
        cost = unit_points * quantity
        try:
            reservation = ledger.reserve(
                session,
                purse.account_id,
                cost,
                key=f"order:{order.id}:{position}",
                on=today,
                actor=order.placed_by,
                reason=f"#{order.id}: {quantity} × {one.reward.name}",
                terms=terms[reward_id],
            )
        except ledger.InsufficientPoints:
            raise OrderRefused(Problem("points", one.reward.name, max(1, cost - one.spendable))) from None
        if pools.is_shared(session, purse.account_id):
            on_behalf(session, [reservation], purse.account_id, order.distributor_id)
        put_line(
            *(session, program, order, position, one.reward, one.price, one.goods),
            quantity=quantity,
            unit=(unit_points, unit_cash),
            reservation_id=reservation,
        )
    session.flush()
