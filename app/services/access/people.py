"""People who sign in: their accounts, their passwords, and the roles that they are given."""

import datetime as dt
import functools
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import BigInteger, Row, bindparam, exists, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.db.locks import lock_name
from app.db.questions import Question
from app.domain.roles import OF_A_DISTRIBUTOR, Person, Role, Seat
from app.domain.typed.mail_addresses import is_mail_address
from app.models.distributors import Distributor
from app.models.people import Membership, UserAccount
from app.models.programs import Program
from app.models.signing_in import SignInSession
from app.services import audit
from app.services.access import one_time

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 256


class PeopleError(ValueError):
    """What was asked for cannot be done; the message says why."""


class LoginInvalid(PeopleError):
    """A sign-in name is an e-mail address."""

    def __init__(self, login: str) -> None:
        """Say what was given."""
        super().__init__(f"{login!r} is not an e-mail address; people sign in with one.")


class LoginTaken(PeopleError):
    """Somebody has this sign-in name."""

    def __init__(self, login: str) -> None:
        """Say which."""
        super().__init__(f"{login} can sign in already.")


class NoSuchUser(LookupError):
    """Nobody has this sign-in name."""

    def __init__(self, login: str) -> None:
        """Say which."""
        super().__init__(f"Nobody signs in as {login!r}.")


class PasswordWeak(PeopleError):
    """A password that can be guessed, or that nobody could have meant; ``guessable`` tells which."""

    def __init__(self, *, guessable: bool) -> None:
        """Say what is wrong with it."""
        self.guessable = guessable
        super().__init__(
            "This password is too easy to guess: it is the sign-in name, or hardly more than one letter."
            if guessable
            else f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters."
        )


class SeatInvalid(PeopleError):
    """A role that cannot be given like this."""


@dataclass(frozen=True)
class ProgramChoice:
    """A programme that a person has something to do with."""

    id: int
    code: str
    name: str
    sponsor: str


@dataclass(frozen=True)
class Listed:
    """A person in a list of people: roles are written as ``role in programme`` or ``role of distributor in …``."""

    login: str
    name: str
    platform_owner: bool
    active: bool
    roles: tuple[str, ...]


def login_key(login: str) -> str:
    """Give the form in which sign-in names are kept and compared; that of the form itself is no other."""
    # small letters are put together with marks that large ones are not: ǰ is one letter, and J̌ two
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", login).strip().lower())


def create_user(
    session: Session,
    login: str,
    name: str,
    password: str | None,
    *,
    platform_owner: bool = False,
    actor: str,
    now: dt.datetime,
) -> int:
    """Let somebody sign in. Without a password they cannot until one is set. Returns the user's id. The caller commits.

    Raises:
        LoginInvalid: The sign-in name is no e-mail address.
        LoginTaken: It belongs to somebody.
        PasswordWeak: The password is too easy to guess.
    """
    key = new_login(session, login)
    user = UserAccount(
        login=key,
        name=name.strip() or key,
        password_hash=None if password is None else _hashed(password, key),
        platform_owner=platform_owner,
        active=True,
        created_at=now,
    )
    session.add(user)
    session.flush()
    after = {"name": user.name, "platform_owner": platform_owner}
    audit.note(session, actor, "user.create", key, now=now, after=after)
    return user.id


def new_login(session: Session, login: str) -> str:
    """Give the form in which a sign-in name that nobody has yet is kept: whoever else asks for it waits for the caller.

    Raises:
        LoginInvalid: It is no e-mail address.
        LoginTaken: It belongs to somebody.
    """
    key = login_key(login)
    if not is_mail_address(key):
        raise LoginInvalid(login)
    hold_login(session, key)
    if session.scalars(select(UserAccount.id).where(UserAccount.login == key)).one_or_none() is not None:
        raise LoginTaken(key)
    return key


def hold_login(session: Session, key: str) -> None:
    """Let nobody else take a sign-in name, in the form in which it is kept, until the caller's transaction ends."""
    lock_name(session, f"login {key}")


