"""Statements that are asked with every document: put into words once, then sent by the driver as they are.

A session and an engine do around each statement what takes several times as long as PostgreSQL needs for its answer.
That is nothing beside a page or a shard of 30,000 lines, and most of the time of one document.
"""

from functools import cached_property
from typing import Any

import numpy as np
from sqlalchemy import Dialect, Executable
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.orm import Session

from app.db.arrays import written
from app.db.driver import Answer, ask, send

DIALECT: Dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]  # SQLAlchemy does not say
"""How statements are put into words for PostgreSQL and its driver."""


class Prepared:
    """A statement whose parameters are told each time: numbers and texts, and arrays or lists of them."""

    def __init__(self, statement: Executable) -> None:
        """Keep the statement; it is put into words when it is first asked, when all models are known."""
        self._statement = statement

    def ask(self, session: Session, **told: object) -> Answer:
        """Ask as ``rows`` does; within `app.db.driver.together` the answer may wait until it is called for."""
        return ask(session, self._words, self._parameters(told))

    def rows(self, session: Session, **told: object) -> list[tuple[Any, ...]]:
        """Ask, in the session's transaction. Gives rows of the driver's own types: a coded state is a number."""
        return self.ask(session, **told)()

    def send(self, session: Session, **told: object) -> None:
        """Have it done, in the session's transaction; within `app.db.driver.together` nobody waits for it."""
        send(session, self._words, self._parameters(told))

    @cached_property
    def _words(self) -> str:
        return str(self._compiled)

    @cached_property
    def _compiled(self) -> Any:
        return self._statement.compile(dialect=DIALECT)  # type: ignore[attr-defined]  # whatever can be executed can

    @cached_property
    def _constants(self) -> dict[str, object]:
        """Give what the statement itself says: states and the like, as the database knows them."""
        constants: dict[str, object] = {}
        for name, bind in self._compiled.binds.items():
            if not bind.required:
                stored = bind.type.dialect_impl(DIALECT).bind_processor(DIALECT)
                constants[name] = stored(bind.value) if stored is not None else bind.value
        return constants

    def _parameters(self, told: dict[str, object]) -> dict[str, object]:
        return self._constants | {name: _plain(value) for name, value in told.items()}


def _plain(value: object) -> object:
    """Write lists here: the driver would tell lists of small and of large numbers as different types."""
    if isinstance(value, np.ndarray):
        return written(value.tolist())
    return written(value) if isinstance(value, list) else value
