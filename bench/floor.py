"""The floor under an import: what the same machine needs at least for the same data in the same run.

Reading the file into Arrow by the fastest reader, loading the same lines, awards and entries by binary COPY into fresh
tables, and building the same keys and indexes. Nothing is checked, matched or computed; documents, transactions, lots
and balances, which an import stores as well, are not even in it.

Loading is measured in two ways. ``logged``: the tables are there and COPY writes the log, as into every table of an
installation that is kept safe by its log. ``bare``: a table that is made in the same transaction, of which the embedded
PostgreSQL (``wal_level = minimal``) writes no log at all. The first is the floor; the second says what the log costs.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import fastexcel
import psycopg
import pyarrow.csv as pa_csv
from sqlalchemy import make_url

TABLES: Mapping[str, str] = {"sales_line": "", "award": "", "ledger_entry": ""}
"""What an import stores most of, and which rows of it: all."""

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Loading:
    """Seconds of copying rows in, and of building keys and indexes."""

    copy: float
    keys: float

    @property
    def seconds(self) -> float:
        """Give the whole."""
        return self.copy + self.keys


def read_seconds(path: Path, rounds: int = 2) -> float:
    """Read a file into Arrow, and nothing more; the quickest of some rounds."""
    return min(_read(path) for _ in range(rounds))


def _read(path: Path) -> float:
    began = time.perf_counter()
    if path.suffix == ".csv":
        pa_csv.read_csv(path)
    else:
        fastexcel.read_excel(path).load_sheet(0).to_arrow()
    return time.perf_counter() - began


def load(owner_url: str, *, logged: bool, rounds: int = 2, tables: Mapping[str, str] = TABLES) -> Loading:
    """Load what was stored once more into fresh tables, then build their keys and indexes.

    ``tables`` says of which tables, and by a condition of which rows. Taking the data out beforehand is not counted.
    Gives the quickest of some rounds.
    """
    with _connected(owner_url, "kontor_admin") as connection:
        connection.execute("checkpoint")  # what the import left unwritten is not the floor's to write
    with _connected(owner_url) as connection:
        return min((_load(connection, tables, logged=logged) for _ in range(rounds)), key=lambda one: one.seconds)


def _load(connection: psycopg.Connection, tables: Mapping[str, str], *, logged: bool) -> Loading:
    connection.execute("drop schema if exists floor cascade")
    connection.execute("create schema floor")
    connection.commit()
    copying = building = 0.0
    for table, rows in tables.items():
        content, keys = _taken_out(connection, table, rows), _keys_of(connection, table)
        began = time.perf_counter()
        connection.execute(f"create table floor.{table} (like public.{table} including defaults)")
        if logged:
            connection.commit()
        with connection.cursor() as cursor, cursor.copy(f"copy floor.{table} from stdin (format binary)") as copy:
            view = memoryview(content)
            for at in range(0, len(view), _CHUNK):
                copy.write(view[at : at + _CHUNK])
        if logged:
            connection.commit()
        copied = time.perf_counter()
        for statement in keys:
            connection.execute(statement)
        connection.commit()
        copying += copied - began
        building += time.perf_counter() - copied
        del view, content
    connection.execute("drop schema floor cascade")
    connection.commit()
    return Loading(copying, building)


@contextmanager
def _connected(url: str, user: str | None = None) -> Iterator[psycopg.Connection]:
    parts = make_url(url)
    with psycopg.connect(
        host=str(parts.query.get("host") or parts.host),
        dbname=parts.database,
        user=user or parts.username,
        port=parts.query.get("port"),
    ) as connection:
        yield connection


def _taken_out(connection: psycopg.Connection, table: str, rows: str) -> bytes:
    wanted = f"(select * from public.{table} where {rows})" if rows else f"public.{table}"
    with connection.cursor() as cursor, cursor.copy(f"copy {wanted} to stdout (format binary)") as copy:
        content = b"".join(copy)
    connection.commit()
    return content


def _keys_of(connection: psycopg.Connection, table: str) -> list[str]:
    """Write the statements that build the table's keys and indexes on its copy."""
    rows = connection.execute(
        "select pg_get_indexdef(i.indexrelid), i.indisprimary, pg_get_constraintdef(c.oid) from pg_index i "
        "left join pg_constraint c on c.conindid = i.indexrelid and c.contype = 'p' "
        "where i.indrelid = %s::regclass",
        (f"public.{table}",),
    ).fetchall()
    statements = [
        f"alter table floor.{table} add {constraint}"
        if primary
        else definition.replace(f" ON public.{table} ", f" ON floor.{table} ")
        for definition, primary, constraint in rows
    ]
    connection.commit()
    return statements
