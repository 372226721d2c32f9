"""Rows for tests of the tables themselves: whole ones, in which a test changes the one thing it is about."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Boolean, Column, Date, DateTime, Integer, LargeBinary, String, Table
from sqlalchemy.dialects.postgresql import JSONB

from app.db.marks import REFERENCE
from app.db.types import Coded, Named
from tests.support.programs import NOW


def row_of(table: Table, ids: Mapping[str, int], **values: Any) -> dict[str, Any]:
    """Make a row of a table: ``values``, and for the other columns something that they take.

    ``ids`` names a row of each table that is referred to; what may be missing is missing.
    """
    return {
        column.name: values[column.name] if column.name in values else _something(column, ids)
        for column in table.columns
        if (column.identity is None and column.computed is None) or column.name in values
    }


def _something(column: Column[Any], ids: Mapping[str, int]) -> Any:
    named = [key.column.table.name for key in column.foreign_keys]
    # a column that is part of several keys is of the table that it is called after
    parents = (
        [column.info[REFERENCE]] if REFERENCE in column.info else sorted(named, key=lambda it: it not in column.name)
    )
    if parents and parents[0] in ids:
        return ids[parents[0]]
    if column.nullable:
        return None
    kind = column.type
    if isinstance(kind, Coded | Named):
        return next(iter(kind.members))
    if isinstance(kind, String) and kind.length is not None and kind.length < 10:
        return "1" * kind.length
    values: list[tuple[type, Any]] = [
        (Boolean, False),
        (Integer, 990_001 if column.primary_key else 1),
        (Date, dt.date(2026, 3, 1)),
        (DateTime, NOW),
        (LargeBinary, b"1"),
        (JSONB, []),
    ]
    return next((value for of, value in values if isinstance(kind, of)), f"test {column.name}")
