"""What the database refuses to take in: rows that point nowhere, and transactions that do not balance."""

import datetime as dt
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from sqlalchemy import (
    Table,
    func,
    insert,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.db import guards
from app.db.bulk import copy_into
from app.db.marks import MOVES
from app.domain.states import BatchStatus, Bucket, TransactionKind, Unit
from app.local.servers import Addresses
from app.models.base import Base
from app.models.imports import ImportBatch
from app.models.ledger import Account, LedgerEntry, LedgerTransaction, Lot
from app.models.programs import Program
from app.models.registry import metadata
from app.models.rules import EarningRule, EarningRuleVersion
from app.models.sales import SalesDocument
from tests.support import programs
from tests.support.databases import sessions_of
from tests.support.programs import NOW
from tests.support.rows import row_of
from tests.support.sales import Sold, sell

NO_SUCH_ROW, UNBALANCED = "KG002", "KG003"
NOWHERE = 2**31 - 1
"""An id that no row has, in a column of either width."""

REFERENCES = [
    (table, column, parent)
    for table in metadata.sorted_tables
    for column, parent in guards.references(table).items()
    if table.name != "ledger_entry"  # whose rows must balance as well: below
]


_WHOLE: Mapping[str, Mapping[str, Any]] = {
    "reward": {"price_by_hand": True},
    "distributor_merge": {"state": "waiting"},
    "lot_extension": {"after_on": dt.date(2026, 12, 31)},
    "order_line": {"cancelled": 0, "returned": 0},
    "reward_order": {"cash_minor": 0, "repaid_minor": 0},
    "redemption": {"key": "its own", "asked_by": "ada", "approved_at": NOW},
}
"""What a row of these needs besides, so that its columns make sense together."""


@dataclass(frozen=True)
class World:
    """A programme with a sale that counted: a row of everything that others refer to."""

    session: Session
    program: Program
    ids: Mapping[str, int]

    def refusal(self, statement: Any) -> str:
        """Run what must be refused; give the code and the message of the refusal. The transaction goes on."""
        with pytest.raises(DBAPIError) as refused, self.session.begin_nested():
            self.session.execute(statement)
        cause: Any = refused.value.orig
        return f"{cause.sqlstate} {cause.diag.message_primary}"

    def row(self, table: Table, **values: Any) -> dict[str, Any]:
        """Make a row of a table whose references all hold, with ``values`` in place of some."""
        return row_of(table, self.ids, **values)

    def transaction(self, program_id: int | None = None) -> int:
        """Begin a transaction of the ledger; its entries are still to come."""
        found: int = self.session.scalars(
            insert(LedgerTransaction)
            .values(
                program_id=program_id or self.program.id,
                kind=TransactionKind.ADJUST,
                key=f"test:{self.program.code}:{self._next()}",
                effective_on=NOW.date(),
            )
            .returning(LedgerTransaction.id)
        ).one()
        return found

    def account(self, program: Program | None = None, unit: Unit = Unit.POINTS) -> int:
        """Give the account of a programme itself."""
        query = select(Account.id).where(
            Account.program_id == (program or self.program).id, Account.distributor_id.is_(None), Account.unit == unit
        )
        return self.session.scalars(query).one()

    def _next(self) -> int:
        return int(self.session.scalar(select(func.nextval("job_id_seq"))) or 0)


@pytest.fixture(scope="module")
def laid_out(addresses: Addresses) -> Iterator[World]:
    """The world, in a transaction that is undone at the end."""
    with sessions_of(addresses.database_url) as (_, registry):
        session = registry()
        program = programs.load(session, programs.document(f"p-{uuid.uuid4().hex[:12]}"))
        who, what = programs.people(session, program, ["D1"]), programs.goods(session, program, {"A": "tools"})
        sell(session, program, [Sold("1/2026", who["D1"], what["A"], 1, 100_00)])
        batch = ImportBatch(
            program_id=program.id,
            kind="sales",
            profile_name="sales",
            profile={},
            file_name="sales.csv",
            file_sha256=b"1",
            file_bytes=1,
            status=BatchStatus.DONE,
            created_by="test",
            created_at=NOW,
        )
        session.add(batch)
        session.flush()

        def only(query: Any) -> int:
            return int(session.scalars(query).one())

        of_program = LedgerTransaction.program_id == program.id
        ids = {
            "program": program.id,
            "distributor": who["D1"],
            "product": what["A"],
            "import_batch": batch.id,
            "sales_document": only(select(SalesDocument.id).where(SalesDocument.program_id == program.id)),
            "earning_rule_version": only(
                select(EarningRuleVersion.id).join(EarningRule).where(EarningRule.program_id == program.id)
            ),
            "ledger_transaction": only(select(LedgerTransaction.id).where(of_program)),
            "account": only(select(Account.id).where(Account.distributor_id == who["D1"], Account.unit == Unit.POINTS)),
            "lot": only(select(Lot.id).join(LedgerTransaction, LedgerTransaction.id == Lot.id).where(of_program)),
        }
        beside: dict[str, dict[str, Any]] = {
            "distributor_merge": {"merged_id": programs.people(session, program, ["D2"])["D2"]},
            "redemption": {"key": "the first"},
        }
        for name in (
            "promotion",
            "promotion_standing",
            "reward",
            "reward_order",
            "distributor_merge",
            "card",
            "conversion_run",
            "load_batch",
            "redemption",
        ):
            table = metadata.tables[name]
            made = (
                insert(table)
                .values(row_of(table, ids, **{**_WHOLE.get(name, {}), **beside.get(name, {})}))
                .returning(table.c.id)
            )
            ids[name] = session.execute(made).scalar_one()
        yield World(session, program, ids)
        session.rollback()


@pytest.fixture
def world(laid_out: World) -> Iterator[World]:
    """The world as it was laid out: what a test adds is taken back."""
    saved = laid_out.session.begin_nested()
    yield laid_out
    saved.rollback()


def _of_a_row(world: World, table: Table, **values: Any) -> Any:
    """Insert a row; a lot needs a transaction that brought no other."""
    values = {**_WHOLE.get(table.name, {}), **values}
    if table.name == "lot":
        values = {"id": world.transaction(), **values}
    return insert(table).values(world.row(table, **values))


@pytest.mark.parametrize("table", sorted({one for one, _, _ in REFERENCES}, key=str), ids=str)
def test_a_row_whose_references_hold_is_taken(world: World, table: Table) -> None:
    """The control of the tests below: there only the one reference is wrong."""
    assert world.session.execute(_of_a_row(world, table).returning(literal(1))).all() == [(1,)]


@pytest.mark.parametrize(
    ("table", "column", "parent"), REFERENCES, ids=[f"{table}.{column}" for table, column, _ in REFERENCES]
)
def test_a_row_that_points_nowhere_is_refused(world: World, table: Table, column: str, parent: str) -> None:
    said = world.refusal(_of_a_row(world, table, **{column: NOWHERE}))
    assert said == f"{NO_SUCH_ROW} {table.name}.{column}: no {parent} has the id {NOWHERE}"


MOVING = [(table, column, parent) for table, column, parent in REFERENCES if MOVES in table.c[column].info]


@pytest.mark.parametrize(
    ("table", "column", "parent"), MOVING, ids=[f"{table}.{column}" for table, column, _ in MOVING]
)
def test_a_row_that_comes_to_point_nowhere_is_refused(world: World, table: Table, column: str, parent: str) -> None:
    made = world.session.execute(_of_a_row(world, table).returning(table.c.id)).scalar_one()
    change = update(table).where(table.c.id == made)
    said = world.refusal(change.values({column: NOWHERE}))
    assert said == f"{NO_SUCH_ROW} {table.name}.{column}: no {parent} has the id {NOWHERE}"
    world.session.execute(change.values({column: world.ids[parent]}))


def test_one_wrong_row_among_many_is_found(world: World) -> None:
    """Checked once a statement, over all it added."""
    table = metadata.tables["sales_line"]
    rows = [world.row(table, line_number=100 + number) for number in range(500)]
    world.session.execute(insert(table), rows)
    rows = [world.row(table, line_number=1000 + number) for number in range(500)]
    rows[321]["product_id"] = NOWHERE
    columns = {
        name: np.asarray([row[name] for row in rows], dtype=np.int64)
        for name in ("document_id", "line_number", "product_id", "quantity_milli", "net_minor")
    }
    with pytest.raises(DBAPIError, match="no product has the id"), world.session.begin_nested():
        copy_into(world.session, _model("sales_line"), columns)


def _model(table: str) -> Any:
    return next(one.class_ for one in Base.registry.mappers if one.class_.__tablename__ == table)


def _documents_with_a_gap(world: World) -> tuple[int, int, int]:
    """Store two documents of which one key between was drawn and never used."""
    table = metadata.tables["sales_document"]
    one, none, other = (world.session.scalars(select(func.nextval("sales_document_id_seq"))).one() for _ in range(3))
    for key in (one, other):
        world.session.execute(insert(table).values(world.row(table, id=key, document_key=f"{key}", number=f"{key}")))
    return one, none, other


def _lines(world: World, documents: Sequence[int]) -> Any:
    table = metadata.tables["sales_line"]
    return insert(table).values([world.row(table, document_id=one, line_number=1) for one in documents])


def test_a_key_that_nobody_has_between_two_that_are_there_is_found(world: World) -> None:
    one, none, other = _documents_with_a_gap(world)
    said = world.refusal(_lines(world, [one, none, other]))
    assert said == f"{NO_SUCH_ROW} sales_line.document_id: no sales_document has the id {none}"


def test_rows_need_not_refer_to_every_key_between(world: World) -> None:
    """Neither where the key between is nobody's, nor where it is another document's."""
    one, _, other = _documents_with_a_gap(world)
    world.session.execute(_lines(world, [one, other]))
    first = world.ids["sales_document"]
    table = metadata.tables["decision"]
    world.session.execute(insert(table).values([world.row(table, document_id=key) for key in (first, one, other)]))


def test_what_refers_to_nothing_is_no_gap(world: World) -> None:
    """Of rows of which some have nothing in a column that need have nothing, the others are looked at all the same."""
    one, none, other = _documents_with_a_gap(world)

    def superseding(*keys: int | None) -> Any:
        table = metadata.tables["sales_document"]
        drawn = [world.session.scalars(select(func.nextval("sales_document_id_seq"))).one() for _ in keys]
        rows = [
            world.row(table, id=new, document_key=f"{new}", number=f"{new}", supersedes_id=of)
            for new, of in zip(drawn, keys, strict=True)
        ]
        return insert(table).values(rows)

    world.session.execute(superseding(None, None))
    world.session.execute(superseding(one, None, other, None))
    said = world.refusal(superseding(None, one, none, other))
    assert said == f"{NO_SUCH_ROW} sales_document.supersedes_id: no sales_document has the id {none}"


Entry = tuple[int, int, int, int]
"""Transaction, position, account, amount."""


def _entries(*entries: Entry, bucket: Bucket = Bucket.ADJUSTED, lot_id: int | None = None) -> Any:
    return insert(LedgerEntry).values(
        [
            {
                "transaction_id": one,
                "position": position,
                "account_id": account,
                "amount": amount,
                "bucket": bucket,
                "lot_id": lot_id,
            }
            for one, position, account, amount in entries
        ]
    )


def test_entries_that_sum_to_zero_are_taken(world: World) -> None:
    one, own, wallet = world.transaction(), world.account(), world.ids["account"]
    world.session.execute(_entries((one, 1, own, -7), (one, 2, wallet, 5), (one, 3, wallet, 2)))
    assert world.session.scalar(select(func.count()).where(LedgerEntry.transaction_id == one)) == 3


@pytest.mark.parametrize("amounts", [(7,), (-7, 8), (2**62, 2**62), (2**63 - 1, -(2**63))])
def test_entries_that_do_not_sum_to_zero_are_refused(world: World, amounts: Sequence[int]) -> None:
    one, own = world.transaction(), world.account()
    said = world.refusal(_entries(*((one, at, own, amount) for at, amount in enumerate(amounts, start=1))))
    assert said.startswith(UNBALANCED)
    assert said.endswith(f"transaction {one}")


def test_one_unbalanced_transaction_among_many_is_found(world: World) -> None:
    own, wallet = world.account(), world.ids["account"]
    several = [world.transaction() for _ in range(20)]
    legs = [leg for one in several for leg in ((one, 1, own, -3), (one, 2, wallet, 3))]
    legs[25] = (several[12], 2, wallet, 4)
    assert world.refusal(_entries(*legs)).endswith(f"transaction {several[12]}")


def test_two_wrong_transactions_do_not_make_a_right(world: World) -> None:
    one, other, own = world.transaction(), world.transaction(), world.account()
    assert world.refusal(_entries((one, 1, own, -3), (other, 1, own, 3))).startswith(UNBALANCED)


def test_entries_in_two_statements_are_refused_even_where_they_balance(world: World) -> None:
    """Otherwise a ledger that balances at every moment would only balance in the end."""
    one, own, wallet = world.transaction(), world.account(), world.ids["account"]
    assert world.refusal(_entries((one, 1, own, -3))).startswith(UNBALANCED)
    world.session.execute(_entries((one, 1, own, -3), (one, 2, wallet, 3)))
    assert world.refusal(_entries((one, 3, own, -3), (one, 4, wallet, 3))).startswith(UNBALANCED)
    assert world.refusal(_entries((one, 1, own, -3), (one, 2, wallet, 3))).startswith("23505")


@pytest.mark.parametrize("positions", [(2, 3), (0, 1), (1, 3), (-1, 1)])
def test_entries_are_numbered_from_one_without_a_gap(world: World, positions: tuple[int, int]) -> None:
    one, own, wallet = world.transaction(), world.account(), world.ids["account"]
    said = world.refusal(_entries((one, positions[0], own, -3), (one, positions[1], wallet, 3)))
    assert said.startswith(UNBALANCED)


def test_an_entry_of_nothing_is_refused(world: World) -> None:
    one, own, wallet = world.transaction(), world.account(), world.ids["account"]
    said = world.refusal(_entries((one, 1, own, -3), (one, 2, wallet, 3), (one, 3, wallet, 0)))
    assert "ck_ledger_entry_amount" in said


def test_entries_of_no_transaction_are_refused(world: World) -> None:
    own, wallet = world.account(), world.ids["account"]
    said = world.refusal(_entries((NOWHERE, 1, own, -3), (NOWHERE, 2, wallet, 3)))
    assert said.startswith(NO_SUCH_ROW)
    assert "ledger_entry.transaction_id" in said


def test_entries_on_no_account_are_refused(world: World) -> None:
    one, own = world.transaction(), world.account()
    for legs in (((one, 1, own, -3), (one, 2, NOWHERE, 3)), ((one, 1, NOWHERE, -3), (one, 2, NOWHERE, 3))):
        assert world.refusal(_entries(*legs)) == f"{NO_SUCH_ROW} ledger_entry.account_id: there is no such account"


def test_entries_of_no_lot_are_refused(world: World) -> None:
    one, own, wallet = world.transaction(), world.account(), world.ids["account"]
    said = world.refusal(_entries((one, 1, own, -3), (one, 2, wallet, 3), lot_id=NOWHERE))
    assert said == f"{NO_SUCH_ROW} ledger_entry.lot_id: no lot has the id {NOWHERE}"


def test_a_transaction_stays_within_its_programme(world: World) -> None:
    """Neither wholly on another programme's accounts, nor from one programme to the other."""
    other = programs.load(world.session, programs.document(f"{world.program.code}-b"))
    who = programs.people(world.session, other, ["D1"])["D1"]
    theirs = world.account(other)
    wallet = world.session.scalars(
        select(Account.id).where(Account.distributor_id == who, Account.unit == Unit.POINTS)
    ).one()
    one, own = world.transaction(), world.account()
    assert world.refusal(_entries((one, 1, theirs, -3), (one, 2, wallet, 3))).startswith(NO_SUCH_ROW)
    assert world.refusal(_entries((one, 1, own, -3), (one, 2, wallet, 3))).startswith(UNBALANCED)
    of_them = world.transaction(other.id)
    world.session.execute(_entries((of_them, 1, theirs, -3), (of_them, 2, wallet, 3)))


def test_a_transaction_of_another_programme_between_two_of_ones_own_is_found(world: World) -> None:
    other = programs.load(world.session, programs.document(f"{world.program.code}-b"))
    own = world.account()
    several = [world.transaction(), world.transaction(other.id), world.transaction()]
    said = world.refusal(_entries(*(leg for one in several for leg in ((one, 1, own, -3), (one, 2, own, 3)))))
    assert said.startswith(NO_SUCH_ROW)
    assert said.endswith(f"transaction {several[1]}")


def test_a_transaction_sums_to_zero_in_each_unit(world: World) -> None:
    """Points are not paid for with money inside the ledger."""
    points, money = world.account(), world.account(unit=Unit.MONEY)
    one = world.transaction()
    assert world.refusal(_entries((one, 1, points, -3), (one, 2, money, 3))).startswith(UNBALANCED)
    world.session.execute(_entries((one, 1, points, -3), (one, 2, points, 3), (one, 3, money, 5), (one, 4, money, -5)))


def test_transactions_of_several_programmes_may_come_in_one_statement(world: World) -> None:
    other = programs.load(world.session, programs.document(f"{world.program.code}-b"))
    one, another = world.transaction(), world.transaction(other.id)
    own, theirs = world.account(), world.account(other)
    world.session.execute(
        _entries((one, 1, own, -3), (one, 2, own, 3), (another, 1, theirs, 5), (another, 2, theirs, -5))
    )
    third = world.transaction(other.id)
    fourth = world.transaction()
    legs = ((third, 1, own, -3), (third, 2, own, 3), (fourth, 1, theirs, 5), (fourth, 2, theirs, -5))
    assert world.refusal(_entries(*legs)).startswith(UNBALANCED)


def test_a_table_of_the_sessions_own_does_not_deceive_the_guards(world: World) -> None:
    """A temporary table stands before ours in the search path; the guards look at ours."""
    world.session.execute(
        text("create temporary table ledger_transaction (like public.ledger_transaction) on commit drop")
    )
    world.session.execute(
        text(
            "insert into pg_temp.ledger_transaction (id, program_id, kind, key, effective_on, recorded_at) "
            "values (:id, :program, 10, 'mine', '2026-01-01', now())"
        ),
        {"id": NOWHERE, "program": world.program.id},
    )
    own = world.account()
    said = world.refusal(_entries((NOWHERE, 1, own, -3), (NOWHERE, 2, own, 3)))
    assert said.startswith(NO_SUCH_ROW)


def test_a_function_of_the_applications_own_does_not_get_around_the_guards(world: World) -> None:
    """The guards let the owner's functions write unseen; one that the application makes has only its own rights."""
    one, own = world.transaction(), world.account()
    world.session.execute(
        text(
            "create function pg_temp.mine(entry_of bigint, account bigint) returns void language sql "
            "security definer as 'insert into public.ledger_entry "
            "(transaction_id, position, account_id, amount, bucket) values (entry_of, 1, account, 7, 14)'"
        )
    )
    said = world.refusal(text(f"select pg_temp.mine({one}, {own})"))
    assert said.startswith(UNBALANCED)