def give_role(
    session: Session,
    login: str,
    program: Program,
    role: Role,
    distributor_id: int | None = None,
    *,
    known_as: str | None = None,
    actor: str,
    now: dt.datetime,
) -> None:
    """Give somebody a role in a programme; giving it twice changes nothing. The caller commits.

    ``known_as`` is their name in a distributor's documents; where it is not told, what they are called now.

    Raises:
        NoSuchUser: Nobody signs in with this name.
        SeatInvalid: The role needs a distributor of this programme, or must not have one.
    """
    user = user_named(session, login)
    if (role in OF_A_DISTRIBUTOR) != (distributor_id is not None):
        raise SeatInvalid("The roles owner and rep need a distributor, and no other role may have one.")
    if distributor_id is not None:
        found = session.get(Distributor, distributor_id)
        if found is None or found.program_id != program.id:
            raise SeatInvalid(f"The programme {program.code} has no such distributor.")
        if found.person_of_id is not None or role is Role.PERSON:
            raise SeatInvalid("A person's own account is that person's alone: the seat comes with the account.")
    seat = Membership(user_id=user.id, program_id=program.id, role=role.value, distributor_id=distributor_id)
    if distributor_id is not None:
        seat.known_as = (known_as or "").strip() or user.name
    already = select(Membership.id).where(
        Membership.user_id == seat.user_id,
        Membership.program_id == seat.program_id,
        Membership.role == seat.role,
        Membership.distributor_id.is_not_distinct_from(distributor_id),
    )
    if session.scalars(already).one_or_none() is not None:
        return
    session.add(seat)
    session.flush()
    after = {"role": role.value, "distributor_id": distributor_id}
    audit.note(session, actor, "user.role", user.login, now=now, program_id=program.id, after=after)


def set_password(
    session: Session, login: str, password: str, *, actor: str, now: dt.datetime, but_session_id: int | None = None
) -> None:
    """Give somebody a new password. Wherever they are signed in they are no longer, but in the session it was done in.

    The caller commits.

    Raises:
        NoSuchUser: Nobody signs in with this name.
        PasswordWeak: The password is too easy to guess.
    """
    user = user_named(session, login)
    user.password_hash = _hashed(password, user.login)
    session.flush()
    end_sessions(session, user.id, now=now, but_session_id=but_session_id)
    audit.note(session, actor, "user.password", user.login, now=now)


def end_sessions(session: Session, user_id: int, *, now: dt.datetime, but_session_id: int | None = None) -> int:
    """Sign somebody out wherever they are signed in, or everywhere else. Returns where it was. The caller commits.

    Links and codes that were sent to them open nothing any more: who reads their mails would come in again.
    """
    one_time.close(session, user_id, now=now)
    ended = session.scalars(
        update(SignInSession)
        .where(
            SignInSession.user_id == user_id,
            SignInSession.ended_at.is_(None),
            SignInSession.expires_at > now,
            SignInSession.id != (but_session_id or 0),
        )
        .values(ended_at=now)
        .returning(SignInSession.id)
    )
    return len(ended.all())


def anybody(session: Session) -> bool:
    """Tell whether there is anybody at all."""
    return bool(session.scalar(select(exists(select(UserAccount.id)))))


def user_or_none(session: Session, login: str) -> UserAccount | None:
    """Find somebody by sign-in name, active or not."""
    key = login_key(login)
    if not key.isprintable():
        return None  # nobody's; and some of it no database takes
    return session.scalars(select(UserAccount).where(UserAccount.login == key)).one_or_none()


def user_named(session: Session, login: str) -> UserAccount:
    """Find somebody by sign-in name.

    Raises:
        NoSuchUser: Nobody signs in with this name.
    """
    user = user_or_none(session, login)
    if user is None:
        raise NoSuchUser(login)
    return user


def get_ready() -> None:
    """Make what the first ``verify`` would make, so that it takes as long as every other."""
    _nobodys_hash()


def verify(session: Session, login: str, password: str) -> Person | None:
    """Tell who signs in with this name and password; None where nobody does.

    It takes as long for a name that nobody has. A hash made with other parameters is made anew. The caller commits.
    """
    user = user_or_none(session, login)
    kept = user.password_hash if user is not None else None
    right = _matches(kept or _nobodys_hash(), _normal(password))
    if user is None or kept is None or not right or not user.active:
        return None
    if _hasher.check_needs_rehash(kept):
        user.password_hash = _hasher.hash(_normal(password))
        session.flush()
    return person(session, user.id)


