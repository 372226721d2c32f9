"""Where a transaction begins and ends. Services never commit: the page, the job or the command does, once, here."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session, scoped_session


@contextmanager
def transaction(registry: scoped_session[Session]) -> Iterator[Session]:
    """Commit what the block did, or undo all of it."""
    session = registry()
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
