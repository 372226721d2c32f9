"""The peer of a spend: pgbench's simple-update, prepared, on the same server.

It changes one row, reads it, and adds one row, in five messages. PostgreSQL brings the program along; where a machine
has none, the same statements are sent by processes of our own, and the figures say so.
"""

import glob
import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, create_engine, make_url

from bench.clients import Figures, race

ACCOUNTS = 100_000
"""pgbench's scale 1: simple-update touches no branch and no teller, so nobody waits for another."""

_TABLES = (
    "create table pgbench_history (tid integer, bid integer, aid integer, delta integer, mtime timestamp)",
    "create table pgbench_accounts (aid integer primary key, bid integer, abalance integer, filler char(84))",
    f"insert into pgbench_accounts select n, 1, 0, '' from generate_series(1, {ACCOUNTS}) n",
    "vacuum analyze pgbench_accounts",
)


@dataclass(frozen=True)
class Peer:
    """A way to run simple-update: by pgbench, or by clients of our own."""

    url: URL
    program: Path | None

    @property
    def name(self) -> str:
        """Say who it is."""
        if self.program is None:
            return "psycopg, the statements of simple-update, prepared (this machine has no pgbench)"
        return "pgbench simple-update -N, prepared"

    def run(self, clients: int, seconds: float) -> Figures:
        """Let so many clients work for so long."""
        if self.program is None:
            return race(_client, [(self.url.render_as_string(hide_password=False), n) for n in range(clients)], seconds)
        with tempfile.TemporaryDirectory(prefix="kontor-pgbench-") as folder:
            _call(
                self.program,
                self.url,
                *("-n", "-N", "-M", "prepared", "-c", str(clients), "-j", str(clients)),
                *("-T", str(max(1, round(seconds))), "-l", "--log-prefix", f"{folder}/log"),
            )
            # client, transaction, microseconds, script, second, microsecond
            rows = [line.split() for path in Path(folder).iterdir() for line in path.read_text().splitlines()]
        took = [int(row[2]) / 1e6 for row in rows]
        return Figures.of(took, max(1, round(seconds)))


@contextmanager
def prepared(owner_url: str, server: Path | None) -> Iterator[Peer]:
    """Make the peer's tables in a database of their own, and drop it in the end.

    ``server`` is the program of the server in use: its pgbench lies beside it.
    """
    owner = create_engine(owner_url, isolation_level="AUTOCOMMIT")
    url, program = make_url(owner_url).set(database="kontor_peer"), find(server)
    with owner.connect() as connection:
        connection.exec_driver_sql("create database kontor_peer")
    try:
        if program is not None:
            _call(program, url, "-i", "-q", "-s", "1")
        else:
            with connected(url) as plain:
                for statement in _TABLES:
                    plain.execute(statement)
        yield Peer(url, program)
    finally:
        with owner.connect() as connection:
            connection.exec_driver_sql("drop database kontor_peer with (force)")
        owner.dispose()


def find(server: Path | None) -> Path | None:
    """Find pgbench: beside the server, on the path, or where Debian puts it."""
    beside = server.with_name("pgbench") if server is not None else None
    if beside is not None and os.access(beside, os.X_OK):
        return beside
    named = shutil.which("pgbench") or max(glob.glob("/usr/lib/postgresql/*/bin/pgbench"), default=None)
    return Path(named) if named else None


@contextmanager
def connected(url: URL) -> Iterator["psycopg.Connection[Any]"]:
    """Connect as SQLAlchemy would, in autocommit mode."""
    with psycopg.connect(
        host=str(url.query.get("host") or url.host or ""),
        port=str(url.query.get("port") or url.port or ""),
        dbname=url.database,
        user=url.username,
        password=url.password,
        autocommit=True,
    ) as connection:
        yield connection


def _call(program: Path, url: URL, *arguments: str) -> None:
    where = {
        "PGHOST": url.query.get("host") or url.host,
        "PGPORT": url.query.get("port") or url.port,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
    }
    environment = {**os.environ, **{name: str(value) for name, value in where.items() if value is not None}}
    done = subprocess.run([program, *arguments, str(url.database)], env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{program} failed: {done.stderr.strip()}")


@contextmanager
def _client(url: str, number: int) -> Iterator[Any]:
    drawn = random.Random(number)
    with connected(make_url(url)) as connection:

        def once() -> None:
            aid, delta = drawn.randint(1, ACCOUNTS), drawn.randint(-5000, 5000)
            connection.execute("begin", prepare=True)
            connection.execute(
                "update pgbench_accounts set abalance = abalance + %s where aid = %s", (delta, aid), prepare=True
            )
            connection.execute("select abalance from pgbench_accounts where aid = %s", (aid,), prepare=True).fetchone()
            connection.execute(
                "insert into pgbench_history (tid, bid, aid, delta, mtime) values (1, 1, %s, %s, current_timestamp)",
                (aid, delta),
                prepare=True,
            )
            connection.execute("commit", prepare=True)

        yield once
