"""The driver under a session: what is too large, or too frequent, for the layers above it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeAlias

import psycopg
from sqlalchemy import Connection, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

_KEPT = "kontor.cursor"
_TOGETHER = "kontor.together"

PATIENCE: Mapping[str, int] = {
    "connect_timeout": 10,  # seconds
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,  # milliseconds
}
"""How long a server of PostgreSQL is waited for that is gone without a word, as one is whose machine lost its network.

Without them a new connection waits for two minutes, and an open one for hours. A socket of this machine needs none.
"""

Parameters: TypeAlias = Sequence[object] | Mapping[str, object]
Answer: TypeAlias = Callable[[], list[tuple[Any, ...]]]
"""Gives the rows of a question, once they are called for."""


def patience_with(url: str) -> dict[str, int]:
    """Say to the driver how long it waits for the server of an address that says nothing else itself."""
    return {name: value for name, value in PATIENCE.items() if name not in make_url(url).query}


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
    rows = ask(session, statement, parameters)()
    assert rows, "the statement gives a value"
    return rows[0][0]


def ask(session: Session | Connection, statement: str, parameters: Parameters) -> Answer:
    """Run a statement as ``value_of`` does, and give its rows when they are called for.

    Within ``together`` other statements may follow before, and are answered with it.
    """
    connection = connection_of(session)
    with translated(connection, statement):
        if goes_together(connection):
            asked = _plain_cursor(connection).execute(statement, parameters, prepare=True)
        else:
            with _with_its_beginning(driver_of(connection)):
                kept = _cursor_of(connection).execute(statement, parameters, prepare=True)
            rows = kept.fetchall()
            return lambda: rows

    def answer() -> list[tuple[Any, ...]]:
        with translated(connection, statement):
            return asked.fetchall()

    return answer


def send(session: Session | Connection, statement: str, parameters: Parameters) -> None:
    """Run a statement as ``value_of`` does, of which nobody asks what it gives."""
    connection = connection_of(session)
    with translated(connection, statement):
        cursor = _plain_cursor(connection) if goes_together(connection) else _cursor_of(connection)
        cursor.execute(statement, parameters, prepare=True)


def end_reading(session: Session) -> None:
    """End a transaction in which nothing was written by a commit of the driver's.

    It ends the same either way; but after a rollback psycopg forgets which statements it has prepared, and PostgreSQL
    plans each anew. What the session still holds of changed objects is not written.
    """
    if session.in_transaction():
        driver_of(session.connection()).commit()


@contextmanager
def together(session: Session) -> Iterator[None]:
    """Send the statements of a block without waiting for each: what a document stores is answered at once.

    Each wait is a turn in two queues for a processor. Of a question only who needs the answer waits; so do the
    session's own statements. A COPY cannot be among them. What one of them is refused is raised at the end of the block
    at the latest; those after it were not run.

    Raises:
        sqlalchemy.exc.DBAPIError: As for any other statement.
    """
    connection = connection_of(session)
    driver = driver_of(connection)
    if goes_together(connection):
        yield
        return
    made = driver.cursor_factory
    driver.cursor_factory, session.info[_TOGETHER] = _Waiting, connection
    try:
        with translated(connection, "statements sent together"), driver.pipeline():
            yield
    finally:
        driver.cursor_factory = made
        del session.info[_TOGETHER]


def goes_together(connection: Connection) -> bool:
    """Say whether what is sent now is sent within a block of ``together``."""
    return driver_of(connection).cursor_factory is _Waiting


class _Waiting(psycopg.Cursor[Any]):
    """A cursor of the session's own statements within ``together``: the session looks at the answer straight away."""

    def execute(self, *args: Any, **options: Any) -> "_Waiting":
        """Run a statement, and wait for it: the end of a block within the block is where its answers are there."""
        with self.connection.pipeline():
            super().execute(*args, **options)
        return self

    def executemany(self, *args: Any, **options: Any) -> None:
        """Run a statement for many rows, and wait."""
        with self.connection.pipeline():
            super().executemany(*args, **options)


def connection_of(session: Session | Connection) -> Connection:
    """Give the connection of a session's transaction, on which all is written that the session has not written yet."""
    if isinstance(session, Session):
        session.flush()
        return session.info.get(_TOGETHER) or session.connection()
    if not session.in_transaction():
        session.begin()
    return session


def _with_its_beginning(driver: "psycopg.Connection[Any]") -> AbstractContextManager[object]:
    """Send the first statement of a transaction together with what begins it."""
    idle = driver.pgconn.transaction_status == psycopg.pq.TransactionStatus.IDLE
    return driver.pipeline() if idle and not driver.autocommit else nullcontext()


def _plain_cursor(connection: Connection) -> "psycopg.Cursor[Any]":
    """Give a cursor for what is answered later: each statement has one of its own."""
    return psycopg.Cursor(driver_of(connection))


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
