"""`kontor ledger check` finds damage of every kind, and says where it is.

Each test damages a copy of a ledger in which everything has happened, as somebody who may do anything would.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import InternalError
from sqlalchemy.orm import Session

from app.db.proofs import PROOFS
from app.db.transaction import transaction
from app.local.servers import Addresses
from app.models.programs import Program
from app.services.ledger import ledger_check, seals
from tests.app.services.promotions.running import Running
from tests.support.databases import Database, copy_of, empty_database, sessions_of
from tests.support.desk import IN_REVIEW, Desk
from tests.support.programs import BASE_RULE, NOW

CASH = {"code": "cash", "name": "Cash", "kind": "per_document", "points": "2.50", "unit": "money"}
LATER = NOW + dt.timedelta(days=60)


def everything(session: Session) -> None:
    """Let everything happen once that moves points."""
    desk = Desk(
        session, "everything", earning_rules=[dict(BASE_RULE), CASH], program={"expiry": {"months_after_award": 1}}
    )
    desk.sell(desk.line("1", 10), desk.line("2", 20), desk.line("3", 30, who="D2"))
    desk.invoice("4", 40, source=IN_REVIEW)
    desk.accept("4")
    desk.invoice("5", 50, source=IN_REVIEW)
    desk.invoice("6", 60)
    desk.refuse("6")
    desk.credit("K1", 5)
    desk.settle(desk.reserve(7))
    desk.cancel(desk.reserve(6))
    desk.reserve(8)
    desk.adjust(9)
    desk.expire(LATER)
    (lot, *_) = (number for number, seen in desk.lots("D2").items() if seen.remaining == 0)
    desk.reinstate(lot, now=LATER)
    desk.credit("K2", 30, who="D2", now=LATER, issued_on="2026-03-09")
    desk.adjust(-100, who="D3")
    desk.adjust(20, now=LATER)
    desk.reserve(5, on=LATER.date())
    autumn = Running(desk, target={"default": 100}, steps=[{"reach": 10_000, "reward": {"points": 3}}])
    autumn.bring_up(LATER)


@pytest.fixture(scope="module")
def sound(addresses: Addresses) -> Iterator[Database]:
    """A ledger in order and sealed, in two blocks."""
    with empty_database(addresses) as database:
        database.migrate()
        with sessions_of(database.app_url) as (_, registry):
            with transaction(registry) as session:
                everything(session)
            with transaction(registry) as session:
                seals.seal(session, LATER)
            with transaction(registry) as session:
                Desk(session, "after").invoice("1", 10)
            with transaction(registry) as session:
                seals.seal(session, LATER)
        yield database


class Ledger:
    """A ledger to be damaged, in a transaction that is undone."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.session = Session(connection)

    def damage(self, statement: str, **values: Any) -> None:
        done = self.connection.execute(text(statement), values)
        assert done.rowcount, f"nothing was damaged: {statement}"

    def one(self, query: str, **values: Any) -> Any:
        return self.connection.execute(text(query), values).scalars().first()

    def problems(self) -> list[str]:
        """Give what the proofs find; what the seals find is tried in `test_seals.py`."""
        return ledger_check.proved(self.session)


@pytest.fixture
def book(sound: Database) -> Iterator[Ledger]:
    with sound.as_admin() as connection:
        yield Ledger(connection)
        connection.rollback()


def checked(database: Database) -> ledger_check.Check:
    with sessions_of(database.app_url) as (_, registry), transaction(registry) as session:
        return ledger_check.check(session)


def test_a_ledger_in_which_everything_has_happened_is_in_order(sound: Database, book: Ledger) -> None:
    found = checked(sound)
    assert found.problems == []
    assert found.ok
    assert book.one("select array_agg(distinct kind order by kind) from ledger_transaction") == list(range(1, 12))
    counted = [book.one(f"select count(*) from {name}") for name in ("ledger_transaction", "ledger_entry", "account")]
    assert [found.transactions, found.entries, found.accounts] == counted
    assert found.blocks == 2
    assert found.head == f"2:{book.one('select hash from ledger_block where number = 2').hex()}"


def test_damage_is_told_by_the_check(addresses: Addresses, sound: Database) -> None:
    with copy_of(addresses, sound) as database:
        with database.as_admin() as connection:
            connection.execute(text("update lot set remaining = remaining + 1 where state = 2 and remaining < amount"))
            connection.commit()
        found = checked(database)
    assert not found.ok
    assert len(found.problems) == 2
    assert "left, its entries leave" in found.problems[0]
    assert "its lots hold" in found.problems[1]


