"""Reading columns out of the database as arrays: whole numbers and dates by the million, without a row in between.

The server gathers each column into one array, which comes as one value in PostgreSQL's binary form. Rows, and COPY too,
come as a message each, and Python looks at every one of them.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from sqlalchemy import FromClause, func, select
from sqlalchemy.orm import Session

from app.db.bulk import Array
from app.db.driver import connection_of, driver_of, translated
from app.db.prepared import DIALECT
from app.db.transaction import Sessions

_HEAD = 20
"""Bytes before the elements of an array of one dimension: dimensions, whether NULLs, the type, length, first index."""
_EPOCH = np.datetime64("2000-01-01", "D")
_ELEMENTS: Mapping[str, np.dtype[Any]] = {
    kind: np.dtype([("length", ">i4"), ("value", stored)])
    for kind, stored in {"int64": ">i8", "int32": ">i4", "int16": ">i2", "datetime64[D]": ">i4"}.items()
}


@contextmanager
def reading(registry: Sessions) -> Iterator[Session]:
    """Open a transaction in which the database lets nothing be written, and end it without a trace."""
    session: Session = registry()
    try:
        session.connection().exec_driver_sql("set transaction read only")
        yield session
    finally:
        session.rollback()


@contextmanager
def snapshot(registry: Sessions) -> Iterator[Session]:
    """Open a transaction on one state of the database, in which nothing can be written, beside that of the process."""
    with Session(registry().get_bind()) as session:
        session.connection().exec_driver_sql("set transaction isolation level repeatable read, read only")
        try:
            yield session
        finally:
            session.rollback()


def read_out(session: Session, query: FromClause, types: Mapping[str, str]) -> dict[str, Array]:
    """Run a query and give its columns: ``types`` names each as int64, int32, int16 or datetime64[D], as it is stored.

    The columns belong together row by row, in no order that anybody may count on.

    Raises:
        ValueError: A value is missing, or of another width than its type says.
    """
    gathered = select(*(func.array_agg(query.c[name]) for name in types)).select_from(query)
    words = str(gathered.compile(dialect=DIALECT, compile_kwargs={"literal_binds": True}))
    connection = connection_of(session)
    with translated(connection, words), driver_of(connection).cursor() as cursor:
        cursor.execute(words, (), binary=True)
        result = cursor.pgresult
        assert result is not None, "the statement was run"
        return {name: _column(name, result.get_value(0, at), kind) for at, (name, kind) in enumerate(types.items())}


def _column(name: str, value: bytes | None, kind: str) -> Array:
    if value is None:  # of no row
        return np.zeros(0, dtype=kind)
    stored = _ELEMENTS[kind]
    width = stored["value"].itemsize
    if (len(value) - _HEAD) % stored.itemsize:
        raise ValueError(f"column {name}: a value is missing, or is not of {width} bytes")
    elements = np.frombuffer(value, dtype=stored, offset=_HEAD)
    if (elements["length"] != width).any():
        raise ValueError(f"column {name}: a value is missing, or is not of {width} bytes")
    if kind == "datetime64[D]":
        days: Array = _EPOCH + elements["value"].astype(np.int64)
        return days
    whole: Array = elements["value"].astype(kind)
    return whole
