"""Seals: whatever is changed, added or removed behind them shows itself.

What comes late is tried in `test_late_transactions_and_seals.py`. The past is changed here by somebody who may do
anything, and who keeps every balance right: the proofs find nothing, the seals do.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.db.transaction import Sessions, transaction
from app.local.servers import Addresses
from app.models.ledger import LedgerBlock, LedgerTransaction
from app.services.ledger import ledger_check, seals
from tests.support.databases import Database, copy_of, empty_database, sessions_of
from tests.support.desk import Desk
from tests.support.programs import NOW


def sealed(registry: Sessions, code: str, *points: int) -> None:
    """Post awards and seal them."""
    with transaction(registry) as session:
        desk = Desk(session, code)
        for number, amount in enumerate(points):
            desk.invoice(str(number), amount)
    with transaction(registry) as session:
        assert seals.seal(session, NOW) == len(points)


@pytest.fixture(scope="module")
def three_blocks(addresses: Addresses) -> Iterator[Database]:
    with empty_database(addresses) as database:
        database.migrate()
        with sessions_of(database.app_url) as (_, registry):
            for block in range(3):
                sealed(registry, f"p-{block}", 10, 20, 30)
        yield database


class Sealed:
    """A ledger of three blocks with three transactions each, forged in a transaction that is undone."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def forge(self, statement: str, **values: Any) -> None:
        done = self.session.connection().execute(text(statement), values)
        assert done.rowcount, f"nothing was forged: {statement}"
        self.session.expire_all()

    def ids(self, block: int) -> list[int]:
        """Give the transactions of a block."""
        every = self.session.scalars(select(LedgerTransaction.id).order_by(LedgerTransaction.id)).all()
        return list(every[3 * block - 3 : 3 * block])

    def blocks(self) -> list[LedgerBlock]:
        return list(self.session.scalars(select(LedgerBlock).order_by(LedgerBlock.number)))

    def post(self, *points: int) -> None:
        """Post awards that are not sealed."""
        desk = Desk(self.session, "more")
        for number, amount in enumerate(points):
            desk.invoice(str(number), amount)

    def broken(self) -> list[str]:
        return seals.broken(self.session)

    def head(self) -> str | None:
        return seals.head(self.session)

    def seal(self) -> int:
        return seals.seal(self.session, NOW)


@pytest.fixture
def chain(three_blocks: Database) -> Iterator[Sealed]:
    with three_blocks.as_admin() as connection, Session(connection) as session:
        yield Sealed(session)
        session.rollback()


def test_nothing_is_sealed_twice_and_nothing_is_left_out(chain: Sealed) -> None:
    assert chain.seal() == 0
    blocks = [(one.number, one.transactions, one.entries) for one in chain.blocks()]
    assert blocks == [(1, 3, 6), (2, 3, 6), (3, 3, 6)]
    assert seals.unsealed(chain.session) == 0
    assert chain.broken() == []


def test_what_is_not_sealed_yet_is_counted(chain: Sealed) -> None:
    chain.post(10)
    assert seals.unsealed(chain.session) == 1
    assert chain.seal() == 1
    assert seals.unsealed(chain.session) == 0


def test_an_empty_ledger_has_no_head(chain: Sealed) -> None:
    for table in ("ledger_block", "ledger_entry", "lot", "ledger_transaction"):
        chain.forge(f"delete from {table}")
    assert chain.seal() == 0
    assert (chain.head(), seals.unsealed(chain.session), chain.broken()) == (None, 0, [])


def test_the_head_is_the_newest_block_with_its_hash(chain: Sealed) -> None:
    assert chain.head() == f"3:{chain.blocks()[-1].hash.hex()}"


@pytest.mark.parametrize(
    "change",
    [
        "update ledger_transaction set reason = 'another' where id = :it",
        "update ledger_transaction set reason = '' || coalesce(reason, 'x') where id = :it",
        "update ledger_transaction set actor = 'somebody' where id = :it",
        "update ledger_transaction set effective_on = effective_on + 1 where id = :it",
        "update ledger_transaction set recorded_at = recorded_at + interval '1 microsecond' where id = :it",
        "update ledger_transaction set key = key || '0' where id = :it",
        "update ledger_transaction set kind = 10 where id = :it",
        "update ledger_transaction set program_id = program_id + 1 where id = :it",
        "update ledger_transaction set document_id = null where id = :it",
        "update ledger_transaction set reverses_id = :it where id = :it",
        "update ledger_entry set amount = amount * 2 where transaction_id = :it",
        "update ledger_entry set account_id = account_id + 2 where transaction_id = :it",
        "update ledger_entry set bucket = bucket + 1 where transaction_id = :it",
        "update ledger_entry set lot_id = null where transaction_id = :it and lot_id is not null",
        "update ledger_entry set position = 3 where transaction_id = :it and position = 1",
    ],
)
def test_a_changed_row_breaks_its_block_and_no_other(chain: Sealed, change: str) -> None:
    chain.forge(change, it=chain.ids(2)[1])
    assert chain.broken() == ["seal: block 2 does not agree with its rows: one was changed"]


