"""From a number back to what it is made of: balance, lots, movements, awards, lines; and from a top-up to those.

Everything is read from what was stored when it happened; nothing is computed anew.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, CompoundSelect, Select, case, cast, func, or_, select
from sqlalchemy.orm import Session

from app.db.many import among
from app.domain.states import Bucket, Event, LotState, TopUpKind, TopUpStatus, TransactionKind, Unit
from app.models.distributors import Distributor
from app.models.events import EventAward, HappenedEvent
from app.models.imports import ImportBatch
from app.models.ledger import Account, LedgerEntry, LedgerTransaction, Lot
from app.models.orders import OrderLine
from app.models.prepaid import Redemption, TopUp
from app.models.promotions import PromotionPayment, PromotionStanding, PromotionVersion
from app.models.purchases import PurchaseCredit
from app.models.sales import SalesDocument

WALLET = (Bucket.PENDING, Bucket.AVAILABLE, Bucket.RESERVED)


@dataclass(frozen=True)
class Movement:
    """A transaction, as much of it as says why: its document with the file, its promotion, event, top-up or order."""

    id: int
    kind: TransactionKind
    effective_on: dt.date
    document_id: int | None
    document_number: str | None
    file_name: str | None
    batch_id: int | None
    reason: str | None
    actor: str | None
    owner_id: int | None = None
    """Whose the document is: in a pool, not always who looks."""
    name: str | None = None
    top_up_id: int | None = None
    order_id: int | None = None
    event: Event | None = None
    """What happened; ``name`` is then what it was about, as it was told: of a tier that was reached, its code."""


@dataclass(frozen=True)
class LotSeen:
    """Points of one movement with one expiry: how many came, how many are left, and what brought them."""

    id: int
    amount: int
    remaining: int
    state: LotState
    earned_on: dt.date
    expires_on: dt.date | None
    source: Movement


@dataclass(frozen=True)
class Part:
    """What a movement did to one lot (none: to what is owed), in the wallet's buckets."""

    lot: LotSeen | None
    pending: int
    available: int
    reserved: int

    @property
    def changed(self) -> int:
        """Give what the wallet has more, or less."""
        return self.pending + self.available + self.reserved


@dataclass(frozen=True)
class Use:
    """What one movement did to one lot."""

    movement: Movement
    amount: int


class NotTheirs(LookupError):
    """A lot, a movement or a top-up that this distributor does not have."""


def wallets_of(distributor_id: int, unit: Unit | None = None) -> CompoundSelect[*tuple[Any, ...]]:
    """Select the accounts where a distributor's points stand: its own, and the one that leads to."""
    own = select(Account.id, Account.leads_to_id).where(Account.distributor_id == distributor_id)
    if unit is not None:
        own = own.where(Account.unit == unit)
    found = own.subquery()
    return select(found.c.id).union(select(found.c.leads_to_id).where(found.c.leads_to_id.is_not(None)))


def _survived(distributor_id: int) -> Select[int]:
    """Select the accounts of those who were merged into a distributor: it has their history, and their top-ups."""
    return (
        select(Account.id)
        .join(Distributor, Distributor.id == Account.distributor_id)
        .where(Distributor.merged_into_id == distributor_id)
    )


def lots_left(
    session: Session, distributor_id: int, unit: Unit, *, after: int = 0, most: int | None = None
) -> list[LotSeen]:
    """Give the lots of which something is left, the oldest first: together they are what stands on the account."""
    rows = session.execute(
        select(Lot)
        .where(
            Lot.account_id.in_(wallets_of(distributor_id, unit)),
            Lot.state != LotState.CLOSED,
            Lot.remaining > 0,
            Lot.id > after,
        )
        .order_by(Lot.id)
        .limit(most)
    )
    return _seen(session, [row[0] for row in rows])


def lot(session: Session, distributor_id: int, lot_id: int) -> tuple[LotSeen, list[Use]]:
    """Give a lot and everything that happened to it, the oldest first.

    Raises:
        NotTheirs: The distributor has no such lot.
    """
    found = session.scalars(
        select(Lot).where(
            Lot.id == lot_id,
            or_(Lot.account_id.in_(wallets_of(distributor_id)), Lot.account_id.in_(_survived(distributor_id))),
        )
    ).one_or_none()
    if found is None:
        raise NotTheirs(lot_id)
    moved = cast(func.sum(LedgerEntry.amount), BigInteger)
    out = cast(func.sum(case((LedgerEntry.bucket == Bucket.AVAILABLE, LedgerEntry.amount), else_=0)), BigInteger)
    rows = session.execute(
        select(LedgerEntry.transaction_id, moved, out)
        .where(LedgerEntry.lot_id == lot_id, LedgerEntry.bucket.in_(WALLET))
        .group_by(LedgerEntry.transaction_id)
        .order_by(LedgerEntry.transaction_id)
    ).all()
    known = movements(session, [row[0] for row in rows])
    (seen,) = _seen(session, [found])
    return seen, [Use(known[id_], changed or available) for id_, changed, available in rows]


