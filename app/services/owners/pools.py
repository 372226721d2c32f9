"""Pools: distributors that share one balance, while each movement keeps who earned it or spent it (rules.md 8).

The balance stands on the account of one of them, the holder; the accounts of the others lead to it and have nothing
themselves. All that is posted for a member while it is one goes there. What stood on a member's account moves there
when it joins, and what it may take along moves back when it leaves.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sqlalchemy import BigInteger, ColumnElement, bindparam, case, cast, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from app.db.many import any_of
from app.db.questions import Question
from app.domain.measures.calendar import local_date
from app.domain.measures.exact import Ints
from app.domain.states import Bucket, LotState, TransactionKind, Unit
from app.models.distributors import Distributor
from app.models.ledger import Account, LedgerEntry, LedgerTransaction, Lot
from app.models.pools import OnBehalf, Pool, PoolMember
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.services import audit
from app.services.ledger import expiring, standing
from app.services.ledger.accounts import lock_wallets, program_accounts
from app.services.owners.errors import OwnersError
from app.services.owners.moves import Move

SPENDING = ("holder", "members")
"""Who may spend what stands in a pool."""


@dataclass(frozen=True)
class Seat:
    """A distributor's place in a pool."""

    pool_id: int
    name: str
    holder_id: int
    holder_name: str
    spending: str


_SEAT = (
    select(Pool.id, Pool.name, Pool.holder_id, Distributor.name, Pool.spending)
    .join(Distributor, Distributor.id == Pool.holder_id)
    .outerjoin(PoolMember, (PoolMember.pool_id == Pool.id) & PoolMember.left_on.is_(None))
    .where(
        Pool.closed_on.is_(None),
        or_(Pool.holder_id == bindparam("distributor_id"), PoolMember.distributor_id == bindparam("distributor_id")),
    )
    .limit(1)
)


def seat_of(session: Session, distributor_id: int) -> Seat | None:
    """Give the pool of a distributor, where it is in one. One query."""
    row = session.execute(_SEAT, {"distributor_id": distributor_id}).one_or_none()
    return None if row is None else Seat(*row)


def may_spend(session: Session, distributor_id: int) -> bool:
    """Tell whether a distributor may spend what stands on its wallet: in a pool, not everybody may."""
    seat = seat_of(session, distributor_id)
    return seat is None or seat.spending == "members" or seat.holder_id == distributor_id


def left_by(session: Session, distributor_ids: Ints) -> Ints:
    """Give the holders of pools that these, or those merged into them, left: points they earned may stand there yet."""
    member = func.coalesce(Distributor.merged_into_id, Distributor.id)
    holders = (
        select(Pool.holder_id)
        .join(PoolMember, PoolMember.pool_id == Pool.id)
        .join(Distributor, Distributor.id == PoolMember.distributor_id)
        .where(PoolMember.left_on.is_not(None), member == any_of(distributor_ids.tolist()))
    )
    return np.asarray(session.scalars(holders).all(), dtype=np.int64)


def is_shared(session: Session, account_id: int) -> bool:
    """Tell whether an account has the points of several distributors."""
    return bool(_SHARED.first(session, account_id=account_id)[0])


_SHARED = Question(select(exists().where(Account.leads_to_id == bindparam("account_id"))))


def open_pool(
    session: Session, program: Program, name: str, holder_id: int, *, spending: str, actor: str, now: dt.datetime
) -> int:
    """Open a pool on the account of its holder. Returns its id. The caller commits.

    Raises:
        OwnersError: The holder stands in a pool, is merged, or a pool has the name.
    """
    if spending not in SPENDING or not name.strip():
        raise OwnersError("incomplete", "A pool has a name, a holder, and says who may spend.")
    lock_wallets(session, np.asarray([holder_id], dtype=np.int64))
    _free(session, program, holder_id)
    taken = select(Pool.id).where(Pool.program_id == program.id, Pool.name == name.strip())
    if session.scalars(taken).one_or_none() is not None:
        raise OwnersError("name_taken", f"The programme has a pool {name.strip()!r} already.")
    pool = Pool(
        program_id=program.id,
        name=name.strip(),
        holder_id=holder_id,
        spending=spending,
        opened_on=local_date(now, program.time_zone),
        opened_by=actor,
        opened_at=now,
    )
    session.add(pool)
    session.flush()
    after = {"name": pool.name, "holder_id": holder_id, "spending": spending}
    audit.note(session, actor, "pool.open", str(pool.id), now=now, program_id=program.id, after=after)
    return pool.id


