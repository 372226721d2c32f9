"""What happens to points after they were earned: released, reserved, settled, cancelled, expired, reinstated, adjusted.

Every movement is a transaction with a key that cannot be recorded twice. The caller commits.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import BigInteger, Connection, any_, func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, aliased

from app.db.driver import value_of
from app.domain.calendar import local_date, months_after
from app.domain.card_numbers import holds_card_number
from app.domain.definition import ProgramSettings
from app.domain.exact import Ints
from app.domain.lots import Leg, LotBalance
from app.domain.states import Bucket, DocumentStatus, LotState, TransactionKind, Unit
from app.models.distributors import Distributor
from app.models.ledger import Account, LedgerEntry, LedgerTransaction, Lot
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.services.accounts import program_accounts
from app.services.movements import Movement, single
from app.services.posting import ABSENT, ChangedLots, Posting, post, program_bucket, transaction_ids
from app.services.rulebooks import ProgramRules
from app.services.wallets import OpenWallets, lock_accounts

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
    """Some of what the account shows has expired and waits to be written off: call ``expire_due`` and try again."""


_RESERVE = "select ledger_reserve(%s::bigint, %s::bigint, %s::text, %s::date, %s::text, %s::text)"


def reserve(
    session: Session | Connection,
    account_id: int,
    amount: int,
    *,
    key: str,
    on: dt.date,
    actor: str | None = None,
    reason: str | None = None,
) -> int:
    """Reserve available points for a redemption, first to expire first. Returns the transaction's id.

    One statement: the condition, the lots and the entries together, so that no two spenders see the same points. On a
    connection in autocommit mode it is a transaction of its own, and nobody waits for the account a moment longer.

    Raises:
        LedgerError: The amount is not above zero; nothing was asked of the database.
        InsufficientPoints: The account does not have them. The caller's transaction is spoilt and must be rolled back.
        ExpiredPointsWaiting: Expired points must be written off first; likewise.
        sqlalchemy.exc.IntegrityError: The key was recorded before; likewise.
    """
    if amount <= 0:
        raise LedgerError(f"a reservation is above zero, not {amount}")
    try:
        return int(value_of(session, _RESERVE, (account_id, amount, key, on, actor, reason)))
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
    """Turn reserved points into redeemed ones: the load is confirmed.

    Raises:
        LedgerError: One of them is not a reservation.
        sqlalchemy.exc.IntegrityError: One of the reservations was resolved before.
    """
    posting = Posting(program_id, actor=actor)
    program = program_accounts(session, program_id)
    redeemed = program_bucket(TransactionKind.SETTLE)
    reserved = _reserved(session, reservations)
    lock_accounts(session, {account for _, legs in reserved.values() for account, _ in legs})
    transactions = _resolve(session, posting, TransactionKind.SETTLE, list(reserved), on)
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
    posting = Posting(program_id, actor=actor, reason=reason)
    reserved = _reserved(session, reservations)
    lots = [leg.lot_id for _, legs in reserved.values() for _, leg in legs if leg.lot_id is not None]
    accounts = {account for _, legs in reserved.values() for account, _ in legs}
    grace_days = ProgramSettings.model_validate(session.get_one(Program, program_id).settings).expiry.grace_days
    if grace_days is not None and accounts:
        write_off(session, program_id, on, accounts)  # the grace is for what comes back, not for what was left
    opened = OpenWallets(session, accounts, with_lots=lots)
    transactions = _resolve(session, posting, TransactionKind.CANCEL, list(reserved), on)
    for reservation, (_, legs) in reserved.items():
        transaction = transactions[reservation]
        for account, leg in legs:
            wallet = opened.of[account]
            posting.add_legs(transaction, account, [Leg(Bucket.RESERVED, -leg.amount, leg.lot_id)])
            assert leg.lot_id is not None, "reserved points come from lots"
            posting.add_legs(transaction, account, wallet.receive(wallet.lots[leg.lot_id], leg.amount))
    posting.changed_lots.append(opened.changed())
    post(session, posting)
    if grace_days is not None:
        over = (Lot.id == any_(literal(lots, ARRAY(BigInteger)))) & (Lot.expires_on < on)
        session.execute(update(Lot).where(over).values(expires_on=on + dt.timedelta(days=grace_days)))


def _resolve(
    session: Session, posting: Posting, kind: TransactionKind, reservations: Sequence[int], on: dt.date
) -> dict[int, int]:
    """Add the one transaction that may resolve each reservation: settling and cancelling share its key."""
    if not reservations:
        return {}
    ids = transaction_ids(session, len(reservations))
    posting.add_transactions(
        ids,
        kind,
        [f"resolve:{one}" for one in reservations],
        np.full(len(ids), np.datetime64(on, "D")),
        reverses_ids=np.asarray(reservations, dtype=np.int64) if kind is TransactionKind.CANCEL else None,
    )
    return dict(zip(reservations, ids.tolist(), strict=True))


def _reserved(session: Session, reservations: Sequence[int]) -> dict[int, tuple[Unit, list[tuple[int, Leg]]]]:
    """Load what reservations hold: the unit, and per lot the account and the leg.

    Raises:
        LedgerError: One of them is not a reservation: what settled or cancelled one also moves reserved points, and
            must not be taken for it.
    """
    wanted = sorted(set(reservations))
    found: dict[int, tuple[Unit, list[tuple[int, Leg]]]] = {}
    for transaction, unit, account, amount, lot in session.execute(
        select(LedgerEntry.transaction_id, Account.unit, LedgerEntry.account_id, LedgerEntry.amount, LedgerEntry.lot_id)
        .join(Account, Account.id == LedgerEntry.account_id)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(
            LedgerEntry.transaction_id == any_(literal(wanted, ARRAY(BigInteger))),
            LedgerEntry.bucket == Bucket.RESERVED,
            LedgerTransaction.kind == TransactionKind.RESERVE,
        )
        .order_by(LedgerEntry.transaction_id, LedgerEntry.position)
    ):
        found.setdefault(transaction, (unit, []))[1].append((account, Leg(Bucket.RESERVED, amount, lot)))
    if len(found) < len(wanted):
        strange = [one for one in wanted if one not in found]
        raise LedgerError(f"no reservation has the number {strange[0]}")
    return found


def expire_due(session: Session, program: Program, *, now: dt.datetime, account_ids: Iterable[int] = ()) -> int:
    """Write off the points whose last day is over, in the programme's time zone. Returns how many points.

    Safe to run as often as one likes: a lot that is written off has nothing left. Days end at midnight (rules.md 8).
    ``account_ids`` limits the work to some accounts.
    """
    return write_off(session, program.id, local_date(now, program.time_zone), account_ids)


def write_off(session: Session, program_id: int, today: dt.date, account_ids: Iterable[int] = ()) -> int:
    """Write off the points whose last day was before ``today``; see ``expire_due``. Returns how many points.

    Whoever takes points back calls this first for the accounts it is about, so that it makes no difference whether the
    chores of the night have run: points whose day is over can pay for nothing.
    """
    query = (
        select(Lot.account_id)
        .join(Account, Account.id == Lot.account_id)
        .where(Account.program_id == program_id, Lot.state == LotState.OPEN, Lot.expires_on < today)
        .distinct()
    )
    limited = sorted(set(account_ids))
    if limited:
        query = query.where(Lot.account_id == any_(literal(limited, ARRAY(BigInteger))))
    owners = session.scalars(query).all()
    if not owners:
        return 0
    opened = OpenWallets(session, owners)
    accounts = program_accounts(session, program_id)
    given = literal(list(owners), ARRAY(BigInteger))  # one parameter, however many
    units = dict(session.execute(select(Account.id, Account.unit).where(Account.id == any_(given))).all())
    posting = Posting(program_id)
    total = 0
    for account, wallet in opened.of.items():
        over: dict[dt.date, list[LotBalance]] = {}
        for lot in wallet.lots.values():
            if lot.state is LotState.OPEN and lot.expires_on is not None and lot.expires_on < today:
                over.setdefault(lot.expires_on, []).append(lot)
        for last_day, lots in sorted(over.items()):
            first = min(lot.id for lot in lots)
            legs = wallet.draw_from([lot.id for lot in lots])
            transaction = transaction_ids(session, 1)
            posting.add_transactions(
                transaction,
                TransactionKind.EXPIRE,
                [f"expire:{account}:{last_day}:{int(transaction[0])}:{first}"],
                np.asarray([last_day + dt.timedelta(days=1)], dtype="datetime64[D]"),
            )
            posting.add_legs(int(transaction[0]), account, legs)
            gone = -sum(leg.amount for leg in legs)
            posting.add_legs(int(transaction[0]), accounts[units[account]], [Leg(Bucket.EXPIRED, gone, None)])
            total += gone
    posting.changed_lots.append(opened.changed())
    post(session, posting)
    return total


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

    Each expiry can be reinstated once.

    Raises:
        LedgerError: Nothing of the lot has expired, or it was reinstated before.
    """
    row = session.execute(
        select(Lot.account_id, Lot.earned_on, Lot.unit_value_micro, Account.unit)
        .join(Account, Account.id == Lot.account_id)
        .where(Lot.id == lot_id)
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
    ).all()
    amount = -sum(one.amount for one in expired)
    if row is None or amount <= 0:
        raise LedgerError(f"lot {lot_id} has no expired points that were not reinstated already")
    movement = Movement(session, rules, row.account_id, row.unit, now, actor, reason)
    return movement.receive(
        TransactionKind.REINSTATE,
        f"reinstate:{expired[0].transaction_id}:{lot_id}",
        amount,
        earned_on=row.earned_on,
        expires_on=expires_on,
        unit_value_micro=row.unit_value_micro,
        reverses=expired[0].transaction_id,
    )


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
    if holds_card_number(reason):
        raise LedgerError("The reason may hold the number of a payment card, which is never kept; remove it.")
    if amount == 0:
        raise LedgerError("an adjustment needs an amount")
    unit = session.execute(select(Account.unit).where(Account.id == account_id)).scalar_one()
    if amount < 0:
        write_off(session, rules.program_id, local_date(now, rules.time_zone), [account_id])
    movement = Movement(session, rules, account_id, unit, now, actor, reason)
    if amount < 0:
        return movement.take(TransactionKind.ADJUST, f"adjust:{key}", -amount)
    months = rules.settings.expiry.months_after_award
    today = local_date(now, rules.time_zone)
    return movement.receive(
        TransactionKind.ADJUST,
        f"adjust:{key}",
        amount,
        earned_on=today,
        expires_on=None if months is None else months_after(today, months),
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
            LedgerTransaction.document_id == any_(literal(sorted(set(document_ids)), ARRAY(BigInteger))),
            LedgerTransaction.kind == TransactionKind.AWARD,
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
    """Give the account of a distributor in a unit."""
    return session.execute(
        select(Account.id)
        .join(Distributor, Distributor.id == Account.distributor_id)
        .where(Account.distributor_id == distributor_id, Account.unit == unit)
    ).scalar_one()
