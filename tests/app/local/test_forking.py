"""Readers are forked from a process that has loaded them: however they end, that is told, and others go on."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.config import PROJECT
from app.local.forking import Ended, Readers
from tests.app.local.support import eventually, is_alive

MODULE = "tests.app.local.forked"


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    made = Readers(MODULE)
    yield made
    made.close()


def run(readers: Readers, what: str, *, seconds: float = 60) -> Ended:
    with tempfile.TemporaryFile() as results:
        return readers.run(results.fileno(), what, seconds=seconds)


def told(readers: Readers) -> tuple[str, int]:
    """What the server of a reader loaded, and the number of the reader."""
    ended = run(readers, "tell")
    loaded, pid, of_its_server = ended.said.split()
    assert (ended.code, ended.complaints, of_its_server) == (3, "careful\n", "True")
    return loaded, int(pid)


def test_a_reader_tells_its_code_what_it_says_and_what_it_read(readers: Readers) -> None:
    with tempfile.TemporaryFile() as results:
        ended = readers.run(results.fileno(), "tell", seconds=60)
        results.seek(0)
        assert (ended.code, ended.complaints, results.read()) == (3, "careful\n", b"read")


def test_each_reader_is_a_process_of_its_own_and_loads_nothing_anew(readers: Readers) -> None:
    one, other = told(readers), told(readers)
    assert one[0] == other[0]
    assert one[1] != other[1]


def test_readers_of_several_threads_run_at_once_and_each_thread_gets_its_own(readers: Readers) -> None:
    with ThreadPoolExecutor(4) as threads:
        assert len({pid for _loaded, pid in threads.map(lambda _one: told(readers), range(12))}) == 12


def test_no_more_readers_are_at_once_than_may_be_and_the_others_wait(readers: Readers) -> None:
    """Each may take a gigabyte: as many as a server has threads took all that a machine had."""
    with ThreadPoolExecutor(6) as threads:
        stays = [tuple(map(float, one.said.split())) for one in threads.map(lambda _: run(readers, "stay"), range(6))]
    assert max(sum(begun <= at < ended for begun, ended in stays) for at, _ended in stays) == 2


@pytest.mark.parametrize(
    ("what", "code", "complaint"),
    [
        ("fail", 1, "ValueError: of the file"),
        ("leave", 1, "SystemExit: for good"),
        ("abort", -signal.SIGABRT, ""),
        ("end the server", -signal.SIGKILL, ""),
    ],
)
def test_a_reader_may_end_as_it_likes_and_the_next_one_runs(
    readers: Readers, what: str, code: int, complaint: str
) -> None:
    ended = run(readers, what)
    assert ended.code == code
    assert complaint in ended.complaints
    told(readers)


def test_a_reader_that_takes_too_long_is_ended(readers: Readers) -> None:
    with tempfile.TemporaryFile() as results:
        with pytest.raises(TimeoutError):
            readers.run(results.fileno(), "sleep", seconds=0.3)
        results.seek(0)
        slept = int(results.read())
    with pytest.raises(ProcessLookupError):
        os.kill(slept, 0)
    told(readers)


@pytest.mark.skipif(sys.platform != "linux", reason="NOT RUN: only Linux tells a process of its parent's end")
def test_readers_end_with_whoever_wanted_them(readers: Readers) -> None:
    with tempfile.TemporaryFile() as results, Readers(MODULE) as others, ThreadPoolExecutor(1) as threads:
        ended = threads.submit(others.run, results.fileno(), "sleep", seconds=60)
        eventually(lambda: os.fstat(results.fileno()).st_size)
        slept = int(os.pread(results.fileno(), 20, 0))
        others.close()
        assert ended.result().code == -signal.SIGKILL
        eventually(lambda: not is_alive(slept))


@pytest.mark.skipif(sys.platform != "linux", reason="NOT RUN: only Linux shows what a process has")
def test_a_reader_has_neither_our_environment_nor_what_we_have_open(
    readers: Readers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KONTOR_SECRET", "of-ours")
    with Readers(MODULE) as fresh, (tmp_path / "ours").open("w"):
        environment, descriptors = run(fresh, "environment").said.splitlines()
        assert "KONTOR_SECRET" not in environment
        assert "PYTHONPATH" in environment
        # its input, what it says and complains of, its results, and the folder that it looks at
        assert int(descriptors) == 5


def test_a_server_that_nobody_asks_lets_go_of_what_it_loaded_and_loads_it_again_when_asked() -> None:
    with Readers(MODULE, idle=0.05) as readers:
        loaded, _pid = told(readers)
        eventually(lambda: time.sleep(0.2) or told(readers)[0] != loaded)


def test_a_process_that_was_forked_from_ours_has_a_server_of_its_own() -> None:
    script = f"""
import os, sys, tempfile
from app.local.forking import Readers
readers = Readers({MODULE!r})
def told():
    with tempfile.TemporaryFile() as results:
        return readers.run(results.fileno(), "tell", seconds=60).said.split()[0]
mine = told()
forked = os.fork()
if not forked:
    os._exit(0 if told() != mine else 1)
assert os.waitpid(forked, 0)[1] == 0
assert told() == mine
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_what_cannot_be_loaded_is_told() -> None:
    with Readers("tests.app.local.there_is_none") as readers, pytest.raises(RuntimeError, match="there_is_none"):
        run(readers, "tell")
