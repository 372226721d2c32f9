"""Where a transaction begins and ends. Services never commit: the page, the job or the command does, once, here."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, scoped_session

Sessions: TypeAlias = "scoped_session[Any]"
"""Gives each thread, page or job a session of its own."""
_MET_ANOTHER = frozenset({"40P01", "40001"})
"""What PostgreSQL says to the one of two transactions that it ended for the other's sake."""
_NO_ROOM = "53100"
"""What PostgreSQL says where its disk is full; it reads on, and writes again as soon as there is room."""


@contextmanager
def transaction(registry: Sessions) -> Iterator[Session]:
    """Commit what the block did, or undo all of it."""
    session: Session = registry()
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise


def met_another(error: OperationalError) -> bool:
    """Say whether a transaction was ended for another one's sake: it can be done again at once."""
    return getattr(error.orig, "sqlstate", None) in _MET_ANOTHER


def met_no_room(error: OperationalError) -> bool:
    """Say whether the database's disk was full: nothing of the transaction was kept."""
    return getattr(error.orig, "sqlstate", None) == _NO_ROOM


def what_ended(error: OperationalError) -> str:
    """Name for a log what ended a transaction."""
    if met_another(error):
        return "it met another transaction"
    return "the disk of the database is full" if met_no_room(error) else "the database does not answer"
