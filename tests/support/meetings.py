"""Transactions that meet: work in another thread, and waiting until it waits for a lock of ours."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.extensions import db

T = TypeVar("T")


@contextmanager
def elsewhere(app: Flask, work: Callable[[Session], T]) -> Iterator[Future[T]]:
    """Do work in a transaction of another thread."""

    def run() -> T:
        with app.app_context(), Session(db.engine) as session, session.begin():
            return work(session)

    pool = ThreadPoolExecutor(1)
    try:
        yield pool.submit(run)
    finally:
        pool.shutdown(wait=False)  # after a failure it waits for a lock that the test still holds


def wait_for_a_waiter(session: Session) -> None:
    """Wait until another transaction waits for a lock of this one."""
    mine = session.execute(text("select pg_backend_pid()")).scalar_one()
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with db.engine.connect() as connection:
            blocked = connection.execute(
                text("select count(*) from pg_stat_activity where :mine = any(pg_blocking_pids(pid))"), {"mine": mine}
            ).scalar_one()
        if blocked:
            return
        time.sleep(0.01)
    raise AssertionError("nobody waits")
