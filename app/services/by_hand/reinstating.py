"""A manager's grace, with a reason: expired points are given back, and a last day is moved on (rules.md 8)."""

import datetime as dt

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from app.domain.measures.calendar import local_date
from app.domain.points.expiry import last_day_of
from app.domain.rules.program_rules import ProgramRules
from app.domain.states import LotState, TransactionKind
from app.domain.typed.card_numbers import holds_card_number
from app.models.ledger import Account, LedgerEntry, LedgerTransaction, Lot
from app.models.lot_terms import LotExtension
from app.services.ledger.ledger import LedgerError
from app.services.ledger.movements import Movement
from app.services.ledger.wallets import lock_accounts
from app.services.owners.moves import on_behalf
from app.services.owners.pools import earner_of


def reinstate(
    session: Session,
    rules: ProgramRules,
    lot_id: int,
    *,
    expires_on: dt.date | None,
    now: dt.datetime,
    actor: str,
    reason: str,
) -> int:
    """Give the expired points of a lot back, in a new lot with a new last day. Returns how many points.

    They are for what they were for, and within a pool of whoever earned them, also once it has left. Each expiry can be
    reinstated once. The caller commits.

    Raises:
        LedgerError: The programme has no such lot, nothing of it has expired, or it was reinstated before; the new
            last day is over; or the reason cannot be kept.
    """
    _sound(reason)
    if expires_on is not None and expires_on < local_date(now, rules.time_zone):
        raise LedgerError(f"lot {lot_id} would have ended on {expires_on}")
    row = session.execute(
        select(Lot.account_id, Lot.earned_on, Lot.unit_value_micro, Lot.terms_id, Account.unit)
        .join(Account, Account.id == Lot.account_id)
        .where(Lot.id == lot_id, Account.program_id == rules.program_id)
    ).one_or_none()
    again = aliased(LedgerTransaction)
    expired = session.execute(
        select(LedgerEntry.transaction_id, LedgerEntry.amount)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .outerjoin(again, again.key == func.concat("reinstate:", LedgerEntry.transaction_id, ":", lot_id))
        .where(
            LedgerEntry.lot_id == lot_id,
            LedgerEntry.account_id == (row.account_id if row is not None else 0),
            LedgerTransaction.kind == TransactionKind.EXPIRE,
            again.id.is_(None),
        )
        .order_by(LedgerEntry.transaction_id)
        .limit(1)
    ).one_or_none()
    if row is None or expired is None:
        raise LedgerError(f"lot {lot_id} has no expired points that were not reinstated already")
    key = f"reinstate:{expired.transaction_id}:{lot_id}"
    movement = Movement(session, rules, row.account_id, row.unit, now, actor, reason)
    given = movement.receive(
        TransactionKind.REINSTATE,
        key,
        -expired.amount,
        earned_on=row.earned_on,
        expires_on=expires_on,
        unit_value_micro=row.unit_value_micro,
        terms_id=row.terms_id or 0,
        reverses=expired.transaction_id,
    )
    whose = earner_of(session, lot_id)
    if whose != session.scalars(select(Account.distributor_id).where(Account.id == movement.account_id)).one():
        made = session.scalars(select(LedgerTransaction.id).where(LedgerTransaction.key == key)).all()
        on_behalf(session, made, movement.account_id, whose)
    return given


def extend(
    session: Session,
    rules: ProgramRules,
    lot_id: int,
    *,
    until: dt.date | None,
    now: dt.datetime,
    actor: str,
    reason: str,
) -> None:
    """Let a lot be spent until a later day; none: for ever. What has expired is reinstated instead.

    The day before is kept. The caller commits.

    Raises:
        LedgerError: The lot has nothing left, has ended, or would end no later than now; or the reason cannot be kept.
    """
    _sound(reason)
    account = session.scalars(
        select(Lot.account_id)
        .join(Account, Account.id == Lot.account_id)
        .where(Lot.id == lot_id, Account.program_id == rules.program_id)
    ).one_or_none()
    if account is None:
        raise LedgerError(f"there is no lot {lot_id}")
    lock_accounts(session, [account])
    lot, active_on = session.execute(
        select(Lot, Account.active_on)
        .join(Account, Account.id == Lot.account_id)
        .where(Lot.id == lot_id)
        .execution_options(populate_existing=True)
    ).one()
    today = local_date(now, rules.time_zone)
    last_day = last_day_of(lot.expires_on, lot.idle_months, active_on, lot.earned_on)
    if lot.state is LotState.CLOSED:
        raise LedgerError(f"lot {lot_id} has nothing left")
    if last_day is not None and last_day < today:
        raise LedgerError(f"lot {lot_id} has ended; once it is written off its points can be given back")
    if last_day is None or (until is not None and until <= last_day):
        raise LedgerError(f"lot {lot_id} would not end later")
    session.add(
        LotExtension(
            lot_id=lot_id,
            before_on=lot.expires_on,
            before_idle_months=lot.idle_months,
            after_on=until,
            changed_at=now,
            actor=actor,
            reason=reason.strip(),
        )
    )
    lot.expires_on, lot.idle_months = until, None
    session.flush()


def _sound(reason: str) -> None:
    """Refuse a reason that cannot be kept."""
    if not reason.strip():
        raise LedgerError("a manager's grace needs a reason")
    if holds_card_number(reason):
        raise LedgerError("The reason may hold the number of a payment card, which is never kept; remove it.")