def _free(session: Session, program: Program, distributor_id: int) -> Distributor:
    """Give a distributor that stands in no pool and is not merged."""
    found = session.scalars(
        select(Distributor)
        .where(Distributor.id == distributor_id, Distributor.program_id == program.id)
        .execution_options(populate_existing=True)  # it may have been merged while its wallet was waited for
    ).one_or_none()
    if found is None or found.merged_into_id is not None or found.person_of_id is not None:
        raise OwnersError("no_distributor", "The programme has no such distributor, or it was merged into another.")
    if seat_of(session, distributor_id) is not None:
        raise OwnersError("in_a_pool", f"{found.name} stands in a pool already.")
    return found


@dataclass(frozen=True)
class Moving:
    """What moves when a distributor joins or leaves, in points; below zero: a debt."""

    available: int
    pending: int


def look_at_joining(session: Session, program: Program, pool_id: int, distributor_id: int) -> Moving:
    """Tell what a distributor would bring into a pool. Nothing is changed.

    Raises:
        OwnersError: It cannot join; the reason says why.
    """
    _open(session, program, pool_id)
    _free(session, program, distributor_id)
    own = session.execute(
        select(Account.available, Account.pending, Account.reserved).where(
            Account.distributor_id == distributor_id, Account.unit == Unit.POINTS
        )
    ).one()
    reserved = session.scalars(
        select(func.max(Account.reserved)).where(Account.distributor_id == distributor_id)
    ).one_or_none()
    if reserved:
        raise OwnersError(
            "reserved", "Some of its points are reserved for a load or an order: that must be done or called off first."
        )
    return Moving(own.available, own.pending)


def join(session: Session, program: Program, pool_id: int, distributor_id: int, *, actor: str, now: dt.datetime) -> int:
    """Let a distributor join a pool today: its points and its debts move there. The caller commits.

    Returns the points that it brought.

    Raises:
        OwnersError: It cannot join; the reason says why.
    """
    pool = _open(session, program, pool_id, hold=True)
    standing.change(session, program.id)
    lock_wallets(session, np.asarray([pool.holder_id, distributor_id], dtype=np.int64))
    look_at_joining(session, program, pool_id, distributor_id)
    today = local_date(now, program.time_zone)
    own, shared = (accounts_of(session, one) for one in (distributor_id, pool.holder_id))
    expiring.write_off(session, program.id, today, [*own.values(), *shared.values()])
    brought = {}
    for unit in Unit:
        move = Move(session, program, own[unit], shared[unit], on=today, actor=actor, reason=pool.name)
        move.everything(program_accounts(session, program.id)[unit])
        brought[unit] = move.write(receiver_id=distributor_id)
        lead(session, own[unit], shared[unit])
    session.add(
        PoolMember(
            pool_id=pool.id,
            distributor_id=distributor_id,
            joined_on=today,
            joined_by=actor,
            brought=brought[Unit.POINTS],
        )
    )
    session.flush()
    after = {"distributor_id": distributor_id, "brought": brought[Unit.POINTS]}
    audit.note(session, actor, "pool.join", str(pool.id), now=now, program_id=program.id, after=after)
    return brought[Unit.POINTS]


