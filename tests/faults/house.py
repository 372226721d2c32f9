"""Servers that may be killed, and installations on them: a database, files and a programme, of a test's own."""

import os
import signal
import sys
import time
import uuid
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from psycopg.errors import ObjectInUse
from sqlalchemy import URL, Connection, Engine, create_engine, func, make_url, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import scoped_session, sessionmaker
from sqlalchemy.pool import NullPool

import importers.jobs
from app.config import Settings
from app.db.transaction import Sessions, transaction
from app.domain.states import JobState
from app.factory import utc_now
from app.jobs import messenger, worker
from app.local.servers import Addresses
from app.models.jobs import Job
from app.services.setup import program_files, programs
from importers.batches import batches
from importers.batches.batches import Progress
from importers.undoing import sales as undoing
from tests.app.local.support import eventually, kill, pid_of, status_of
from tests.faults.reports import Report


@dataclass(frozen=True)
class House:
    """The servers of a home. The keeper starts again what dies, at most three times a minute."""

    home: Path
    addresses: Addresses
    _ended: deque[float] = field(default_factory=lambda: deque(maxlen=3))

    def end_postgres(self, number: signal.Signals) -> None:
        """End PostgreSQL with a signal to its first process, and wait until another one serves.

        ``SIGQUIT`` is its immediate mode: nothing is written out, and the next start reads the log again.
        """
        while len(self._ended) == 3 and time.monotonic() - self._ended[0] < 61:
            time.sleep(0.5)  # one more, and the keeper would give it up
        before = pid_of(self.home, "postgres")
        os.kill(before, number)
        self._ended.append(time.monotonic())
        self._wait_for("postgres", before)

    def empty_valkey(self) -> None:
        """Remove everything that Valkey holds."""
        with messenger.connect(self.addresses.redis_url) as connection:
            connection.flushall()

    def messages(self) -> int:
        """Count the messages that wait for a worker."""
        with messenger.connect(self.addresses.redis_url) as connection:
            return len(messenger.queue(connection))

    def kill_valkey(self) -> None:
        """Kill Valkey, and wait until another one serves."""
        before = pid_of(self.home, "valkey")
        kill(before)
        self._wait_for("valkey", before)

    def _wait_for(self, name: str, before: int) -> None:
        eventually(
            lambda: (now := status_of(self.home, name)).state == "ready" and now.pid not in (None, before), seconds=60
        )

    @contextmanager
    def site(self, home: Path, *, like: "Site | None" = None, **chosen: Any) -> Iterator["Site"]:
        """Set up an installation with a database of its own, empty or a copy of one; ``chosen`` are settings."""
        name = f"site_{uuid.uuid4().hex[:12]}"
        template = like.let_go() if like else "kontor"
        # the superuser: whoever owns the database may not end the sessions that the application left in it
        master = make_url(self.addresses.owner_url).set(username="kontor_admin", database="postgres")
        owner = create_engine(self.addresses.owner_url, isolation_level="AUTOCOMMIT")
        with owner.connect() as connection:
            # copied page by page through the log, a sequence would begin anew after a crash of the server: it trusts
            # values that were logged for the original alone
            eventually(lambda: _copied(connection, master, template, name), seconds=30)
        addresses = Addresses(
            _beside(self.addresses.database_url, name),
            _beside(self.addresses.owner_url, name),
            self.addresses.redis_url,
        )
        made = Site.at(Settings(home=home, **chosen), addresses)
        importers.jobs.register(made.settings, addresses.redis_url, utc_now)
        undoing.register(utc_now)
        try:
            yield made
        finally:
            made.let_go()
            owner.dispose()
            superuser = create_engine(master, isolation_level="AUTOCOMMIT")
            with superuser.connect() as connection:
                connection.exec_driver_sql(f"drop database {name} with (force)")
            superuser.dispose()


