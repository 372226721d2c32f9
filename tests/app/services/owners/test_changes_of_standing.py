"""Many wait for the wallets of whoever joins a pool and leaves it: none of them waits for ever."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from flask import Flask
from sqlalchemy.orm import Session

from app.db.transaction import Sessions, transaction
from app.extensions import db
from app.models.programs import Program
from app.services.ledger.accounts import lock_wallets
from app.services.owners import pools
from tests.app.services.owners.test_owners_race import world
from tests.support.programs import NOW

BY: dict[str, Any] = {"actor": "ann", "now": NOW}
ROUNDS = 40


def test_nobody_waits_for_ever_while_distributors_join_and_leave_a_pool(
    app: Flask, registry: Sessions, code: str
) -> None:
    program_id, people, _ = world(registry, code)
    holder, *members = sorted(people.values())
    with transaction(registry) as session:
        program = session.get_one(Program, program_id)
        pool = pools.open_pool(session, program, "A", holder, spending="holder", **BY)
    over = []

    def come_and_go() -> None:
        for turn in range(ROUNDS):
            with app.app_context(), Session(db.engine) as session, session.begin():
                program = session.get_one(Program, program_id)
                for one in members:
                    if turn % 2:
                        pools.leave(session, program, pool, one, takes_own=True, **BY)
                    else:
                        pools.join(session, program, pool, one, **BY)
                time.sleep(0.01)
        over.append(True)

    def lock(seed: int) -> int:
        dice, found = random.Random(seed), 0
        while not over:
            some = dice.sample([holder, *members], dice.randint(1, 3))
            with app.app_context(), Session(db.engine) as session, session.begin():
                lock_wallets(session, np.asarray(some, dtype=np.int64))
                time.sleep(0.002)
            found += 1
        return found

    with ThreadPoolExecutor(7) as threads:
        moving = threads.submit(come_and_go)
        moving.add_done_callback(lambda _: over.append(True))
        locking = [threads.submit(lock, seed) for seed in range(6)]
        assert moving.exception() is None
        assert [one.exception() for one in locking] == [None] * 6
        assert min(one.result() for one in locking) > 0