def look_at_leaving(session: Session, program: Program, pool_id: int, distributor_id: int) -> Moving:
    """Tell what is left of the points that a member earned for a pool: it may take them along. Nothing is changed.

    Raises:
        OwnersError: It is no member.
    """
    pool = _open(session, program, pool_id)
    _member(session, pool, distributor_id)
    shared = accounts_of(session, pool.holder_id)[Unit.POINTS]
    left = _left_of(session, shared, pool.holder_id, distributor_id)
    sums = {state: sum(points for _, of, points in left if of is state) for state in LotState}
    return Moving(sums[LotState.OPEN], sums[LotState.PENDING])


def leave(
    session: Session,
    program: Program,
    pool_id: int,
    distributor_id: int,
    *,
    takes_own: bool,
    actor: str,
    now: dt.datetime,
) -> int:
    """Let a member leave a pool today. Returns the points that went with it. The caller commits.

    With ``takes_own`` what is left of the points that it earned goes with it; otherwise it stays with the pool. What
    awaits a decision always goes with whoever earned it: it is not anybody's yet.

    Raises:
        OwnersError: It is no member; or a part of what it earned is reserved, and would come back to the pool when all
            else is with its earner.
    """
    pool = _open(session, program, pool_id, hold=True)
    standing.change(session, program.id)
    lock_wallets(session, np.asarray([pool.holder_id, distributor_id], dtype=np.int64))
    member = _member(session, pool, distributor_id)
    today = local_date(now, program.time_zone)
    own, shared = (accounts_of(session, one) for one in (distributor_id, pool.holder_id))
    expiring.write_off(session, program.id, today, [*own.values(), *shared.values()])
    if takes_own:
        _refuse_reserved(session, pool, shared, distributor_id)
    took = {}
    for unit in Unit:
        lead(session, own[unit], None)
        move = Move(session, program, shared[unit], own[unit], on=today, actor=actor, reason=pool.name)
        left = _left_of(session, shared[unit], pool.holder_id, distributor_id)
        move.whole([lot for lot, state, _ in left if takes_own or state is LotState.PENDING])
        took[unit] = move.write(giver_id=distributor_id)
    # a clock that was ahead and was set right says a day before that on which it joined
    member.left_on, member.left_by, member.took = max(today, member.joined_on), actor, took[Unit.POINTS]
    session.flush()
    after = {"distributor_id": distributor_id, "took": took[Unit.POINTS], "takes_own": takes_own}
    audit.note(session, actor, "pool.leave", str(pool.id), now=now, program_id=program.id, after=after)
    return took[Unit.POINTS]


def close(session: Session, program: Program, pool_id: int, *, actor: str, now: dt.datetime) -> None:
    """Close a pool of which the holder alone is left. The caller commits.

    Raises:
        OwnersError: It has members.
    """
    pool = _open(session, program, pool_id, hold=True)
    there = select(PoolMember.id).where(PoolMember.pool_id == pool.id, PoolMember.left_on.is_(None))
    if session.scalars(there.limit(1)).one_or_none() is not None:
        raise OwnersError("has_members", "The pool has members: they leave first.")
    pool.closed_on = local_date(now, program.time_zone)
    session.flush()
    audit.note(session, actor, "pool.close", str(pool.id), now=now, program_id=program.id)


def of_program(session: Session, program: Program, pool_id: int) -> Pool:
    """Give a pool of a programme, open or closed.

    Raises:
        LookupError: The programme has no such pool.
    """
    found = session.scalars(select(Pool).where(Pool.id == pool_id, Pool.program_id == program.id)).one_or_none()
    if found is None:
        raise LookupError(pool_id)
    return found


def _open(session: Session, program: Program, pool_id: int, *, hold: bool = False) -> Pool:
    query = select(Pool).where(Pool.id == pool_id, Pool.program_id == program.id)
    if hold:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise LookupError(pool_id)
    if found.closed_on is not None:
        raise OwnersError("closed", "The pool is closed.")
    return found


def _member(session: Session, pool: Pool, distributor_id: int) -> PoolMember:
    found = session.scalars(
        select(PoolMember).where(
            PoolMember.pool_id == pool.id, PoolMember.distributor_id == distributor_id, PoolMember.left_on.is_(None)
        )
    ).one_or_none()
    if found is None:
        raise OwnersError("no_member", "It is no member of this pool.")
    return found


