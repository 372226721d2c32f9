"""Everything that happened to one distributor, newest first: one statement over all the tables that know of it.

Each source gives its newest few and one query puts them in order, so a page costs the same however long the story is.
"""

import datetime as dt
import enum
import functools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session

from app.domain.states import TopUpKind, TransactionKind, Unit
from app.models.desk import AdjustmentRequest
from app.models.ledger import Account, LedgerEntry, LedgerTransaction
from app.models.messages import Message, Notice
from app.models.people import AuditEvent, Membership, UserAccount
from app.models.prepaid import Card, Redemption, TopUp
from app.models.sales import Decision, SalesDocument


class Kind(enum.StrEnum):
    """What a happening is about; a page shows all kinds or one."""

    DOCUMENTS = "documents"
    POINTS = "points"
    TOP_UPS = "top_ups"
    ADJUSTMENTS = "adjustments"
    DATA = "data"
    PEOPLE = "people"
    MESSAGES = "messages"


class Source(enum.IntEnum):
    """Where a happening is written down. Of what happened in one moment, the higher number came of the lower."""

    DATA_CHANGED = 1
    PERSON = 2
    CARD = 3
    DOCUMENT = 4
    DECISION = 5
    ADJUSTMENT_ASKED = 6
    ADJUSTMENT_DECLINED = 7
    MOVEMENT = 8
    ADJUSTED = 9
    TOP_UP_ASKED = 10
    TOP_UP_SETTLED = 11
    NOTICE = 12
    MESSAGE = 13


@dataclass(frozen=True)
class Place:
    """Where a page of the story ends, and the next begins."""

    at: dt.datetime
    source: int
    id: int

    def __str__(self) -> str:
        """Write it as it stands in an address."""
        return f"{self.at.isoformat()}~{self.source}~{self.id}"


@dataclass(frozen=True)
class Happening:
    """Something that happened. ``parts`` is what its sentence is made of, by names that each source has of its own."""

    at: dt.datetime
    source: Source
    id: int
    parts: Mapping[str, Any]

    @property
    def place(self) -> Place:
        """Give where it stands in the story."""
        return Place(self.at, int(self.source), self.id)


def place_named(text: str) -> Place | None:
    """Read where a page begins from an address; what is no place is none."""
    at, _, rest = text.partition("~")
    source, _, id_ = rest.partition("~")
    if not all(part.isascii() and part.isdigit() and len(part) < 19 for part in (source, id_)):
        return None
    try:
        moment = dt.datetime.fromisoformat(at)
    except ValueError:
        return None
    return Place(moment, min(int(source), 99), int(id_)) if moment.tzinfo is not None else None


_PROGRAM_ID = bindparam("program_id", type_=BigInteger)
_DISTRIBUTOR_ID = bindparam("distributor_id", type_=BigInteger)
_CODE = bindparam("code", type_=Text)
_NAMED = bindparam("named", type_=Text)  # the id as the audit log writes it
_LIMIT = bindparam("limit", type_=Integer)
_BEFORE = (
    bindparam("before_at", type_=DateTime(timezone=True)),
    bindparam("before_source", type_=Integer),
    bindparam("before_id", type_=BigInteger),
)


@dataclass(frozen=True)
class _Told:
    """How a source tells what it knows: when it was, which row, what of it, and the query that finds it."""

    at: Any
    id: Any
    parts: Mapping[str, Any]
    query: Callable[[Select[Any]], Select[Any]]


def happenings(
    session: Session,
    program_id: int,
    distributor_id: int,
    code: str,
    kinds: Collection[Kind],
    *,
    before: Place | None = None,
    limit: int,
) -> Sequence[Happening]:
    """Give what happened to a distributor, of some kinds, newest first. One query.

    ``code`` is the distributor's, by which the audit log knows it; ``before`` is the last one seen, for the next page.
    """
    sources = tuple(source for source in Source if KIND_OF[source] in kinds)
    if not sources:
        return []
    asked: dict[str, Any] = {
        "program_id": program_id,
        "distributor_id": distributor_id,
        "code": code,
        "named": str(distributor_id),
        "limit": limit,
    }
    if before is not None:
        asked |= {"before_at": before.at, "before_source": before.source, "before_id": before.id}
    rows = session.execute(_statement(sources, further=before is not None), asked)
    return [Happening(row.at, Source(row.source), row.id, row.parts) for row in rows]


@functools.cache
def _statement(sources: tuple[Source, ...], *, further: bool) -> Select[*tuple[Any, ...]]:
    """Build the query: for each set of sources once, for building it takes longer than asking it."""
    told = union_all(*(_newest(source, further=further) for source in sources)).subquery()
    return (
        select(told.c.at, told.c.source, told.c.id, told.c.parts)
        .order_by(told.c.at.desc(), told.c.source.desc(), told.c.id.desc())
        .limit(_LIMIT)
    )


