"""What suppliers sent and delivered: numbers of parcels come back for the lines of orders."""

import datetime as dt
from typing import Any

from sqlalchemy import select

from app.domain.rewards.reward_orders import SENT
from app.domain.states import OrderState, Outcome
from app.domain.typed.codes import code_key
from app.models.orders import OrderLine, RewardOrder
from app.models.rewards import Reward
from app.services.orders import moving
from app.services.orders.holding import NotNow, lock_in_order
from app.services.orders.moving import Parcel
from importers.kinds.desk import Desk, Loaded
from importers.kinds.figures import days_until
from importers.kinds.rows import ThingRows
from importers.problems.problems import Problems


def load(desk: Desk, rows: ThingRows, problems: Problems) -> Loaded:
    """Move the lines on; a row whose line is as far already, and says nothing else of its parcel, is known.

    A row with a day of delivery delivers, any other row sends: who carries it, and under which number. Another number,
    carrier or day of sending corrects what was said before. A day of delivery stays: points were spent on it. Neither
    day is one that is still to come.
    """
    shipped, delivered = (days_until(desk, rows, name, problems) for name in ("shipped_on", "delivered_on"))
    moved = known = 0
    numbers = {str(cells["order"]).lstrip("#") for _, cells in rows}
    mine = select(RewardOrder.id).where(RewardOrder.program_id == desk.program.id)
    asked = [int(one) for one in numbers if _is_number(one)]
    lock_in_order(desk.session, desk.session.scalars(mine.where(RewardOrder.id.in_(asked))).all())
    for row, cells in rows:
        if row in problems.outcome:
            continue
        number, named = str(cells["order"]).lstrip("#"), str(cells["reward"])
        line = _line(desk, number, named)
        if line is None:
            problems.add(row, Outcome.HELD, "unknown_order", found=repr(number))
            continue
        arrives = row in delivered
        wanted = OrderState.DELIVERED if arrives else OrderState.SHIPPED
        parcel, sent = Parcel(cells.get("carrier"), cells.get("tracking")), shipped.get(row)
        if line.state is wanted and arrives and line.delivered_on != delivered[row]:
            told = {"field": rows.columns["delivered_on"], "found": repr(cells["delivered_on"]), "number": number}
            problems.add(row, Outcome.REFUSED, "delivered_before", **told, delivered_on=str(line.delivered_on or "-"))
            continue
        corrects = line.state in (OrderState.SHIPPED, wanted) and _says_otherwise(line, parcel, sent)
        if line.state is wanted and not corrects:
            known += 1
            continue
        said: dict[str, Any] = {"actor": desk.actor, "now": desk.now}
        try:
            with desk.session.begin_nested():
                if corrects:
                    moving.correct_parcel(desk.session, desk.program, line.order_id, line.id, parcel, on=sent, **said)
                elif not arrives or (line.state is OrderState.ORDERED and _was_sent(line, parcel, sent)):
                    moving.ship(desk.session, desk.program, line.order_id, [line.id], parcel, on=sent, **said)
                if arrives and line.state is not OrderState.DELIVERED:
                    day = delivered[row]
                    moving.deliver(desk.session, desk.program, line.order_id, [line.id], on=day, **said)
        except NotNow:
            problems.add(row, Outcome.REFUSED, "not_to_ship", found=repr(number))
        else:
            moved += 1
    return Loaded(0, moved, known)


def _was_sent(line: OrderLine, parcel: Parcel, sent: dt.date | None) -> bool:
    """Say whether a row that tells of an arrival tells of a parcel as well, which is kept then."""
    told = parcel.carrier is not None or sent is not None
    return parcel.tracking is not None or (told and line.kind in SENT)


def _says_otherwise(line: OrderLine, parcel: Parcel, sent: dt.date | None) -> bool:
    """Say whether a row says something else of a parcel that is on its way, or arrived; an empty cell says nothing."""
    pairs = ((parcel.carrier, line.carrier), (parcel.tracking, line.tracking), (sent, line.shipped_on))
    return line.kind in SENT and any(said is not None and said != here for said, here in pairs)


def _line(desk: Desk, number: str, reward: str) -> OrderLine | None:
    """Find the line of an order by its number and the code of its reward."""
    if not _is_number(number):
        return None
    return desk.session.scalars(
        select(OrderLine)
        .join(RewardOrder, RewardOrder.id == OrderLine.order_id)
        .join(Reward, Reward.id == OrderLine.reward_id)
        .where(
            RewardOrder.program_id == desk.program.id,
            RewardOrder.id == int(number),
            Reward.code_key == code_key(reward),
        )
    ).one_or_none()


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) <= 18