def accounts_of(session: Session, distributor_id: int) -> dict[Unit, int]:
    """Give the accounts of a distributor itself, wherever they lead."""
    rows = session.execute(select(Account.unit, Account.id).where(Account.distributor_id == distributor_id))
    return dict(rows.all())


def standing_of(session: Session, distributor_id: int) -> dict[Unit, int]:
    """Give the accounts on which the points of a distributor stand: its own, or those that they lead to."""
    standing = func.coalesce(Account.leads_to_id, Account.id)
    rows = session.execute(select(Account.unit, standing).where(Account.distributor_id == distributor_id))
    return dict(rows.all())


def lead(session: Session, own: int, to: int | None) -> None:
    """Let an account lead to another one, or stand for itself; with it those that were merged into it."""
    for which, where in ((Account.id == own, to), (_merged_into(own), to or own)):
        session.execute(
            update(Account)
            .where(which)
            .values(leads_to_id=where, version=Account.version + 1)
            .execution_options(synchronize_session=False)
        )


def _merged_into(own: int) -> ColumnElement[bool]:
    """Pick the accounts of distributors that were merged into the one of an account."""
    theirs = aliased(Account)
    survivor = select(theirs.distributor_id).where(theirs.id == own).scalar_subquery()
    unit = select(theirs.unit).where(theirs.id == own).scalar_subquery()
    merged = select(Distributor.id).where(Distributor.merged_into_id == survivor)
    return (Account.unit == unit) & Account.distributor_id.in_(merged)


_EARNER = func.coalesce(SalesDocument.distributor_id, OnBehalf.distributor_id, bindparam("holder_id", type_=BigInteger))
_WHOSE_LOT = (
    select(
        case(
            (Distributor.person_of_id.is_not(None), Distributor.id),
            else_=func.coalesce(SalesDocument.distributor_id, OnBehalf.distributor_id, Distributor.id),
        )
    )
    .select_from(Lot)
    .join(Account, Account.id == Lot.account_id)
    .join(Distributor, Distributor.id == Account.distributor_id)
    .join(LedgerTransaction, LedgerTransaction.id == Lot.id)
    .outerjoin(SalesDocument, SalesDocument.id == LedgerTransaction.document_id)
    .outerjoin(OnBehalf, (OnBehalf.transaction_id == Lot.id) & (OnBehalf.account_id == Lot.account_id))
    .where(Lot.id == bindparam("lot_id"))
)


def earner_of(session: Session, lot_id: int) -> int:
    """Tell who earned the points of a lot, or was given them: within a pool not whoever has the account."""
    return int(session.execute(_WHOSE_LOT, {"lot_id": lot_id}).scalar_one())


_RESERVED = (
    select(Lot.id)
    .join(LedgerEntry, LedgerEntry.lot_id == Lot.id)
    .join(LedgerTransaction, LedgerTransaction.id == Lot.id)
    .outerjoin(SalesDocument, SalesDocument.id == LedgerTransaction.document_id)
    .outerjoin(OnBehalf, (OnBehalf.transaction_id == Lot.id) & (OnBehalf.account_id == Lot.account_id))
    .where(
        Lot.account_id == bindparam("account_id"),
        LedgerEntry.bucket == Bucket.RESERVED,
        bindparam("distributor_id", type_=BigInteger) == _EARNER,
    )
    .group_by(Lot.id)
    .having(func.sum(LedgerEntry.amount) != 0)
    .limit(1)
)
_LEFT = (
    select(Lot.id, Lot.state, Lot.remaining)
    .join(LedgerTransaction, LedgerTransaction.id == Lot.id)
    .outerjoin(SalesDocument, SalesDocument.id == LedgerTransaction.document_id)
    .outerjoin(OnBehalf, (OnBehalf.transaction_id == Lot.id) & (OnBehalf.account_id == Lot.account_id))
    .where(
        Lot.account_id == bindparam("account_id"),
        Lot.state != LotState.CLOSED,
        bindparam("distributor_id", type_=BigInteger) == _EARNER,
    )
    .order_by(Lot.id)
)


