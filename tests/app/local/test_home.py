"""Folders: where they are, what they are called in a connection string, whose they are."""

import os
import stat
import sys
from pathlib import Path

import pytest

from app.config import Settings
from app.local import home as folders
from app.local import servers
from app.local.errors import DataMissing, NotOurs, OutOfReach
from tests.app.local.support import ask, eventually, keepers

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give folders away")


@pytest.mark.parametrize("name", ["x" * 60 + "/" + "y" * 60, "with a blank, a 'quote' and 50%?"], ids=["long", "odd"])
def test_a_home_with_any_path_works_and_its_short_folder_is_private_and_taken_away(base, name):
    home = base / name / "home"
    with servers.running(Settings(home=home)) as addresses:
        assert ask(addresses.database_url, "SELECT 1") == 1
        place = folders.find(home)
        assert place
        assert place.sockets.parent.parent == Path("/tmp")
        assert stat.S_IMODE(place.sockets.stat().st_mode) == 0o700
        assert place.sockets.parent.stat().st_uid == os.geteuid()
        assert not place.sockets.parent.stat().st_mode & 0o066
        for server in servers.status(home).servers:
            assert len(os.fsencode(server.socket)) <= 103
    eventually(lambda: not keepers(home))
    assert not place.sockets.parent.exists()
    assert (home / "servers/postgres/PG_VERSION").exists()


@as_root
def test_a_short_folder_that_somebody_else_made_is_refused(base):
    home = base / ("x" * 100) / "home"
    place = folders.prepare(home)
    taken = place.sockets.parent
    taken.mkdir(mode=0o777)
    try:
        for owner, mode in ((1, 0o755), (os.geteuid(), 0o777)):
            os.chown(taken, owner, -1)
            taken.chmod(mode)
            with (
                pytest.raises(NotOurs, match="should be a folder that belongs to"),
                servers.running(Settings(home=home)),
            ):
                pass
            assert stat.S_IMODE(taken.stat().st_mode) == mode
    finally:
        taken.rmdir()
    taken.symlink_to("/etc")
    with pytest.raises(NotOurs), servers.running(Settings(home=home)):
        pass
    taken.unlink()


@as_root
def test_a_home_of_another_user_is_refused(base):
    home = base / "home"
    folders.prepare(home)
    os.chown(home / "servers", 1, 1)
    for entering in (servers.status, servers.stop):
        with pytest.raises(NotOurs, match="belongs to user id 1 and Kontor runs as user id 0"):
            entering(home)
    with pytest.raises(NotOurs), servers.running(Settings(home=home)):
        pass
    os.chown(home / "servers", 0, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="a folder that not even root can write in")
def test_a_home_in_which_we_cannot_write_is_refused_with_a_way_out():
    with pytest.raises(OutOfReach, match=r"cannot write to /sys.*Choose a home of your own with KONTOR_HOME"):
        folders.prepare(Path("/sys/kontor/home"))


@as_root
def test_data_that_belongs_to_somebody_else_is_not_taken_over(base):
    home = base / "home"
    place = folders.prepare(home)
    place.data_of("valkey").mkdir()
    os.chown(place.data_of("valkey"), 1, 1)
    with pytest.raises(NotOurs, match="should be a folder of nobody"):
        folders.make_folders(place)
    assert place.data_of("valkey").stat().st_uid == 1


def test_folders_that_a_killed_start_left_half_made_are_finished(base):
    home = base / "home"
    place = folders.prepare(home)
    place.root.chmod(0o700)
    place.conf.mkdir(mode=0o700)
    place.data_of("valkey").mkdir()
    folders.make_folders(place)
    assert stat.S_IMODE(place.root.stat().st_mode) == (0o711 if place.account.switch else 0o700)
    assert stat.S_IMODE(place.conf.stat().st_mode) == 0o755
    assert place.data_of("valkey").stat().st_uid == place.account.uid


def test_a_pointer_to_a_folder_that_is_gone_is_an_error_and_not_an_empty_database(base):
    home = base / "home"
    home.mkdir()
    (home / "servers.elsewhere").write_text(f"{base}/gone\n")
    missing = pytest.raises(DataMissing, match=r"delete .*servers\.elsewhere to start with an empty database")
    with missing, servers.running(Settings(home=home)):
        pass


def test_a_relative_home_means_the_same_from_everywhere(base, monkeypatch):
    monkeypatch.chdir(base)
    assert folders.prepare(Path("home")) == folders.prepare(base / "home")
