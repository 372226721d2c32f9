"""Questions that pages ask again and again: built once, and from then on put to the driver as they are.

Around each statement the layers above the driver look up how it was compiled, make a context and describe the answer.
That takes longer than PostgreSQL needs for most of what a page asks, and comes out the same each time.
"""

import functools
from collections import namedtuple
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import Connection, SelectBase
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.orm import Session

from app.db import driver

_DIALECT: Any = PGDialect_psycopg()  # type: ignore[no-untyped-call]
_ROW: Any = namedtuple  # its fields are those of a query

Convert: TypeAlias = Callable[[Any], Any]


@dataclass(frozen=True)
class _Settled:
    """What is the same whenever a question is asked.

    Attributes:
        text: the statement, as the driver takes it.
        told: the values that the query has itself.
        tellers: what makes a value ready for the driver, for each parameter that needs it.
        readers: what makes of the driver's value the query's, for each place in a row that needs it.
        row: makes a row of its values.
    """

    text: str
    told: dict[str, Any]
    tellers: Sequence[tuple[str, Convert]]
    readers: Sequence[tuple[int, Convert]]
    row: Callable[[Sequence[Any]], Any]


class Question:
    """A query of columns, asked with the values of its parameters: it gives the rows that the query would give."""

    def __init__(self, query: SelectBase) -> None:
        """Take the query."""
        self._query = query

    def ask(self, session: Session, **values: Any) -> list[Any]:
        """Give the rows. What the session has not written yet is written first."""
        settled = self._settled
        told = settled.told | values
        for name, write in settled.tellers:
            told[name] = write(told[name])
        connection = driver.connection_of(session)
        _announce(connection, settled.text, told)
        rows = driver.ask(connection, settled.text, told)()
        if settled.readers:
            rows = [_read(row, settled.readers) for row in rows]
        return list(map(settled.row, rows))

    def first(self, session: Session, **values: Any) -> Any:
        """Give the first row, as `ask` does; None where there is none."""
        return next(iter(self.ask(session, **values)), None)

    @functools.cached_property
    def _settled(self) -> _Settled:
        compiled: Any = self._query.compile(dialect=_DIALECT)
        asked = {name for name, one in compiled.binds.items() if one.required}
        lists = {name for name, one in compiled.binds.items() if one.expanding}
        assert not asked & lists, "a list of values is told as one array"
        expanded = compiled.construct_expanded_state(dict.fromkeys(asked))  # lists that are the query's own
        columns = list(self._query.selected_columns)
        writers = {
            name: one.type.dialect_impl(_DIALECT).bind_processor(_DIALECT) for name, one in compiled.binds.items()
        }
        writers |= expanded.processors
        own = {**compiled.params, **expanded.additional_parameters}
        readers = [
            (place, one.type.dialect_impl(_DIALECT).result_processor(_DIALECT, None))
            for place, one in enumerate(columns)
        ]
        # what has no name of its own is found by its place
        row = _ROW("Row", [one.key or "_" for one in columns], rename=True)
        return _Settled(
            text=expanded.statement,
            told={
                name: value if (write := writers.get(name)) is None else write(value)
                for name, value in own.items()
                if name not in asked | lists
            },
            tellers=[(name, write) for name, write in writers.items() if name in asked and write is not None],
            readers=[(place, read) for place, read in readers if read is not None],
            row=row._make,
        )


def _read(row: Sequence[Any], readers: Sequence[tuple[int, Convert]]) -> tuple[Any, ...]:
    values = list(row)
    for place, read in readers:
        values[place] = read(values[place])
    return tuple(values)


def _announce(connection: Connection, text: str, told: dict[str, Any]) -> None:
    """Tell whoever listens to the statements of a connection, as it tells of its own: nobody's count leaves one out."""
    for listener in connection.dispatch.before_cursor_execute:
        listener(connection, None, text, told, None, False)  # noqa: FBT003  # as it calls its own
