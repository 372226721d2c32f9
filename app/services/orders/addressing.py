"""Where an order goes that nobody placed: whoever gets it says so afterwards."""

import datetime as dt
from collections.abc import Iterable, Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.domain.rewards.reward_orders import SENT
from app.domain.states import OrderState
from app.domain.typed.card_numbers import holds_card_number
from app.models.orders import OrderLine, RewardOrder
from app.models.people import UserAccount
from app.models.programs import Program
from app.services import audit
from app.services.orders.holding import NotNow, hold
from app.services.orders.placing import OrderRefused, Problem
from app.services.rewarding import rewards


def lacks_address(order: RewardOrder, lines: Iterable[OrderLine]) -> bool:
    """Tell whether goods of an order wait for somebody to say where they go."""
    return order.address is None and any(line.kind in SENT and line.state is OrderState.APPROVED for line in lines)


def last_of(session: Session, distributor_id: int) -> tuple[dict[str, str], str] | tuple[None, None]:
    """Give where the last goods of a distributor went, and who said so; nothing where it has to be asked.

    What somebody said who is not here any more is not used again.
    """
    row = session.execute(
        select(RewardOrder.address, RewardOrder.address_by)
        .join(UserAccount, UserAccount.login == RewardOrder.address_by)
        .where(
            RewardOrder.distributor_id == distributor_id,
            func.jsonb_typeof(RewardOrder.address) == "object",
            UserAccount.active,
        )
        .order_by(RewardOrder.id.desc())
        .limit(1)
    ).one_or_none()
    return (None, None) if row is None else (row[0], row[1])


def put(
    session: Session, program: Program, order_id: int, address: Mapping[str, str], *, actor: str, now: dt.datetime
) -> None:
    """Say where an order goes that has no address. The caller commits.

    Raises:
        NotNow: It has one, or needs none.
        OrderRefused: Something is missing, or may be the number of a card.
    """
    held = hold(session, program.id, order_id, actor=actor, now=now)
    if not lacks_address(held.order, held.lines):
        raise NotNow
    if not all(address.get(one, "").strip() for one in rewards.settings_of(program).address):
        raise OrderRefused(Problem("address"))
    if any(holds_card_number(one) for one in address.values()):
        raise OrderRefused(Problem("card_number"))
    held.order.address, held.order.address_by = dict(address), actor
    session.flush()
    audit.note(session, actor, "order.address", str(order_id), now=now, program_id=program.id)