def movement(session: Session, distributor_id: int, transaction_id: int) -> tuple[Movement, Unit, list[Part]]:
    """Give a movement of a distributor's account, and what it did to which lots; or of one that it survived.

    What moved between the two stands as it does on the distributor's own account.

    Raises:
        NotTheirs: It moved nothing of this distributor's.
    """

    def of(bucket: Bucket) -> Any:
        return cast(func.sum(case((LedgerEntry.bucket == bucket, LedgerEntry.amount), else_=0)), BigInteger)

    moved = (
        select(LedgerEntry.lot_id, Account.unit, *(of(bucket) for bucket in WALLET))
        .join(Account, Account.id == LedgerEntry.account_id)
        .where(LedgerEntry.transaction_id == transaction_id)
        .group_by(LedgerEntry.lot_id, Account.unit)
        .order_by(LedgerEntry.lot_id.asc().nulls_last())
    )
    rows = (
        session.execute(moved.where(LedgerEntry.account_id.in_(wallets_of(distributor_id)))).all()
        or session.execute(moved.where(LedgerEntry.account_id.in_(_survived(distributor_id)))).all()
    )
    if not rows:
        raise NotTheirs(transaction_id)
    lots = {one.id: one for one in _seen(session, _lots(session, [row[0] for row in rows if row[0]]))}
    parts = [Part(lots.get(id_), *changed) for id_, _unit, *changed in rows]
    return movements(session, [transaction_id])[transaction_id], rows[0][1], parts


def paid_by(session: Session, reservations: Sequence[int]) -> list[tuple[LotSeen, int]]:
    """Give the lots that paid what was put aside by these transactions, with how much of each, the oldest first."""
    rows = session.execute(
        select(LedgerEntry.lot_id, cast(-func.sum(LedgerEntry.amount), BigInteger))
        .where(
            among(LedgerEntry.transaction_id, reservations),
            LedgerEntry.bucket == Bucket.AVAILABLE,
            LedgerEntry.amount < 0,
            LedgerEntry.lot_id.is_not(None),
        )
        .group_by(LedgerEntry.lot_id)
        .order_by(LedgerEntry.lot_id)
    ).all()
    lots = {one.id: one for one in _seen(session, _lots(session, [row[0] for row in rows if row[0]]))}
    return [(lots[id_], amount) for id_, amount in rows if id_]


@dataclass(frozen=True)
class Spent:
    """Points that became money, or were to: a top-up with what it was made from, and the lots that paid for it.

    ``failure`` is what is kept of one that failed.
    """

    reference: str
    redeemed_on: dt.date
    points: int
    amount_minor: int
    unit: Unit
    kind: TopUpKind
    status: TopUpStatus
    failure: str | None
    reservation_id: int
    lots: list[tuple[LotSeen, int]]


def top_up(session: Session, program_id: int, top_up_id: int) -> Spent:
    """Give a top-up back to the lots that paid for it.

    Raises:
        NotTheirs: The programme has no such top-up.
    """
    return _spent(session, program_id, TopUp.id == top_up_id)


def top_up_named(session: Session, program_id: int, reference: str) -> Spent:
    """Give the top-up of a reference, likewise."""
    return _spent(session, program_id, TopUp.reference == reference)


def _spent(session: Session, program_id: int, condition: ColumnElement[bool]) -> Spent:
    row = session.execute(
        select(
            TopUp.reference,
            Redemption.redeemed_on,
            Redemption.points,
            TopUp.amount_minor,
            Account.unit,
            TopUp.kind,
            TopUp.status,
            TopUp.failure,
            Redemption.reserve_transaction_id,
        )
        .join(Redemption, Redemption.id == TopUp.redemption_id)
        .join(Account, Account.id == Redemption.account_id)
        .where(condition, Redemption.program_id == program_id)
    ).one_or_none()
    if row is None:
        raise NotTheirs
    return Spent(*row, paid_by(session, [row.reserve_transaction_id]))


def order(session: Session, order_id: int) -> list[tuple[LotSeen, int]]:
    """Give the lots that paid for an order of rewards."""
    reservations = session.scalars(select(OrderLine.reservation_id).where(OrderLine.order_id == order_id)).all()
    return paid_by(session, reservations)


