"""The one way into the ledger: transactions, entries, lots and balances go in together, or not at all.

A posting is written in columns, so an import's shard of 4,000 awards and a single adjustment take the same path. Only
`ledger.reserve` has a path of its own (one statement, for speed). The caller has locked the accounts and commits.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from sqlalchemy import BigInteger, Date, SmallInteger, bindparam, func, select, update
from sqlalchemy.orm import Session

from app.db.bulk import Nullable, copy_into, given, given_rows, new_ids, stored_together, table_of
from app.db.driver import Answer
from app.db.prepared import Prepared
from app.domain.documents.sales import Flags
from app.domain.measures.exact import Ints
from app.domain.points.expiry import ACTIVITY
from app.domain.points.lots import Leg, LotBalance
from app.domain.states import Bucket, TransactionKind
from app.models.ledger import Account, LedgerEntry, LedgerTransaction, Lot
from app.services.ledger import figures

ABSENT = -1
"""Stands in a column of ids where there is none."""

_COUNTER_OF = {
    TransactionKind.AWARD: "earned",
    TransactionKind.REVERSAL: "earned",
    TransactionKind.VOID: "earned",
    TransactionKind.SETTLE: "spent",
    TransactionKind.EXPIRE: "expired",
    TransactionKind.REINSTATE: "expired",
    TransactionKind.ADJUST: "adjusted",
    TransactionKind.PROMOTION: "earned",
    TransactionKind.EVENT: "earned",
    TransactionKind.TRANSFER: "adjusted",
    TransactionKind.INSTANT: "earned",
    TransactionKind.REFUND: "spent",
}
"""Which counter of a wallet a transaction moves; the other kinds only move points within the wallet."""

BALANCES = ("pending", "available", "reserved", "earned", "spent", "expired", "adjusted", "gifts")
"""What an account keeps: what stands in each bucket of a wallet, in the order of the buckets, then the counters.

Gifts are a part of what was earned.
"""

# kinds are numbered from 1
_COUNTER_OF_KIND = np.asarray(
    [BALANCES.index(_COUNTER_OF[kind]) if kind in _COUNTER_OF else -1 for kind in TransactionKind], dtype=np.int64
)
_LOWERS = [BALANCES.index("spent"), BALANCES.index("expired")]
"""Counters that rise by what leaves the wallet."""
_IS_ACTIVITY: Flags = np.asarray([kind in ACTIVITY for kind in TransactionKind], dtype=np.bool_)

_changed_lots = given_rows(id=BigInteger(), state=SmallInteger(), remaining=BigInteger())
_lot = table_of(Lot)
_CHANGE_LOTS = Prepared(
    update(_lot)
    .where(_lot.c.id == _changed_lots.c.id)
    .values(state=_changed_lots.c.state, remaining=_changed_lots.c.remaining)
)
_changed_balances = given_rows(id=BigInteger(), active_on=Date(), **dict.fromkeys(BALANCES, BigInteger()))
_account = table_of(Account)
_CHANGE_BALANCES = Prepared(
    update(_account)
    .where(_account.c.id == _changed_balances.c.id)
    .values({name: _account.c[name] + _changed_balances.c[name] for name in BALANCES})
    .values(active_on=func.greatest(_account.c.active_on, _changed_balances.c.active_on))
    .values(version=_account.c.version + 1)
)
_OPEN_FROM = Prepared(select(func.ledger_open_from(bindparam("program", type_=BigInteger), type_=Date)))

PROGRAM_BUCKET = {
    "earned": Bucket.ISSUED,
    "spent": Bucket.REDEEMED,
    "expired": Bucket.EXPIRED,
    "adjusted": Bucket.ADJUSTED,
}


def program_bucket(kind: TransactionKind) -> Bucket:
    """Name the programme's side of a transaction of this kind."""
    return PROGRAM_BUCKET[_COUNTER_OF[kind]]


