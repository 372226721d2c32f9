"""Servers that start when they are needed, are shared while they are used, and stop when nobody is left."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis
from sqlalchemy import create_engine, text

from app.config import PROJECT, Settings
from app.local import locks, servers
from app.local.errors import KeeperFailed, NoProgram, ServerFailed
from tests.app.local.support import ask, at_work, connect, eventually, keepers, status_of


def test_data_is_kept_between_a_first_start_and_a_second(home):
    with servers.running(Settings(home=home)) as first:
        with connect(first.owner_url) as owner:
            owner.execute("CREATE TABLE kept AS SELECT 7 AS points")
        with redis.from_url(first.redis_url) as queue:
            queue.set("kept", "7")
    eventually(lambda: not keepers(home))
    assert not at_work(home)
    with servers.running(Settings(home=home)) as second:
        assert second == first
        assert ask(second.owner_url, "SELECT points FROM kept") == 7
        with redis.from_url(second.redis_url, decode_responses=True) as queue:
            assert queue.get("kept") == "7"


def test_the_addresses_are_taken_by_sqlalchemy_and_redis_as_they_are(used_home, monkeypatch):
    monkeypatch.setenv("PGPORT", "1")
    with servers.running(Settings(home=used_home)) as addresses:
        for url, role in ((addresses.database_url, "kontor_app"), (addresses.owner_url, "kontor_owner")):
            engine = create_engine(url)
            with engine.connect() as connection:
                assert connection.execute(text("SELECT current_user || ' in ' || current_database()")).scalar() == (
                    f"{role} in kontor"
                )
            engine.dispose()
        with redis.from_url(addresses.redis_url) as queue:
            assert queue.ping()


def test_configured_addresses_are_given_at_once_and_nothing_is_started(home, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://db/kontor")
    monkeypatch.setenv("REDIS_URL", "redis://queue/0")
    with servers.running(Settings(home=home)) as addresses:
        assert addresses == servers.Addresses(
            "postgresql+psycopg://db/kontor", "postgresql+psycopg://db/kontor", "redis://queue/0"
        )
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgresql+psycopg://owner@db/kontor")
    with servers.running(Settings(home=home)) as addresses:
        assert addresses.owner_url == "postgresql+psycopg://owner@db/kontor"
    assert not home.exists()


def test_only_what_is_missing_is_started_and_the_rest_when_somebody_needs_it(used_home, user, monkeypatch):
    with monkeypatch.context() as only_queue:
        only_queue.setenv("DATABASE_URL", "postgresql+psycopg://db/kontor")
        with servers.running(Settings(home=used_home)) as addresses:
            assert addresses.database_url == "postgresql+psycopg://db/kontor"
            assert status_of(used_home, "postgres").state == "stopped"
            only_queue.delenv("DATABASE_URL")
            before = keepers(used_home)
            other = user(used_home)
            assert ask(other.addresses().database_url, "SELECT 1") == 1
            assert keepers(used_home) == before
            other.leave()


def test_entering_again_is_quick_in_nested_blocks_and_in_threads(used_home):
    settings = Settings(home=used_home)

    def use(_: int) -> int:
        with servers.running(settings) as addresses:
            return ask(addresses.database_url, "SELECT 1")

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(use, range(16))) == [1] * 16
    with servers.running(settings):
        began = time.perf_counter()
        for _ in range(20):
            with servers.running(settings):
                pass
        assert (time.perf_counter() - began) / 20 < 0.02
        assert servers.status(used_home).in_use
        assert len(keepers(used_home)) == 1
    eventually(lambda: not keepers(used_home))


def test_of_processes_that_start_at_once_one_brings_the_keeper_and_all_get_the_servers(home, user):
    others = [user(home) for _ in range(3)]
    assert len({other.addresses() for other in others}) == 1
    assert len(keepers(home)) == 1
    for other in others[:2]:
        other.leave()
    time.sleep(0.5)
    assert keepers(home), "one user is left"
    others[2].leave()
    eventually(lambda: not keepers(home) and not at_work(home))


def test_whoever_comes_while_the_keeper_is_leaving_waits_and_gets_new_servers(used_home):
    seen = set()
    for wait in (0.0, 0.15, 0.25, 0.3):
        with servers.running(Settings(home=used_home)) as addresses:
            assert ask(addresses.database_url, "SELECT 1") == 1
            seen |= keepers(used_home)
        time.sleep(wait)
    assert len(seen) > 1, "no wait was long enough for the keeper to leave"


def test_a_fork_that_leaves_does_not_take_the_servers_from_its_parent(used_home, user):
    also = "import os, time\nif not os.fork():\n    sys.exit()\nos.wait(); time.sleep(0.6); print('left', flush=True)"
    other = user(used_home, also=also)
    addresses = other.addresses()
    assert other.process.stdout.readline() == "left\n"
    assert ask(addresses.database_url, "SELECT 1") == 1
    other.leave()


def test_stop_ends_the_servers_even_while_they_are_used_and_a_new_entry_brings_them_back(used_home, user):
    other = user(used_home)
    addresses = other.addresses()
    assert servers.stop(used_home, 30) is True
    assert not keepers(used_home)
    assert not at_work(used_home)
    assert servers.stop(used_home, 30) is False
    with servers.running(Settings(home=used_home)) as again:
        assert again == addresses
        assert ask(again.database_url, "SELECT 1") == 1


def test_a_keeper_of_another_version_is_named_as_the_reason_and_can_be_stopped(used_home, user):
    user(used_home).addresses()
    report = used_home / "servers/run/report"
    report.write_text(report.read_text().replace('"attempt"', '"tries"'))
    with pytest.raises(KeeperFailed, match="kept by another version"), servers.running(Settings(home=used_home)):
        pass
    assert servers.stop(used_home) is True
    with servers.running(Settings(home=used_home)) as addresses:
        assert ask(addresses.database_url, "SELECT 1") == 1


def test_stop_is_quiet_where_there_never_was_a_server(home):
    assert servers.stop(home) is False
    assert not home.exists()


def test_the_status_tells_what_runs_from_where_and_how_large_it_is(home):
    before = servers.status(home)
    assert (before.place, before.keeper_pid, before.in_use, before.servers) == (None, None, False, ())
    with servers.running(Settings(home=home)):
        during = servers.status(home)
        assert {during.keeper_pid} == keepers(home)
        assert during.in_use
        for server in during.servers:
            assert server.state == "ready"
            assert server.origin
            assert server.version
            assert Path(server.program).exists()
            assert server.socket.is_socket()
            assert server.pid in at_work(home)
        assert status_of(home, "postgres").size_bytes > 10_000_000
    eventually(lambda: not keepers(home))
    after = servers.status(home)
    assert (after.keeper_pid, after.in_use) == (None, False)
    assert {server.state for server in after.servers} == {"stopped"}
    assert status_of(home, "postgres").size_bytes > 10_000_000


def test_what_the_keeper_meets_is_raised_where_the_server_was_wanted(home, base):
    nothing = base / "nothing"
    with pytest.raises(NoProgram, match="no postgres"), servers.running(Settings(home=home, pg_bin=nothing)):
        pass
    servers.stop(home)
    failing = base / "valkey-server"
    failing.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && exec echo Valkey server v=9.0.0 || echo no luck today; exit 3\n'
    )
    failing.chmod(0o755)
    with pytest.raises(ServerFailed, match="no luck today"), servers.running(Settings(home=home, valkey_bin=failing)):
        pass
    servers.stop(home)
    with servers.running(Settings(home=home)) as addresses:
        assert ask(addresses.database_url, "SELECT 1") == 1


def test_a_failed_server_is_tried_again_for_the_next_who_wants_it(used_home, base, monkeypatch):
    failing = base / "valkey-server"
    failing.write_text("#!/bin/sh\nexit 1\n")
    failing.chmod(0o755)
    with monkeypatch.context() as only_database:
        only_database.setenv("REDIS_URL", "redis://queue/0")
        with servers.running(Settings(home=used_home)):
            only_database.delenv("REDIS_URL")
            before = keepers(used_home)
            with pytest.raises(NoProgram), servers.running(Settings(home=used_home, valkey_bin=failing)):
                pass
            assert status_of(used_home, "valkey").state == "failed"
            with servers.running(Settings(home=used_home)) as addresses, redis.from_url(addresses.redis_url) as queue:
                assert queue.ping()
            assert keepers(used_home) == before


def test_the_servers_listen_on_no_port(served):
    addresses = served.addresses
    assert ask(addresses.database_url, "SHOW listen_addresses") == ""
    with redis.from_url(addresses.redis_url) as queue:
        assert queue.config_get("port") == {"port": "0"}
    listening = {
        line.split()[9] for table in ("tcp", "tcp6") for line in Path("/proc/net", table).read_text().splitlines()[1:]
    }
    for pid in at_work(served.home):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            assert os.readlink(descriptor).removeprefix("socket:[").removesuffix("]") not in listening


def test_logs_are_kept_small(tmp_path):
    from app.local.logs import trim

    log = tmp_path / "postgres.log"
    with log.open("ab") as output:
        output.write(b"x" * 100)
        output.flush()
        trim(log, largest=50)
        output.write(b"y" * 10)
    assert log.read_bytes() == b"y" * 10
    assert (tmp_path / "postgres.log.1").read_bytes() == b"x" * 100
    trim(log, largest=50)
    assert log.stat().st_size == 10


def test_locks_are_shared_or_alone_and_end_with_their_descriptor(tmp_path):
    path = tmp_path / "lock"
    assert not locks.is_held(path)
    first = locks.take(path, shared=True, patience=0)
    second = locks.take(path, shared=True, patience=0)
    assert first is not None
    assert second is not None
    assert locks.take(path, shared=False, patience=0.05) is None
    os.close(first)
    os.close(second)
    with locks.exclusively(path, patience=0):
        assert locks.is_held(path)
        assert locks.take(path, shared=True, patience=0) is None
    assert not locks.is_held(path)


WINDOWS = """
import os, signal, sys
import subprocess, pathlib, asyncio, ctypes, uuid, multiprocessing, concurrent.futures, zoneinfo, importlib.metadata
from app.config import Settings
for name in ("fcntl", "pwd"):
    sys.modules[name] = None
for module, name in ((os, "register_at_fork"), (os, "geteuid"), (signal, "SIGQUIT"), (signal, "SIGKILL")):
    delattr(module, name)
sys.platform = "win32"
from app.local import servers
from app.local.errors import Unsupported
try:
    with servers.running(Settings()):
        pass
except Unsupported as reason:
    print(reason)
os.environ["DATABASE_URL"] = "postgresql+psycopg://kontor_app@elsewhere/kontor"
os.environ["REDIS_URL"] = "redis://elsewhere:6379/0"
with servers.running(Settings()) as addresses:
    print(addresses.redis_url)
"""


def test_windows_gets_a_clear_word_and_works_with_servers_elsewhere():
    said = subprocess.run([sys.executable, "-c", WINDOWS], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    assert "On Windows run it in WSL 2, or set DATABASE_URL and REDIS_URL." in said.stdout
    assert said.stdout.endswith("redis://elsewhere:6379/0\n")
