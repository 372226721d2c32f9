"""The queue of documents that wait for a person, and who has which of them before them.

Whoever takes a document has it for some minutes (a lease): nobody else is given it, and nobody else decides it. It is
taken under a lock that others step over, so that any number of people who ask at once get documents that differ.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    and_,
    case,
    func,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from app.domain.roles import GRANTS, Permission
from app.domain.states import DocumentStatus, DocumentWord, ReviewState
from app.models.claims import DocumentMessage
from app.models.distributors import Distributor
from app.models.people import Membership, UserAccount
from app.models.reviews import Review
from app.models.sales import Decision, SalesDocument
from app.services.counting.wordings import walk_of_each
from app.services.same_person import names_of

LEASE = dt.timedelta(minutes=10)
"""So long a document is left to whoever took it."""

OFFERED = (ReviewState.WAITING, ReviewState.SECOND)
"""What is given to whoever asks for the next: neither what is held, nor what waits for an answer."""

Names: TypeAlias = Collection[str] | SQLColumnExpression[str]
"""The sign-in names of one person, or the column in which theirs stands."""

# the status is written out: an index serves it that the planner finds only if it can see it
WAITS: ColumnElement[bool] = literal_column(f"sales_document.status = {int(DocumentStatus.REVIEW)}")


@dataclass(frozen=True)
class Decider:
    """Somebody who decides: the sign-in name that they have, and all that they had before (`same_person`)."""

    login: str
    names: frozenset[str]

    @classmethod
    def of(cls, session: Session, login: str) -> "Decider":
        """Look for the names of whoever has one now. One query for whoever has had no other."""
        return cls(login, names_of(session, login) | {login})


@dataclass(frozen=True)
class Place:
    """Where a document stands in the queue, and who has it."""

    document_id: int
    state: ReviewState
    risk: int
    opened_at: dt.datetime
    leased_by: str | None
    leased_until: dt.datetime | None
    handed_to: str | None
    first_by: str | None
    first_reason: str | None
    closed_at: dt.datetime | None

    def holder(self, now: dt.datetime) -> str | None:
        """Tell who has it before them; nobody, where the time is over."""
        return self.leased_by if still_leased(self.leased_until, now) else None


@dataclass(frozen=True)
class Part:
    """What of the queue somebody works through, and in which order.

    Attributes:
        documents: gives the ids of its documents.
        told: what this query has to be told.
        place: by what its documents follow one another, of the place, the document or its distributor, their id last;
            empty: as those of the queue do.
        falling: whether the largest comes first.
    """

    documents: Select[Any]
    told: Mapping[str, Any]
    place: tuple[Any, ...] = ()
    falling: bool = False


def place_of(session: Session, document_id: int) -> Place | None:
    """Tell where a document stands; None where it never waited, or nobody looked at it yet."""
    row = session.execute(select(*_PLACE).where(Review.document_id == document_id)).one_or_none()
    return None if row is None else _as_place(row)


def locked(session: Session, document_id: int) -> Place:
    """Lock the place of a document that waits, and give it."""
    return _as_place(session.execute(select(*_PLACE).where(Review.document_id == document_id).with_for_update()).one())


def judged_before(session: Session, document_id: int, who: Decider) -> bool:
    """Tell whether somebody refused the document whose distributor appeals."""
    query = select(SalesDocument.id).where(SalesDocument.id == document_id, _judged_before(who.names))
    return session.scalars(query).one_or_none() is not None


def is_of_own_company(session: Session, document_id: int, actor: str) -> bool:
    """Tell whether a document is of a company somebody belongs to."""
    query = select(SalesDocument.id).where(SalesDocument.id == document_id, of_own_company(actor))
    return session.scalars(query).one_or_none() is not None


def enter(session: Session, program_id: int) -> None:
    """Give a place to every document that waits and has none. The caller commits."""
    missing = (
        select(
            SalesDocument.id,
            SalesDocument.program_id,
            literal(ReviewState.WAITING, Review.state.type),
            literal(0),
            SalesDocument.counted_at,
        )
        .where(SalesDocument.program_id == program_id, WAITS)
        .where(~select(Review.document_id).where(Review.document_id == SalesDocument.id).exists())
    )
    columns = ["document_id", "program_id", "state", "risk", "opened_at"]
    session.execute(insert(Review).from_select(columns, missing).on_conflict_do_nothing())


def take_next(
    session: Session,
    program_id: int,
    actor: str,
    *,
    now: dt.datetime,
    after: int | None = None,
    backwards: bool = False,
    part: Part | None = None,
) -> int | None:
    """Take the gravest document that somebody may decide and nobody has: what was handed to them before all others.

    ``after`` names the one they leave: it goes back, and the next behind it is taken, or before it where they go
    ``backwards``; behind the last comes the first. Of a ``part`` of the queue nothing else is taken, and in its order.
    The caller commits.
    """
    enter(session, program_id)
    if after is not None:
        put_back(session, program_id, after, actor)
    who = Decider.of(session, actor)
    mine = Review.handed_to == actor
    place: tuple[Any, ...] = (case((mine, 0), else_=1), -Review.risk, Review.opened_at, Review.document_id)
    queue = select().select_from(Review).join(SalesDocument, SalesDocument.id == Review.document_id)
    falling = backwards
    if part is not None and part.place:
        queue = queue.join(Distributor, Distributor.id == SalesDocument.distributor_id)
        place, falling = part.place, backwards != part.falling
    free = (
        queue.add_columns(Review.document_id)
        .where(
            Review.program_id == program_id,
            Review.closed_at.is_(None),
            Review.state.in_(OFFERED),
            WAITS,
            or_(Review.handed_to.is_(None), mine, _handed_to_nobody()),
            open_to(who, now),
        )
        .order_by(*(one.desc() if falling else one for one in place))
        .limit(1)
        .with_for_update(of=Review, skip_locked=True)
    )
    told: Mapping[str, Any] = {}
    if part is not None:
        free, told = free.where(Review.document_id.in_(part.documents.correlate(None))), part.told
    found = None
    there = queue.add_columns(*place).where(Review.document_id == after, Review.program_id == program_id)
    left = None if after is None else session.execute(there).one_or_none()
    if left is not None:
        each: Any = tuple_(*place)
        one: Any = tuple_(*(literal(value) for value in left))
        found = session.scalars(free.where(each < one if falling else each > one), told).one_or_none()
    if found is None:
        found = session.scalars(free, told).one_or_none()
    if found is not None:
        _lease(session, found, actor, now)
    return found


def take(session: Session, program_id: int, document_id: int, actor: str, *, now: dt.datetime) -> bool:
    """Take one document, and tell whether somebody has it now; a second time the lease begins anew.

    Whoever may not decide it (`open_to`) does not get it. The caller commits.
    """
    enter(session, program_id)
    free = (
        select(Review.document_id)
        .join(SalesDocument, SalesDocument.id == Review.document_id)
        .where(
            Review.document_id == document_id,
            Review.program_id == program_id,
            Review.closed_at.is_(None),
            WAITS,
            open_to(Decider.of(session, actor), now),
        )
        .with_for_update(of=Review, skip_locked=True)
    )
    if session.scalars(free).one_or_none() is None:
        return False
    _lease(session, document_id, actor, now)
    return True


def put_back(session: Session, program_id: int, document_id: int, actor: str) -> None:
    """Let go of a document; where somebody else has it, nothing changes. The caller commits."""
    session.execute(
        update(Review)
        .where(Review.document_id == document_id, Review.program_id == program_id, Review.leased_by == actor)
        .values(leased_by=None, leased_until=None)
        .execution_options(synchronize_session=False)
    )


def open_to(who: Decider, now: dt.datetime) -> ColumnElement[bool]:
    """Give the condition under which somebody may decide a document in review, with its place in the queue.

    Nobody else has it, it is of no company of theirs, they are not the one of two who accepted it already, and where
    its distributor appeals, not the one who refused it.
    """
    free = or_(Review.leased_by.is_(None), ~leased(now), Review.leased_by == who.login)
    return and_(free, *_suits(who.names), ~of_own_company(who.login))


def leased(now: dt.datetime) -> ColumnElement[bool]:
    """Say of a place, in a query, that somebody has its document now (`still_leased`)."""
    return and_(Review.leased_until > now, Review.leased_until <= now + LEASE)


def still_leased(until: dt.datetime | None, now: dt.datetime) -> bool:
    """Tell whether a lease goes on: none is for longer than `LEASE`, so one of a clock that was ahead is over."""
    return until is not None and now < until <= now + LEASE


def _suits(names: Names) -> tuple[ColumnElement[bool], ...]:
    """Give what must hold of somebody and a document that was looked at before, whoever has it before them."""
    return or_(Review.first_by.is_(None), ~_is(Review.first_by, names)), ~_judged_before(names)


def _is(column: SQLColumnExpression[Any], names: Names) -> ColumnElement[bool]:
    return column == names if isinstance(names, SQLColumnExpression) else column.in_(names)


def _handed_to_nobody() -> ColumnElement[bool]:
    """Give the condition that whoever a document was handed to decides no more: by now anybody is given it."""
    there = select(_SEAT.id).join(UserAccount, UserAccount.id == _SEAT.user_id)
    return ~(
        there.where(
            UserAccount.login == Review.handed_to,
            UserAccount.active,
            _SEAT.program_id == Review.program_id,
            _SEAT.role.in_(_DECIDING),
        )
        .correlate(Review)
        .exists()
    )


def of_own_company(actor: str | SQLColumnExpression[str]) -> ColumnElement[bool]:
    """Give the condition that a document is of a company somebody belongs to, or of a branch of it, anywhere."""
    return (
        select(_SEAT.id)
        .join(UserAccount, UserAccount.id == _SEAT.user_id)
        .join(_OWN, _OWN.id == _SEAT.distributor_id)
        .join(_THEIRS, _THEIRS.id == SalesDocument.distributor_id)
        .where(
            UserAccount.login == actor,
            or_(_OWN.id.in_((_THEIRS.id, _THEIRS.head_office_id)), _OWN.tax_id == _THEIRS.tax_id),
        )
        .correlate_except(_OWN, _THEIRS, _SEAT, UserAccount)
        .exists()
    )


_DECIDING = tuple(role.value for role, granted in GRANTS.items() if Permission.DECIDE in granted)
_OWN, _THEIRS, _SEAT = aliased(Distributor), aliased(Distributor), aliased(Membership)


def _judged_before(names: Names) -> ColumnElement[bool]:
    """Give the condition that somebody refused what its distributor appealed against, whatever took its place since."""
    chain = walk_of_each(SalesDocument.supersedes_id)
    return (
        select(DocumentMessage.id)
        .join(Decision, Decision.document_id == DocumentMessage.document_id)
        .join(chain, chain.c.id == DocumentMessage.document_id)
        .where(
            DocumentMessage.kind == DocumentWord.APPEALED,
            Decision.becomes == DocumentStatus.REFUSED,
            _is(Decision.decided_by, names),
        )
        .correlate_except(DocumentMessage, Decision, chain)
        .exists()
    )


def deciders(session: Session, program_id: int, document_id: int, actor: str) -> Sequence[Any]:
    """Give the others who might decide a document that waits, by name: sign-in name and name."""
    one = _OTHER
    return session.execute(
        select(one.login, one.name)
        .join(Membership, Membership.user_id == one.id)
        .join(Review, Review.document_id == document_id)
        .join(SalesDocument, SalesDocument.id == Review.document_id)
        .where(
            Membership.program_id == program_id,
            Membership.role.in_(_DECIDING),
            one.active,
            one.login != actor,
            *_suits(one.login),
            ~of_own_company(one.login),
        )
        .distinct()
        .order_by(one.name, one.login)
    ).all()


_OTHER = aliased(UserAccount)


def _lease(session: Session, document_id: int, actor: str, now: dt.datetime) -> None:
    session.execute(
        update(Review)
        .where(Review.document_id == document_id)
        .values(leased_by=actor, leased_until=now + LEASE)
        .execution_options(synchronize_session=False)
    )


_PLACE = (
    Review.document_id,
    Review.state,
    Review.risk,
    Review.opened_at,
    Review.leased_by,
    Review.leased_until,
    Review.handed_to,
    Review.first_by,
    Review.first_reason,
    Review.closed_at,
)


def _as_place(row: Any) -> Place:
    return Place(*row)


RISK: ColumnElement[int] = func.coalesce(Review.risk, 0)
"""How grave a document is, in the query of a list that joins the queue from outside."""
