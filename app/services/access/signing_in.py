"""Where people are signed in: sessions of the table, by a key that the cookie alone has.

A session ends when it is ended, after some idle hours, and a day after it began, however busy. Whoever has a second
factor has not signed in before it was shown, and whoever must have one and has none gets no further than setting it up.
"""

import datetime as dt
import enum
import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, or_, select, update
from sqlalchemy.orm import Session

from app.db.questions import Question
from app.domain.roles import Person, needs_second_factor
from app.models.people import Membership, UserAccount
from app.models.signing_in import Passkey, SignInSession
from app.services import audit
from app.services.access import people

IDLE = dt.timedelta(hours=8)
LONGEST = dt.timedelta(hours=24)
UNFINISHED = dt.timedelta(minutes=15)
"""How long a session waits for the second factor."""

SEEN_EVERY = dt.timedelta(minutes=1)
PROVED_LATELY = dt.timedelta(minutes=15)
"""How long somebody may change what they sign in with before they prove anew who they are."""

KEPT = dt.timedelta(days=180)
_LONGEST_AGENT = 300

_HAS_FACTOR = or_(
    UserAccount.totp_since.is_not(None), select(Passkey.id).where(Passkey.user_id == UserAccount.id).exists()
)


class Method(enum.StrEnum):
    """What somebody signed in with."""

    PASSWORD = "password"  # noqa: S105  # the name of a way in
    PASSKEY = "passkey"
    LINK = "link"
    SMS = "sms"
    INVITATION = "invitation"


class Factor(enum.StrEnum):
    """What somebody showed besides."""

    TOTP = "totp"
    PASSKEY = "passkey"
    RECOVERY = "recovery"


class Step(enum.IntEnum):
    """How far somebody has come in signing in."""

    SHOW_FACTOR = 1
    SET_UP_FACTOR = 2
    WHOLE = 3


@dataclass(frozen=True)
class Place:
    """A session that holds: whose it is, and how it came about."""

    id: int
    person: Person
    method: Method
    second_factor: Factor | None
    has_factor: bool
    proved_at: dt.datetime
    seen_at: dt.datetime

    def step(self, *, exempt: bool = False) -> Step:
        """Tell how far they have come. ``exempt`` lets somebody through who must have a second factor and has none."""
        if self.second_factor is not None:
            return Step.WHOLE
        if self.has_factor:
            return Step.SHOW_FACTOR
        return Step.SET_UP_FACTOR if needs_second_factor(self.person) and not exempt else Step.WHOLE

    def proved_lately(self, now: dt.datetime) -> bool:
        """Tell whether it is not long ago that they proved who they are."""
        return now - self.proved_at < PROVED_LATELY


@dataclass(frozen=True)
class Listed:
    """A session as its owner sees it."""

    id: int
    method: Method
    second_factor: Factor | None
    created_at: dt.datetime
    seen_at: dt.datetime
    address: str | None
    agent: str | None


def begin(
    session: Session,
    person: Person,
    method: Method,
    *,
    factor: Factor | None = None,
    address: str,
    agent: str,
    now: dt.datetime,
) -> str:
    """Begin a session. Returns its key, which is kept nowhere but in the cookie. The caller commits."""
    key = secrets.token_urlsafe(32)
    waits = factor is None and has_factor(session, person.id)
    session.add(
        SignInSession(
            key_hash=_hash_of(key),
            user_id=person.id,
            method=method,
            second_factor=factor,
            created_at=now,
            proved_at=now,
            seen_at=now,
            expires_at=now + (UNFINISHED if waits else LONGEST),
            address=address[:64] or None,
            agent=agent[:_LONGEST_AGENT] or None,
        )
    )
    session.flush()
    audit.note(session, person.login, "user.sign_in", person.login, now=now, after={"address": address, "by": method})
    return key


def find(session: Session, key: str, now: dt.datetime) -> Place | None:
    """Find the session of a key, with its person and their roles, in one query; None where it holds no more."""
    rows = _FOUND.ask(session, key_hash=_hash_of(key), now=now, idle_since=now - IDLE)
    if not rows:
        return None
    found = rows[0]
    return Place(
        id=found.session_id,
        person=people.person_of(found, [row[-4:] for row in rows]),
        method=Method(found.method),
        second_factor=None if found.second_factor is None else Factor(found.second_factor),
        has_factor=found.has_factor,
        proved_at=found.proved_at,
        seen_at=found.seen_at,
    )