def test_an_entry_of_another_amount_is_found_by_its_transaction(book: Ledger) -> None:
    number = book.one("select min(transaction_id) from ledger_entry")
    book.damage("update ledger_entry set amount = amount + 1 where transaction_id = :it and position = 1", it=number)
    assert f"transaction {number} sums to 1 in unit 1, not to zero" in book.problems()


def test_entries_that_sum_to_zero_only_over_both_units_are_found(book: Ledger) -> None:
    number = book.one("select transaction_id from ledger_entry e join account a on a.id = account_id where unit = 2")
    other = book.one("select id from account where unit = 1 and distributor_id is null")
    book.damage(
        "update ledger_entry set account_id = :other where transaction_id = :it and amount < 0", it=number, other=other
    )
    found = book.problems()
    assert f"transaction {number} sums to 250 in unit 2, not to zero" in found
    assert f"transaction {number} sums to -250 in unit 1, not to zero" in found


def test_a_transaction_that_lost_its_entries_is_found(book: Ledger) -> None:
    number = book.one("select id from ledger_transaction where kind = 5 order by id limit 1")
    book.damage("delete from ledger_entry where transaction_id = :it", it=number)
    assert f"transaction {number} has no entries" in book.problems()


@pytest.mark.parametrize(
    ("changed", "by", "told"),
    [
        ("pending", "earned", 1),
        ("available", "adjusted", 1),
        ("reserved", "earned", 1),
        ("available", "spent", -1),
        ("available", "expired", -1),
    ],
)
def test_a_balance_that_its_entries_do_not_say_is_found(book: Ledger, changed: str, by: str, told: int) -> None:
    query = "from account where distributor_id is not null and unit = 1 and available > 0 order by id limit 1"
    account, before, counted = (book.one(f"select {column} {query}") for column in ("id", changed, by))
    book.damage(
        f"update account set {changed} = {changed} + 1, {by} = {by} + :told where id = :it", it=account, told=told
    )
    found = book.problems()
    assert f"account {account}: {changed} is {before + 1}, its entries say {before}" in found
    assert f"account {account}: {by} is {counted + told}, its entries say {counted}" in found


def test_an_entry_moved_to_another_account_is_found_on_both(book: Ledger) -> None:
    """Every transaction still sums to zero: somebody gave himself another's points."""
    mine, theirs = (
        book.one(f"select id from account where distributor_id is not null and unit = 1 and available {sign} 0")
        for sign in (">", "<")
    )
    book.damage("update ledger_entry set account_id = :mine where account_id = :theirs", mine=mine, theirs=theirs)
    found = book.problems()
    assert any(one.startswith(f"account {mine}: available is") for one in found)
    assert any(one.startswith(f"account {theirs}: available is") for one in found)
    assert not any(one.startswith("transaction") for one in found)


def test_a_lot_that_has_something_else_left_is_found(book: Ledger) -> None:
    lot = book.one("select id from lot where state = 2 and remaining < amount limit 1")
    left = book.one("select remaining from lot where id = :it", it=lot)
    account = book.one("select account_id from lot where id = :it", it=lot)
    book.damage("update lot set remaining = remaining + 1 where id = :it", it=lot)
    found = book.problems()
    assert f"lot {lot} has {left + 1} left, its entries leave {left}" in found
    assert any(one.startswith(f"account {account}: its lots hold") for one in found)


def test_a_lot_that_became_another_accounts_is_found_on_both(book: Ledger) -> None:
    query = "select account_id from lot where state = 2 order by id"
    theirs = book.one(query)
    mine = book.one(
        "select id from account where id <> :theirs and distributor_id is not null and unit = 1 limit 1", theirs=theirs
    )
    book.damage("update lot set account_id = :mine where account_id = :theirs and state = 2", mine=mine, theirs=theirs)
    found = book.problems()
    for account in (mine, theirs):
        assert any(one.startswith(f"account {account}: its lots hold") for one in found)


def test_an_award_that_was_not_posted_so_is_found_by_its_document(book: Ledger) -> None:
    document = book.one("select document_id from award where unit = 1 order by document_id limit 1")
    posted = book.one("select sum(amount) from award where document_id = :it and unit = 1", it=document)
    book.damage("update award set amount = amount + 3 where document_id = :it and unit = 1", it=document)
    assert book.problems() == [f"document {document}: its awards are {posted + 3}, {posted} were posted in unit 1"]


