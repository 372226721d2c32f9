"""Second factors: authenticator apps (TOTP), and recovery codes for whoever has lost theirs.

The secret of an app is sealed with the installation's key. A code is taken of the time step before, the current one and
the one after, for clocks that go wrong, and none is ever taken twice.
"""

import datetime as dt
import hmac
import secrets
from dataclasses import dataclass

import pyotp
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app.domain.roles import Person, needs_second_factor
from app.models.people import UserAccount
from app.models.signing_in import Passkey, RecoveryCode
from app.services import audit
from app.services.access import people
from app.services.access.keys import Keys, SealBroken
from app.services.telling import messages
from app.services.telling.messages import Kind

ISSUER = "Kontor"
RECOVERY_CODES = 10

_STEP_SECONDS = 30
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # nothing that reads like something else
_HALF = 5


class FactorNeeded(people.PeopleError):
    """The last second factor of somebody whose role must have one cannot be taken away."""


@dataclass(frozen=True)
class Factors:
    """What somebody has besides a password."""

    has_password: bool
    totp_since: dt.datetime | None
    passkeys: int
    recovery_codes: int

    @property
    def count(self) -> int:
        """Tell how many second factors there are."""
        return self.passkeys + (self.totp_since is not None)


def factors_of(session: Session, user_id: int) -> Factors:
    """Tell what somebody has besides a password."""
    row = session.execute(
        select(
            UserAccount.password_hash.is_not(None),
            UserAccount.totp_since,
            select(func.count()).where(Passkey.user_id == user_id).scalar_subquery(),
            select(func.count())
            .where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
            .scalar_subquery(),
        ).where(UserAccount.id == user_id)
    ).one()
    return Factors(*row)


def begin_totp(session: Session, keys: Keys, user_id: int) -> None:
    """Make the secret of a new authenticator app; it is in use once a first code proves it. The caller commits."""
    session.execute(
        update(UserAccount)
        .where(UserAccount.id == user_id, UserAccount.totp_since.is_(None))
        .values(totp_secret=keys.seal(pyotp.random_base32()), totp_last_step=None)
    )


def pending_totp(session: Session, keys: Keys, user_id: int) -> tuple[str, str] | None:
    """Give the secret that waits for its first code, and its address for an authenticator app; None where none does."""
    user = session.get_one(UserAccount, user_id)
    if user.totp_secret is None or user.totp_since is not None:
        return None
    secret = _opened(keys, user.totp_secret)
    if secret is None:
        return None
    return secret, pyotp.TOTP(secret).provisioning_uri(name=user.login, issuer_name=ISSUER)


def prove_totp(session: Session, keys: Keys, user_id: int, typed: str, *, reset_page: str, now: dt.datetime) -> bool:
    """Take an authenticator app into use, where its first code is right. The caller commits."""
    user = _locked(session, user_id)
    if user.totp_since is not None or not _takes(user, keys, typed, now):
        return False
    user.totp_since = now
    session.flush()
    audit.note(session, user.login, "user.factor_added", user.login, now=now, after={"factor": "totp"})
    tell_changed(session, user_id, reset_page=reset_page, now=now)
    return True


def check_totp(session: Session, keys: Keys, user_id: int, typed: str, *, now: dt.datetime) -> bool:
    """Tell whether a code of somebody's authenticator app is right, and take it: it is never right again.

    The caller commits.
    """
    user = _locked(session, user_id)
    return user.totp_since is not None and _takes(user, keys, typed, now)


def remove_totp(session: Session, person: Person, *, reset_page: str, now: dt.datetime) -> None:
    """Take an authenticator app out of use. The caller commits.

    Raises:
        FactorNeeded: It is the last second factor, and the role must have one.
    """
    keep_one(session, person, without=1)
    session.execute(
        update(UserAccount)
        .where(UserAccount.id == person.id)
        .values(totp_secret=None, totp_since=None, totp_last_step=None)
    )
    audit.note(session, person.login, "user.factor_removed", person.login, now=now, before={"factor": "totp"})
    drop_codes_without_factor(session, person.id)
    tell_changed(session, person.id, reset_page=reset_page, now=now)