@dataclass
class Posting:
    """What is about to be posted for one programme, in columns."""

    program_id: int
    actor: str | None = None
    reason: str | None = None
    today: dt.date | None = None
    """The day of posting, in the programme's time zone; none: the effective day of each transaction."""
    transaction_ids: list[Ints] = field(default_factory=list)
    kinds: list[Ints] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    effective_on: list[np.ndarray] = field(default_factory=list)
    document_ids: list[Ints] = field(default_factory=list)
    reverses_ids: list[Ints] = field(default_factory=list)
    entry_transaction: list[Ints] = field(default_factory=list)
    entry_account: list[Ints] = field(default_factory=list)
    entry_bucket: list[Ints] = field(default_factory=list)
    entry_amount: list[Ints] = field(default_factory=list)
    entry_lot: list[Ints] = field(default_factory=list)
    new_lots: list["NewLots"] = field(default_factory=list)
    changed_lots: list["ChangedLots"] = field(default_factory=list)

    def add_transactions(
        self,
        ids: Ints,
        kind: TransactionKind,
        keys: Iterable[str],
        effective_on: np.ndarray,
        document_ids: Ints | None = None,
        reverses_ids: Ints | None = None,
    ) -> None:
        """Add transactions of one kind; their entries follow."""
        absent = np.full(len(ids), ABSENT, dtype=np.int64)
        self.transaction_ids.append(ids)
        self.kinds.append(np.full(len(ids), kind, dtype=np.int64))
        self.keys.extend(keys)
        self.effective_on.append(effective_on.astype("datetime64[D]"))
        self.document_ids.append(absent if document_ids is None else document_ids)
        self.reverses_ids.append(absent if reverses_ids is None else reverses_ids)

    def add_entries(
        self, transaction: Ints, account: Ints, bucket: Ints, amount: Ints, lot: Ints | None = None
    ) -> None:
        """Add entries, one row each. Rows of no amount are left out."""
        some = amount != 0
        self.entry_transaction.append(transaction[some])
        self.entry_account.append(account[some])
        self.entry_bucket.append(bucket[some])
        self.entry_amount.append(amount[some])
        self.entry_lot.append(np.full(int(some.sum()), ABSENT, dtype=np.int64) if lot is None else lot[some])

    def add_legs(self, transaction_id: int, account_id: int, legs: Sequence[Leg]) -> None:
        """Add what a plan over a wallet's lots says."""
        if legs:
            self.add_entries(
                np.full(len(legs), transaction_id, dtype=np.int64),
                np.full(len(legs), account_id, dtype=np.int64),
                np.asarray([leg.bucket for leg in legs], dtype=np.int64),
                np.asarray([leg.amount for leg in legs], dtype=np.int64),
                np.asarray([ABSENT if leg.lot_id is None else leg.lot_id for leg in legs], dtype=np.int64),
            )


@dataclass(frozen=True)
class ChangedLots:
    """What lots are from now on, in columns."""

    id: Ints
    state: Ints
    remaining: Ints

    @staticmethod
    def of(lots: Iterable[LotBalance]) -> "ChangedLots":
        """Take lots that were planned one by one."""
        changed = sorted(lots, key=lambda lot: lot.id)
        return ChangedLots(
            id=np.asarray([lot.id for lot in changed], dtype=np.int64),
            state=np.asarray([lot.state for lot in changed], dtype=np.int64),
            remaining=np.asarray([lot.remaining for lot in changed], dtype=np.int64),
        )


@dataclass(frozen=True)
class NewLots:
    """Lots that come into being, in columns. ``id`` is the transaction that brings their points.

    ``terms_id`` is 0 where they have no terms of their own, ``idle_months`` 0 where no idleness ends them; where a
    column is not given, that holds for all.
    """

    id: Ints
    account_id: Ints
    state: Ints
    earned_on: np.ndarray
    expires_on: np.ndarray
    unit_value_micro: Ints
    amount: Ints
    remaining: Ints
    terms_id: Ints | None = None
    idle_months: Ints | None = None

    @staticmethod
    def one(
        lot: LotBalance,
        account_id: int,
        *,
        amount: int,
        unit_value_micro: int,
        terms_id: int | None = None,
        idle_months: int | None = None,
    ) -> "NewLots":
        """Take one lot that was planned by itself."""
        never = np.datetime64("NaT", "D")
        ints = {
            "id": lot.id,
            "account_id": account_id,
            "state": lot.state,
            "unit_value_micro": unit_value_micro,
            "amount": amount,
            "remaining": lot.remaining,
            "terms_id": terms_id or 0,
            "idle_months": idle_months or 0,
        }
        return NewLots(
            earned_on=np.asarray([lot.earned_on], dtype="datetime64[D]"),
            expires_on=np.asarray([lot.expires_on or never], dtype="datetime64[D]"),
            **{name: np.asarray([value], dtype=np.int64) for name, value in ints.items()},
        )


def ask_open_from(session: Session, program_id: int) -> Answer:
    """Ask for the first day of the first open month; nobody closes one from now on until the transaction ends."""
    return _OPEN_FROM.ask(session, program=program_id)


def post(session: Session, posting: Posting, opened: Answer | None = None) -> int:
    """Write a posting: transactions, lots, entries, then balances. Returns the number of transactions; it may be none.

    ``opened`` is what `ask_open_from` gave, where it was asked before together with something else.

    Raises:
        sqlalchemy.exc.IntegrityError: A key was recorded before (the caller's work was done already), or a balance
            would break its bounds.
        sqlalchemy.exc.DBAPIError: The database's guards refuse the posting: it does not sum to zero.
    """
    if not any(map(len, posting.transaction_ids)):
        return 0
    ids = np.concatenate(posting.transaction_ids)
    kinds = np.concatenate(posting.kinds)
    ((open_from,),) = (opened or ask_open_from(session, posting.program_id))()
    with stored_together(session, sum(map(len, posting.entry_transaction))):
        _write_transactions(session, posting, ids, kinds, open_from)
        _write_lots(session, posting)
        _write_entries(session, posting, ids, kinds)
        figures.touch(session, posting.program_id, np.concatenate(posting.effective_on))
    return len(ids)


