"""Roles: the application is never the owner, and has exactly its rights."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.exc import ProgrammingError

from app.cli.main import main
from app.cli.output import UNAVAILABLE
from app.config import settings
from app.db import migrate, roles
from app.db.marks import APPEND_ONLY, KEPT
from app.local.servers import Addresses
from app.models.registry import metadata
from tests.support.databases import Database, empty_database


@pytest.fixture(scope="module")
def database(addresses: Addresses) -> Iterator[Database]:
    with empty_database(addresses) as made:
        yield made


def _rights(database: Database) -> dict[str, set[str]]:
    """Tell what the application may do with each table: rights on it all, and on single columns."""
    role = make_url(database.app_url).username
    found: dict[str, set[str]] = {name: set() for name in metadata.tables}
    with database.as_owner() as connection:
        for table, right in connection.execute(
            text("select table_name, privilege_type from information_schema.role_table_grants where grantee = :role"),
            {"role": role},
        ):
            found.setdefault(table, set()).add(right.lower())
        for table, column in connection.execute(
            text(
                "select table_name, column_name from information_schema.role_column_grants "
                "where grantee = :role and privilege_type = 'UPDATE'"
            ),
            {"role": role},
        ):
            if "update" not in found[table]:
                found[table].add(f"update {column}")
    return found


def _wanted() -> dict[str, set[str]]:
    rights: dict[str, set[str]] = {"alembic_version": {"select"}}
    for name, table in metadata.tables.items():
        if table.info.get(APPEND_ONLY):
            rights[name] = {"select", "insert"}
        elif KEPT in table.info:
            rights[name] = {"select", "insert"} | {f"update {column}" for column in table.info[KEPT]}
        else:
            rights[name] = {"select", "insert", "update", "delete"}
    return rights


def test_the_application_has_exactly_its_rights(database: Database) -> None:
    database.migrate()
    assert _rights(database) == _wanted()


def test_rights_that_somebody_added_are_taken_back(database: Database) -> None:
    database.migrate()
    with database.as_owner() as connection:
        role = make_url(database.app_url).username
        for grant in ("delete on award", "update (amount) on ledger_entry", "truncate on job", "update on account"):
            connection.exec_driver_sql(f"grant {grant} to {role}")
        connection.commit()
    assert _rights(database) != _wanted()
    assert not database.migrate()  # nothing to migrate, and the rights are set all the same
    assert _rights(database) == _wanted()


def test_the_application_owns_nothing(database: Database) -> None:
    database.migrate()
    with database.as_owner() as connection:
        owners = set(
            connection.exec_driver_sql(
                "select relowner::regrole::text from pg_class where relnamespace = 'public'::regnamespace "
                "union select proowner::regrole::text from pg_proc where pronamespace = 'public'::regnamespace"
            ).scalars()
        )
    assert owners == {make_url(database.owner_url).username}


def test_the_application_cannot_make_tables(database: Database) -> None:
    database.migrate()
    engine = create_engine(database.app_url)
    with engine.connect() as connection, pytest.raises(ProgrammingError, match="permission denied for schema"):
        connection.exec_driver_sql("create table mine (id int)")
    engine.dispose()


@pytest.mark.parametrize("same", ["owner", "nobody"])
def test_a_schema_is_not_made_for_an_application_that_would_own_it(addresses: Addresses, same: str) -> None:
    with empty_database(addresses) as database:
        as_whom = {"owner": database.owner_url, "nobody": "postgresql+psycopg:///kontor"}[same]
        with pytest.raises(roles.OwnerIsApplication, match="DATABASE_OWNER_URL"):
            migrate.upgrade(database.owner_url, as_whom, metadata)


@pytest.fixture
def somebody(addresses: Addresses) -> Iterator[tuple[Connection, str]]:
    """The superuser of the embedded server, and the name of a role that owns nothing."""
    admin = make_url(addresses.owner_url).set(username="kontor_admin")
    engine = create_engine(admin, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("create role kontor_test_somebody")
        yield connection, "kontor_test_somebody"
        connection.exec_driver_sql("drop role kontor_test_somebody")
    engine.dispose()


def test_who_can_lift_the_guards_is_refused(somebody: tuple[Connection, str]) -> None:
    """The owner, whoever has the owner's rights, and a superuser."""
    connection, role = somebody
    with pytest.raises(roles.OwnerIsApplication, match="kontor_admin"):
        roles.refuse_owner(connection)
    connection.exec_driver_sql("set role kontor_owner")
    with pytest.raises(roles.OwnerIsApplication, match="kontor_owner"):
        roles.refuse_owner(connection)
    connection.exec_driver_sql(f"set role {role}")
    roles.refuse_owner(connection)
    connection.exec_driver_sql("reset role")
    connection.exec_driver_sql(f"grant kontor_owner to {role}")
    connection.exec_driver_sql(f"set role {role}")
    with pytest.raises(roles.OwnerIsApplication, match=role):
        roles.refuse_owner(connection)
    connection.exec_driver_sql("reset role")


@pytest.mark.parametrize("command", [["balances", "--program", "any"], ["program", "list", "--json"], ["worker"]])
def test_a_command_that_is_told_the_owner_for_the_application_stops(
    environment: Path, addresses: Addresses, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    """Also where the schema is there already, and nothing need be migrated."""
    monkeypatch.setenv("DATABASE_URL", addresses.owner_url)
    settings.cache_clear()
    said = CliRunner().invoke(main, command)
    settings.cache_clear()
    assert said.exit_code == UNAVAILABLE
    assert "DATABASE_OWNER_URL" in said.output


def test_of_many_who_migrate_at_once_one_does(addresses: Addresses) -> None:
    with empty_database(addresses) as database, ThreadPoolExecutor(4) as pool:
        done = [one.result() for one in [pool.submit(database.migrate) for _ in range(4)]]
        assert sorted(done) == [False, False, False, True]
        assert _rights(database) == _wanted()


def test_the_newest_migration_is_known_of_the_code_and_of_a_database(addresses: Addresses) -> None:
    with empty_database(addresses) as database:
        with database.as_owner() as connection:
            assert migrate.current(connection) is None
        database.migrate()
        with database.as_owner() as connection:
            assert migrate.current(connection) == migrate.head()
