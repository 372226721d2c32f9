"""A month is closed while somebody posts: both come to an end, and what ended is written off before."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sqlalchemy import text

from app.db.transaction import Sessions, transaction
from app.domain.states import TransactionKind
from app.local.servers import Addresses
from app.models.ledger import LedgerTransaction
from app.models.periods import PeriodClosing
from app.models.programs import Program
from app.services.books import periods
from app.services.ledger.accounts import lock_wallets
from tests.support.databases import sessions_of
from tests.support.desk import Desk
from tests.support.programs import NOW
from tests.support.sales import Sold, sell

_WAITS_FOR_ME = text(
    "select 1 from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid)) limit 1"
)


@pytest.fixture
def registry(addresses: Addresses) -> Iterator[Sessions]:
    """Sessions that threads may have, each its own."""
    with sessions_of(addresses.database_url) as (_, sessions):
        yield sessions


def test_whoever_closes_a_month_does_not_stand_in_the_way_of_who_holds_a_wallet(registry: Sessions, code: str) -> None:
    with transaction(registry) as session:
        desk = Desk(session, code, program={"expiry": {"months_after_award": 1}})
        desk.invoice("1", 10, now=NOW.replace(month=3), issued_on="2026-03-05")
        program_id, who, what = desk.program.id, desk.people["D1"], desk.goods["P"]
    through = NOW.date().replace(month=4, day=1)

    def close() -> int:
        try:
            with transaction(registry) as session:
                program = session.get_one(Program, program_id)
                return len(periods.close(session, program, through, actor="fin", now=NOW))
        finally:
            registry.remove()

    with ThreadPoolExecutor(1) as pool:
        with transaction(registry) as session:
            lock_wallets(session, np.asarray([who], dtype=np.int64))
            closing = pool.submit(close)
            while session.scalar(_WAITS_FOR_ME) is None:
                assert not closing.done()
            late = Sold("2", who, what, 5, 50_00, issued_on="2026-03-06")
            sell(session, session.get_one(Program, program_id), [late])
        assert closing.result(timeout=30) == 2
    with transaction(registry) as session:
        mine = session.query(LedgerTransaction).filter_by(program_id=program_id).all()
        assert [one.booked_on for one in mine] == [None, None, None]
        assert sorted(one.kind for one in mine) == [
            TransactionKind.AWARD,
            TransactionKind.AWARD,
            TransactionKind.EXPIRE,
        ]
        assert session.query(PeriodClosing).filter_by(program_id=program_id).count() == 2
