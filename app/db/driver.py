"""The driver under a session: what is too large, or too frequent, for the layers above it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

_KEPT = "kontor.cursor"


def driver_of(connection: Connection) -> "psycopg.Connection[Any]":
    """Give the driver's connection. What is done on it belongs to the connection's transaction."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection), "a connection of the pool is open, and psycopg's"
    return driver


def value_of(session: Session | Connection, statement: str, parameters: Sequence[object]) -> Any:
    """Run a statement that gives one value, in the session's transaction, and give the value.

    The driver prepares the statement on its connection and sends it: a session and an engine do around each statement
    what takes longer than PostgreSQL needs for a spend. What the session has not written yet is written first.

    Raises:
        sqlalchemy.exc.DBAPIError: As for any other statement.
    """
    if isinstance(session, Session):
        session.flush()
        connection = session.connection()
    else:
        connection = session
        if not connection.in_transaction():
            connection.begin()
    with translated(connection, statement):
        row = _cursor_of(connection).execute(statement, parameters, prepare=True).fetchone()
    assert row is not None, "the statement gives a value"
    return row[0]


def _cursor_of(connection: Connection) -> "psycopg.Cursor[Any]":
    """Give a cursor that is kept with the driver's connection: making one takes as long as a statement of a spend."""
    kept: psycopg.Cursor[Any] | None = connection.info.get(_KEPT)
    if kept is None:
        kept = connection.info[_KEPT] = driver_of(connection).cursor()
    return kept


@contextmanager
def translated(connection: Connection, statement: str) -> Iterator[None]:
    """Raise the driver's errors as SQLAlchemy raises those of every other statement, and let go of a lost connection.

    Otherwise a key that is there already, or a database that went away, would be another error here than elsewhere.
    """
    try:
        yield
    except psycopg.Error as error:
        used = connection.connection.driver_connection
        lost = connection.dialect.is_disconnect(error, used, None)  # type: ignore[arg-type]  # typed too narrowly
        if lost:
            connection.invalidate(error)
        raise DBAPIError.instance(
            statement, None, error, psycopg.Error, connection_invalidated=lost, dialect=connection.dialect
        ) from error
