"""From a session to a person, and from a person to a new session."""

import hmac

from flask import session as cookie
from flask_login import login_user, logout_user

from app.services import people
from app.services.people import Person
from app.web.context import SignedIn, now, session

LONGEST_SECONDS = 24 * 3600
"""A session ends a day after signing in, however busy; after some idle hours the cookie ends by itself."""

_SINCE = "since"


def load(kept: str) -> SignedIn | None:
    """Find whoever a session is of; none where the password is another by now, or too much time has passed."""
    id_, _, mark = kept.partition(":")
    if not id_.isdigit() or now().timestamp() - cookie.get(_SINCE, 0) > LONGEST_SECONDS:
        return None
    found = people.person(session(), int(id_))
    if found is None or not hmac.compare_digest(found.mark.encode(), mark.encode()):
        return None
    return SignedIn(found)


def begin(person: Person) -> None:
    """Begin a new session: nothing of the one before is taken over, so nobody can have prepared it."""
    cookie.clear()
    cookie.permanent = True
    cookie[_SINCE] = int(now().timestamp())
    login_user(SignedIn(person))


def end() -> None:
    """End the session."""
    logout_user()
    cookie.clear()
