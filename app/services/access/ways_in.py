"""Ways in besides a password: a link by e-mail and a code by SMS for people of distributors, and a forgotten password.

Whoever asks is never told whether anybody is there: nothing here says it, and what it does for nobody is nothing.
"""

import datetime as dt
from collections.abc import Callable
from typing import TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.roles import Person, is_of_distributors_alone
from app.models.people import UserAccount
from app.services.access import one_time, people
from app.services.access.keys import Keys
from app.services.telling import messages
from app.services.telling.messages import Kind

SIGN_IN, RESET, SIGN_IN_CODE = "sign_in", "reset", "sign_in_code"

Link: TypeAlias = Callable[[str], str]
"""Makes the address of a page of a token."""


class LinkInvalid(ValueError):
    """A link was used, is too old, or never was one."""


def ask_link(session: Session, login: str, *, link: Link, now: dt.datetime) -> None:
    """Send a link to sign in to somebody who has to do with distributors alone. The caller commits."""
    user = _active(session, login)
    if user is None or not _may_come_so(session, user):
        return
    _send_link(session, user, Kind.SIGN_IN_LINK, link, one_time.link(session, SIGN_IN, user.id, now=now), now)


def link_opens(session: Session, token: str, *, now: dt.datetime) -> bool:
    """Tell whether a link to sign in still opens something; it goes on doing so."""
    return one_time.peek(session, SIGN_IN, token, now=now) is not None


def by_link(session: Session, token: str, *, now: dt.datetime) -> Person | None:
    """Tell who signs in with a link, which opens nothing any more. The caller commits."""
    opened = one_time.open_link(session, SIGN_IN, token, now=now)
    return None if opened is None or opened.user_id is None else _person(session, opened.user_id)


def ask_code(session: Session, keys: Keys, phone: str, *, now: dt.datetime) -> None:
    """Send a code to the proven phone of somebody who has to do with distributors alone. The caller commits."""
    user = _with_phone(session, phone)
    if user is None or not _may_come_so(session, user):
        return
    code = one_time.code(session, keys, SIGN_IN_CODE, user.id, now=now)
    messages.write(
        session,
        Kind.SIGN_IN_CODE,
        phone,
        locale=user.locale,
        now=now,
        opens=code.hash,
        code=code.digits,
        minutes=one_time.CODE_MINUTES,
    )


def by_code(session: Session, keys: Keys, phone: str, typed: str, *, now: dt.datetime) -> Person | None:
    """Tell who signs in with a code that was sent to a phone. The caller commits, also where nobody does."""
    user = _with_phone(session, phone)
    if user is None or one_time.open_code(session, keys, SIGN_IN_CODE, user.id, typed, now=now) is None:
        return None
    return _person(session, user.id)


def ask_reset(session: Session, login: str, *, link: Link, now: dt.datetime) -> None:
    """Send a link to choose a new password. The caller commits."""
    user = _active(session, login)
    if user is None:
        return
    _send_link(session, user, Kind.RESET, link, one_time.link(session, RESET, user.id, now=now), now)


def reset_opens(session: Session, token: str, *, now: dt.datetime) -> bool:
    """Tell whether a link to choose a new password still opens something; it goes on doing so."""
    return one_time.peek(session, RESET, token, now=now) is not None


def reset(session: Session, token: str, password: str, *, reset_page: str, now: dt.datetime) -> None:
    """Set a new password by a link that was sent; wherever they were signed in they are not. The caller commits.

    Raises:
        LinkInvalid: The link opens nothing.
        PasswordWeak: The password is too easy to guess; the link still holds.
    """
    opened = one_time.open_link(session, RESET, token, now=now)
    user = None if opened is None else session.get(UserAccount, opened.user_id)
    if user is None or not user.active:
        raise LinkInvalid
    people.set_password(session, user.login, password, actor=user.login, now=now)
    tell_password_changed(session, user, reset_page=reset_page, now=now)


def tell_password_changed(session: Session, user: UserAccount, *, reset_page: str, now: dt.datetime) -> None:
    """Tell somebody that their password was changed. The caller commits."""
    messages.write(
        session,
        Kind.PASSWORD_CHANGED,
        user.login,
        locale=user.locale,
        now=now,
        name=user.name,
        when=messages.moment(user.locale, now),
        link=reset_page,
    )


def _send_link(session: Session, user: UserAccount, kind: Kind, link: Link, token: str, now: dt.datetime) -> None:
    messages.write(
        session,
        kind,
        user.login,
        locale=user.locale,
        now=now,
        name=user.name,
        minutes=one_time.LINK_MINUTES,
        opens=one_time.hash_of(token),
        link=link(token),
    )


def _active(session: Session, login: str) -> UserAccount | None:
    user = people.user_or_none(session, login)
    return user if user is not None and user.active else None


def _with_phone(session: Session, phone: str) -> UserAccount | None:
    """Find whoever proved a phone number to be theirs; where several did, nobody."""
    found = session.scalars(
        select(UserAccount)
        .where(UserAccount.phone == phone, UserAccount.phone_proven_at.is_not(None), UserAccount.active)
        .limit(2)
    ).all()
    return found[0] if len(found) == 1 else None


def _may_come_so(session: Session, user: UserAccount) -> bool:
    somebody = people.person(session, user.id)
    return somebody is not None and is_of_distributors_alone(somebody)


def _person(session: Session, user_id: int) -> Person | None:
    """Find who signs in; nobody, where their roles became others since the link or the code was sent."""
    somebody = people.person(session, user_id)
    return somebody if somebody is not None and is_of_distributors_alone(somebody) else None
