"""History is not changed: not by the application, which has no right to, and not by the owner, whom triggers refuse."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Table, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.db.marks import APPEND_ONLY, KEPT
from app.local.servers import Addresses
from app.models.registry import metadata
from tests.support import programs
from tests.support.sales import Sold, sell

FACTS = [table for table in metadata.sorted_tables if table.info.get(APPEND_ONLY)]
KEPT_TABLES = [table for table in metadata.sorted_tables if table.info.get(KEPT)]

NO_RIGHT, REFUSED, COMPUTED = "42501", "KG001", "428C9"


@pytest.fixture(scope="module")
def application(addresses: Addresses) -> Iterator[Connection]:
    """The application's connection."""
    engine = create_engine(addresses.database_url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture(scope="module")
def owner(addresses: Addresses) -> Iterator[Connection]:
    """The owner's connection."""
    engine = create_engine(addresses.owner_url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def _refusal(connection: Connection, statement: str) -> str:
    """Run what must be refused, and give the code of the refusal. Nothing is waited for and nothing is kept."""
    with connection.begin() as transaction:
        connection.exec_driver_sql("set local lock_timeout = '5s'")
        with pytest.raises(DBAPIError) as refused:
            connection.exec_driver_sql(statement)
        transaction.rollback()
    return str(refused.value.orig.sqlstate)  # type: ignore[union-attr]


def _key(table: Table) -> str:
    return next(iter(table.primary_key.columns)).name


def test_the_ledger_and_what_was_sold_are_facts() -> None:
    assert {"ledger_transaction", "ledger_entry", "ledger_block", "sales_line", "award", "award_reversal"} <= {
        table.name for table in FACTS
    }
    assert {"account", "lot", "sales_document", "program"} <= {table.name for table in KEPT_TABLES}


@pytest.mark.parametrize("table", FACTS, ids=lambda table: table.name)
def test_the_application_may_not_change_a_fact(application: Connection, table: Table) -> None:
    key = _key(table)
    assert _refusal(application, f"update {table.name} set {key} = {key}") == NO_RIGHT
    assert _refusal(application, f"delete from {table.name}") == NO_RIGHT
    assert _refusal(application, f"truncate {table.name}") == NO_RIGHT
    assert _refusal(application, f"select * from {table.name} for update") == NO_RIGHT


@pytest.mark.parametrize("table", FACTS, ids=lambda table: table.name)
def test_not_even_the_owner_changes_a_fact(owner: Connection, table: Table) -> None:
    """Statements of no rows are refused as well: the trigger is the statement's."""
    key = _key(table)
    assert _refusal(owner, f"update {table.name} set {key} = {key} where false") == REFUSED
    assert _refusal(owner, f"delete from {table.name} where false") == REFUSED
    assert _refusal(owner, f"truncate {table.name} cascade") == REFUSED


@pytest.mark.parametrize("table", KEPT_TABLES, ids=lambda table: table.name)
def test_what_others_refer_to_is_not_deleted(application: Connection, owner: Connection, table: Table) -> None:
    assert _refusal(application, f"delete from {table.name}") == NO_RIGHT
    assert _refusal(application, f"truncate {table.name} cascade") == NO_RIGHT
    assert _refusal(owner, f"delete from {table.name} where false") == REFUSED
    assert _refusal(owner, f"truncate {table.name} cascade") == REFUSED


@pytest.mark.parametrize("table", KEPT_TABLES, ids=lambda table: table.name)
def test_of_what_is_kept_the_application_changes_the_named_columns_alone(application: Connection, table: Table) -> None:
    for column in table.columns:
        statement = f"update {table.name} set {column.name} = {column.name} where false"
        if column.name in table.info[KEPT]:
            with application.begin():
                application.exec_driver_sql(statement)
        else:
            assert _refusal(application, statement) == (COMPUTED if column.computed is not None else NO_RIGHT)


@pytest.mark.parametrize(
    "statement",
    [
        "insert into ledger_block select * from ledger_block where false on conflict (number) do update set hash = ''",
        "merge into ledger_entry e using account a on e.account_id = a.id when matched then delete",
        "merge into ledger_entry e using account a on e.account_id = a.id when matched then update set amount = 1",
        "with gone as (delete from ledger_entry where false returning 1) select * from gone",
    ],
)
def test_no_other_way_of_saying_it_gets_through(application: Connection, owner: Connection, statement: str) -> None:
    assert _refusal(application, statement) == NO_RIGHT
    assert _refusal(owner, statement) == REFUSED


@pytest.mark.parametrize(
    "statement",
    [
        "alter table ledger_entry disable trigger all",
        "alter table ledger_entry disable trigger refuse_truncate",
        "drop trigger refuse_truncate on ledger_entry",
        "drop table ledger_entry",
        "create or replace function refuse_change() returns trigger language plpgsql as 'begin return null; end'",
        "create trigger mine after insert on ledger_entry execute function refuse_change()",
        "set session_replication_role = replica",
        "set role kontor_owner",
    ],
)
def test_the_application_cannot_lift_the_guards(application: Connection, statement: str) -> None:
    assert _refusal(application, statement) == NO_RIGHT


def test_a_sale_that_counted_stays_as_it_was(owner: Connection, session: Session, code: str) -> None:
    """The same on rows that are there: what was sold, what it earned and what the ledger says of it."""
    program = programs.load(session, programs.document(code))
    who, what = programs.people(session, program, ["D1"]), programs.goods(session, program, {"A": "tools"})
    sell(session, program, [Sold("1/2026", who["D1"], what["A"], 1, 100_00)])
    session.commit()
    of_program = f"(select id from sales_document where program_id = {program.id})"

    def rows() -> list[object]:
        with owner.begin():
            return [
                owner.exec_driver_sql(f"select * from {table} where document_id in {of_program}").all()
                for table in ("sales_line", "award", "ledger_transaction")
            ]

    before = rows()
    assert all(before)
    for table in ("sales_line", "award", "ledger_transaction"):
        assert _refusal(owner, f"delete from {table} where document_id in {of_program}") == REFUSED
        assert _refusal(owner, f"update {table} set document_id = 0 where document_id in {of_program}") == REFUSED
    assert _refusal(owner, f"delete from sales_document where program_id = {program.id}") == REFUSED
    assert _refusal(owner, f"delete from program where id = {program.id}") == REFUSED
    assert rows() == before
