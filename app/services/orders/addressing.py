"""Where an order goes that nobody placed: whoever gets it says so afterwards."""

import datetime as dt
from collections.abc import Mapping

from sqlalchemy.orm import Session

from app.domain.card_numbers import holds_card_number
from app.domain.reward_orders import SENT
from app.domain.states import OrderState
from app.models.programs import Program
from app.services import audit, rewards
from app.services.orders.holding import Held, NotNow, hold
from app.services.orders.placing import OrderRefused, Problem


def lacks_address(held: Held) -> bool:
    """Tell whether goods of an order wait for somebody to say where they go."""
    return held.order.address is None and any(
        line.kind in SENT and line.state is OrderState.APPROVED for line in held.lines
    )


def put(
    session: Session, program: Program, order_id: int, address: Mapping[str, str], *, actor: str, now: dt.datetime
) -> None:
    """Say where an order goes that has no address. The caller commits.

    Raises:
        NotNow: It has one, or needs none.
        OrderRefused: Something is missing, or may be the number of a card.
    """
    held = hold(session, program.id, order_id, actor=actor, now=now)
    if not lacks_address(held):
        raise NotNow
    if not all(address.get(one, "").strip() for one in rewards.settings_of(program).address):
        raise OrderRefused(Problem("address"))
    if any(holds_card_number(one) for one in address.values()):
        raise OrderRefused(Problem("card_number"))
    held.order.address = dict(address)
    session.flush()
    audit.note(session, actor, "order.address", str(order_id), now=now, program_id=program.id)
