"""What somebody changes about themselves: name, language, theme, password, e-mail address, phone number.

An address or a number counts once a code that was sent to it came back.
"""

import datetime as dt

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.domain.roles import Person
from app.domain.typed.phones import phone_number
from app.models.people import UserAccount
from app.services import audit
from app.services.access import one_time, people, ways_in
from app.services.access.keys import Keys
from app.services.access.preferences import THEMES
from app.services.telling import messages
from app.services.telling.languages import LANGUAGES
from app.services.telling.messages import Kind

EMAIL, PHONE = "email", "phone"


class WrongPassword(people.PeopleError):
    """The password that holds now is another one."""


def set_profile(
    session: Session,
    person: Person,
    *,
    name: str,
    locale: str | None,
    theme: str | None,
    reminded: bool | None = None,
    now: dt.datetime,
) -> None:
    """Change how somebody is called, and how pages look and speak to them. The caller commits.

    ``reminded``: whether they get a mail before points expire; None: as before.
    """
    was = session.scalars(select(UserAccount.reminded).where(UserAccount.id == person.id)).one()
    before = {"name": person.name, "locale": person.locale, "theme": person.theme, "reminded": was}
    after = {
        "reminded": was if reminded is None else reminded,
        "name": name.strip() or person.name,
        "locale": locale if locale in LANGUAGES else None,
        "theme": theme if theme in THEMES else None,
    }
    if after == before:
        return
    session.execute(update(UserAccount).where(UserAccount.id == person.id).values(**after))
    audit.note(session, person.login, "user.profile", person.login, now=now, before=before, after=after)


def change_password(
    session: Session,
    person: Person,
    *,
    session_id: int,
    current: str,
    password: str,
    reset_page: str,
    now: dt.datetime,
) -> None:
    """Change somebody's password; elsewhere they are signed out. Whoever has none sets one. The caller commits.

    Raises:
        WrongPassword: ``current`` is not the one that holds now.
        PasswordWeak: The new one is too easy to guess.
    """
    user = session.get_one(UserAccount, person.id)
    if user.password_hash is not None and people.verify(session, person.login, current) is None:
        raise WrongPassword
    people.set_password(session, person.login, password, actor=person.login, now=now, but_session_id=session_id)
    ways_in.tell_password_changed(session, user, reset_page=reset_page, now=now)


def begin_email(session: Session, keys: Keys, person: Person, login: str, *, now: dt.datetime) -> None:
    """Send a code to a new e-mail address. Where it is somebody else's, nothing is sent. The caller commits.

    Raises:
        LoginInvalid: It is no e-mail address.
    """
    try:
        key = people.new_login(session, login)
    except people.LoginTaken:
        return
    code = one_time.code(session, keys, EMAIL, person.id, now=now, payload={"login": key})
    messages.write(
        session,
        Kind.EMAIL_CODE,
        key,
        locale=person.locale,
        now=now,
        name=person.name,
        minutes=one_time.CODE_MINUTES,
        opens=code.hash,
        code=code.digits,
    )


def prove_email(session: Session, keys: Keys, person: Person, typed: str, *, now: dt.datetime) -> bool:
    """Take a new e-mail address into use, where the code is right. The caller commits in any case."""
    opened = one_time.open_code(session, keys, EMAIL, person.id, typed, now=now)
    if opened is None:
        return False
    try:
        key = people.new_login(session, str(opened.payload["login"]))
    except people.PeopleError:
        return False  # somebody else has taken it meanwhile
    session.execute(update(UserAccount).where(UserAccount.id == person.id).values(login=key))
    one_time.close(session, person.id, now=now)  # what went to the old address is in hands that lose the account
    messages.write(
        session,
        Kind.EMAIL_CHANGED,
        person.login,
        locale=person.locale,
        now=now,
        name=person.name,
        when=messages.moment(person.locale, now),
        login=key,
    )
    audit.note(session, person.login, "user.email", key, now=now, before={"login": person.login}, after={"login": key})
    return True


def begin_phone(session: Session, keys: Keys, person: Person, typed: str, *, now: dt.datetime) -> str:
    """Send a code to a new phone number. Returns the number as it is kept. The caller commits.

    Raises:
        NoPhoneNumber: It is none.
    """
    number = phone_number(typed)
    code = one_time.code(session, keys, PHONE, person.id, now=now, payload={"phone": number})
    messages.write(
        session,
        Kind.PHONE_CODE,
        number,
        locale=person.locale,
        now=now,
        opens=code.hash,
        code=code.digits,
        minutes=one_time.CODE_MINUTES,
    )
    return number


def prove_phone(session: Session, keys: Keys, person: Person, typed: str, *, now: dt.datetime) -> bool:
    """Take a phone number into use, where the code is right. The caller commits in any case.

    Numbers are given out anew: whoever had this one before no longer signs in by it.
    """
    opened = one_time.open_code(session, keys, PHONE, person.id, typed, now=now)
    if opened is None:
        return False
    number = str(opened.payload["phone"])
    session.execute(
        update(UserAccount)
        .where(UserAccount.phone == number, UserAccount.id != person.id)
        .values(phone_proven_at=None, phone=None)
    )
    _set_phone(session, person, number, now)
    return True


def remove_phone(session: Session, person: Person, *, now: dt.datetime) -> None:
    """Forget somebody's phone number. The caller commits."""
    _set_phone(session, person, None, now)


def _set_phone(session: Session, person: Person, number: str | None, now: dt.datetime) -> None:
    user = session.get_one(UserAccount, person.id)
    before, user.phone, user.phone_proven_at = user.phone, number, now if number is not None else None
    session.flush()
    if before != number:
        audit.note(
            session,
            person.login,
            "user.phone",
            person.login,
            now=now,
            before={"phone": before},
            after={"phone": number},
        )
