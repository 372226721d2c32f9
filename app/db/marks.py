"""What a model may ask the database to guard, beyond keys and checks: `app.db.guards` turns these marks into triggers.

Tables that grow by a line at a time use ordinary foreign keys. Tables that grow by a million lines an import use
``reference()``: PostgreSQL checks a foreign key row by row (about 11 µs each), so those columns are checked once per
statement by a trigger (docs/decisions/0006). The promise is the same: no row that points nowhere.
"""

from typing import Any

from sqlalchemy import BigInteger, Integer
from sqlalchemy.orm import MappedColumn, mapped_column

REFERENCE = "reference"
"""Key of ``Column.info`` that names the table whose ``id`` a column must name."""

MOVES = "moves"
"""Key of ``Column.info`` of a reference that is changed after its row was added: it is checked then as well."""

APPEND_ONLY = "append_only"
"""Key of ``Table.info``: rows are only ever added; UPDATE, DELETE and TRUNCATE are refused by the database."""

KEPT = "kept"
"""Key of ``Table.info``: rows are never deleted, because others refer to them set-wise. Its value names the columns
that the application may change."""

FROZEN = "frozen"
"""Key of ``Table.info`` of a kept table: a condition that begins with one of its columns, and the columns that nobody
changes in a row for which it holds."""

LET_GO = "let_go"
"""Key of ``Table.info`` of a kept table: a row to which nothing refers may go, through a function of the database that
makes sure of it while nobody writes what could refer to it (`app.db.letting_go`). No statement deletes one."""


def reference(table: str, *, small: bool = False, moves: bool = False, **options: Any) -> MappedColumn[Any]:
    """Declare a column that names the ``id`` of a row of ``table``, checked set-wise by the database.

    ``small`` stores it in four bytes: for tables of millions of rows that refer to one of a few thousand. ``moves``
    says that a row may come to name another one: then whoever changes it is checked too.
    """
    info = {REFERENCE: table} | ({MOVES: True} if moves else {})
    return mapped_column(Integer if small else BigInteger, info=info, **options)
