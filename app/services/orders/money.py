"""The money of orders that are paid in points and money: noted when it comes in, given back for what is cancelled."""

import datetime as dt

from sqlalchemy.orm import Session

from app.domain.measures.money import decimal_text
from app.domain.states import OrderState, OrderWord
from app.domain.typed.card_numbers import holds_card_number
from app.models.programs import Program
from app.services import audit
from app.services.access.keys import Keys
from app.services.orders import approving
from app.services.orders.holding import NotNow, OrderError, hold
from app.services.orders.owing import money_of


class NoteWrong(OrderError):
    """What is said of a payment may hold the number of a card."""


def paid(
    session: Session, keys: Keys, program: Program, order_id: int, *, note: str, actor: str, now: dt.datetime
) -> int:
    """Note that the money of an order came in: it goes on, or waits for approval. Returns how much. The caller commits.

    Raises:
        NotNow: It costs no money, was paid before, or was cancelled.
        NoteWrong: What is said may hold the number of a card.
        LookupError: The programme has no such order.
    """
    if holds_card_number(note):
        raise NoteWrong
    held = hold(session, program.id, order_id, actor=actor, now=now)
    order, owed = held.order, money_of(held.order, held.lines).to_pay
    if not owed or order.state is not OrderState.WAITING:
        raise NotNow
    order.paid_minor, order.paid_at, order.paid_by = owed, now, actor
    held.note(OrderWord.PAID, words=_words(program, owed, note))
    after = {"paid_minor": owed, "note": note}
    audit.note(session, actor, "order.paid", str(order_id), now=now, program_id=program.id, after=after)
    approving.approved_where_nobody_is_asked(keys, program, held)
    return owed


def go_on(session: Session, keys: Keys, program: Program, order_id: int, *, now: dt.datetime) -> None:
    """Let an order go on that waited for money, and of which all that costs any was cancelled. The caller commits."""
    held = hold(session, program.id, order_id, actor=None, now=now)
    waited = held.order.state is OrderState.WAITING and held.order.cash_minor and held.order.paid_minor is None
    if waited and not money_of(held.order, held.lines).to_pay:
        approving.approved_where_nobody_is_asked(keys, program, held)


def repaid(session: Session, program: Program, order_id: int, *, note: str, actor: str, now: dt.datetime) -> int:
    """Note that money was given back for what was cancelled. Returns how much. The caller commits.

    Raises:
        NotNow: Nothing is to be given back.
        NoteWrong: What is said may hold the number of a card.
        LookupError: The programme has no such order.
    """
    if holds_card_number(note):
        raise NoteWrong
    held = hold(session, program.id, order_id, actor=actor, now=now)
    back = money_of(held.order, held.lines).to_repay
    if not back:
        raise NotNow
    held.order.repaid_minor += back
    held.note(OrderWord.REPAID, words=_words(program, back, note))
    after = {"repaid_minor": back, "note": note}
    audit.note(session, actor, "order.repaid", str(order_id), now=now, program_id=program.id, after=after)
    return back


def _words(program: Program, amount: int, note: str) -> str:
    written = f"{decimal_text(amount, program.currency_decimals)} {program.currency}"
    return f"{written}: {note}" if note else written
