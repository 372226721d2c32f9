"""Processes that spend from the same accounts as fast as they can."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import scoped_session, sessionmaker

from app.db.transaction import transaction
from app.services.ledger import ledger
from app.services.rulebooks import rules_of
from tests.support.desk import TODAY
from tests.support.programs import NOW

Spend = Callable[[int, int, str], int]


def alone(engine: Engine) -> Spend:
    """Spend in transactions of one statement."""
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    return lambda account, amount, key: ledger.reserve(connection, account, amount, key=key, on=TODAY)


def in_a_session(engine: Engine) -> Spend:
    """Spend as a page does."""
    registry = scoped_session(sessionmaker(engine))

    def spend(account: int, amount: int, key: str) -> int:
        with transaction(registry) as session:
            return ledger.reserve(session, account, amount, key=key, on=TODAY)

    return spend


def race(url: str, number: int, accounts: Sequence[int], amount: int, attempts: int, ready: Any, results: Any) -> None:
    """Try so often to reserve an amount, from one account and the next; tell what became of it."""
    engine = create_engine(url)
    spend = in_a_session(engine) if number % 2 else alone(engine)
    came: Counter[str] = Counter()
    made: list[int] = []
    ready.wait()
    for attempt in range(attempts):
        try:
            made.append(spend(accounts[attempt % len(accounts)], amount, f"race:{number}:{attempt}"))
        except ledger.InsufficientPoints:
            came["insufficient"] += 1
        except Exception as error:  # noqa: BLE001  # whatever else happens is told
            came[repr(error)] += 1
    results.put((made, came))
    engine.dispose()


def come_and_go(
    url: str, number: int, program_id: int, accounts: Sequence[int], attempts: int, ready: Any, results: Any
) -> None:
    """Reserve, settle, cancel and adjust, as it comes; tell what became of it."""
    engine = create_engine(url)
    registry = scoped_session(sessionmaker(engine))
    drawn = random.Random(number)
    came: Counter[str] = Counter()
    ready.wait()
    for attempt in range(attempts):
        key, account, amount = f"mix:{number}:{attempt}", drawn.choice(accounts), drawn.randint(1, 30)
        try:
            with transaction(registry) as session:
                reservation = ledger.reserve(session, account, amount, key=key, on=TODAY)
                session.commit()
                resolve = drawn.choice((ledger.settle, ledger.cancel))
                resolve(session, program_id, [reservation], on=TODAY)
                session.commit()
                rules = rules_of(session, program_id)
                given = {"key": key, "now": NOW, "actor": "ann", "reason": "race"}
                ledger.adjust(session, rules, account, drawn.choice((-amount, amount)), **given)
        except ledger.InsufficientPoints:
            came["insufficient"] += 1
        except Exception as error:  # noqa: BLE001  # whatever else happens is told
            came[repr(error)] += 1
        else:
            came["done"] += 1
    results.put(([], came))
    registry.remove()
    engine.dispose()
