"""The declarative base, the naming of constraints, and the two ways in which one row refers to another.

Tables that grow by a line at a time use ordinary foreign keys. Tables that grow by a million lines an import use
``reference()``: PostgreSQL checks a foreign key row by row (about 11 µs each), so those columns are checked once per
statement by a trigger that the migrations create (docs/decisions/0006). The promise is the same: no row that points
nowhere.
"""

from typing import Any

from sqlalchemy import BigInteger, MetaData
from sqlalchemy.orm import DeclarativeBase, MappedColumn, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

REFERENCE = "reference"
"""Key of ``Column.info`` that names the table whose ``id`` a column must name."""

APPEND_ONLY = "append_only"
"""Key of ``Table.info``: rows are only ever added; UPDATE, DELETE and TRUNCATE are refused by the database."""

KEPT = "kept"
"""Key of ``Table.info``: rows are never deleted, because others refer to them set-wise. Its value names the columns
that the application may change."""


class Base(DeclarativeBase):
    """What every mapped class inherits from."""

    metadata = MetaData(naming_convention=NAMING)


def reference(table: str, **options: Any) -> MappedColumn[Any]:
    """Declare a column that names the ``id`` of a row of ``table``, checked set-wise by the database."""
    return mapped_column(BigInteger, info={REFERENCE: table}, **options)
