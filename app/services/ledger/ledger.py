"""What happens to points after they were earned: released, reserved, settled, cancelled, adjusted.

Every movement is a transaction with a key that cannot be recorded twice. The caller commits.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.db.driver import value_of
from app.db.many import any_of
from app.domain.measures.calendar import local_date
from app.domain.measures.exact import Ints
from app.domain.points.lots import Leg
from app.domain.rules.program_rules import ProgramRules
from app.domain.states import Bucket, DocumentStatus, LotState, TransactionKind, Unit
from app.domain.typed.card_numbers import holds_issued_number
from app.models.ledger import Account, LedgerTransaction, Lot
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.services.ledger.accounts import program_accounts
from app.services.ledger.expiring import write_off
from app.services.ledger.grace import Grace
from app.services.ledger.movements import Movement, single
from app.services.ledger.posting import ABSENT, ChangedLots, Posting, post, program_bucket, transaction_ids
from app.services.ledger.reservations import Held, held
from app.services.ledger.wallets import OpenWallets, lock_accounts

_INSUFFICIENT, _EXPIRED_WAITING = "KL001", "KL002"


class LedgerError(Exception):
    """A movement that cannot be made; nothing was changed."""


class InsufficientPoints(LedgerError):
    """The account does not have what was asked for."""

    def __init__(self, account_id: int, wanted: int) -> None:
        """Say which account and how much."""
        self.account_id = account_id
        self.wanted = wanted
        super().__init__(f"account {account_id} does not have {wanted} available")


class ExpiredPointsWaiting(LedgerError):
    """Some of what the account shows has expired and waits to be written off: call `expiring.expire_due`, try again."""


_RESERVE = "select ledger_reserve(%s::bigint, %s::bigint, %s::text, %s::date, %s::text, %s::text, %s::bigint[])"


def reserve(
    session: Session | Connection,
    account_id: int,
    amount: int,
    *,
    key: str,
    on: dt.date,
    actor: str | None = None,
    reason: str | None = None,
    terms: Sequence[int] | None = None,
) -> int:
    """Reserve available points for a redemption, first to expire first. Returns the transaction's id.

    One statement: the condition, the lots and the entries together, so that no two spenders see the same points. On a
    connection in autocommit mode it is a transaction of its own, and nobody waits for the account a moment longer.
    ``terms`` are those whose points may pay for it (`lot_terms.allowed`); None: all points may.

    Raises:
        LedgerError: The amount is not above zero; nothing was asked of the database.
        InsufficientPoints: The account does not have them, or not of points that may pay for this. The caller's
            transaction is spoilt and must be rolled back.
        ExpiredPointsWaiting: Expired points must be written off first; likewise.
        sqlalchemy.exc.IntegrityError: The key was recorded before; likewise.
    """
    if amount <= 0:
        raise LedgerError(f"a reservation is above zero, not {amount}")
    try:
        given = None if terms is None else list(terms)
        return int(value_of(session, _RESERVE, (account_id, amount, key, on, actor, reason, given)))
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None)
        if state == _INSUFFICIENT:
            raise InsufficientPoints(account_id, amount) from None
        if state == _EXPIRED_WAITING:
            raise ExpiredPointsWaiting(str(error.orig)) from None
        raise


@dataclass(frozen=True)
class LotsToReserve:
    """Parts of lots that are to be reserved, standing together by account, and each account's key.

    Columns of equal length: account, lot, what the lot has left, what is taken of it.
    """

    account_id: Ints
    lot_id: Ints
    remaining: Ints
    take: Ints


def reserve_lots(
    session: Session,
    program_id: int,
    lots: LotsToReserve,
    *,
    key: str,
    on: dt.date,
    actor: str | None,
    reason: str | None,
) -> dict[int, int]:
    """Reserve chosen lots of many accounts at once. Returns the transaction of each account.

    The accounts are locked and the lots were read after that; each account's key is ``key`` and its id.
    """
    some = lots.take > 0
    account, lot, take = lots.account_id[some], lots.lot_id[some], lots.take[some]
    owners, of = np.unique(account, return_inverse=True)
    if not owners.size:
        return {}
    ids = transaction_ids(session, len(owners))
    posting = Posting(program_id, actor=actor, reason=reason)
    posting.add_transactions(
        ids,
        TransactionKind.RESERVE,
        [f"{key}:{one}" for one in owners.tolist()],
        np.full(len(owners), np.datetime64(on, "D")),
    )
    for bucket, sign in ((Bucket.AVAILABLE, -1), (Bucket.RESERVED, 1)):
        posting.add_entries(ids[of], account, np.full(len(lot), bucket, dtype=np.int64), sign * take, lot)
    left = lots.remaining[some] - take
    posting.changed_lots.append(
        ChangedLots(lot, np.where(left > 0, LotState.OPEN, LotState.CLOSED).astype(np.int64), left)
    )
    post(session, posting)
    return dict(zip(owners.tolist(), ids.tolist(), strict=True))


def settle(
    session: Session, program_id: int, reservations: Sequence[int], *, on: dt.date, actor: str | None = None
) -> None:
    """Turn what is still reserved into redeemed points: the load is confirmed.

    Raises:
        LedgerError: One of them is not a reservation.
        sqlalchemy.exc.IntegrityError: One of the reservations was resolved before.
    """
    posting = Posting(program_id, actor=actor)
    program = program_accounts(session, program_id)
    redeemed = program_bucket(TransactionKind.SETTLE)
    reserved = _reserved(session, reservations)
    lock_accounts(session, {account for _, legs in reserved.values() for account, _ in legs})
    keys = {one: f"resolve:{one}" for one in reserved}
    transactions = _resolve(session, posting, TransactionKind.SETTLE, keys, on)
    for reservation, (unit, legs) in reserved.items():
        transaction = transactions[reservation]
        for account, leg in legs:
            posting.add_legs(transaction, account, [Leg(Bucket.RESERVED, -leg.amount, leg.lot_id)])
        total = sum(leg.amount for _, leg in legs)
        posting.add_legs(transaction, program[unit], [Leg(redeemed, total, None)])
    post(session, posting)


def cancel(
    session: Session,
    program_id: int,
    reservations: Sequence[int],
    *,
    on: dt.date,
    actor: str | None = None,
    reason: str | None = None,
) -> None:
    """Give reserved points back to the lots they came from: the load failed, or was called off (rules.md 8).

    What the account owes meanwhile is paid off first. What comes back to a lot whose last day is over has the
    programme's grace; where it sets none, it expires with the lot.

    Raises:
        LedgerError: One of them is not a reservation.
        sqlalchemy.exc.IntegrityError: One of the reservations was resolved before.
    """
    _give_back(
        session,
        Posting(program_id, actor=actor, reason=reason),
        {one: (f"resolve:{one}", legs) for one, (_, legs) in _reserved(session, reservations).items()},
        on,
    )


def cancel_part(
    session: Session,
    program_id: int,
    reservation: int,
    amount: int,
    *,
    key: str,
    on: dt.date,
    actor: str | None = None,
    reason: str | None = None,
) -> None:
    """Give a part of reserved points back: as ``cancel``, beginning with those that can be spent longest.

    The rest stays reserved, and is settled or cancelled later. Whoever calls this holds what the points are reserved
    for: two who give back of one reservation come one after the other.

    Raises:
        LedgerError: It is not a reservation, or holds less than that, or was resolved before.
        sqlalchemy.exc.IntegrityError: The key was recorded before.
    """
    ((_, whole),) = _reserved(session, [reservation]).values()
    resolved = select(LedgerTransaction.id).where(LedgerTransaction.key == f"resolve:{reservation}")
    if not 0 < amount <= sum(leg.amount for _, leg in whole) or session.scalars(resolved).first() is not None:
        raise LedgerError(f"reservation {reservation} does not hold {amount}")
    legs: list[tuple[int, Leg]] = []
    left = amount
    for account, leg in reversed(whole):
        if left:
            taken = min(left, leg.amount)
            legs.append((account, Leg(leg.bucket, taken, leg.lot_id)))
            left -= taken
    _give_back(session, Posting(program_id, actor=actor, reason=reason), {reservation: (f"part:{key}", legs)}, on)


def _give_back(
    session: Session,
    posting: Posting,
    given: Mapping[int, tuple[str, Sequence[tuple[int, Leg]]]],
    on: dt.date,
) -> None:
    """Give legs of reservations back to their lots, under the key that each has."""
    lots = [leg.lot_id for _, legs in given.values() for _, leg in legs if leg.lot_id is not None]
    accounts = {account for _, legs in given.values() for account, _ in legs}
    grace = Grace(session, posting.program_id, on, accounts)
    opened = OpenWallets(session, accounts, with_lots=lots)
    keys = {reservation: key for reservation, (key, _) in given.items()}
    transactions = _resolve(session, posting, TransactionKind.CANCEL, keys, on)
    for reservation, (_, legs) in given.items():
        transaction = transactions[reservation]
        for account, leg in legs:
            wallet = opened.of[account]
            posting.add_legs(transaction, account, [Leg(Bucket.RESERVED, -leg.amount, leg.lot_id)])
            assert leg.lot_id is not None, "reserved points come from lots"
            posting.add_legs(transaction, account, wallet.receive(wallet.lots[leg.lot_id], leg.amount))
    posting.changed_lots.append(opened.changed())
    post(session, posting)
    grace.give(lots)


def _resolve(
    session: Session, posting: Posting, kind: TransactionKind, keys: Mapping[int, str], on: dt.date
) -> dict[int, int]:
    """Add a transaction for each reservation, under its key: settling and cancelling the whole share theirs."""
    if not keys:
        return {}
    ids = transaction_ids(session, len(keys))
    posting.add_transactions(
        ids,
        kind,
        list(keys.values()),
        np.full(len(ids), np.datetime64(on, "D")),
        reverses_ids=np.asarray(list(keys), dtype=np.int64) if kind is TransactionKind.CANCEL else None,
    )
    return dict(zip(keys, ids.tolist(), strict=True))


def _reserved(session: Session, reservations: Sequence[int]) -> dict[int, Held]:
    """Load what reservations still hold.

    Raises:
        LedgerError: One of them is not a reservation.
    """
    found = held(session, reservations)
    for one in reservations:
        if one not in found:
            raise LedgerError(f"no reservation has the number {one}")
    return found


def adjust(
    session: Session,
    rules: ProgramRules,
    account_id: int,
    amount: int,
    *,
    key: str,
    now: dt.datetime,
    actor: str,
    reason: str,
) -> int:
    """Give (above zero) or take (below zero) points by hand. Returns what moved, below zero where it was taken.

    Taking follows the programme's policy for returns: the account owes what it does not have, or gives what it has.

    Raises:
        LedgerError: No reason was given, or one that may hold the number of a card, or no amount.
        sqlalchemy.exc.IntegrityError: The key was recorded before.
    """
    if not reason.strip():
        raise LedgerError("an adjustment needs a reason")
    if holds_issued_number(reason):
        raise LedgerError("The reason may hold the number of a payment card, which is never kept; remove it.")
    if amount == 0:
        raise LedgerError("an adjustment needs an amount")
    unit = session.execute(select(Account.unit).where(Account.id == account_id)).scalar_one()
    today, lasting = local_date(now, rules.time_zone), rules.lasting()
    if amount < 0:
        write_off(session, rules.program_id, today, [account_id])
    movement = Movement(session, rules, account_id, unit, now, actor, reason)
    if amount < 0:
        return movement.take(TransactionKind.ADJUST, f"adjust:{key}", -amount)
    return movement.receive(
        TransactionKind.ADJUST,
        f"adjust:{key}",
        amount,
        earned_on=today,
        expires_on=lasting.last_day(today),
        idle_months=lasting.idle_months,
        unit_value_micro=rules.point_value_micro if unit is Unit.POINTS else 1_000_000,
    )


def release_due(session: Session, program: Program, *, now: dt.datetime) -> int:
    """Make points available whose documents have cooled off (rules.md 5). Returns how many documents."""
    due = session.scalars(
        select(SalesDocument.id)
        .join(LedgerTransaction, LedgerTransaction.document_id == SalesDocument.id)
        .join(Lot, Lot.id == LedgerTransaction.id)
        .where(
            SalesDocument.program_id == program.id,
            SalesDocument.status == DocumentStatus.ACCEPTED,
            SalesDocument.release_on <= local_date(now, program.time_zone),
            Lot.state == LotState.PENDING,
        )
        .distinct()
    ).all()
    release(session, program, due, now=now, actor=None)
    return len(due)


def release(
    session: Session, program: Program, document_ids: Sequence[int], *, now: dt.datetime, actor: str | None
) -> None:
    """Make the pending points of documents available. What the account owes is paid off first."""
    rows = session.execute(
        select(LedgerTransaction.document_id, Lot.id, Lot.account_id)
        .join(Lot, Lot.id == LedgerTransaction.id)
        .where(
            LedgerTransaction.document_id == any_of(sorted(set(document_ids))),
            LedgerTransaction.kind.in_((TransactionKind.AWARD, TransactionKind.TRANSFER)),
            Lot.state == LotState.PENDING,
        )
        .order_by(Lot.id)
    ).all()
    if not rows:
        return
    opened = OpenWallets(session, {account for _, _, account in rows})
    posting = Posting(program.id, actor=actor)
    today = np.asarray([local_date(now, program.time_zone)], dtype="datetime64[D]")
    for document, lot, account in rows:
        wallet = opened.of[account]
        pending = wallet.lots.get(lot)
        if pending is None or pending.state is not LotState.PENDING:
            continue  # somebody released it, or took it back, before the account was locked
        transaction = transaction_ids(session, 1)
        posting.add_transactions(
            transaction, TransactionKind.RELEASE, [f"release:{lot}"], today, document_ids=single(document or ABSENT)
        )
        posting.add_legs(int(transaction[0]), account, wallet.release(pending))
    posting.changed_lots.append(opened.changed())
    post(session, posting)


def wallet_of(session: Session, distributor_id: int, unit: Unit) -> int:
    """Give the account on which the points of a distributor stand: its own, or the one that it leads to (`owners`)."""
    return session.execute(
        select(func.coalesce(Account.leads_to_id, Account.id)).where(
            Account.distributor_id == distributor_id, Account.unit == unit
        )
    ).scalar_one()