def _left_of(session: Session, account_id: int, holder_id: int, distributor_id: int) -> list[tuple[int, LotState, int]]:
    """Give the lots that a member earned and that have something left: the lot, its state, and how much."""
    asked = {"account_id": account_id, "holder_id": holder_id, "distributor_id": distributor_id}
    return [(lot, state, left) for lot, state, left in session.execute(_LEFT, asked)]


def _refuse_reserved(session: Session, pool: Pool, shared: Mapping[Unit, int], distributor_id: int) -> None:
    for account_id in shared.values():
        asked = {"account_id": account_id, "holder_id": pool.holder_id, "distributor_id": distributor_id}
        if session.execute(_RESERVED, asked).first() is not None:
            raise OwnersError(
                "reserved",
                "Some of the points that it earned are reserved for a load or an order: that must be done or called "
                "off first, or its points stay with the pool.",
            )


@dataclass(frozen=True)
class Contribution:
    """What one distributor brought into a pool and took out of it, in points."""

    distributor_id: int
    code: str
    name: str
    earned: int
    spent: int


_OF_RESERVATION = func.coalesce(LedgerTransaction.reverses_id, LedgerTransaction.id)
_SPENDING = LedgerTransaction.kind.in_((TransactionKind.RESERVE, TransactionKind.CANCEL))
_BRINGING = (
    TransactionKind.AWARD,
    TransactionKind.REVERSAL,
    TransactionKind.VOID,
    TransactionKind.ADJUST,
    TransactionKind.PROMOTION,
    TransactionKind.EVENT,
    TransactionKind.INSTANT,
    TransactionKind.TRANSFER,
)
_SPENT = case(
    (_SPENDING & (LedgerEntry.bucket == Bucket.RESERVED), LedgerEntry.amount),
    (LedgerTransaction.kind == TransactionKind.REFUND, -LedgerEntry.amount),
    else_=0,
)
_EARNED = case(
    (
        LedgerTransaction.kind.in_(_BRINGING),
        LedgerEntry.amount,
    ),
    else_=0,
)
_MOVED = (
    select(
        _EARNER.label("who"),
        cast(func.sum(_EARNED), BigInteger).label("earned"),
        cast(func.sum(_SPENT), BigInteger).label("spent"),
    )
    .select_from(LedgerEntry)
    .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
    .outerjoin(SalesDocument, SalesDocument.id == LedgerTransaction.document_id)
    .outerjoin(OnBehalf, (OnBehalf.transaction_id == _OF_RESERVATION) & (OnBehalf.account_id == LedgerEntry.account_id))
    .where(LedgerEntry.account_id == bindparam("account_id"), LedgerEntry.bucket <= Bucket.RESERVED)
    .group_by(_EARNER)
    .subquery()
)
_CONTRIBUTIONS = (
    select(Distributor.id, Distributor.code, Distributor.name, _MOVED.c.earned, _MOVED.c.spent)
    .join(_MOVED, _MOVED.c.who == Distributor.id)
    .order_by(_MOVED.c.earned.desc(), Distributor.sort_key)
)


def contributions(session: Session, pool_id: int) -> list[Contribution]:
    """Give what each distributor brought into a pool and spent of it, who brought most first. One query.

    What the holder had before the pool was opened is its own contribution.
    """
    holder = select(Pool.holder_id).where(Pool.id == pool_id).scalar_subquery()
    account, holder_id = session.execute(
        select(Account.id, Account.distributor_id).where(Account.distributor_id == holder, Account.unit == Unit.POINTS)
    ).one()
    rows = session.execute(_CONTRIBUTIONS, {"account_id": account, "holder_id": holder_id})
    return [Contribution(*row) for row in rows]
