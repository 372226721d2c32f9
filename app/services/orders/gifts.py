"""Orders that a sale brought: the sponsor's points came for them alone, and go with what is cancelled."""

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.states import InstantState, OrderState, TransactionKind, Unit
from app.models.instants import InstantGrant
from app.models.ledger import LedgerTransaction, Lot
from app.models.programs import Program
from app.services.ledger.movements import Movement
from app.services.orders.holding import Held
from app.services.owners.moves import on_behalf, where_now
from app.services.owners.pools import is_shared
from app.services.rulebooks import rules_of

BY = "kontor"
"""Who orders what a sale brought: nobody."""


def key_of(grant_id: int) -> str:
    """Name the transaction by which the points of a grant came."""
    return f"instant:{grant_id}"


def came_by(session: Session, program: Program, grant_id: int) -> int:
    """Find the transaction, and with it the lot, by which the points of a grant came."""
    same = (LedgerTransaction.program_id == program.id, LedgerTransaction.key == key_of(grant_id))
    return session.scalars(select(LedgerTransaction.id).where(*same)).one()


def take_points(program: Program, held: Held, points: int, reason: str, *, actor: str, now: dt.datetime) -> bool:
    """Take the points that came back from an order which a sale brought. False: whoever ordered keeps them.

    Called by whoever cancels, after the points came back. Once nothing is left of the order the grant has ended.
    """
    session = held.session
    grant = session.scalars(select(InstantGrant).where(InstantGrant.order_id == held.order.id)).one_or_none()
    if grant is None:
        return False
    came = came_by(session, program, grant.id)
    # they came back to where they were taken from, wherever whoever ordered has its points today
    now_in = where_now(session, [came])[came]
    account_id = session.scalars(select(Lot.account_id).where(Lot.id == now_in[0])).one()
    key = f"{key_of(grant.id)}-back-{sum(line.cancelled for line in held.lines)}"
    movement = Movement(session, rules_of(session, program.id), account_id, Unit.POINTS, now, actor, reason)
    movement.take(TransactionKind.INSTANT, key, points, origins=now_in)
    say_whose(held, program, key, account_id)
    if all(line.state is OrderState.CANCELLED for line in held.lines):
        grant.state = InstantState.TAKEN_BACK if actor == BY else InstantState.CALLED_OFF
    session.flush()
    return True


def say_whose(held: Held, program: Program, key: str, account_id: int) -> None:
    """Write down whose doing a movement is, where the wallet is shared."""
    if is_shared(held.session, account_id):
        made = select(LedgerTransaction.id).where(
            LedgerTransaction.program_id == program.id, LedgerTransaction.key == key
        )
        on_behalf(held.session, list(held.session.scalars(made)), account_id, held.order.distributor_id)