def _newest(source: Source, *, further: bool) -> Select[Any]:
    told = _SOURCES[source]()
    pairs = [part for name, value in told.parts.items() for part in (literal(name), value)]
    query = told.query(
        select(
            told.at.label("at"),
            literal(int(source)).label("source"),
            told.id.label("id"),
            func.jsonb_build_object(*pairs).label("parts"),
        )
    )
    if further:
        query = query.where(tuple_(told.at, literal(int(source)), told.id) < tuple_(*_BEFORE))
    return query.order_by(told.at.desc(), told.id.desc()).limit(_LIMIT)


KIND_OF: Mapping[Source, Kind] = {
    Source.DATA_CHANGED: Kind.DATA,
    Source.PERSON: Kind.PEOPLE,
    Source.CARD: Kind.TOP_UPS,
    Source.DOCUMENT: Kind.DOCUMENTS,
    Source.DECISION: Kind.DOCUMENTS,
    Source.ADJUSTMENT_ASKED: Kind.ADJUSTMENTS,
    Source.ADJUSTMENT_DECLINED: Kind.ADJUSTMENTS,
    Source.MOVEMENT: Kind.POINTS,
    Source.ADJUSTED: Kind.ADJUSTMENTS,
    Source.TOP_UP_ASKED: Kind.TOP_UPS,
    Source.TOP_UP_SETTLED: Kind.TOP_UPS,
    Source.NOTICE: Kind.MESSAGES,
    Source.MESSAGE: Kind.MESSAGES,
}

MOVEMENTS = (
    TransactionKind.AWARD,
    TransactionKind.REVERSAL,
    TransactionKind.VOID,
    TransactionKind.RELEASE,
    TransactionKind.EXPIRE,
    TransactionKind.REINSTATE,
    TransactionKind.PROMOTION,
    TransactionKind.EVENT,
    TransactionKind.INSTANT,
    TransactionKind.TRANSFER,
)
"""Movements that are told as such; what is reserved, spent and given back is told by its top-ups."""

DATA_ACTIONS = ("distributor.create", "distributor.change", "distributor.block", "distributor.unblock")
"""What the audit log says of a distributor's own data; its subject is the code."""

PEOPLE_ACTIONS = (
    "user.role",
    "user.role_taken",
    "user.role_changed",
    "invitation.send",
    "application.ask",
    "application.accept",
)
"""What it says of a distributor's people; it names the distributor by its id."""


def _data_changed() -> _Told:
    return _of_the_log(
        AuditEvent.program_id == _PROGRAM_ID,
        AuditEvent.action.in_(DATA_ACTIONS),
        AuditEvent.subject == _CODE,
    )


def _person() -> _Told:
    return _of_the_log(
        AuditEvent.program_id == _PROGRAM_ID,
        AuditEvent.action.in_(PEOPLE_ACTIONS),
        or_(
            AuditEvent.after["distributor_id"].astext == _NAMED,
            AuditEvent.before["distributor_id"].astext == _NAMED,
        ),
    )


def _of_the_log(*conditions: ColumnElement[bool]) -> _Told:
    return _Told(
        AuditEvent.at,
        AuditEvent.id,
        {
            "action": AuditEvent.action,
            "subject": AuditEvent.subject,
            "who": AuditEvent.actor,
            "before": AuditEvent.before,
            "after": AuditEvent.after,
            "why": AuditEvent.reason,
        },
        lambda query: query.select_from(AuditEvent).where(*conditions),
    )


def _card() -> _Told:
    return _Told(
        func.coalesce(Card.issued_at, Card.created_at),
        Card.id,
        {"last4": Card.last4, "active": Card.active},
        lambda query: query.select_from(Card).where(Card.distributor_id == _DISTRIBUTOR_ID),
    )


def _document() -> _Told:
    return _Told(
        SalesDocument.counted_at,
        SalesDocument.id,
        {
            "document_id": SalesDocument.id,
            "number": SalesDocument.number,
            "kind": SalesDocument.kind,
            "status": SalesDocument.status,
            "reasons": SalesDocument.reasons,
            "net_minor": SalesDocument.net_minor,
            "source": SalesDocument.source,
        },
        lambda query: query.select_from(SalesDocument).where(SalesDocument.distributor_id == _DISTRIBUTOR_ID),
    )


def _decision() -> _Told:
    return _Told(
        Decision.decided_at,
        Decision.id,
        {
            "document_id": SalesDocument.id,
            "number": SalesDocument.number,
            "becomes": Decision.becomes,
            "who": Decision.decided_by,
            "why": Decision.reason,
            "code": Decision.reason_code,
        },
        lambda query: (
            query.select_from(Decision)
            .join(SalesDocument, SalesDocument.id == Decision.document_id)
            .where(SalesDocument.distributor_id == _DISTRIBUTOR_ID)
        ),
    )


def _adjustment_asked() -> _Told:
    return _Told(
        AdjustmentRequest.requested_at,
        AdjustmentRequest.id,
        {
            "unit": AdjustmentRequest.unit,
            "amount": AdjustmentRequest.amount,
            "reason_code": AdjustmentRequest.reason_code,
            "why": AdjustmentRequest.note,
            "who": AdjustmentRequest.requested_by,
        },
        lambda query: query.select_from(AdjustmentRequest).where(AdjustmentRequest.distributor_id == _DISTRIBUTOR_ID),
    )


