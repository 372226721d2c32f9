"""What a command works with: servers that run, a database at the newest schema, an application."""

import datetime as dt
import fcntl
import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import OperationalError, ProgrammingError

from app import garbage
from app.cli.output import UNAVAILABLE, Failure
from app.config import Settings, settings
from app.db import migrate
from app.db.roles import OwnerIsApplication, refuse_owner
from app.db.transaction import Sessions, met_another, met_no_room
from app.extensions import db
from app.factory import create_app, utc_now
from app.local.errors import LocalError
from app.local.servers import Addresses, running
from app.models.registry import metadata


@dataclass(frozen=True)
class Runtime:
    """An application with its servers, for the time of one command."""

    settings: Settings
    addresses: Addresses
    app: Flask

    @property
    def registry(self) -> Sessions:
        """Give the sessions of the application."""
        return db.session

    def now(self) -> dt.datetime:
        """Read the clock."""
        return utc_now()


@contextmanager
def runtime() -> Iterator[Runtime]:
    """Bring up what a command needs, and take down afterwards what nobody else uses.

    Raises:
        Failure: The servers cannot be started or reached, or the database cannot be used as it is set up.
    """
    chosen = settings()
    try:
        with running(chosen) as addresses:
            ensure_schema(addresses)
            app = create_app(chosen, addresses)
            garbage.take_up()
            with app.app_context():
                try:
                    yield Runtime(chosen, addresses, app)
                finally:
                    db.session.remove()
                    db.engine.dispose()
    except LocalError as error:
        raise Failure(str(error), UNAVAILABLE) from None
    except (OwnerIsApplication, migrate.DatabaseNewer) as error:
        raise Failure(str(error), UNAVAILABLE) from None
    except OperationalError as error:
        if met_another(error):
            raise Failure(
                "Somebody else changed the same at the same moment, and the database ended what the command was at. "
                "Run it once more.",
                UNAVAILABLE,
            ) from None
        if met_no_room(error):
            raise Failure(
                f"The disk of the database is full ({error.orig}). Make room there, and see whether all of it "
                "was done.",
                UNAVAILABLE,
            ) from None
        raise Failure(f"The database does not answer: {error.orig}", UNAVAILABLE) from None


def ensure_schema(addresses: Addresses) -> None:
    """Migrate the database where it is not at the newest schema.

    Raises:
        OwnerIsApplication: The application would have the rights of the schema's owner.
    """
    engine = create_engine(addresses.database_url)
    try:
        if _version(engine) != migrate.head():
            migrate.upgrade(addresses.owner_url, addresses.database_url, metadata)
        with engine.connect() as connection:
            refuse_owner(connection)
    finally:
        engine.dispose()


def _version(engine: Engine) -> str | None:
    try:
        with engine.connect() as connection:
            return migrate.current(connection)
    except ProgrammingError:
        return None  # the application may not even read the version before its rights are granted


def operator() -> str:
    """Name whoever runs a command where no user is named: the account on this machine."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        return f"cli:{os.getuid()}"


class WorkersPresent:
    """A lock that workers share while they live: tells a command whether it must bring workers of its own."""

    def __init__(self, home: Path) -> None:
        """Say of which installation."""
        home.mkdir(parents=True, exist_ok=True)
        self._path = home / "workers.lock"
        self._held: int | None = None

    def join(self) -> None:
        """Be a worker until this process ends."""
        self._held = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._held, fcntl.LOCK_SH)

    def any(self) -> bool:
        """Tell whether a worker lives."""
        with self._path.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False
