"""A job table of the tests' own: a board takes the oldest job there is, whoever put it up."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import Engine, delete, func, select, text, update

from app.db.transaction import Sessions, transaction
from app.jobs import board, messenger, registry
from app.local.servers import Addresses
from app.models.jobs import Job
from tests.support.databases import Database, empty_database, sessions_of

LEASE = 30.0


def eventually(happens: Callable[[], bool], within_seconds: float = 30.0) -> None:
    """Look until something has happened; a test that waits in vain fails."""
    until = time.monotonic() + within_seconds
    while not happens():
        assert time.monotonic() < until, "it has not happened"
        time.sleep(0.002)


@pytest.fixture(scope="package")
def database(addresses: Addresses) -> Iterator[Database]:
    with empty_database(addresses) as made:
        made.migrate()
        yield made


@dataclass
class Board:
    """The board, and what a test does to it from outside."""

    database: Database
    engine: Engine
    registry: Sessions
    redis_url: str

    def put_up(self, key: str, kind: str = "test", **options: Any) -> int:
        """Put a job up and give its id."""
        with transaction(self.registry) as session:
            board.put_up(session, kind, key, options.pop("payload", {}), **options)
        return self.job(key).id

    def claim(self) -> board.Claim | None:
        """Take a job as a worker does."""
        return board.claim(self.registry, LEASE)

    def taken(self) -> board.Work:
        """Take a job that is known to be there, in the hands of its function."""
        claim = self.claim()
        assert claim is not None
        return board.Work(self.registry, claim, LEASE)

    def key_of(self, claim: board.Claim | None) -> str | None:
        """Name the job that was claimed."""
        if claim is None:
            return None
        with transaction(self.registry) as session:
            return session.get_one(Job, claim.id).key

    def job(self, key: str) -> Job:
        """Read a job's row afresh."""
        with transaction(self.registry) as session:
            found: Job = session.scalars(
                select(Job).where(Job.key == key).execution_options(populate_existing=True)
            ).one()
            session.expunge(found)
            return found

    def silence(self, key: str) -> None:
        """Let a worker's lease run out: as if it had been silent for that long."""
        self.change(key, lease_until=func.clock_timestamp() - text("interval '1 second'"))

    def change(self, key: str, **values: Any) -> None:
        """Change a job's row behind the board's back."""
        with transaction(self.registry) as session:
            session.execute(update(Job).where(Job.key == key).values(**values))

    def as_forked(self) -> Engine:
        """Give the engine without a connection: whoever drains takes what it finds for the parent's, and drops it."""
        self.registry.remove()
        self.engine.dispose()
        return self.engine

    def messages(self) -> int:
        """Count the messages that wait for workers."""
        with Redis.from_url(self.redis_url) as redis:
            return len(messenger.queue(redis))


@pytest.fixture
def jobs(database: Database, addresses: Addresses, monkeypatch: pytest.MonkeyPatch) -> Iterator[Board]:
    """An empty board, and a queue without messages: Valkey's second database, where no other test looks."""
    monkeypatch.setattr(registry, "_handlers", {})
    redis_url = addresses.redis_url.replace("db=0", "db=7")
    assert redis_url != addresses.redis_url
    with sessions_of(database.app_url) as (engine, sessions):
        with transaction(sessions) as session:
            session.execute(delete(Job))
        with Redis.from_url(redis_url) as redis:
            redis.flushdb()
        yield Board(database, engine, sessions, redis_url)
