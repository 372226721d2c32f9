"""Where a transaction begins and ends. Services never commit: the page, the job or the command does, once, here."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from sqlalchemy.orm import Session, scoped_session

Sessions: TypeAlias = "scoped_session[Any]"
"""Gives each thread, page or job a session of its own."""


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
