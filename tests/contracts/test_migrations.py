"""Migrations: a row of numbers with one head, the same schema as the models, and a way back."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, text

from app.db import guards, migrate
from app.local.servers import Addresses
from app.models.registry import metadata
from tests.contracts.sources import ROOMS, imported, name_of, parsed
from tests.support.databases import Database, empty_database
from tests.support.schema import schema_of

OF_MIGRATIONS_ALONE = {
    "function let_go_distributors(bigint[])",
    "function let_go_products(bigint[])",
    "function ledger_open_from(bigint)",
    "function ledger_reserve(bigint,bigint,text,date,text,text,bigint[])",
}
"""What no model asks for: functions of the database that lend the owner's rights, to spend and to let rows go."""

VERSIONS = sorted((migrate.MIGRATIONS / "versions").glob("*.py"))


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrate.MIGRATIONS))
    config.attributes.update(connection=connection, metadata=metadata)
    return config


def _scripts() -> list[Script]:
    """Give the migrations, first to last."""
    return list(ScriptDirectory.from_config(_config()).walk_revisions())[::-1]


def test_migrations_are_numbered_without_a_gap() -> None:
    assert VERSIONS
    for number, path in enumerate(VERSIONS, start=1):
        assert re.fullmatch(rf"{number:04}_[a-z0-9_]+\.py", path.name), f"{path.name} is not number {number:04}"


def test_each_migration_follows_the_one_before_it_and_there_is_one_head() -> None:
    scripts = _scripts()
    assert [one.revision for one in scripts] == [path.name[:4] for path in VERSIONS]
    assert scripts[0].down_revision is None
    for before, after in pairwise(scripts):
        assert after.down_revision == before.revision
    assert migrate.head() == scripts[-1].revision


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: path.stem)
def test_a_migration_imports_nothing_that_changes_with_the_application(path: Path) -> None:
    ours = [module for module in imported(path) if module.split(".")[0] in ROOMS]
    assert not ours, f"{name_of(path)} imports {ours}"


def _lacking(path: Path) -> Iterator[str]:
    """Name the columns that rows which are there already have nothing for: their migration fails on all but ours."""
    for function in parsed(path).body:
        if not isinstance(function, ast.FunctionDef) or function.name == "downgrade":
            continue
        filled = False
        for node in ast.walk(function):  # statement by statement: none stands deeper in another
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            said, does = ast.unparse(node), node.func.attr
            filled |= does == "execute" and "update " in said
            if does == "add_column" and "nullable=False" in said and not re.search("server_default|Identity", said):
                yield said
            if does == "alter_column" and re.search(r"[ (]nullable=False", said) and not filled:
                yield said


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: path.stem)
def test_a_column_that_everything_must_have_has_something_in_rows_that_are_there(path: Path) -> None:
    assert not list(_lacking(path))


@pytest.fixture(scope="module")
def database(addresses: Addresses) -> Iterator[Database]:
    with empty_database(addresses) as made:
        assert made.migrate()
        yield made


@pytest.fixture
def migrated(database: Database) -> Iterator[Connection]:
    """A look at a migrated database as its owner."""
    with database.as_owner() as connection:
        yield connection


@pytest.fixture(scope="module")
def as_the_models_ask(addresses: Addresses) -> dict[str, str]:
    """The schema that the models ask for, made without a migration."""
    with empty_database(addresses) as database, database.as_owner() as connection:
        metadata.create_all(connection)
        for statement in guards.statements(metadata):
            connection.execute(text(statement))
        connection.commit()
        return schema_of(connection)


def test_alembic_finds_no_difference_between_models_and_migrations(migrated: Connection) -> None:
    assert migrate.differences(migrated, metadata) == []


def test_every_object_of_the_migrations_is_what_the_models_ask_for(
    migrated: Connection, as_the_models_ask: dict[str, str]
) -> None:
    """Alembic compares neither checks nor conditions of indexes, nor storage, functions and triggers."""
    found = schema_of(migrated)
    assert found.keys() - as_the_models_ask.keys() == OF_MIGRATIONS_ALONE
    assert as_the_models_ask.keys() - found.keys() == set()
    differing = [name for name, definition in as_the_models_ask.items() if found[name] != definition]
    assert not differing, "\n".join(f"{name}: {found[name]} <> {as_the_models_ask[name]}" for name in differing)


def test_the_guards_installed_are_the_guards_the_models_ask_for(migrated: Connection) -> None:
    triggers, bodies = set(), {}
    for statement in guards.statements(metadata):
        trigger = re.match(r"create trigger (\w+) (?:before|after) [a-z ]+ on (\w+) ", statement)
        function = re.match(r"create function (\w+)\(\).* as \$\$(.*)\$\$", statement, re.DOTALL)
        if trigger:
            triggers.add(f"{trigger[2]}.{trigger[1]}")
        else:
            assert function, f"neither a trigger nor a function: {statement[:60]}"
            bodies[function[1]] = function[2]
    there = migrated.exec_driver_sql(
        "select c.relname || '.' || t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid "
        "where not t.tgisinternal"
    )
    assert set(there.scalars()) == triggers
    installed = migrated.exec_driver_sql(
        "select proname, prosrc from pg_proc where pronamespace = 'public'::regnamespace "
        "and prorettype = 'trigger'::regtype"
    )
    assert {row.proname: row.prosrc for row in installed} == bodies


def test_a_function_that_lends_the_owners_rights_looks_nowhere_but_in_our_schema(migrated: Connection) -> None:
    """Whoever calls it may have made tables of the same names, temporary ones, to have it write there or read."""
    lending = migrated.exec_driver_sql(
        "select proname, array_to_string(proconfig, '; ') as settings from pg_proc "
        "where pronamespace = 'public'::regnamespace and prosecdef"
    )
    assert not [one.proname for one in lending if "search_path=public, pg_temp" not in (one.settings or "")]


def test_everything_comes_down_again_and_up_the_same(addresses: Addresses) -> None:
    with empty_database(addresses) as database:
        assert database.migrate()
        before = _schema(database)
        migrate.downgrade(database.owner_url, metadata, "base")
        assert _schema(database) == {}
        assert database.migrate()
        assert _schema(database) == before


def test_each_migration_comes_down_to_what_the_one_before_it_made(addresses: Addresses) -> None:
    """A downgrade that leaves something behind, or takes too much, shows at its own step."""
    revisions = [one.revision for one in _scripts()]
    made: dict[str, dict[str, str]] = {}
    with empty_database(addresses) as database:
        for revision in revisions:
            with database.as_owner() as connection:
                command.upgrade(_config(connection), revision)
                connection.commit()
            made[revision] = _schema(database)
        for revision in revisions[-2::-1]:
            migrate.downgrade(database.owner_url, metadata, revision)
            assert _schema(database) == made[revision], revision


def _schema(database: Database) -> dict[str, str]:
    with database.as_owner() as connection:
        return schema_of(connection)