def _lots(session: Session, ids: Sequence[int]) -> Sequence[Lot]:
    return session.scalars(select(Lot).where(among(Lot.id, ids)).order_by(Lot.id)).all()


def _seen(session: Session, lots: Sequence[Lot]) -> list[LotSeen]:
    """Give lots with what brought them: a lot bears the number of its transaction."""
    known = movements(session, [one.id for one in lots])
    return [
        LotSeen(one.id, one.amount, one.remaining, one.state, one.earned_on, one.expires_on, known[one.id])
        for one in lots
    ]


def movements(session: Session, ids: Sequence[int]) -> dict[int, Movement]:
    """Give transactions with what caused them, by id: a few statements for all of them."""
    if not ids:
        return {}
    rows: Sequence[Any] = session.execute(
        select(
            LedgerTransaction.id,
            LedgerTransaction.kind,
            LedgerTransaction.effective_on,
            LedgerTransaction.document_id,
            SalesDocument.number,
            ImportBatch.file_name,
            SalesDocument.batch_id,
            LedgerTransaction.reason,
            LedgerTransaction.actor,
            SalesDocument.distributor_id,
            LedgerTransaction.reverses_id,
            LedgerTransaction.key,
        )
        .outerjoin(SalesDocument, SalesDocument.id == LedgerTransaction.document_id)
        .outerjoin(ImportBatch, ImportBatch.id == SalesDocument.batch_id)
        .where(among(LedgerTransaction.id, ids))
    ).all()
    found = {row[0]: Movement(*row[:-2]) for row in rows}
    # what settles or calls off a reservation is about what was reserved
    about = {row.id: row.reverses_id or _settled(row.key) or row.id for row in rows}
    kinds = {row.kind for row in rows}
    if TransactionKind.PROMOTION in kinds:
        _name(found, {id_: id_ for id_ in found}, session.execute(_promotions(list(found))).all(), "name")
    if TransactionKind.EVENT in kinds:
        _name(found, {id_: id_ for id_ in found}, session.execute(_events(list(found))).all(), "event", "name")
    if kinds & {TransactionKind.RESERVE, TransactionKind.SETTLE, TransactionKind.CANCEL, TransactionKind.REFUND}:
        reserved = list(set(about.values()))
        _name(found, about, session.execute(_top_ups(reserved)).all(), "name", "top_up_id")
        _name(found, about, session.execute(_orders(reserved)).all(), "name", "order_id")
        _name(found, about, session.execute(_purchases(reserved)).all(), "name")
    return found


def _settled(key: str) -> int | None:
    """Give the reservation that a settling is of: its key begins with it."""
    word, _, rest = key.partition(":")
    number = rest.partition(":")[0]
    return int(number) if word == "resolve" and number.isdigit() else None


def _name(found: dict[int, Movement], about: dict[int, int], rows: Sequence[Any], *fields: str) -> None:
    named = {row[0]: dict(zip(fields, row[1:], strict=True)) for row in rows}
    for id_, of in about.items():
        if of in named:
            found[id_] = replace(found[id_], **named[of])


def _promotions(ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    return (
        select(PromotionPayment.transaction_id, PromotionVersion.definition["name"].astext)
        .join(PromotionStanding, PromotionStanding.id == PromotionPayment.standing_id)
        .join(
            PromotionVersion,
            (PromotionVersion.promotion_id == PromotionStanding.promotion_id)
            & (PromotionVersion.version == PromotionPayment.version),
        )
        .where(among(PromotionPayment.transaction_id, ids))
    )


def _events(ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    return (
        select(EventAward.transaction_id, HappenedEvent.event, HappenedEvent.about)
        .join(HappenedEvent, HappenedEvent.id == EventAward.event_id)
        .where(among(EventAward.transaction_id, ids))
    )


def _top_ups(ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    return (
        select(Redemption.reserve_transaction_id, TopUp.reference, TopUp.id)
        .join(TopUp, TopUp.redemption_id == Redemption.id)
        .where(among(Redemption.reserve_transaction_id, ids))
        .order_by(TopUp.id.desc())
    )


def _orders(ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    return select(OrderLine.reservation_id, OrderLine.name, OrderLine.order_id).where(
        among(OrderLine.reservation_id, ids)
    )


def _purchases(ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    number = func.concat("#", PurchaseCredit.id)
    return select(PurchaseCredit.reservation_id, func.coalesce(PurchaseCredit.document, number)).where(
        among(PurchaseCredit.reservation_id, ids)
    )
