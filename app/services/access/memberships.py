"""Who has which role where: changed and taken away by others, never by oneself; and accounts that may not sign in."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import Session

from app.db.locks import lock_name
from app.domain.roles import OF_A_DISTRIBUTOR, Role
from app.models.people import Membership, UserAccount
from app.models.programs import Program
from app.models.signing_in import SignInSession
from app.services import audit
from app.services.access import erasure_requests, people
from app.services.persons.opening import open_missing


class OwnRole(people.PeopleError):
    """Nobody changes what they themselves may do."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("Nobody changes their own role; ask somebody else who may.")


class LastOwner(people.PeopleError):
    """Somebody has to own the platform."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("This is the only owner of the platform who may sign in.")


@dataclass(frozen=True)
class Member:
    """Somebody of a distributor."""

    membership_id: int
    login: str
    name: str
    role: Role
    active: bool
    last_seen_at: dt.datetime | None
    known_as: str | None


def last_seen() -> ScalarSelect[dt.datetime]:
    """Give the SQL expression of when the person of the row was last seen."""
    return (
        select(func.max(SignInSession.seen_at))
        .where(SignInSession.user_id == UserAccount.id)
        .correlate(UserAccount)
        .scalar_subquery()
    )


def team(session: Session, distributor_id: int) -> list[Member]:
    """List the people of a distributor: owners first, then reps, by name."""
    rows = session.execute(
        select(
            Membership.id,
            UserAccount.login,
            UserAccount.name,
            Membership.role,
            UserAccount.active,
            last_seen(),
            Membership.known_as,
        )
        .join(UserAccount, UserAccount.id == Membership.user_id)
        .where(Membership.distributor_id == distributor_id)
        .order_by(Membership.role, UserAccount.name, Membership.id)
    )
    return [Member(row[0], row[1], row[2], Role(row[3]), *row[4:]) for row in rows]


def take_role(
    session: Session,
    program: Program,
    membership_id: int,
    *,
    distributor_id: int | None = None,
    by_user_id: int,
    actor: str,
    now: dt.datetime,
    reason: str | None = None,
) -> bool:
    """Take a role away; it holds no longer at the next page. With ``distributor_id``, one of theirs only.

    What they asked to be erased for is waited for all the same (`erasure_requests.carry_over`).

    False where there is no such role. The caller commits.

    Raises:
        OwnRole: It is of whoever takes it.
    """
    found = _membership(session, program, membership_id, distributor_id)
    if found is None:
        return False
    membership, user = found
    if user.id == by_user_id:
        raise OwnRole
    before = {"role": membership.role, "distributor_id": membership.distributor_id}
    session.delete(membership)
    session.flush()
    audit.note(
        session, actor, "user.role_taken", user.login, now=now, program_id=program.id, before=before, reason=reason
    )
    erasure_requests.carry_over(session, user, program.id, actor=actor, now=now)
    return True


def change_role(
    session: Session,
    program: Program,
    membership_id: int,
    role: Role,
    *,
    distributor_id: int | None = None,
    by_user_id: int,
    actor: str,
    now: dt.datetime,
) -> bool:
    """Give another role in place of one: staff stay staff, and people of a distributor stay with it.

    False where there is no such role. The caller commits.

    Raises:
        OwnRole: It is of whoever changes it.
        SeatInvalid: A role of a distributor cannot become one of the programme, nor the other way round.
    """
    found = _membership(session, program, membership_id, distributor_id)
    if found is None:
        return False
    membership, user = found
    if user.id == by_user_id:
        raise OwnRole
    if Role.PERSON in (membership.role, role) and membership.role != role:
        raise people.SeatInvalid("The seat at an account of one's own becomes no other, and no other becomes one.")
    if (Role(membership.role) in OF_A_DISTRIBUTOR) != (role in OF_A_DISTRIBUTOR):
        raise people.SeatInvalid("A role of a distributor and one of the programme do not become one another.")
    if membership.role == role:
        return True
    already = select(Membership.id).where(
        Membership.user_id == user.id,
        Membership.program_id == program.id,
        Membership.role == role,
        Membership.distributor_id.is_not_distinct_from(membership.distributor_id),
    )
    before = {"role": membership.role, "distributor_id": membership.distributor_id}
    if session.scalars(already).one_or_none() is None:
        membership.role = role
    else:
        session.delete(membership)
    session.flush()
    open_missing(session, program, actor=actor, now=now, user_id=user.id)
    audit.note(
        session,
        actor,
        "user.role_changed",
        user.login,
        now=now,
        program_id=program.id,
        before=before,
        after={"role": role.value, "distributor_id": membership.distributor_id},
    )
    return True


def set_active(
    session: Session,
    user_id: int,
    *,
    active: bool,
    by_user_id: int,
    actor: str,
    now: dt.datetime,
    reason: str | None = None,
) -> bool:
    """Let somebody sign in, or no more: then they are signed out wherever they are. The caller commits.

    False where there is nobody with this id.

    Raises:
        OwnRole: It is themselves.
        LastOwner: Nobody would own the platform.
    """
    user = session.get(UserAccount, user_id, with_for_update=True, populate_existing=True)
    if user is None:
        return False
    if user.id == by_user_id:
        raise OwnRole
    if user.active == active:
        return True
    if user.platform_owner and not active:
        _another_owner(session, user.id)
    user.active = active
    session.flush()
    if not active:
        people.end_sessions(session, user.id, now=now)
    audit.note(
        session,
        actor,
        "user.activate" if active else "user.deactivate",
        user.login,
        now=now,
        before={"active": not active},
        after={"active": active},
        reason=reason,
    )
    return True


def set_owner(
    session: Session,
    user_id: int,
    *,
    owner: bool,
    by_user_id: int,
    actor: str,
    now: dt.datetime,
    reason: str | None = None,
) -> bool:
    """Make somebody an owner of the platform, or no more. False where there is nobody with this id. The caller commits.

    Raises:
        OwnRole: It is themselves.
        LastOwner: Nobody would own the platform.
    """
    user = session.get(UserAccount, user_id, with_for_update=True, populate_existing=True)
    if user is None:
        return False
    if user.id == by_user_id:
        raise OwnRole
    if user.platform_owner == owner:
        return True
    if not owner:
        _another_owner(session, user.id)
    user.platform_owner = owner
    session.flush()
    audit.note(
        session,
        actor,
        "user.owner",
        user.login,
        now=now,
        before={"platform_owner": not owner},
        after={"platform_owner": owner},
        reason=reason,
    )
    return True


def _membership(
    session: Session, program: Program, membership_id: int, distributor_id: int | None
) -> tuple[Membership, UserAccount] | None:
    query = (
        select(Membership, UserAccount)
        .join(UserAccount, UserAccount.id == Membership.user_id)
        .where(Membership.id == membership_id, Membership.program_id == program.id)
        .with_for_update(of=Membership)
        .execution_options(populate_existing=True)
    )
    if distributor_id is not None:
        query = query.where(Membership.distributor_id == distributor_id)
    row = session.execute(query).one_or_none()
    return None if row is None else (row[0], row[1])


def _another_owner(session: Session, user_id: int) -> None:
    lock_name(session, "platform owners")  # of two who take it from each other, the second sees what the first did
    others = select(UserAccount.id).where(UserAccount.platform_owner, UserAccount.active, UserAccount.id != user_id)
    if session.scalars(others.limit(1)).one_or_none() is None:
        raise LastOwner
