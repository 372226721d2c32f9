"""An order is approved: by itself below the programme's limit, else by somebody who did not place it.

What nobody has to send is handed out at once: codes, tickets.
"""

import datetime as dt
from collections import Counter

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.measures.calendar import local_date
from app.domain.measures.money import smallest_units
from app.domain.rewards.reward_orders import AT_ONCE
from app.domain.states import OrderState, OrderWord, RewardKind
from app.models.distributors import Distributor
from app.models.orders import OrderLine
from app.models.programs import Program
from app.models.rewards import Reward
from app.services import audit
from app.services.access.keys import Keys
from app.services.ledger import ledger
from app.services.orders.holding import Held, NoCodes, NotNow, NotPaid, SamePerson, TakesNoPart, hold
from app.services.orders.owing import money_of
from app.services.rewarding import draws, rewards, vouchers
from app.services.same_person import is_same
from app.services.telling import notices


def approve(session: Session, keys: Keys, program: Program, order_id: int, *, actor: str, now: dt.datetime) -> None:
    """Approve an order that waits for it. The caller commits.

    Raises:
        NotNow: It does not wait.
        SamePerson: Whoever approves placed it.
        TakesNoPart: Its distributor was blocked meanwhile.
        NotPaid: The money of its price has not come in.
        NoCodes: Codes of its vouchers have ended meanwhile.
        LookupError: The programme has no such order.
    """
    held = hold(session, program.id, order_id, actor=actor, now=now)
    if held.order.state is not OrderState.WAITING:
        raise NotNow
    if money_of(held.order, held.lines).to_pay:
        raise NotPaid
    if is_same(session, actor, held.order.placed_by):
        raise SamePerson
    if _blocked(held):
        raise TakesNoPart
    if _lacks_codes(program, held):
        raise NoCodes
    approved(keys, program, held, by=actor)
    audit.note(session, actor, "order.approve", str(order_id), now=now, program_id=program.id)
    parts = {"order": order_id}
    notices.tell(session, program.id, "order_approved", parts, distributor_id=held.order.distributor_id, now=now)


def approved_where_nobody_is_asked(keys: Keys, program: Program, held: Held) -> None:
    """Let an order go on whose value asks for nobody's approval.

    Others go on waiting, as do those of the blocked, and those whose codes have ended while their money was awaited.
    """
    limit = rewards.settings_of(program).approve_above
    small = limit is None or held.order.worth_minor <= smallest_units(limit, program.currency_decimals)
    if small and not _blocked(held) and not _lacks_codes(program, held):
        approved(keys, program, held, by=None)


def _blocked(held: Held) -> bool:
    """Tell whether whose order it is was blocked meanwhile."""
    return held.session.scalars(select(Distributor.blocked).where(Distributor.id == held.order.distributor_id)).one()


def _lacks_codes(program: Program, held: Held) -> bool:
    """Tell whether there are fewer codes by now than an order is to be given."""
    today = local_date(held.now, program.time_zone)
    wanted: Counter[int] = Counter()
    for line in held.chosen(None):
        if line.kind is RewardKind.VOUCHER:
            wanted[line.reward_id] += line.quantity - line.cancelled
    return any(vouchers.supply(held.session, one, today).left < count for one, count in wanted.items())


def approved(keys: Keys, program: Program, held: Held, *, by: str | None) -> None:
    """Let an order go on; ``by`` is None where its value asks for nobody."""
    held.order.approved_by, held.order.approved_at = by, held.now
    money = money_of(held.order, held.lines)
    if money.paid is None:
        held.order.cash_minor = money.due  # what was cancelled before it was paid is not paid any more
    for line in held.chosen(None):
        held.move(line, OrderState.APPROVED)
    held.actor = by
    held.note(OrderWord.APPROVED)
    _hand_out(keys, program, held)


def _hand_out(keys: Keys, program: Program, held: Held) -> None:
    """Hand out what nobody has to send. The wallet is locked before the rewards, as whoever orders does it."""
    lines = [line for line in held.chosen(None) if line.kind in AT_ONCE]
    if not lines:
        return
    today = local_date(held.now, program.time_zone)
    ledger.settle(
        held.session, program.id, [line.reservation_id for line in lines], on=today, actor=held.order.placed_by
    )
    ids = sorted({line.reward_id for line in lines})
    held.session.scalars(select(Reward.id).where(Reward.id.in_(ids)).order_by(Reward.id).with_for_update()).all()
    for line in lines:
        _give(keys, held, line, today)
        held.move(line, OrderState.DELIVERED)
        line.delivered_on = today
        held.note(OrderWord.DELIVERED, line, quantity=line.quantity - line.cancelled)


def _give(keys: Keys, held: Held, line: OrderLine, today: dt.date) -> None:
    count, kind = line.quantity - line.cancelled, line.kind
    if kind is RewardKind.DRAW:
        draws.give(held.session, line.id, line.reward_id, count)
        return
    if kind is RewardKind.DISCOUNT:
        vouchers.make(held.session, keys, line.reward_id, count)
    vouchers.give(held.session, line.id, line.reward_id, count, today=today, now=held.now)
