"""Databases of a test's own on the shared server, for what must not meet the rows of other tests."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import create_engine, make_url
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import scoped_session, sessionmaker

from app.db import migrate
from app.db.transaction import Sessions
from app.local.servers import Addresses
from app.models.registry import metadata


@dataclass(frozen=True)
class Database:
    """A database, by the address of its owner and of the application."""

    owner_url: str
    app_url: str

    def migrate(self) -> bool:
        """Bring it to the newest schema; say whether anything was migrated."""
        return migrate.upgrade(self.owner_url, self.app_url, metadata)

    @contextmanager
    def as_admin(self) -> Iterator[Connection]:
        """Connect as whoever may do anything, with every guard asleep; the block commits where it wants to."""
        engine = create_engine(make_url(self.owner_url).set(username="kontor_admin"))
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql("set session_replication_role = replica")
                yield connection
        finally:
            engine.dispose()

    @contextmanager
    def as_owner(self) -> Iterator[Connection]:
        """Connect as the owner; the block commits where it wants to."""
        engine = create_engine(self.owner_url)
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()


@contextmanager
def copy_of(addresses: Addresses, database: Database) -> Iterator[Database]:
    """Make a copy of a database that nobody is connected to, and drop it after the block."""
    with empty_database(addresses, template=str(make_url(database.owner_url).database)) as made:
        yield made


@contextmanager
def empty_database(addresses: Addresses, *, template: str = "template1") -> Iterator[Database]:
    """Make a database with nothing in it, and drop it after the block."""
    name = f"kontor_test_{uuid.uuid4().hex[:12]}"
    owner = create_engine(addresses.owner_url, isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        connection.exec_driver_sql(f"create database {name} template {template}")
    try:
        yield Database(*(_beside(url, name) for url in (addresses.owner_url, addresses.database_url)))
    finally:
        owner.dispose()
        # a connection that was closed this moment may still be there, as a role that the owner may not end
        admin = create_engine(make_url(addresses.owner_url).set(username="kontor_admin"), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.exec_driver_sql(f"drop database {name} with (force)")
        admin.dispose()


def _beside(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@contextmanager
def sessions_of(url: str) -> Iterator[tuple[Engine, Sessions]]:
    """Give an engine and sessions without an application around them."""
    engine = create_engine(url, pool_pre_ping=True)
    registry = scoped_session(sessionmaker(engine))
    try:
        yield engine, registry
    finally:
        registry.remove()
        engine.dispose()