def test_points_posted_for_a_document_without_an_award_are_found(book: Ledger) -> None:
    document = book.one("select document_id from award where unit = 2 order by document_id limit 1")
    book.damage("delete from award where document_id = :it and unit = 2", it=document)
    assert book.problems() == [f"document {document}: its awards are 0, 250 were posted in unit 2"]


@pytest.mark.parametrize("column", ["account_id", "lot_id"])
def test_an_entry_of_nothing_that_is_there_is_found(book: Ledger, column: str) -> None:
    number = book.one("select transaction_id from ledger_entry where position = 1 and lot_id is not null limit 1")
    book.damage(f"update ledger_entry set {column} = 999999 where transaction_id = :it and position = 1", it=number)
    assert f"entry 1 of transaction {number} is of an account or a lot that is not there" in book.problems()


@pytest.mark.parametrize("column", ["document_id", "product_id"])
def test_a_line_of_nothing_that_is_there_is_found(book: Ledger, column: str) -> None:
    document = book.one("select min(document_id) from sales_line")
    book.damage(f"update sales_line set {column} = 999999 where document_id = :it and line_number = 1", it=document)
    named = 999999 if column == "document_id" else document
    assert book.problems() == [f"line 1 of document {named} is of a document or a product that is not there"]


def test_of_many_problems_of_a_kind_some_are_listed_and_the_rest_is_counted(book: Ledger) -> None:
    book.damage(
        "insert into sales_line (document_id, line_number, product_id, quantity_milli, net_minor) "
        "select 999999, n, 999999, 1, 1 from generate_series(1, 50) n"
    )
    found = book.problems()
    assert len(found) == ledger_check.SHOWN + 1
    assert found[-1] == "... and 30 more of this kind"


DAMAGES: list[str] = [
    "update ledger_entry set amount = amount + 1 where position = 1",
    "delete from ledger_entry",
    "update account set pending = pending + 1, earned = earned + 1 where distributor_id is not null",
    "update lot set remaining = remaining - 1 where remaining > 1",
    "update lot set account_id = account_id + 2",
    "update award set amount = amount + 1",
    "update ledger_entry set lot_id = 999999 where lot_id is not null",
    "update sales_line set product_id = 999999",
    "delete from promotion_payment",
    "with shut as (insert into period_closing (program_id, month_on, closed_by, closed_at, transactions, rows, sha256) "
    "select min(program_id), '2026-03-01', 'ann', now(), 0, 0, 'x' from ledger_transaction returning id) "
    "insert into period_total (closing_id, unit, kind, transactions, amount) select id, 1, 13, 0, 7 from shut",
    "with told as (insert into happened_event (program_id, distributor_id, event, key, happened_on, told_at) "
    "select program_id, id, 'custom', 'k', current_date, now() from distributor limit 1 returning id) "
    "insert into event_award (event_id, rule_version_id, unit, amount, uncut, cut_by, transaction_id) "
    "select id, (select min(id) from earning_rule_version), 1, 5, 5, 0, (select min(id) from ledger_transaction) "
    "from told",
    "update ledger_transaction set kind = 14",
    "update account set carried = 1 where id = (select min(id) from account)",
]


def test_every_proof_finds_something(book: Ledger) -> None:
    """A proof that no damage fails would prove nothing."""
    silent = set(PROOFS)
    for damage in DAMAGES:
        done = book.connection.begin_nested()
        book.damage(damage)
        silent -= {one for one, query in PROOFS.items() if book.one(query) is not None}
        done.rollback()
    assert silent == set()


def test_a_check_cannot_change_anything(sound: Database) -> None:
    with sessions_of(sound.app_url) as (_, registry):
        session: Session = registry()
        ledger_check.check(session)
        with pytest.raises(InternalError, match="read-only transaction"):
            session.execute(text("update program set name = 'x'"))
        session.rollback()


def test_a_check_sees_one_moment_of_the_ledger(addresses: Addresses, sound: Database) -> None:
    """What is committed while it runs is not half seen."""
    with (
        copy_of(addresses, sound) as database,
        sessions_of(database.app_url) as (_, registry),
        sessions_of(database.app_url) as (_, others),
    ):
        with transaction(registry) as session:
            first = ledger_check.check(session)
            with transaction(others) as meanwhile:
                Desk(meanwhile, "meanwhile").invoice("1", 10)
            assert session.scalars(select(Program.id).where(Program.code == "meanwhile")).all() == []
        with transaction(registry) as session:
            second = ledger_check.check(session)
    assert first.problems == second.problems == []
    assert second.transactions == first.transactions + 1