def person(session: Session, user_id: int) -> Person | None:
    """Find somebody who may sign in, with their roles, in one query."""
    rows = session.execute(
        select(UserAccount, Membership.program_id, Membership.role, Membership.distributor_id, Membership.known_as)
        .outerjoin(Membership, Membership.user_id == UserAccount.id)
        .where(UserAccount.id == user_id)
        .order_by(Membership.id)
    ).all()
    if not rows or not rows[0][0].active:
        return None
    return person_of(rows[0][0], [(row[1], row[2], row[3], row[4]) for row in rows])


def person_of(user: UserAccount | Row[*tuple[Any, ...]], memberships: Iterable[Sequence[Any]]) -> Person:
    """Make a person of their account, or its columns, and of their memberships, as an outer join gives them.

    Of each: programme, role, distributor, and the name in its documents.
    """
    return Person(
        id=user.id,
        login=user.login,
        name=user.name,
        platform_owner=user.platform_owner,
        seats=tuple(
            Seat(program_id, Role(role), distributor_id, known_as)
            for program_id, role, distributor_id, known_as in memberships
            if program_id is not None and role in _ROLES
        ),
        locale=user.locale,
        theme=user.theme,
    )


_PROGRAMS = select(Program.id, Program.code, Program.name, Program.sponsor).order_by(Program.name, Program.id)
_ALL_PROGRAMS = Question(_PROGRAMS)
_SOME_PROGRAMS = Question(_PROGRAMS.where(Program.id == func.any(bindparam("ids", type_=ARRAY(BigInteger)))))


def programs_of(session: Session, somebody: Person) -> list[ProgramChoice]:
    """Give the programmes that a person has something to do with, by name."""
    if somebody.platform_owner:
        rows = _ALL_PROGRAMS.ask(session)
    else:
        rows = _SOME_PROGRAMS.ask(session, ids=sorted({seat.program_id for seat in somebody.seats}))
    return [ProgramChoice(*row) for row in rows]


_ZONES = Question(
    select(Program.time_zone).where(Program.id == func.any(bindparam("ids", type_=ARRAY(BigInteger)))).distinct()
)


def time_zone_of(session: Session, somebody: Person) -> str | None:
    """Name the time zone of the programmes in which a person has a role; None where those are in several, or none."""
    found = _ZONES.ask(session, ids=sorted({seat.program_id for seat in somebody.seats}))
    return str(found[0].time_zone) if len(found) == 1 else None


def everybody(session: Session) -> list[Listed]:
    """List the people, by sign-in name."""
    rows = session.execute(
        select(UserAccount, Membership.role, Program.code, Distributor.code)
        .outerjoin(Membership, Membership.user_id == UserAccount.id)
        .outerjoin(Program, Program.id == Membership.program_id)
        .outerjoin(Distributor, Distributor.id == Membership.distributor_id)
        .order_by(UserAccount.login, Membership.id)
    ).all()
    roles: dict[int, list[str]] = {}
    for user, role, program_code, distributor_code in rows:
        of = f" of {distributor_code}" if distributor_code else ""
        roles.setdefault(user.id, []).extend([f"{role}{of} in {program_code}"] if role else [])
    return [
        Listed(user.login, user.name, user.platform_owner, user.active, tuple(roles[user.id]))
        for user in _unique(user for user, *_ in rows)
    ]


_ROLES = frozenset(role.value for role in Role)
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)  # KiB: 66-77 ms measured


def _unique(users: Iterable[UserAccount]) -> list[UserAccount]:
    return list({user.id: user for user in users}.values())


def _normal(password: str) -> str:
    """Give the one form of a password that keyboards write in several."""
    return unicodedata.normalize("NFKC", password)


def _hashed(password: str, login: str) -> str:
    normal = _normal(password)
    if not SHORTEST_PASSWORD <= len(normal) <= LONGEST_PASSWORD:
        raise PasswordWeak(guessable=False)
    if normal.casefold() in (login, login.partition("@")[0]) or len(set(normal)) < 4:
        raise PasswordWeak(guessable=True)
    return _hasher.hash(normal)


def _matches(kept: str, password: str) -> bool:
    try:
        return _hasher.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


@functools.cache
def _nobodys_hash() -> str:
    """Give a hash that nobody has: verifying against it takes as long as against somebody's."""
    return _hasher.hash("a name that nobody has is answered no faster")