def transaction_ids(session: Session, count: int) -> Ints:
    """Draw ids for transactions."""
    return new_ids(session, LedgerTransaction, count)


def _optional(ids: Ints) -> Nullable:
    return Nullable(ids, ids != ABSENT)


def _dates(days: np.ndarray) -> Nullable:
    return Nullable(days, ~np.isnat(days))


def _write_transactions(session: Session, posting: Posting, ids: Ints, kinds: Ints, open_from: dt.date | None) -> None:
    """Write transactions; what belongs to a closed month stands in the books of the first open one (decision 31)."""
    count = len(ids)
    effective_on = np.concatenate(posting.effective_on)
    booked_on = np.full(count, np.datetime64("NaT", "D"))
    if open_from is not None:
        booked_on[effective_on < np.datetime64(open_from, "D")] = open_from
    copy_into(
        session,
        LedgerTransaction,
        {
            "id": ids,
            "program_id": np.full(count, posting.program_id, dtype=np.int64),
            "kind": kinds,
            "key": posting.keys,
            "effective_on": effective_on,
            "booked_on": _dates(booked_on),
            "document_id": _optional(np.concatenate(posting.document_ids)),
            "reverses_id": _optional(np.concatenate(posting.reverses_ids)),
            "actor": [posting.actor] * count,
            "reason": [posting.reason] * count,
        },
    )


def _write_lots(session: Session, posting: Posting) -> None:
    for lots in posting.new_lots:
        none = np.zeros(len(lots.id), dtype=np.int64)
        terms_id = none if lots.terms_id is None else lots.terms_id
        idle_months = none if lots.idle_months is None else lots.idle_months
        copy_into(
            session,
            Lot,
            {
                "id": lots.id,
                "account_id": lots.account_id,
                "state": lots.state,
                "earned_on": lots.earned_on,
                "expires_on": _dates(lots.expires_on),
                "unit_value_micro": lots.unit_value_micro,
                "amount": lots.amount,
                "remaining": lots.remaining,
                "terms_id": Nullable(terms_id, terms_id > 0),
                "idle_months": Nullable(idle_months, idle_months > 0),
            },
        )
    for changed in posting.changed_lots:
        if not len(changed.id):
            continue
        _CHANGE_LOTS.send(session, **given(id=changed.id, state=changed.state, remaining=changed.remaining))


def _write_entries(session: Session, posting: Posting, ids: Ints, kinds: Ints) -> None:
    transaction = np.concatenate(posting.entry_transaction)
    order = np.argsort(transaction, kind="stable")
    transaction = transaction[order]
    account = np.concatenate(posting.entry_account)[order]
    bucket = np.concatenate(posting.entry_bucket)[order]
    amount = np.concatenate(posting.entry_amount)[order]
    starts = np.append(True, transaction[1:] != transaction[:-1])
    first = np.flatnonzero(starts)
    position = np.arange(len(transaction)) - np.repeat(first, np.diff(np.append(first, len(transaction))))
    copy_into(
        session,
        LedgerEntry,
        {
            "transaction_id": transaction,
            "position": position + 1,
            "account_id": account,
            "bucket": bucket,
            "amount": amount,
            "lot_id": _optional(np.concatenate(posting.entry_lot)[order]),
        },
    )
    by_id = np.argsort(ids)
    of = by_id[np.searchsorted(ids[by_id], transaction)]
    day = np.concatenate(posting.effective_on) if posting.today is None else np.full(len(ids), posting.today, "M8[D]")
    # a promotion that takes back what it gave lets nobody earn
    active = _IS_ACTIVITY[kinds[of] - 1] & (amount > 0)
    active_on = np.where(active, day[of], np.datetime64("NaT", "D"))
    _change_balances(session, account, bucket, amount, kinds[of], active_on)


def _change_balances(
    session: Session, account: Ints, bucket: Ints, amount: Ints, kind: Ints, active_on: np.ndarray
) -> None:
    """Add up what the entries change on each wallet, and change it."""
    wallet = bucket <= Bucket.RESERVED
    owner, of = np.unique(account[wallet], return_inverse=True)
    if not owner.size:
        return
    bucket, amount, kind = bucket[wallet], amount[wallet], kind[wallet]
    changes = np.zeros((len(BALANCES), len(owner)), dtype=np.int64)
    np.add.at(changes, (bucket - Bucket.PENDING, of), amount)
    counter = _COUNTER_OF_KIND[kind - 1]
    counted = counter >= 0
    np.add.at(changes, (counter[counted], of[counted]), amount[counted])
    gifts = kind == TransactionKind.INSTANT
    np.add.at(changes, (BALANCES.index("gifts"), of[gifts]), amount[gifts])
    changes[_LOWERS] *= -1
    newest = np.full(len(owner), np.datetime64("NaT", "D"))
    np.fmax.at(newest, of, active_on[wallet])
    _CHANGE_BALANCES.send(session, **given(id=owner, active_on=newest, **dict(zip(BALANCES, changes, strict=True))))
