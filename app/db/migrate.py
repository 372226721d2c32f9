"""Bringing a database to the newest schema, as its owner, and granting the application what it may do."""

import functools
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, create_engine, make_url
from sqlalchemy.engine import Connection

from app.db import roles

MIGRATIONS = Path(__file__).resolve().parent.parent.parent / "migrations"


class DatabaseNewer(RuntimeError):
    """The database was migrated by a newer version of the code."""

    def __init__(self, revision: str) -> None:
        """Say where the database is."""
        super().__init__(
            f"The database is at the schema {revision}, which this version of Kontor does not know: a newer one has "
            "migrated it. Run that version, or restore a backup that was made before."
        )


def _config(connection: Connection, metadata: MetaData) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    config.attributes["metadata"] = metadata
    return config


@functools.cache
def head() -> str:
    """Name the newest migration of the code: for as long as a process lives that does not change."""
    newest = _scripts().get_current_head()
    assert newest is not None, "the project has migrations"
    return newest


def _scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config)


def current(connection: Connection) -> str | None:
    """Name the newest migration of the database; none where it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(owner_url: str, app_url: str, metadata: MetaData) -> bool:
    """Bring the schema to the newest migration and grant the application's role its rights.

    Safe to call at every start and from several processes at once: an advisory lock lets one work and the others
    find the work done. Returns whether anything was migrated.

    Raises:
        roles.OwnerIsApplication: The application would connect as the owner, who can do what the guards forbid.
        DatabaseNewer: A newer version of the code has migrated it.
    """
    engine = create_engine(owner_url)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("select pg_advisory_lock(hashtext('kontor.migrate'))")
            before = current(connection)
            connection.commit()
            if before is not None and before not in {one.revision for one in _scripts().walk_revisions()}:
                raise DatabaseNewer(before)
            if before != head():
                command.upgrade(_config(connection, metadata), "head")
            roles.grant(connection, metadata, make_url(app_url).username or "")
            connection.commit()
            connection.exec_driver_sql("select pg_advisory_unlock(hashtext('kontor.migrate'))")
            connection.commit()
            return before != head()
    finally:
        engine.dispose()


def downgrade(owner_url: str, metadata: MetaData, to: str) -> None:
    """Take migrations back down to the one named (``base``: all)."""
    engine = create_engine(owner_url)
    try:
        with engine.connect() as connection:
            command.downgrade(_config(connection, metadata), to)
            connection.commit()
    finally:
        engine.dispose()


def differences(connection: Connection, metadata: MetaData) -> list[object]:
    """List what differs between the models and the database; empty when they agree."""
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))