def test_amounts_exchanged_between_transactions_are_found(chain: Sealed) -> None:
    one, other = chain.ids(2)[:2]
    chain.forge(
        "update ledger_entry e set amount = o.amount from ledger_entry o where e.position = o.position "
        "and (e.transaction_id, o.transaction_id) in ((:one, :other), (:other, :one))",
        one=one,
        other=other,
    )
    assert chain.broken() == ["seal: block 2 does not agree with its rows: one was changed"]


def test_a_removed_transaction_is_found(chain: Sealed) -> None:
    number = chain.ids(2)[1]
    for table, column in (("ledger_entry", "transaction_id"), ("lot", "id"), ("ledger_transaction", "id")):
        chain.forge(f"delete from {table} where {column} = :it", it=number)
    assert chain.broken() == ["seal: block 2 was sealed with 3 transactions and 6 entries, there are 2 and 4"]


def test_a_removed_entry_is_found(chain: Sealed) -> None:
    chain.forge("delete from ledger_entry where transaction_id = :it and position = 2", it=chain.ids(1)[0])
    assert chain.broken() == ["seal: block 1 was sealed with 3 transactions and 6 entries, there are 3 and 5"]


@pytest.mark.parametrize("number", [0, -1, -(2**63)])
def test_a_transaction_that_was_put_below_the_first_is_found(chain: Sealed, number: int) -> None:
    """Above it there is no gap; within the chain forgeries are tried in `test_late_transactions_and_seals.py`."""
    chain.forge(
        "insert into ledger_transaction (id, program_id, kind, key, effective_on) overriding system value "
        "select :number, program_id, 10, 'forged', effective_on from ledger_transaction where id = :it",
        number=number,
        it=chain.ids(1)[0],
    )
    assert chain.broken() == ["seal: block 1 was sealed with 3 transactions and 6 entries, there are 4 and 6"]


def test_a_missing_block_is_found(chain: Sealed) -> None:
    chain.forge("delete from ledger_block where number = 2")
    found = chain.broken()
    assert found[0] == "seal: block 2 is missing"
    assert any(one.startswith("seal: block 3") for one in found[1:])


def test_a_block_made_anew_breaks_the_one_after_it(chain: Sealed) -> None:
    """Whoever changes the past must make every block after it anew: the head kept elsewhere tells."""
    head = chain.head()
    chain.forge("update ledger_entry set amount = amount * 2 where transaction_id = :it", it=chain.ids(2)[1])
    for number in (3, 2):
        chain.forge("delete from ledger_block where number = :number", number=number)
    assert chain.seal() == 6
    assert chain.broken() == []
    assert chain.head() != head


def test_a_forged_hash_is_found(chain: Sealed) -> None:
    chain.forge("update ledger_block set hash = decode(repeat('00', 32), 'hex') where number = 2")
    assert chain.broken() == [
        "seal: block 2 does not agree with its rows: one was changed",
        "seal: block 3 does not agree with its rows: one was changed",
    ]


def test_the_check_of_the_ledger_tells_what_the_seals_find(addresses: Addresses, three_blocks: Database) -> None:
    with copy_of(addresses, three_blocks) as database:
        with database.as_admin() as connection:
            connection.execute(text("update ledger_transaction set reason = 'another' where id = 1"))
            connection.commit()
        with sessions_of(database.app_url) as (_, registry), transaction(registry) as session:
            found = ledger_check.check(session)
    assert found.problems == ["seal: block 1 does not agree with its rows: one was changed"]
    assert not found.ok


def test_a_long_ledger_is_sealed_in_several_blocks(chain: Sealed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seals, "MOST_IN_A_BLOCK", 4)
    chain.post(*range(1, 11))
    assert chain.seal() == 10
    assert [one.transactions for one in chain.blocks()] == [3, 3, 3, 4, 4, 2]
    assert chain.broken() == []
