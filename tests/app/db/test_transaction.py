"""Where a transaction begins and ends."""

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.exc import OperationalError

from app.db.locks import lock_name
from app.db.transaction import Sessions, transaction
from app.domain.states import JobState
from app.local.servers import Addresses
from app.models.jobs import Job
from tests.support.databases import sessions_of


@pytest.fixture
def sessions(addresses: Addresses) -> Iterator[Sessions]:
    with sessions_of(addresses.database_url) as (_, registry):
        yield registry


@pytest.fixture
def others(addresses: Addresses) -> Iterator[Sessions]:
    """Sessions of somebody else."""
    with sessions_of(addresses.database_url) as (_, registry):
        yield registry


def _note(sessions: Sessions, key: str) -> None:
    sessions().add(Job(kind="test", key=key, payload={}, state=JobState.DONE))
    sessions().flush()


def _there(sessions: Sessions, key: str) -> bool:
    with transaction(sessions) as session:
        return session.scalar(select(func.count()).where(Job.key == key)) == 1


def test_what_a_block_did_is_there_for_others_afterwards(sessions: Sessions, others: Sessions, code: str) -> None:
    with transaction(sessions):
        _note(sessions, code)
        assert not _there(others, code)
    assert _there(others, code)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_a_block_that_ends_in_an_error_did_nothing(sessions: Sessions, code: str, error: type[BaseException]) -> None:
    with pytest.raises(error), transaction(sessions):  # noqa: PT012  # the block is what is tried
        _note(sessions, code)
        raise error
    assert not _there(sessions, code)


def test_what_the_database_refuses_at_the_end_is_an_error_and_leaves_a_session_that_works(
    sessions: Sessions, code: str
) -> None:
    with pytest.raises(OperationalError), transaction(sessions) as session:  # noqa: PT012  # the block is what is tried
        _note(sessions, code)
        session.execute(text("set local statement_timeout = '1ms'"))
        session.execute(select(func.pg_sleep(10)))
    assert not _there(sessions, code)


def test_what_was_read_before_belongs_to_the_transaction(sessions: Sessions, code: str) -> None:
    """A page has read the person who asks before the block begins; that is no reason to refuse it."""
    assert sessions().scalar(select(func.count()).where(Job.key == code)) == 0
    with transaction(sessions):
        _note(sessions, code)
    assert _there(sessions, code)


def test_each_thread_has_a_transaction_of_its_own(sessions: Sessions, code: str) -> None:
    seen: list[bool] = []

    def look() -> None:
        seen.append(_there(sessions, code))
        sessions.remove()

    with transaction(sessions):
        _note(sessions, code)
        other = threading.Thread(target=look)
        other.start()
        other.join()
    assert seen == [False]


def _hold(sessions: Sessions, name: str) -> None:
    """Take a lock, or give up soon."""
    session = sessions()
    session.execute(text("set local lock_timeout = '100ms'"))
    lock_name(session, name)


def test_of_two_who_ask_for_one_name_the_second_waits(sessions: Sessions, others: Sessions, code: str) -> None:
    with transaction(sessions):
        lock_name(sessions(), code)
        lock_name(sessions(), code)  # whoever holds it may ask again
        with pytest.raises(OperationalError, match="lock timeout"), transaction(others):
            _hold(others, code)
        with transaction(others):
            _hold(others, f"{code}, another")


@pytest.mark.parametrize("error", [None, ValueError])
def test_a_lock_ends_with_its_transaction_however_it_ends(
    sessions: Sessions, others: Sessions, code: str, error: type[Exception] | None
) -> None:
    try:
        with transaction(sessions) as session:
            lock_name(session, code)
            if error is not None:
                raise error
    except ValueError:
        pass
    with transaction(others):
        _hold(others, code)


def test_who_waited_for_a_name_sees_what_was_done_under_it(
    addresses: Addresses, sessions: Sessions, others: Sessions, code: str
) -> None:
    seen: list[bool] = []

    def wait_and_look() -> None:
        with transaction(others) as session:
            lock_name(session, code)
            seen.append(session.scalar(select(func.count()).where(Job.key == code)) == 1)
        others.remove()

    watching = create_engine(addresses.database_url)
    waiting = text("select count(*) from pg_locks where locktype = 'advisory' and not granted")
    with transaction(sessions) as session, watching.connect() as watch:
        lock_name(session, code)
        other = threading.Thread(target=wait_and_look)
        other.start()
        while watch.execute(waiting).scalar_one() == 0:
            assert other.is_alive()
        _note(sessions, code)
    other.join()
    watching.dispose()
    assert seen == [True]
