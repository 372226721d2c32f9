"""Many processes spend from the same accounts at once: exactly what is there is spent."""

import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import func, select

from app.db.transaction import Sessions, transaction
from app.local.servers import Addresses
from app.models.ledger import Account, LedgerTransaction
from app.services.ledger import ledger_check
from tests.app.domain.profiles import LONG
from tests.app.services import spenders
from tests.support.databases import Database, empty_database, sessions_of
from tests.support.desk import Desk

PROCESSES = 8
ATTEMPTS = 10_000 if LONG else 800
PRICE = 7


@pytest.fixture(scope="module")
def database(addresses: Addresses) -> Iterator[Database]:
    with empty_database(addresses) as made:
        made.migrate()
        yield made


@pytest.fixture
def registry(database: Database) -> Iterator[Sessions]:
    with sessions_of(database.app_url) as (_, sessions):
        yield sessions


def let_loose(work: Callable[..., None], arguments: list[tuple[Any, ...]]) -> tuple[list[int], Counter[str]]:
    """Let processes work, one for each tuple of arguments. Gives what they made, and what became of the rest."""
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.app.services.spenders"])
    ready, results = processes.Barrier(len(arguments)), processes.Queue()
    started = [processes.Process(target=work, args=(*one, ready, results)) for one in arguments]
    for process in started:
        process.start()
    found = [results.get(timeout=600) for _ in started]
    for process in started:
        process.join()
        assert process.exitcode == 0
        process.close()
    return [one for made, _ in found for one in made], sum((came for _, came in found), Counter())


def test_exactly_what_two_accounts_have_is_spent(database: Database, registry: Sessions, code: str) -> None:
    points = ATTEMPTS // 2 * PRICE * 2 // 3 + 3  # for two thirds of the attempts, and a rest that buys nothing
    with transaction(registry) as session:
        desk = Desk(session, code)
        for who in ("D1", "D2"):
            # lots of all sizes: one spend takes from several
            sizes = [1, 2, 3, PRICE, PRICE + 1, 10 * PRICE]
            for size in [*sizes, points - sum(sizes)]:
                desk.adjust(size, who=who)
        accounts = [desk.account(who) for who in ("D1", "D2")]
    made, came = let_loose(
        spenders.race,
        [(database.app_url, number, accounts, PRICE, ATTEMPTS // PROCESSES) for number in range(PROCESSES)],
    )
    legal = points // PRICE
    assert len(set(made)) == len(made) == 2 * legal
    assert came == {"insufficient": ATTEMPTS - 2 * legal}
    with transaction(registry) as session:
        assert ledger_check.check(session).problems == []
        rows = session.execute(
            select(Account.available, Account.reserved, Account.version).where(Account.id.in_(accounts))
        )
        assert [tuple(row)[:2] for row in rows] == [(points - legal * PRICE, legal * PRICE)] * 2
        kept = session.scalar(select(func.count()).where(LedgerTransaction.key.like("race:%")))
    assert kept == 2 * legal, "what failed left nothing behind"


def test_points_that_come_and_go_at_once_are_neither_lost_nor_made(
    database: Database, registry: Sessions, code: str
) -> None:
    attempts = ATTEMPTS // 10 // PROCESSES
    with transaction(registry) as session:
        desk = Desk(session, code)
        for who in ("D1", "D2"):
            for size in (100, 1, 50, 3):
                desk.adjust(size, who=who)
        accounts, program_id = [desk.account(who) for who in ("D1", "D2")], desk.program.id
    _, came = let_loose(
        spenders.come_and_go,
        [(database.app_url, number, program_id, accounts, attempts) for number in range(PROCESSES)],
    )
    assert came.keys() <= {"done", "insufficient"}
    assert came["done"] > 0
    with transaction(registry) as session:
        assert ledger_check.check(session).problems == []
        rows = session.execute(select(Account).where(Account.id.in_(accounts))).scalars().all()
        assert [one.reserved for one in rows] == [0, 0]
        assert [one.available for one in rows] == [one.adjusted - one.spent for one in rows]