def _adjustment_declined() -> _Told:
    return _Told(
        AdjustmentRequest.decided_at,
        AdjustmentRequest.id,
        {
            "unit": AdjustmentRequest.unit,
            "amount": AdjustmentRequest.amount,
            "state": AdjustmentRequest.state,
            "why": AdjustmentRequest.decision_note,
            "who": AdjustmentRequest.decided_by,
        },
        lambda query: query.select_from(AdjustmentRequest).where(
            AdjustmentRequest.distributor_id == _DISTRIBUTOR_ID, AdjustmentRequest.state.in_(("refused", "withdrawn"))
        ),
    )


def _movement() -> _Told:
    return _of_the_ledger(MOVEMENTS)


def _adjusted() -> _Told:
    return _of_the_ledger((TransactionKind.ADJUST,))


def _of_the_ledger(kinds: Sequence[TransactionKind]) -> _Told:
    whole = func.sum(LedgerEntry.amount)
    # what only changes its bucket, as a release does, sums to nothing: then what came is what is told
    came = func.sum(func.greatest(LedgerEntry.amount, 0))
    moved = (
        select(
            LedgerEntry.transaction_id,
            Account.unit,
            cast(case((whole == 0, came), else_=whole), BigInteger).label("amount"),
        )
        .select_from(Account)
        .join(LedgerEntry, LedgerEntry.account_id == Account.id)
        .where(Account.distributor_id == _DISTRIBUTOR_ID)
        .group_by(LedgerEntry.transaction_id, Account.unit)
        .subquery()
    )
    # asked for in the row's own parts, it is looked up for the rows of the page alone
    number = (
        select(SalesDocument.number)
        .where(SalesDocument.id == LedgerTransaction.document_id)
        .correlate(LedgerTransaction)
        .scalar_subquery()
    )
    return _Told(
        LedgerTransaction.recorded_at,
        LedgerTransaction.id,
        {
            "kind": LedgerTransaction.kind,
            "unit": moved.c.unit,
            "amount": moved.c.amount,
            "document_id": LedgerTransaction.document_id,
            "number": number,
            "key": LedgerTransaction.key,
            "who": LedgerTransaction.actor,
            "why": LedgerTransaction.reason,
        },
        lambda query: (
            query.select_from(moved)
            .join(LedgerTransaction, LedgerTransaction.id == moved.c.transaction_id)
            .where(LedgerTransaction.kind.in_(kinds))
        ),
    )


def _top_up_asked() -> _Told:
    of_points = and_(TopUp.kind == TopUpKind.REWARD, Account.unit == Unit.POINTS)
    return _of_top_ups(TopUp.created_at, {"points": case((of_points, Redemption.points))})


def _top_up_settled() -> _Told:
    return _of_top_ups(
        TopUp.settled_at, {"status": TopUp.status, "failure": TopUp.failure}, TopUp.settled_at.is_not(None)
    )


def _of_top_ups(at: Any, parts: Mapping[str, Any], *conditions: ColumnElement[bool]) -> _Told:
    return _Told(
        at,
        TopUp.id,
        {
            "kind": TopUp.kind,
            "amount_minor": TopUp.amount_minor,
            "run_id": TopUp.run_id,
            "attempt": TopUp.attempt,
            **parts,
        },
        lambda query: (
            query.select_from(TopUp)
            .join(Redemption, Redemption.id == TopUp.redemption_id)
            .join(Account, Account.id == Redemption.account_id)
            .where(Account.distributor_id == _DISTRIBUTOR_ID, *conditions)
        ),
    )


def _notice() -> _Told:
    return _Told(
        Notice.created_at,
        Notice.id,
        {"kind": Notice.kind, "parts": Notice.parts},
        lambda query: query.select_from(Notice).where(Notice.distributor_id == _DISTRIBUTOR_ID),
    )


def _message() -> _Told:
    theirs = (
        select(UserAccount.login)
        .join(Membership, Membership.user_id == UserAccount.id)
        .where(Membership.distributor_id == _DISTRIBUTOR_ID)
    )
    return _Told(
        Message.created_at,
        Message.id,
        {"kind": Message.kind, "to": Message.to, "channel": Message.channel, "state": Message.state},
        lambda query: query.select_from(Message).where(Message.program_id == _PROGRAM_ID, Message.to.in_(theirs)),
    )


_SOURCES: Mapping[Source, Callable[[], _Told]] = {
    Source.DATA_CHANGED: _data_changed,
    Source.PERSON: _person,
    Source.CARD: _card,
    Source.DOCUMENT: _document,
    Source.DECISION: _decision,
    Source.ADJUSTMENT_ASKED: _adjustment_asked,
    Source.ADJUSTMENT_DECLINED: _adjustment_declined,
    Source.MOVEMENT: _movement,
    Source.ADJUSTED: _adjusted,
    Source.TOP_UP_ASKED: _top_up_asked,
    Source.TOP_UP_SETTLED: _top_up_settled,
    Source.NOTICE: _notice,
    Source.MESSAGE: _message,
}