def keep_one(session: Session, person: Person, *, without: int) -> None:
    """Make sure that somebody who must have a second factor still has one without so many of them.

    Whoever takes another one away meanwhile waits until the caller's transaction ends.

    Raises:
        FactorNeeded: They would have none.
    """
    _locked(session, person.id)
    if needs_second_factor(person) and factors_of(session, person.id).count <= without:
        raise FactorNeeded("Your role needs a second factor, and this is the only one. Set up another one first.")


def new_recovery_codes(session: Session, keys: Keys, user_id: int, *, now: dt.datetime) -> list[str]:
    """Make recovery codes instead of all older ones. They are shown once; only hashes are kept. The caller commits."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = [_new_code() for _ in range(RECOVERY_CODES)]
    session.add_all(
        RecoveryCode(user_id=user_id, code_hash=_code_hash(keys, user_id, code), used_at=None) for code in codes
    )
    session.flush()
    login = session.get_one(UserAccount, user_id).login
    audit.note(session, login, "user.recovery_codes", login, now=now)
    return codes


def use_recovery_code(session: Session, keys: Keys, user_id: int, typed: str, *, now: dt.datetime) -> bool:
    """Tell whether a recovery code is right, and take it: it is never right again. The caller commits."""
    used = session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.code_hash == _code_hash(keys, user_id, typed),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(RecoveryCode.id)
    ).one_or_none()
    return used is not None


def remove_all(session: Session, login: str, *, reset_page: str, actor: str, now: dt.datetime, reason: str) -> None:
    """Take every second factor from somebody who has lost theirs, and sign them out. The caller commits.

    Raises:
        NoSuchUser: Nobody signs in with this name.
    """
    user = people.user_named(session, login)
    had = factors_of(session, user.id)
    user.totp_secret = user.totp_since = user.totp_last_step = None
    session.flush()
    for table in (Passkey, RecoveryCode):
        session.execute(delete(table).where(table.user_id == user.id))
    people.end_sessions(session, user.id, now=now)
    before = {"totp": had.totp_since is not None, "passkeys": had.passkeys}
    audit.note(session, actor, "user.factors_removed", user.login, now=now, before=before, reason=reason)
    tell_changed(session, user.id, reset_page=reset_page, now=now)


def tell_changed(session: Session, user_id: int, *, reset_page: str, now: dt.datetime) -> None:
    """Tell somebody that the second step of their signing in was changed. The caller commits."""
    user = session.get_one(UserAccount, user_id)
    messages.write(
        session,
        Kind.FACTORS_CHANGED,
        user.login,
        locale=user.locale,
        now=now,
        name=user.name,
        when=messages.moment(user.locale, now),
        link=reset_page,
    )


def drop_codes_without_factor(session: Session, user_id: int) -> None:
    """Remove the recovery codes of somebody who has nothing left that they could stand in for. The caller commits."""
    if factors_of(session, user_id).count == 0:
        session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


def _locked(session: Session, user_id: int) -> UserAccount:
    return session.scalars(
        select(UserAccount)
        .where(UserAccount.id == user_id)
        .with_for_update(key_share=True)  # signing in, which names them, does not wait
        .execution_options(populate_existing=True)
    ).one()


def _takes(user: UserAccount, keys: Keys, typed: str, now: dt.datetime) -> bool:
    """Tell whether a code is right and newer than the last, and note its step."""
    code = "".join(typed.split())
    secret = None if user.totp_secret is None else _opened(keys, user.totp_secret)
    if secret is None or not (code.isascii() and code.isdigit()):
        return False
    totp = pyotp.TOTP(secret)
    current = int(now.timestamp()) // _STEP_SECONDS
    for step in range(current - 1, current + 2):
        if step > (user.totp_last_step or 0) and hmac.compare_digest(totp.generate_otp(step), code):
            user.totp_last_step = step
            return True
    return False


def _opened(keys: Keys, sealed: str) -> str | None:
    try:
        return keys.unseal(sealed)
    except SealBroken:
        return None


def _new_code() -> str:
    letters = "".join(secrets.choice(_LETTERS) for _ in range(2 * _HALF))
    return f"{letters[:_HALF]}-{letters[_HALF:]}"


def _code_hash(keys: Keys, user_id: int, typed: str) -> bytes:
    letters = "".join(letter for letter in typed.upper() if letter.isalnum())
    return keys.hash_of("recovery", user_id, letters)
