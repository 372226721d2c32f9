"""Links and codes that are sent to somebody and open one thing, once. Only their hashes are kept.

A link carries 32 random bytes: nobody guesses one. A code has six digits, so it stands for a few tries only, and its
hash is made with the installation's key.
"""

import datetime as dt
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.models.signing_in import OneTimeSecret
from app.services.access.keys import Keys

LINK_MINUTES = 30
CODE_MINUTES = 15
MOST_TRIES = 5
KEPT_DAYS = 30

_DIGITS = 6


@dataclass(frozen=True)
class Opened:
    """What a link or a code opened: for whom, and what was written down when it was made."""

    user_id: int | None
    payload: dict[str, Any]


class Code(NamedTuple):
    """A code that was made: the digits that are sent, and their hash, which is kept."""

    digits: str
    hash: bytes


def hash_of(token: str) -> bytes:
    """Hash a link's token as the table keeps it."""
    return hashlib.sha256(token.encode(errors="replace")).digest()


def new_token() -> str:
    """Make a token that nobody guesses."""
    return secrets.token_urlsafe(32)


def link(
    session: Session, purpose: str, user_id: int, *, now: dt.datetime, payload: dict[str, Any] | None = None
) -> str:
    """Make a link's token. An older one of the same purpose opens nothing any more. The caller commits."""
    token = new_token()
    _put(session, purpose, hash_of(token), user_id, payload or {}, now, LINK_MINUTES)
    return token


def peek(session: Session, purpose: str, token: str, *, now: dt.datetime) -> Opened | None:
    """Tell what a link would open, without opening it: programs that read mail follow links as well."""
    row = session.execute(
        select(OneTimeSecret.user_id, OneTimeSecret.payload).where(*_is_open(purpose, token, now))
    ).one_or_none()
    return None if row is None else Opened(*row)


def open_link(session: Session, purpose: str, token: str, *, now: dt.datetime) -> Opened | None:
    """Open what a link opens; it never does again. None where it opens nothing. The caller commits."""
    row = session.execute(
        update(OneTimeSecret)
        .where(*_is_open(purpose, token, now))
        .values(used_at=now)
        .returning(OneTimeSecret.user_id, OneTimeSecret.payload)
    ).one_or_none()
    return None if row is None else Opened(*row)


def code(
    session: Session,
    keys: Keys,
    purpose: str,
    user_id: int,
    *,
    now: dt.datetime,
    payload: dict[str, Any] | None = None,
) -> Code:
    """Make a code. An older one of the same purpose opens nothing any more. The caller commits."""
    digits = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
    salt = secrets.token_hex(16)
    hashed = keys.hash_of(purpose, user_id, salt, digits)
    _put(session, purpose, hashed, user_id, {**(payload or {}), "salt": salt}, now, CODE_MINUTES)
    return Code(digits, hashed)


def open_code(
    session: Session, keys: Keys, purpose: str, user_id: int, typed: str, *, now: dt.datetime
) -> Opened | None:
    """Open what somebody's newest code opens; None where it is another one, too old, or tried too often.

    A wrong guess is counted, so the caller commits in any case.
    """
    found = session.scalars(
        select(OneTimeSecret)
        .where(
            OneTimeSecret.user_id == user_id,
            OneTimeSecret.purpose == purpose,
            OneTimeSecret.used_at.is_(None),
            OneTimeSecret.expires_at > now,
            OneTimeSecret.tries < MOST_TRIES,
        )
        .order_by(OneTimeSecret.id.desc())
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        return None
    given = keys.hash_of(purpose, user_id, found.payload["salt"], "".join(typed.split()))
    if not hmac.compare_digest(found.secret_hash, given):
        found.tries += 1
        session.flush()
        return None
    found.used_at = now
    session.flush()
    return Opened(user_id, {name: value for name, value in found.payload.items() if name != "salt"})


def awaits_code(session: Session, purpose: str, user_id: int, *, now: dt.datetime) -> dict[str, Any] | None:
    """Tell what was written down for somebody's newest code that still opens something."""
    return session.scalars(
        select(OneTimeSecret.payload)
        .where(
            OneTimeSecret.user_id == user_id,
            OneTimeSecret.purpose == purpose,
            OneTimeSecret.used_at.is_(None),
            OneTimeSecret.expires_at > now,
        )
        .order_by(OneTimeSecret.id.desc())
        .limit(1)
    ).one_or_none()


def spend(session: Session, purpose: str, value: bytes, *, now: dt.datetime) -> bool:
    """Mark something that was given out elsewhere as used; False where it was before. The caller commits."""
    spent = session.execute(
        insert(OneTimeSecret)
        .values(
            purpose=purpose,
            secret_hash=hashlib.sha256(value).digest(),
            payload={},
            tries=0,
            created_at=now,
            expires_at=now,
            used_at=now,
        )
        .on_conflict_do_nothing(index_elements=["secret_hash"])
        .returning(OneTimeSecret.id)
    ).one_or_none()
    return spent is not None


def close(session: Session, user_id: int, *, now: dt.datetime) -> None:
    """Let nothing open anything any more that was sent to somebody. The caller commits."""
    session.execute(
        update(OneTimeSecret)
        .where(OneTimeSecret.user_id == user_id, OneTimeSecret.used_at.is_(None))
        .values(used_at=now)
    )


def forget(session: Session, *, now: dt.datetime) -> int:
    """Remove what opened its thing, or cannot any more, long ago. Returns how many there were. The caller commits."""
    gone = session.scalars(
        delete(OneTimeSecret)
        .where(OneTimeSecret.expires_at < now - dt.timedelta(days=KEPT_DAYS))
        .returning(OneTimeSecret.id)
    )
    return len(gone.all())


def _put(
    session: Session,
    purpose: str,
    hashed: bytes,
    user_id: int,
    payload: dict[str, Any],
    now: dt.datetime,
    minutes: int,
) -> None:
    session.execute(
        update(OneTimeSecret)
        .where(OneTimeSecret.user_id == user_id, OneTimeSecret.purpose == purpose, OneTimeSecret.used_at.is_(None))
        .values(used_at=now)
    )
    session.add(
        OneTimeSecret(
            purpose=purpose,
            secret_hash=hashed,
            user_id=user_id,
            payload=payload,
            tries=0,
            created_at=now,
            expires_at=now + dt.timedelta(minutes=minutes),
        )
    )
    session.flush()


def _is_open(purpose: str, token: str, now: dt.datetime) -> tuple[Any, ...]:
    return (
        OneTimeSecret.secret_hash == hash_of(token),
        OneTimeSecret.purpose == purpose,
        OneTimeSecret.used_at.is_(None),
        OneTimeSecret.expires_at > now,
    )
