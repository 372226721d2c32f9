"""What reservations of points still hold: what was reserved, less the parts that were given back since."""

from collections.abc import Sequence
from typing import TypeAlias

from sqlalchemy import Boolean, func, literal_column, select
from sqlalchemy.orm import Session

from app.db.many import any_of
from app.domain.points.lots import Leg
from app.domain.states import Bucket, TransactionKind, Unit
from app.models.ledger import Account, LedgerEntry, LedgerTransaction

Held: TypeAlias = tuple[Unit, list[tuple[int, Leg]]]
"""The unit, and per lot the account and the leg."""


def held(session: Session, reservations: Sequence[int]) -> dict[int, Held]:
    """Load what reservations still hold. What settled or cancelled one is none itself: it is not found."""
    wanted = sorted(set(reservations))
    given = _given_back(session, wanted)
    found: dict[int, Held] = {}
    for transaction, unit, account, amount, lot in session.execute(
        select(LedgerEntry.transaction_id, Account.unit, LedgerEntry.account_id, LedgerEntry.amount, LedgerEntry.lot_id)
        .join(Account, Account.id == LedgerEntry.account_id)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(
            LedgerEntry.transaction_id == any_of(wanted),
            LedgerEntry.bucket == Bucket.RESERVED,
            LedgerTransaction.kind == TransactionKind.RESERVE,
        )
        .order_by(LedgerEntry.transaction_id, LedgerEntry.position)
    ):
        left = amount - given.get((transaction, lot), 0)
        legs = found.setdefault(transaction, (unit, []))[1]
        if left:
            legs.append((account, Leg(Bucket.RESERVED, left, lot)))
    return found


def _given_back(session: Session, reservations: Sequence[int]) -> dict[tuple[int, int | None], int]:
    """Sum what parts of reservations gave back before, by reservation and lot."""
    # the kind is written out: an index serves it that the planner finds only if it can see it
    cancelled = literal_column(f"ledger_transaction.kind = {int(TransactionKind.CANCEL)}", Boolean)
    rows = session.execute(
        select(LedgerTransaction.reverses_id, LedgerEntry.lot_id, -func.sum(LedgerEntry.amount))
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .where(
            cancelled,
            LedgerTransaction.reverses_id == any_of(reservations),
            LedgerTransaction.key != func.concat("resolve:", LedgerTransaction.reverses_id),
            LedgerEntry.bucket == Bucket.RESERVED,
        )
        .group_by(LedgerTransaction.reverses_id, LedgerEntry.lot_id)
    )
    return {(reservation or 0, lot): int(amount) for reservation, lot, amount in rows}
