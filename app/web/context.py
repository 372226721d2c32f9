"""What a page works with: the settings, the clock, the session, whoever is signed in, and where they are."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from flask import abort, current_app, g, request
from flask_login import UserMixin, current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.config import Settings
from app.db import driver
from app.domain.measures.calendar import local_date
from app.domain.roles import Person
from app.extensions import db
from app.models.programs import Program
from app.services.access.keys import Keys
from app.services.access.signing_in import Place, Step


class SignedIn(UserMixin):  # type: ignore[misc]  # flask_login carries no types
    """A session as Flask-Login wants a user: where somebody is signed in, and how far they have come with it."""

    def __init__(self, key: str, place: Place, step: Step) -> None:
        """Take the session and its key."""
        self._key, self.place, self.step = key, place, step

    def get_id(self) -> str:
        """Give what the cookie keeps."""
        return self._key


@dataclass(frozen=True)
class OneDistributor:
    """The distributor that a page is about; ``branched`` tells whether it is the head office of others.

    ``company_id`` is that of the company beside whose this account of a person stands.
    """

    id: int
    code: str
    name: str
    head_office_id: int | None = None
    branched: bool = False
    company_id: int | None = None


@dataclass(frozen=True)
class Scope:
    """Where a page is: its programme, and what of it. The guard makes it once it has judged that the page may be seen.

    ``thing_id`` is the id of the document or the import that the address names; ``named`` is the sales rep whom a
    document names, ``claimants`` who claimed its sale, and ``author`` who registered a claim.
    """

    program: Program
    distributor: OneDistributor | None = None
    thing_id: int | None = None
    named: str | None = None
    author: str | None = None
    claimants: tuple[str, ...] = ()


def kontor() -> dict[str, Any]:
    """Give what the composition root put into the application."""
    made: dict[str, Any] = current_app.extensions["kontor"]
    return made


def settings() -> Settings:
    """Give the settings."""
    chosen: Settings = kontor()["settings"]
    return chosen


def now() -> dt.datetime:
    """Read the clock."""
    at: dt.datetime = kontor()["clock"]()
    return at


def today() -> dt.date:
    """Give the date where the page's programme is."""
    return local_date(now(), scope().program.time_zone)


def session() -> Session:
    """Give this request's session."""
    made: Session = db.session()
    return made


def end_reading(response: Response) -> Response:
    """End what a page has read: one that writes has committed itself, and begins nothing anew but to read."""
    if request.method in ("GET", "HEAD") and response.status_code < 500 and db.session.registry.has():
        driver.end_reading(session())
    return response


def keys() -> Keys:
    """Give what the installation's secret key is used by."""
    made: Keys = kontor()["keys"]
    return made


def visitor() -> SignedIn | None:
    """Give whoever asks, as far as they have signed in: looked up once a request, and not through the proxy."""
    found = g.get("_login_user") or current_user._get_current_object()
    return found if isinstance(found, SignedIn) else None


def place_or_none() -> Place | None:
    """Give the session that the request comes from, also where its second factor was not shown yet."""
    found = visitor()
    return found.place if found is not None else None


def place() -> Place:
    """Give the session that the request comes from, on a page that the guard lets nobody else see."""
    found = place_or_none()
    if found is None:
        abort(404)
    return found


def step() -> Step | None:
    """Tell how far whoever asks has come in signing in; None where they have not begun."""
    found = visitor()
    return found.step if found is not None else None


def somebody() -> Person | None:
    """Give whoever is signed in, all the way."""
    found = visitor()
    return found.place.person if found is not None and found.step is Step.WHOLE else None


def person() -> Person:
    """Give whoever is signed in, on a page that the guard lets nobody else see."""
    found = somebody()
    if found is None:
        abort(404)
    return found


def scope() -> Scope:
    """Give where the page is."""
    found: Scope = g.scope
    return found


def distributor_here() -> OneDistributor:
    """Give the distributor that the page is about, where its address names one."""
    found = scope().distributor
    assert found is not None, "the guard found one"
    return found


def scope_or_none() -> Scope | None:
    """Give where the page is, for parts that every page shows."""
    found: Scope | None = g.get("scope")
    return found
