"""The messenger: it says that there is work. Losing it loses seconds and nothing else."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from rq import SimpleWorker
from rq.serializers import JSONSerializer
from rq.utils import import_attribute

from app.jobs import messenger, registry, worker
from app.jobs.messenger import MOST_MESSAGES, wake
from tests.app.jobs.conftest import LEASE, Board


def test_as_many_are_woken_as_there_are_jobs(jobs: Board) -> None:
    wake(jobs.redis_url, 3)
    assert jobs.messages() == 3


def test_who_has_been_woken_is_not_woken_again(jobs: Board) -> None:
    """A sweep every few seconds must not fill the queue while all workers are at work."""
    wake(jobs.redis_url, 3)
    wake(jobs.redis_url, 2)
    assert jobs.messages() == 3
    wake(jobs.redis_url, 5)
    assert jobs.messages() == 5


def test_however_much_work_there_is_few_messages_say_so(jobs: Board) -> None:
    wake(jobs.redis_url, 10_000)
    wake(jobs.redis_url, 10_000)
    assert jobs.messages() == MOST_MESSAGES


def test_nobody_is_woken_for_nothing(jobs: Board) -> None:
    wake(jobs.redis_url, 0)
    assert jobs.messages() == 0


def test_a_message_names_the_function_that_works_and_nothing_more(jobs: Board) -> None:
    assert import_attribute(messenger.DRAIN) is worker.drain
    wake(jobs.redis_url, 1)
    with Redis.from_url(jobs.redis_url) as redis:
        (message,) = messenger.queue(redis).jobs
        assert (message.func_name, message.args, message.kwargs) == (messenger.DRAIN, [], {})


def test_who_is_woken_does_what_is_there(jobs: Board) -> None:
    """The message goes through Valkey and RQ to the board; done is what stands there."""
    done: list[int] = []

    def do(work: object) -> None:
        assert isinstance(work, worker.board.Work)
        with work.transaction() as session:
            done.append(work.claim.id)
            work.finish(session)

    registry.register("test", do)
    wanted = [jobs.put_up(key) for key in ("a", "b", "c")]
    worker.work_at(worker.Bench(jobs.registry, jobs.as_forked(), LEASE))
    wake(jobs.redis_url, 1)
    with Redis.from_url(jobs.redis_url) as redis:
        at_work = SimpleWorker([messenger.queue(redis)], connection=redis, serializer=JSONSerializer)
        assert at_work.work(burst=True, logging_level="WARNING")
    assert done == wanted
    assert jobs.messages() == 0


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[str]:
    """A server that takes connections, says nothing, and hangs up."""
    listening = socket.socket(socket.AF_UNIX)
    path = tmp_path / "silent"
    listening.bind(str(path))
    listening.listen()

    def hang_up() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            connection.close()

    answering = threading.Thread(target=hang_up)
    answering.start()
    yield f"unix://{path}"
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    answering.join()


def test_where_nobody_listens_the_message_is_dropped_and_said_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for url in (f"unix://{tmp_path}/nothing", "redis://127.0.0.1:1/0"):
        caplog.clear()
        wake(url, 3)
        assert "the sweeper will try again" in caplog.text


def test_where_the_connection_breaks_the_message_is_dropped_and_said_so(
    silent: str, caplog: pytest.LogCaptureFixture
) -> None:
    wake(silent, 3)
    assert "the sweeper will try again" in caplog.text


def test_whoever_wakes_waits_no_longer_than_the_sweeper_would_take(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A server that is there and does not answer, as one that swaps: a page that was sent would hang on it."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "mute"))
        listening.listen()
        began = time.monotonic()
        wake(f"unix://{tmp_path}/mute", 3)
    assert time.monotonic() - began < 5
    assert "the sweeper will try again" in caplog.text


def test_work_that_nobody_could_be_woken_for_is_on_the_board(jobs: Board, tmp_path: Path) -> None:
    jobs.put_up("one")
    wake(f"unix://{tmp_path}/nothing", 1)
    assert jobs.key_of(jobs.claim()) == "one"
