"""Invitations: somebody is asked into a programme, with a role, and comes in by a link that works once."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from app.db.first import First, first
from app.domain.roles import OF_A_DISTRIBUTOR, Person, Role
from app.domain.typed.mail_addresses import is_mail_address
from app.models.distributors import Distributor
from app.models.joining import Invitation
from app.models.people import Membership, UserAccount
from app.models.programs import Program
from app.services import audit
from app.services.access import one_time, people
from app.services.access.ways_in import Link
from app.services.persons.opening import open_missing
from app.services.telling import messages, texts
from app.services.telling.languages import writing
from app.services.telling.messages import Kind

VALID = dt.timedelta(days=7)


class InvitationInvalid(LookupError):
    """A link that invites nobody any more: it was used, withdrawn, is too old, or never was one."""


class InvitedAnother(ValueError):
    """Somebody is signed in, and it was not they who were invited."""


class SignInFirst(ValueError):
    """Whoever was invited can sign in already, and has to, before the role is theirs."""


class AlreadyThere(ValueError):
    """Somebody who is to be invited has the role already."""


@dataclass(frozen=True)
class Found:
    """An invitation as whoever opens its link sees it."""

    id: int
    login: str
    name: str
    role: Role
    program_code: str
    program_name: str
    sponsor: str
    distributor_name: str | None
    invited_by: str
    locale: str
    has_account: bool


@dataclass(frozen=True)
class Pending:
    """An invitation that waits to be accepted; ``expired`` ones have to be sent again."""

    id: int
    login: str
    name: str
    role: Role
    distributor_code: str | None
    invited_by: str
    created_at: dt.datetime
    expires_at: dt.datetime
    expired: bool


def invite(
    session: Session,
    program: Program,
    *,
    login: str,
    name: str,
    role: Role,
    distributor_id: int | None = None,
    link: Link,
    actor: str,
    inviter: str,
    locale: str | None = None,
    company: str | None = None,
    now: dt.datetime,
) -> int:
    """Invite somebody, by a mail with a link. An older invitation to the same is withdrawn. Returns its id.

    Args:
        session: of the caller, who commits.
        program: into which they are invited.
        login: their e-mail address.
        name: how they are called.
        role: what they will be.
        distributor_id: of whom, for owners and reps.
        link: makes the link's address.
        actor: who invites, for the record.
        inviter: who invites, for the mail.
        locale: language of the mail; the programme's where nobody knows.
        company: of an application that is accepted hereby, whose mail reads otherwise.
        now: the clock.

    Raises:
        LoginInvalid: It is no e-mail address.
        SeatInvalid: The role needs a distributor of this programme, or must not have one.
        AlreadyThere: They have the role.
    """
    key = people.login_key(login)
    if not is_mail_address(key):
        raise people.LoginInvalid(login)
    _check_seat(session, program, role, distributor_id)
    if _has_role(session, program.id, key, role, distributor_id):
        raise AlreadyThere(key)
    same_seat = _open_of(program, key, role, distributor_id)
    session.execute(update(Invitation).where(*same_seat).values(withdrawn_at=now))
    token = one_time.new_token()
    invitation = Invitation(
        program_id=program.id,
        login=key,
        name=name.strip() or key,
        role=role,
        distributor_id=distributor_id,
        invited_by=actor,
        created_at=now,
        expires_at=now + VALID,
        secret_hash=one_time.hash_of(token),
    )
    session.add(invitation)
    session.flush()
    _mail(session, program, invitation, link(token), inviter=inviter, locale=locale, company=company)
    after = {"role": role.value, "distributor_id": distributor_id}
    audit.note(session, actor, "invitation.send", key, now=now, program_id=program.id, after=after)
    return invitation.id


def _open_of(program: Program, login: str, role: Role, distributor_id: int | None) -> tuple[ColumnElement[bool], ...]:
    """Ask for invitations of somebody to the same role that nobody has used or withdrawn."""
    return (
        Invitation.program_id == program.id,
        Invitation.login == login,
        Invitation.role == role,
        Invitation.distributor_id.is_not_distinct_from(distributor_id),
        *open_ones(),
    )


def _mail(
    session: Session,
    program: Program,
    invitation: Invitation,
    link: str,
    *,
    inviter: str,
    locale: str | None,
    company: str | None,
) -> None:
    """Write the mail with the link: an invitation, or that the application of a company is accepted."""
    language = texts.known(locale or program.locale)
    messages.write(
        session,
        Kind.INVITATION if company is None else Kind.APPLICATION_ACCEPTED,
        invitation.login,
        locale=language,
        now=invitation.created_at,
        program=program,
        opens=invitation.secret_hash,
        name=invitation.name,
        inviter=inviter,
        role=texts.translated(texts.ROLES[Role(invitation.role)], language),
        company=company or "",
        until=writing(language).instant(invitation.expires_at, program.time_zone),
        link=link,
    )


def invite_once(
    session: Session,
    program: Program,
    *,
    login: str,
    name: str,
    role: Role,
    distributor_id: int | None,
    link: Link,
    actor: str,
    inviter: str,
    now: dt.datetime,
) -> bool:
    """Invite somebody who neither has the role nor is invited to it. Tells whether a mail goes out.

    The caller commits.

    Raises:
        LoginInvalid: It is no e-mail address.
        SeatInvalid: As `invite`.
    """
    key = people.login_key(login)
    same_seat = _open_of(program, key, role, distributor_id)
    invited = select(Invitation.id).where(Invitation.expires_at > now, *same_seat)
    if session.scalars(invited).first() is not None:
        return False
    try:
        invite(
            session,
            program,
            login=login,
            name=name,
            role=role,
            distributor_id=distributor_id,
            link=link,
            actor=actor,
            inviter=inviter,
            now=now,
        )
    except AlreadyThere:
        return False
    return True


def find(session: Session, token: str, *, now: dt.datetime) -> Found:
    """Find the invitation of a link, without accepting it.

    Raises:
        InvitationInvalid: The link invites nobody.
    """
    row = session.execute(
        select(
            Invitation.id,
            Invitation.login,
            Invitation.name,
            Invitation.role,
            Program.code.label("program_code"),
            Program.name.label("program_name"),
            Program.sponsor,
            Distributor.name.label("distributor_name"),
            Invitation.invited_by,
            Program.locale,
            UserAccount.id.is_not(None).label("has_account"),
        )
        .join(Program, Program.id == Invitation.program_id)
        .outerjoin(Distributor, Distributor.id == Invitation.distributor_id)
        .outerjoin(UserAccount, UserAccount.login == Invitation.login)
        .where(Invitation.secret_hash == one_time.hash_of(token), Invitation.expires_at > now, *open_ones())
    ).one_or_none()
    if row is None:
        raise InvitationInvalid
    return Found(**{**row._mapping, "role": Role(row.role)})


def accept(
    session: Session,
    token: str,
    *,
    name: str = "",
    password: str | None = None,
    locale: str | None = None,
    somebody: Person | None = None,
    now: dt.datetime,
) -> Person:
    """Give whoever was invited the role; where they are new, with an account. The link invites nobody any more.

    ``password`` of None is for whoever will use a passkey; ``somebody`` is who is signed in. The caller commits.

    Raises:
        InvitationInvalid: The link invites nobody, or somebody who may not sign in.
        SignInFirst: They have an account, and are not signed in.
        InvitedAnother: Somebody else is signed in.
        PasswordWeak: The password is too easy to guess.
    """
    found = session.scalars(
        select(Invitation)
        .where(Invitation.secret_hash == one_time.hash_of(token), Invitation.expires_at > now, *open_ones())
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise InvitationInvalid
    if somebody is not None and somebody.login != found.login:
        raise InvitedAnother(found.login)
    people.hold_login(session, found.login)  # whoever is new may be let in by two invitations at once
    user = people.user_or_none(session, found.login)
    if user is not None and not user.active:
        raise InvitationInvalid
    if user is not None and somebody is None:
        raise SignInFirst(found.login)
    if user is None:
        called = name.strip() or found.name
        user_id = people.create_user(session, found.login, called, password, actor=found.login, now=now)
        user = session.get_one(UserAccount, user_id)
        user.locale = locale
    program = session.get_one(Program, found.program_id)
    people.give_role(
        session,
        found.login,
        program,
        Role(found.role),
        found.distributor_id,
        known_as=found.name,
        actor=found.invited_by,
        now=now,
    )
    found.accepted_at = now
    session.flush()
    open_missing(session, program, actor=found.invited_by, now=now, user_id=user.id)
    audit.note(session, found.login, "invitation.accept", found.login, now=now, program_id=program.id)
    person = people.person(session, user.id)
    assert person is not None, "they are active"
    return person


def withdraw(
    session: Session,
    program: Program,
    invitation_id: int,
    *,
    distributor_id: int | None = None,
    actor: str,
    now: dt.datetime,
) -> bool:
    """Withdraw an invitation: its link invites nobody. With ``distributor_id``, one of theirs only. The caller commits.

    False where there is no such invitation that is open.
    """
    query = update(Invitation).where(Invitation.id == invitation_id, Invitation.program_id == program.id, *open_ones())
    if distributor_id is not None:
        query = query.where(Invitation.distributor_id == distributor_id)
    row = session.execute(query.values(withdrawn_at=now).returning(Invitation.login)).one_or_none()
    if row is None:
        return False
    audit.note(session, actor, "invitation.withdraw", row.login, now=now, program_id=program.id)
    return True


def send_again(
    session: Session,
    program: Program,
    invitation_id: int,
    *,
    distributor_id: int | None = None,
    link: Link,
    actor: str,
    inviter: str,
    now: dt.datetime,
) -> bool:
    """Send an invitation anew, with a new link; False where there is no such one that is open. The caller commits.

    Raises:
        AlreadyThere: They have got the role meanwhile.
    """
    query = select(Invitation).where(Invitation.id == invitation_id, Invitation.program_id == program.id, *open_ones())
    if distributor_id is not None:
        query = query.where(Invitation.distributor_id == distributor_id)
    found = session.scalars(query).one_or_none()
    if found is None:
        return False
    invite(
        session,
        program,
        login=found.login,
        name=found.name,
        role=Role(found.role),
        distributor_id=found.distributor_id,
        link=link,
        actor=actor,
        inviter=inviter,
        now=now,
    )
    return True


def open_ones() -> tuple[ColumnElement[bool], ...]:
    """Give the conditions of invitations that were neither accepted nor withdrawn."""
    return (Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None))


def pending(
    session: Session, program_id: int, *, distributor_id: int | None = None, now: dt.datetime, most: int = 200
) -> First[Pending]:
    """List invitations of a programme, or of one of its distributors, that wait to be accepted; newest first."""
    query = (
        select(
            Invitation.id,
            Invitation.login,
            Invitation.name,
            Invitation.role,
            Distributor.code.label("distributor_code"),
            Invitation.invited_by,
            Invitation.created_at,
            Invitation.expires_at,
            (Invitation.expires_at <= now).label("expired"),
        )
        .outerjoin(Distributor, Distributor.id == Invitation.distributor_id)
        .where(Invitation.program_id == program_id, *open_ones())
        .order_by(Invitation.id.desc())
    )
    if distributor_id is not None:
        query = query.where(Invitation.distributor_id == distributor_id)
    return first(session, query, most, lambda id_, login, name, role, *of: Pending(id_, login, name, Role(role), *of))


def _check_seat(session: Session, program: Program, role: Role, distributor_id: int | None) -> None:
    if (role in OF_A_DISTRIBUTOR) != (distributor_id is not None):
        raise people.SeatInvalid("The roles owner and rep need a distributor, and no other role may have one.")
    if distributor_id is not None:
        found = session.get(Distributor, distributor_id)
        if found is None or found.program_id != program.id:
            raise people.SeatInvalid(f"The programme {program.code} has no such distributor.")
        if found.person_of_id is not None or role is Role.PERSON:
            raise people.SeatInvalid("Nobody is invited to an account of a person: the seat comes with the account.")


def _has_role(session: Session, program_id: int, login: str, role: Role, distributor_id: int | None) -> bool:
    found = session.scalars(
        select(Membership.id)
        .join(UserAccount, UserAccount.id == Membership.user_id)
        .where(
            UserAccount.login == login,
            Membership.program_id == program_id,
            Membership.role == role,
            Membership.distributor_id.is_not_distinct_from(distributor_id),
        )
    )
    return found.first() is not None