_FOUND = Question(
    select(
        SignInSession.id.label("session_id"),
        SignInSession.method,
        SignInSession.second_factor,
        SignInSession.proved_at,
        SignInSession.seen_at,
        _HAS_FACTOR.label("has_factor"),
        UserAccount.id,
        UserAccount.login,
        UserAccount.name,
        UserAccount.platform_owner,
        UserAccount.locale,
        UserAccount.theme,
        Membership.program_id,
        Membership.role,
        Membership.distributor_id,
        Membership.known_as,
    )
    .join(UserAccount, UserAccount.id == SignInSession.user_id)
    .outerjoin(Membership, Membership.user_id == UserAccount.id)
    .where(
        SignInSession.key_hash == bindparam("key_hash"),
        SignInSession.ended_at.is_(None),
        SignInSession.expires_at > bindparam("now"),
        SignInSession.seen_at > bindparam("idle_since"),
        UserAccount.active,
    )
    .order_by(Membership.id)
)


def seen(session: Session, place: Place, now: dt.datetime) -> None:
    """Note that somebody is still there. The caller commits."""
    session.execute(update(SignInSession).where(SignInSession.id == place.id).values(seen_at=now))


def strengthen(session: Session, place: Place, factor: Factor, now: dt.datetime) -> str:
    """Note that the second factor was shown. The session gets another key, which is returned. The caller commits."""
    key = secrets.token_urlsafe(32)
    session.execute(
        update(SignInSession)
        .where(SignInSession.id == place.id)
        .values(
            key_hash=_hash_of(key),
            second_factor=factor,
            proved_at=now,
            expires_at=SignInSession.created_at + LONGEST,
        )
    )
    after = {"factor": factor}
    audit.note(session, place.person.login, "user.second_factor", place.person.login, now=now, after=after)
    return key


def prove(session: Session, place: Place, now: dt.datetime) -> None:
    """Note that somebody proved anew who they are. The caller commits."""
    session.execute(update(SignInSession).where(SignInSession.id == place.id).values(proved_at=now))


def sessions_of(session: Session, user_id: int, now: dt.datetime) -> list[Listed]:
    """List where somebody is signed in, last seen first."""
    found = session.execute(
        select(
            SignInSession.id,
            SignInSession.method,
            SignInSession.second_factor,
            SignInSession.created_at,
            SignInSession.seen_at,
            SignInSession.address,
            SignInSession.agent,
        )
        .where(
            SignInSession.user_id == user_id,
            SignInSession.ended_at.is_(None),
            SignInSession.expires_at > now,
            SignInSession.seen_at > now - IDLE,
        )
        .order_by(SignInSession.seen_at.desc(), SignInSession.id.desc())
    )
    return [
        Listed(row[0], Method(row[1]), None if row[2] is None else Factor(row[2]), row[3], row[4], row[5], row[6])
        for row in found
    ]


def end(session: Session, session_id: int, user_id: int, now: dt.datetime) -> bool:
    """End one of somebody's sessions, at once; False where there is no such session of theirs. The caller commits."""
    ended = session.execute(
        update(SignInSession)
        .where(SignInSession.id == session_id, SignInSession.user_id == user_id, SignInSession.ended_at.is_(None))
        .values(ended_at=now)
        .returning(SignInSession.id)
    ).one_or_none()
    return ended is not None


def has_factor(session: Session, user_id: int) -> bool:
    """Tell whether somebody has a second factor in use."""
    return bool(session.scalars(select(_HAS_FACTOR).where(UserAccount.id == user_id)).one_or_none())


def forget(session: Session, now: dt.datetime) -> None:
    """Remove sessions that were over long ago; who signed in when stays on record. The caller commits."""
    session.execute(delete(SignInSession).where(SignInSession.expires_at < now - KEPT))


def _hash_of(key: str) -> bytes:
    return hashlib.sha256(key.encode(errors="replace")).digest()
