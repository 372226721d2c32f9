"""Processes that are killed: no server outlives its users, no data is lost, no second server appears."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis

from app.config import PROJECT, Settings
from app.local import home as folders
from app.local import processes, servers
from app.local.binaries import find_postgres
from app.local.errors import ServerFailed
from app.local.postgres import Postgres
from tests.app.local.support import USER, ask, at_work, connect, eventually, keepers, kill, pid_of, status_of

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="needs PR_SET_PDEATHSIG and /proc")


def keep_something(addresses: servers.Addresses) -> None:
    with connect(addresses.owner_url) as owner:
        owner.execute("CREATE TABLE kept AS SELECT 7 AS points")
    with redis.from_url(addresses.redis_url) as queue:
        queue.set("kept", "7")


def assert_kept(addresses: servers.Addresses) -> None:
    assert ask(addresses.owner_url, "SELECT points FROM kept") == 7
    with redis.from_url(addresses.redis_url, decode_responses=True) as queue:
        assert queue.get("kept") == "7"


def test_a_killed_user_leaves_no_server_behind_even_if_its_own_children_live_on(used_home, user):
    also = "import subprocess; child = subprocess.Popen(['sleep', '60']); print(child.pid, flush=True)"
    other = user(used_home, also=also)
    keep_something(other.addresses())
    child = int(other.process.stdout.readline())
    other.process.kill()
    began = time.monotonic()
    eventually(lambda: not keepers(used_home) and not at_work(used_home))
    assert time.monotonic() - began < 10
    kill(child)
    with servers.running(Settings(home=used_home)) as addresses:
        assert_kept(addresses)


@linux_only
def test_a_killed_keeper_takes_its_servers_along_and_the_next_one_keeps_the_data(used_home, user):
    other = user(used_home)
    keep_something(other.addresses())
    (keeper,) = keepers(used_home)
    kill(keeper)
    with servers.running(Settings(home=used_home)) as addresses:  # at once, while they are still going down
        assert_kept(addresses)
        (second,) = keepers(used_home)
        assert second != keeper
        masters = {pid for pid in at_work(used_home) if f"PPid:\t{second}\n" in Path(f"/proc/{pid}/status").read_text()}
        assert masters == {pid_of(used_home, "postgres"), pid_of(used_home, "valkey")}
    kill(second)
    eventually(lambda: not at_work(used_home))


@pytest.mark.parametrize("name", ["postgres", "valkey"])
def test_a_killed_server_is_started_again_with_its_data(used_home, name):
    with servers.running(Settings(home=used_home)) as addresses:
        keep_something(addresses)
        killed = pid_of(used_home, name)
        kill(killed)
        with servers.running(Settings(home=used_home)) as again:
            assert_kept(again)
        assert pid_of(used_home, name) != killed
        assert status_of(used_home, name).restarts == 1


def test_a_server_killed_with_a_busy_child_is_started_again(used_home):
    with servers.running(Settings(home=used_home)) as addresses, connect(addresses.owner_url) as owner:
        busy = owner.execute("SELECT pg_backend_pid()").fetchone()[0]
        os.kill(busy, signal.SIGSTOP)  # it cannot notice that its parent is gone, and keeps the memory they share
        kill(pid_of(used_home, "postgres"))
        with servers.running(Settings(home=used_home)) as again:
            assert ask(again.database_url, "SELECT 1") == 1
        assert busy not in at_work(used_home)


def test_killed_keeper_and_servers_together_lose_nothing(used_home, user):
    other = user(used_home)
    keep_something(other.addresses())
    kill(*keepers(used_home), *at_work(used_home))
    with servers.running(Settings(home=used_home)) as addresses:
        assert_kept(addresses)


def test_a_server_that_keeps_dying_is_given_up_with_a_reason_and_tried_again_when_wanted(used_home):
    with servers.running(Settings(home=used_home)):
        killed = {None}
        for _ in range(4):
            eventually(lambda: (now := status_of(used_home, "valkey")).state == "ready" and now.pid not in killed)
            killed.add(pid_of(used_home, "valkey"))
            kill(pid_of(used_home, "valkey"))
        eventually(lambda: status_of(used_home, "valkey").pid is None)
        given_up = status_of(used_home, "valkey")
        assert given_up.state == "failed"
        assert "valkey died 4 times in 60 seconds" in given_up.message
        with servers.running(Settings(home=used_home)) as addresses, redis.from_url(addresses.redis_url) as queue:
            assert queue.ping()


def test_a_lost_socket_is_put_right(used_home):
    with servers.running(Settings(home=used_home)) as addresses:
        status_of(used_home, "valkey").socket.unlink()
        with servers.running(Settings(home=used_home)), redis.from_url(addresses.redis_url) as queue:
            assert queue.ping()


def test_a_server_that_a_keeper_left_behind_is_stopped_first(used_home):
    place = folders.prepare(used_home)
    folders.make_folders(place)
    left = Postgres(place, None)
    program = left.prepare()
    with (place.log / "left.log").open("wb") as output:
        orphan = subprocess.Popen(
            left.command(program),
            stdout=output,
            stderr=output,
            cwd="/",
            env=processes.ENVIRONMENT,
            user=place.account.uid if place.account.switch else None,
            group=place.account.gid if place.account.switch else None,
        )
    eventually(left.answers)
    with servers.running(Settings(home=used_home)) as addresses:
        assert orphan.poll() == 0, "it was shut down in order"
        assert ask(addresses.database_url, "SELECT 1") == 1
    servers.stop(used_home)


def test_stop_ends_what_a_keeper_left_behind(used_home):
    place = folders.prepare(used_home)
    folders.make_folders(place)
    left = Postgres(place, None)
    orphan = processes.start(
        place.account, left.command(left.prepare()), log=place.log / "left.log", last_signal=signal.SIGINT
    )
    eventually(left.answers)
    assert servers.stop(used_home) is True
    assert orphan.wait(5) == 0


def test_a_pid_file_that_names_a_stranger_stops_nobody(used_home):
    place = folders.prepare(used_home)
    account = place.account
    stranger = subprocess.Popen(["sleep", "60"], user=account.uid if account.switch else None)
    (place.data_of("postgres") / "postmaster.pid").write_text(f"{stranger.pid}\n{place.data_of('postgres')}\n")
    with servers.running(Settings(home=used_home)) as addresses:
        assert ask(addresses.database_url, "SELECT 1") == 1
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


@linux_only
def test_a_first_start_that_is_killed_leaves_no_half_cluster(home, user):
    other = user(home)
    eventually(lambda: list(home.glob("servers/postgres.new/base/1/*")))
    kill(*keepers(home))
    other.kill()
    assert not (home / "servers/postgres").exists()
    with servers.running(Settings(home=home)) as addresses:
        assert ask(addresses.database_url, "SELECT 1") == 1
    assert not (home / "servers/postgres.new").exists()


def test_a_cluster_that_cannot_be_made_leaves_nothing_and_says_why(home, base, monkeypatch):
    place = folders.prepare(home)
    folders.make_folders(place)
    real = find_postgres(None, place.account, place.programs, data_major=None)
    fake = base / "bin"
    fake.mkdir()
    (fake / "postgres").symlink_to(real.path)
    (fake / "initdb").write_text('#!/bin/sh\n[ "$1" = --version ] || { echo disk is full >&2; exit 1; }\n')
    (fake / "initdb").chmod(0o755)
    with pytest.raises(ServerFailed, match="disk is full"):
        Postgres(place, fake).prepare()
    assert not list(place.root.glob("postgres*"))


def test_a_home_that_is_removed_under_the_servers_ends_them(used_home, user):
    other = user(used_home)
    other.addresses()
    running = at_work(used_home) | keepers(used_home)
    shutil.rmtree(used_home)
    other.kill()
    eventually(lambda: not [pid for pid in running if Path(f"/proc/{pid}").exists()])


@linux_only
def test_the_first_process_of_a_container_lets_the_servers_stop_before_it_ends(used_home):
    namespace = ["unshare", "--fork", "--pid", "--mount-proc"]
    if not shutil.which("unshare") or subprocess.run([*namespace, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this system does not let us make a process namespace")
    subprocess.run(
        [*namespace, sys.executable, "-c", USER, used_home, "import os; assert os.getpid() == 1"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        cwd=PROJECT,
        check=True,
    )
    assert "database system is shut down" in (used_home / "log/postgres.log").read_text().splitlines()[-1]
    assert "ready to exit" in (used_home / "log/valkey.log").read_text().splitlines()[-1]
