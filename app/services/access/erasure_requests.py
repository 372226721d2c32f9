"""Who asks to be erased, and where that is waited for.

The requests are read from the audit log, where each is on record anyway: in every programme where whoever asked has a
role, whose administrators carry it out; of whoever has none, in no programme, where the owners of the platform do.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    ScalarSelect,
    Select,
    Text,
    cast,
    func,
    literal_column,
    null,
    or_,
    select,
)
from sqlalchemy.orm import Session

from app.domain.roles import Person
from app.models.people import AuditEvent, Membership, UserAccount
from app.services import audit

ASKED, WITHDRAWN, ERASED = "user.erasure_asked", "user.erasure_withdrawn", "user.erased"
_OF_NONE = or_(AuditEvent.program_id.is_(None), AuditEvent.action == ERASED)


@dataclass(frozen=True)
class Request:
    """Somebody asks to be erased. ``membership_id`` is one of their roles there; None of who has none at all."""

    user_id: int
    membership_id: int | None
    name: str
    login: str
    asked_at: dt.datetime


def ask(session: Session, person: Person, *, now: dt.datetime) -> None:
    """Ask to be erased, in every programme where one has a role; asking twice is once. The caller commits."""
    if asked_at(session, person.id, _programs(person)) is None:
        _note(session, ASKED, person, now)


def withdraw(session: Session, person: Person, *, now: dt.datetime) -> None:
    """Take the request back. The caller commits."""
    if asked_at(session, person.id, _programs(person)) is not None:
        _note(session, WITHDRAWN, person, now)


def own_request(session: Session, person: Person) -> dt.datetime | None:
    """Tell when somebody asked to be erased; None where no request stands. One query."""
    return asked_at(session, person.id, _programs(person))


def carry_over(session: Session, user: UserAccount, program_id: int, *, actor: str, now: dt.datetime) -> None:
    """Keep what somebody asked of a programme that has just taken their last role; `actor` took it. The caller commits.

    Where they have a role in no other, the request waits with the owners of the platform from now on: nobody of a
    programme finds them any more.
    """
    seats = select(Membership.program_id).where(Membership.user_id == user.id)
    if session.scalars(seats.limit(1)).first() is None and asked_at(session, user.id, [program_id]) is not None:
        audit.note(session, actor, ASKED, user.login, now=now, after={"user_id": user.id})


def asked_at(session: Session, user_id: int, program_ids: Sequence[int]) -> dt.datetime | None:
    """Tell when somebody asked to be erased in one of these programmes, where they have roles; without any, at all.

    None where no request stands. One query.
    """
    here = AuditEvent.program_id.in_(program_ids) if program_ids else _OF_NONE
    last = session.execute(
        select(AuditEvent.action, AuditEvent.at)
        .where(here, AuditEvent.action.in_((ASKED, WITHDRAWN, ERASED)), _who() == user_id)
        .order_by(AuditEvent.id.desc())
        .limit(1)
    ).one_or_none()
    return last.at if last is not None and last.action == ASKED else None


def waiting(session: Session, program_id: int) -> list[Request]:
    """List who asks to be erased in a programme, the oldest request first. One query."""
    return [Request(*row) for row in session.execute(_waiting(program_id).order_by(AuditEvent.id))]


def waiting_of_nobody(session: Session) -> list[Request]:
    """List who asks to be erased and has a role in no programme, the oldest request first. One query."""
    last = _last(_OF_NONE)
    found = (
        select(UserAccount.id, null(), UserAccount.name, UserAccount.login, AuditEvent.at)
        .select_from(last)
        .join(AuditEvent, (AuditEvent.id == last.c.id) & (AuditEvent.action == ASKED))
        .join(UserAccount, UserAccount.id == last.c.user_id)
        .where(~select(Membership.id).where(Membership.user_id == UserAccount.id).exists())
        .order_by(AuditEvent.id)
    )
    return [Request(*row) for row in session.execute(found)]


def how_many(program_id: int | BindParameter[int]) -> ScalarSelect[int]:
    """Say, as a part of another query, how many ask to be erased in a programme."""
    return select(func.count()).select_from(_waiting(program_id).subquery()).scalar_subquery()


def _waiting(program_id: int | BindParameter[int]) -> Select[*tuple[Any, ...]]:
    last = _last(AuditEvent.program_id == program_id)
    return (
        select(UserAccount.id, func.min(Membership.id), UserAccount.name, UserAccount.login, AuditEvent.at)
        .select_from(last)
        .join(AuditEvent, (AuditEvent.id == last.c.id) & (AuditEvent.action == ASKED))
        .join(UserAccount, UserAccount.id == last.c.user_id)
        .join(Membership, (Membership.user_id == UserAccount.id) & (Membership.program_id == program_id))
        .group_by(UserAccount.id, AuditEvent.id)
    )


def _last(where: ColumnElement[bool]) -> Any:
    """Give what is last on record of everybody, of the events that are meant."""
    return (
        select(_who().label("user_id"), func.max(AuditEvent.id).label("id"))
        .where(where, AuditEvent.action.in_((ASKED, WITHDRAWN, ERASED)))
        .group_by(_who())
        .subquery()
    )


def _who() -> Any:
    """Give the SQL expression of whom an event of erasure is about: sign-in names change, ids do not."""
    # the name is written out: as a parameter it is another one in each place, and nothing can be grouped by it
    return cast(AuditEvent.after[literal_column("'user_id'", Text)].astext, BigInteger)


def _programs(person: Person) -> list[int]:
    return sorted({seat.program_id for seat in person.seats})


def _note(session: Session, action: str, person: Person, now: dt.datetime) -> None:
    for program_id in _programs(person) or (None,):
        audit.note(
            session, person.login, action, person.login, now=now, program_id=program_id, after={"user_id": person.id}
        )
    session.flush()
