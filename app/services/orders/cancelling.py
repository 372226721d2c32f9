"""An order, or a part of it, is called off: its points go back to the lots they came from, its pieces to the stock."""

import datetime as dt
from collections.abc import Iterable, Mapping

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.domain.measures.calendar import local_date
from app.domain.states import OrderState, OrderWord
from app.models.orders import OrderLine
from app.models.programs import Program
from app.models.rewards import Reward
from app.services import audit
from app.services.ledger import ledger
from app.services.orders import gifts
from app.services.orders.holding import Held, NotNow, hold
from app.services.orders.moving import close_files
from app.services.telling import notices

THEIR_OWN = (OrderState.WAITING, OrderState.APPROVED)
"""As far as this, whoever ordered may call it off."""


def owner_may(lines: Iterable[OrderLine]) -> bool:
    """Tell whether whoever ordered may call off what has not come: all of it, as long as none was ordered for them."""
    going = {line.state for line in lines} - {OrderState.DELIVERED, OrderState.CANCELLED}
    return bool(going) and going <= set(THEIR_OWN)


def cancel(
    session: Session,
    program: Program,
    order_id: int,
    pieces: Mapping[int, int] | None,
    *,
    reason: str,
    actor: str,
    now: dt.datetime,
    by_owner: bool = False,
) -> int:
    """Call off so many pieces of lines, or all that has not been delivered. Returns the points that came back.

    One action: the points, the stock, the states and the notice go together. ``by_owner``: whoever ordered does it,
    which they may until it is ordered at the supplier. Of what a sale brought the points go back to the sponsor, and
    nobody is told that they came. The caller commits.

    Raises:
        NotNow: Nothing can be called off, or more than there is of a line.
        LookupError: The programme has no such order, or the order no such line.
    """
    held = hold(session, program.id, order_id, actor=actor, now=now)
    going = [line for line in held.chosen(None) if line.state is not OrderState.DELIVERED]
    wanted = {line.id: line.quantity - line.cancelled for line in going} if pieces is None else dict(pieces)
    chosen = [(line, wanted[line.id]) for line in held.chosen(list(wanted)) if wanted[line.id]]
    for line, count in chosen:
        if line not in going or not 0 < count <= line.quantity - line.cancelled:
            raise NotNow(line.name)
        if by_owner and line.state not in THEIR_OWN:
            raise NotNow(line.name)
    if not chosen:
        raise NotNow
    _give_back(program, held, chosen, reason)
    points = 0
    for line, count in chosen:
        line.cancelled += count
        if line.cancelled == line.quantity:
            held.move(line, OrderState.CANCELLED)
        points += count * line.unit_points
        held.note(OrderWord.CANCELLED, line, quantity=count, words=reason)
    restock(session, chosen)
    close_files(session, [line for line, _ in chosen])
    after = {"points": points, "pieces": sum(count for _, count in chosen)}
    audit.note(
        session, actor, "order.cancel", str(order_id), now=now, program_id=program.id, after=after, reason=reason
    )
    parts = {"order": order_id, "points": points, "reason": reason}
    if not gifts.take_points(program, held, points, reason, actor=actor, now=now):
        notices.tell(session, program.id, "order_cancelled", parts, distributor_id=held.order.distributor_id, now=now)
    return points


def _give_back(program: Program, held: Held, chosen: list[tuple[OrderLine, int]], reason: str) -> None:
    today = local_date(held.now, program.time_zone)
    why = f"#{held.order.id}: {reason}"
    whole = [line.reservation_id for line, count in chosen if count == line.quantity - line.cancelled]
    if whole:
        ledger.cancel(held.session, program.id, whole, on=today, actor=held.actor, reason=why)
    for line, count in chosen:
        if line.reservation_id not in whole:
            key = f"order:{held.order.id}:{line.position}:{line.cancelled}"
            ledger.cancel_part(
                held.session,
                program.id,
                line.reservation_id,
                count * line.unit_points,
                key=key,
                on=today,
                actor=held.actor,
                reason=why,
            )


def restock(session: Session, chosen: list[tuple[OrderLine, int]]) -> None:
    """Put pieces back into the stock, in the order in which everybody locks rewards."""
    back: dict[int, int] = {}
    for line, count in chosen:
        back[line.reward_id] = back.get(line.reward_id, 0) + count
    session.scalars(select(Reward.id).where(Reward.id.in_(list(back))).order_by(Reward.id).with_for_update()).all()
    for reward_id, count in back.items():
        session.execute(
            update(Reward)
            .where(Reward.id == reward_id, Reward.stock.is_not(None))
            .values(stock=Reward.stock + count)
            .execution_options(synchronize_session=False)
        )