def _copied(connection: Connection, master: URL, template: str, name: str) -> bool:
    """Copy a database, once nobody has it open any more: what was killed with its worker may still be in it."""
    statement = f"create database {name} template {template} strategy file_copy"
    own = connection.connection.dbapi_connection.info.backend_pid  # type: ignore[union-attr]
    try:
        connection.exec_driver_sql(statement)
    except OperationalError as error:
        if not isinstance(error.orig, ObjectInUse):
            raise
        engine = create_engine(master, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as superuser:
            superuser.exec_driver_sql(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s and pid <> %s",
                (template, own),
            )
        return False
    return True


def _beside(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@dataclass(frozen=True)
class Site:
    """One installation: settings, a database, and the folder of its files."""

    settings: Settings
    addresses: Addresses
    engine: Engine
    registry: Sessions

    @classmethod
    def at(cls, settings: Settings, addresses: Addresses) -> "Site":
        """Be at an installation that is there."""
        engine = create_engine(addresses.database_url, pool_pre_ping=True)
        return cls(settings, addresses, engine, scoped_session(sessionmaker(engine)))

    def let_go(self) -> str:
        """Close every connection, and name the database."""
        self.registry.remove()
        self.engine.dispose()
        return self.engine.url.database or ""

    def environment(self) -> dict[str, str]:
        """Give what our processes find in their environment, as those that `kontor up` starts."""
        chosen = self.settings
        ours = {
            "KONTOR_HOME": str(chosen.home),
            "KONTOR_SHARD_LINES": str(chosen.shard_lines),
            "KONTOR_LEASE_SECONDS": str(chosen.lease_seconds),
            "KONTOR_SWEEP_SECONDS": str(chosen.sweep_seconds),
            "KONTOR_WORKERS": str(chosen.workers),
            "DATABASE_URL": self.addresses.database_url,
            "DATABASE_OWNER_URL": self.addresses.owner_url,
            "REDIS_URL": self.addresses.redis_url,
        }
        others = {name: value for name, value in os.environ.items() if not name.startswith("KONTOR_")}
        return {**others, **ours, "PYTHONPATH": os.pathsep.join(sys.path)}

    def open(self, report: Report, code: str) -> None:
        """Load the report's programme under a code, with its distributors and products."""
        document = yaml.safe_load(report.program)
        document["program"]["code"] = code
        with transaction(self.registry) as session:
            programs.load(session, program_files.parse(yaml.safe_dump(document)), actor="test", now=utc_now())
        for kind, path in (("distributors", report.distributors), ("products", report.products)):
            batch = self.take_in(code, kind, path)
            self.work_here()
            assert self.progress(batch).counts["created"]

    def take_in(self, code: str, kind: str, path: Path) -> int:
        """Take a file in; nothing is done with it yet."""
        with transaction(self.registry) as session:
            return batches.start(
                session,
                self.settings,
                programs.program_by_code(session, code),
                kind,
                path,
                file_name=path.name,
                profile_name=None,
                dry_run=False,
                actor="test",
                now=utc_now(),
            )

    def work_here(self) -> None:
        """Do every job that there is, in this process and undisturbed."""
        while worker.do_one(worker.Bench(self.registry, self.engine, self.settings.lease_seconds)):
            pass

    def undisturbed(self, code: str, path: Path) -> int:
        """Import sales in this process, with nobody killed. Returns the number of the import."""
        batch = self.take_in(code, "sales", path)
        self.work_here()
        assert self.progress(batch).status == "done"
        return batch

    def progress(self, batch: int) -> Progress:
        """Tell how far an import has come."""
        with transaction(self.registry) as session:
            found = batches.progress_of(session, batch, utc_now())
        self.registry.remove()
        return found

    def glimpse(self, batch: int) -> Progress | None:
        """Tell how far an import has come, if the database answers at the moment."""
        try:
            return self.progress(batch)
        except OperationalError:
            self.registry.remove()
            return None

    def is_somebody_at_work(self) -> bool:
        """Tell whether a job is being done; where the database does not answer, nobody can know."""
        try:
            with transaction(self.registry) as session:
                return (
                    session.execute(
                        select(func.count()).where(
                            Job.state == JobState.RUNNING, Job.lease_until > func.clock_timestamp()
                        )
                    ).scalar_one()
                    > 0
                )
        except OperationalError:
            return False
        finally:
            self.registry.remove()
