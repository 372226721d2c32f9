"""From a cookie to a person, and from a person to a new cookie. What holds is what the table says."""

from flask import request
from flask import session as cookie
from flask_login import login_user, logout_user

from app.db.transaction import transaction
from app.domain.roles import Person
from app.extensions import db
from app.services.access import signing_in
from app.services.access.signing_in import SEEN_EVERY, Factor, Method, Place
from app.web.auth import samples
from app.web.context import SignedIn, now, place_or_none, session, settings


def load(key: str) -> SignedIn | None:
    """Find whose the cookie's session is, in one query; none where it was ended, or too much time has passed."""
    found = signing_in.find(session(), key, now())
    if found is None:
        return None
    if now() - found.seen_at >= SEEN_EVERY:
        with transaction(db.session) as changing:
            signing_in.seen(changing, found, now())
    return SignedIn(key, found, found.step(exempt=is_exempt(found.person)))


def is_exempt(person: Person) -> bool:
    """Tell whether somebody is let through without the second factor that their role needs.

    The demonstration's sample people are, in a demonstration: their password is known to everybody anyway.
    """
    return settings().demo and person.login in samples.LOGINS


def begin(person: Person, method: Method, factor: Factor | None = None) -> None:
    """Begin a new session: nothing of the one before is taken over, so nobody can have prepared it."""
    before = place_or_none()
    with transaction(db.session) as changing:
        if before is not None:
            signing_in.end(changing, before.id, before.person.id, now())
        key = signing_in.begin(
            changing,
            person,
            method,
            factor=factor,
            address=request.remote_addr or "",
            agent=_agent(),
            now=now(),
        )
    _keep(key)


def strengthen(place: Place, factor: Factor) -> None:
    """Go on in a session whose second factor was shown, under another key and with a new cookie."""
    with transaction(db.session) as changing:
        key = signing_in.strengthen(changing, place, factor, now())
    _keep(key)


def end() -> None:
    """End the session."""
    here = place_or_none()
    if here is not None:
        with transaction(db.session) as changing:
            signing_in.end(changing, here.id, here.person.id, now())
    logout_user()
    cookie.clear()


def _keep(key: str) -> None:
    cookie.clear()
    cookie.permanent = True
    found = signing_in.find(session(), key, now())
    assert found is not None, "it was begun just now"
    login_user(SignedIn(key, found, found.step(exempt=is_exempt(found.person))))


def _agent() -> str:
    """Give what the browser says of itself, as far as it can be shown."""
    said = request.headers.get("User-Agent", "")
    return "".join(letter for letter in said if letter.isprintable())
