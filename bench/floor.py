"""The floor under an import: what the same machine needs at least for the same data in the same run.

Reading the file into Arrow by the fastest reader, loading the same lines, awards and entries by binary COPY into fresh
tables, and building the same keys and indexes. Nothing is checked, matched or computed.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fastexcel
import psycopg
import pyarrow.csv as pa_csv
from sqlalchemy import make_url

TABLES = ("sales_line", "award", "ledger_entry")
_CHUNK = 1 << 20


def read_seconds(path: Path) -> float:
    """Read a file into Arrow, and nothing more."""
    began = time.perf_counter()
    if path.suffix == ".xlsx":
        fastexcel.read_excel(path).load_sheet(0).to_arrow()
    else:
        pa_csv.read_csv(path)
    return time.perf_counter() - began


def load_seconds(owner_url: str) -> dict[str, float]:
    """Load what the import stored once more into fresh tables, then build their keys and indexes.

    Taking the data out beforehand is not counted. Gives the seconds of copying and of building.
    """
    with _connected(owner_url) as connection:
        connection.execute("drop schema if exists floor cascade")
        connection.execute("create schema floor")
        connection.commit()
        copying = building = 0.0
        for table in TABLES:
            content = _taken_out(connection, table)
            connection.execute(f"create table floor.{table} (like public.{table} including defaults)")
            connection.commit()
            began = time.perf_counter()
            with connection.cursor() as cursor, cursor.copy(f"copy floor.{table} from stdin (format binary)") as copy:
                view = memoryview(content)
                for at in range(0, len(view), _CHUNK):
                    copy.write(view[at : at + _CHUNK])
            connection.commit()
            copying += time.perf_counter() - began
            del view, content
            statements = _keys_of(connection, table)
            began = time.perf_counter()
            for statement in statements:
                connection.execute(statement)
            connection.commit()
            building += time.perf_counter() - began
        connection.execute("drop schema floor cascade")
        connection.commit()
    return {"copy": copying, "keys": building}


@contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection]:
    parts = make_url(url)
    with psycopg.connect(
        host=str(parts.query.get("host") or parts.host),
        dbname=parts.database,
        user=parts.username,
        port=parts.query.get("port"),
    ) as connection:
        yield connection


def _taken_out(connection: psycopg.Connection, table: str) -> bytes:
    with connection.cursor() as cursor, cursor.copy(f"copy public.{table} to stdout (format binary)") as copy:
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
