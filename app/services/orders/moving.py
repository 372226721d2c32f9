"""What was approved is ordered, sent and delivered, line by line. Delivered points are spent for good."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.domain.measures.calendar import local_date
from app.domain.rewards.reward_orders import SENT
from app.domain.states import OrderState, OrderWord, SupplierFileState
from app.models.orders import OrderLine, SupplierFile
from app.models.programs import Program
from app.services import audit
from app.services.ledger import ledger
from app.services.orders.holding import Held, NotNow, hold
from app.services.telling import notices


@dataclass(frozen=True)
class Parcel:
    """Who carries what was sent, under which number."""

    carrier: str | None = None
    tracking: str | None = None


BEFORE: Mapping[OrderState, frozenset[OrderState]] = {
    OrderState.ORDERED: frozenset({OrderState.APPROVED}),
    OrderState.SHIPPED: frozenset({OrderState.ORDERED}),
    OrderState.DELIVERED: frozenset({OrderState.ORDERED, OrderState.SHIPPED}),
}
"""What lines are before they become this, where nobody names them one by one."""


def order_by_hand(
    session: Session,
    program: Program,
    order_id: int,
    line_ids: Sequence[int] | None,
    *,
    actor: str,
    now: dt.datetime,
) -> None:
    """Note that lines are ordered at their supplier, without a file of ours. The caller commits.

    Raises:
        NotNow: A line is not approved, or further already.
    """
    held = hold(session, program.id, order_id, actor=actor, now=now)
    for line in _those(held, line_ids, OrderState.ORDERED):
        held.move(line, OrderState.ORDERED)
        held.note(OrderWord.ORDERED, line, quantity=line.quantity - line.cancelled)
    audit.note(session, actor, "order.order", str(order_id), now=now, program_id=program.id)


def ship(
    session: Session,
    program: Program,
    order_id: int,
    line_ids: Sequence[int] | None,
    parcel: Parcel,
    *,
    actor: str,
    now: dt.datetime,
    on: dt.date | None = None,
) -> None:
    """Note that ordered lines are on their way. The caller commits.

    Raises:
        NotNow: A line is not ordered, or further already.
    """
    held = hold(session, program.id, order_id, actor=actor, now=now)
    lines = [line for line in _those(held, line_ids, OrderState.SHIPPED) if line.kind in SENT]
    if not lines:
        raise NotNow
    for line in lines:
        held.move(line, OrderState.SHIPPED)
        line.carrier, line.tracking = parcel.carrier, parcel.tracking
        line.shipped_on = on or local_date(now, program.time_zone)
        words = " ".join(one for one in (parcel.carrier, parcel.tracking) if one) or None
        held.note(OrderWord.SHIPPED, line, quantity=line.quantity - line.cancelled, words=words)
    close_files(session, lines)
    parts = {"order": order_id, "carrier": parcel.carrier, "tracking": parcel.tracking}
    notices.tell(session, program.id, "order_shipped", parts, distributor_id=held.order.distributor_id, now=now)
    audit.note(session, actor, "order.ship", str(order_id), now=now, program_id=program.id)


def correct_parcel(
    session: Session,
    program: Program,
    order_id: int,
    line_id: int,
    parcel: Parcel,
    *,
    actor: str,
    now: dt.datetime,
    on: dt.date | None = None,
) -> None:
    """Note who carries a line that was sent, under which number, since which day; what is None stays as it is.

    Whoever waits for it is told the other number; once it was delivered nobody waits. The caller commits.

    Raises:
        NotNow: The line was not sent: it is not as far as that, or nobody sends such a thing.
    """
    held = hold(session, program.id, order_id, actor=actor, now=now)
    (line,) = held.chosen([line_id])
    if line.state not in (OrderState.SHIPPED, OrderState.DELIVERED) or line.kind not in SENT:
        raise NotNow(line.name)
    before = _sent(line)
    line.carrier, line.tracking = parcel.carrier or line.carrier, parcel.tracking or line.tracking
    line.shipped_on = on or line.shipped_on
    words = " ".join(one for one in (line.carrier, line.tracking) if one) or None
    held.note(OrderWord.SHIPPED, line, quantity=line.quantity - line.cancelled, words=words)
    if line.state is OrderState.SHIPPED:
        parts = {"order": order_id, "carrier": line.carrier, "tracking": line.tracking}
        notices.tell(session, program.id, "order_shipped", parts, distributor_id=held.order.distributor_id, now=now)
    after = _sent(line)
    audit.note(session, actor, "order.ship", str(order_id), now=now, program_id=program.id, before=before, after=after)


def _sent(line: OrderLine) -> dict[str, str | None]:
    """Give what the audit log says of a parcel."""
    day = line.shipped_on.isoformat() if line.shipped_on else None
    return {"reward": line.name, "carrier": line.carrier, "tracking": line.tracking, "shipped_on": day}


def deliver(
    session: Session,
    program: Program,
    order_id: int,
    line_ids: Sequence[int] | None,
    *,
    actor: str,
    now: dt.datetime,
    on: dt.date | None = None,
) -> None:
    """Note that lines arrived: their points are spent. The caller commits.

    Raises:
        NotNow: A line is not ordered, or delivered already.
    """
    held = hold(session, program.id, order_id, actor=actor, now=now)
    lines = _those(held, line_ids, OrderState.DELIVERED)
    for line in lines:
        if line.state is OrderState.APPROVED:
            raise NotNow(line.name)
        held.move(line, OrderState.DELIVERED)
    today = on or local_date(now, program.time_zone)
    ledger.settle(session, program.id, [line.reservation_id for line in lines], on=today, actor=actor)
    for line in lines:
        line.delivered_on = today
        held.note(OrderWord.DELIVERED, line, quantity=line.quantity - line.cancelled)
    close_files(session, lines)
    audit.note(session, actor, "order.deliver", str(order_id), now=now, program_id=program.id)


def _those(held: Held, line_ids: Sequence[int] | None, becomes: OrderState) -> list[OrderLine]:
    """Give the named lines, or all that can become this now.

    Raises:
        NotNow: None can.
    """
    if line_ids is not None:
        return held.chosen(line_ids)
    found = [line for line in held.chosen(None) if line.state in BEFORE[becomes]]
    if not found:
        raise NotNow
    return found


def close_files(session: Session, lines: Sequence[OrderLine]) -> None:
    """Close the suppliers' files of which nothing is still to be sent."""
    ids = {line.supplier_file_id for line in lines if line.supplier_file_id is not None}
    if not ids:
        return
    session.flush()
    opened = (
        select(func.count())
        .select_from(OrderLine)
        .where(OrderLine.supplier_file_id == SupplierFile.id, OrderLine.state == OrderState.ORDERED)
        .scalar_subquery()
    )
    session.execute(
        update(SupplierFile)
        .where(SupplierFile.id.in_(ids), SupplierFile.state == SupplierFileState.SENT, opened == 0)
        .values(state=SupplierFileState.CLOSED)
        .execution_options(synchronize_session=False)
    )
