"""The proofs of the ledger: in order they say nothing, and whatever is tampered with is named.

Whoever tampers here is the superuser, with the guards switched off: nobody else can.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import Connection, create_engine, make_url, select, text
from sqlalchemy.orm import Session

from app.db.proofs import PROOFS
from app.domain.states import DocumentKind, Unit
from app.local.servers import Addresses
from app.models.ledger import Account
from app.models.programs import Program
from app.services import chores
from app.services.ledger import ledger, ledger_check, seals
from app.services.rulebooks import rules_of
from tests.support import programs
from tests.support.databases import Database, empty_database, sessions_of
from tests.support.programs import NOW
from tests.support.sales import Sold, sell

SENTENCES = list(PROOFS)
SUMS, EMPTY, CACHED, CARRIED, LOT, LOTS, AWARDS, RETURNS = SENTENCES[:8]
ORPHAN, LINE = (sentence for sentence in SENTENCES if sentence.endswith("that is not there"))
PAID, CAUSED = (sentence for sentence in SENTENCES if "of a promotion" in sentence)


@pytest.fixture(scope="module")
def database(addresses: Addresses) -> Iterator[Database]:
    """A ledger in which everything has happened: sales, a return, loads that came and that failed, an adjustment."""
    with empty_database(addresses) as made:
        made.migrate()
        with sessions_of(made.app_url) as (_, registry):
            session: Session = registry()
            program = programs.load(session, programs.document("proved"))
            who, what = (
                programs.people(session, program, ["D1", "D2"]),
                programs.goods(session, program, {"A": "tools"}),
            )
            for number, code in (("1", "D1"), ("2", "D1"), ("3", "D2")):
                sell(session, program, [Sold(f"{number}/2026", who[code], what["A"], 10, 1000_00)])
            back = Sold("4/2026", who["D1"], what["A"], 3, 300_00, "2026-03-02", DocumentKind.CREDIT_NOTE, "1/2026")
            sell(session, program, [back])
            session.commit()
            _spend(session, program, who["D1"])
            session.commit()
            chores.run(registry, NOW)
        yield made


def _spend(session: Session, program: Program, distributor_id: int) -> None:
    wallet = ledger.wallet_of(session, distributor_id, Unit.POINTS)
    on = NOW.date()
    loaded, failed, _ = [ledger.reserve(session, wallet, 20, key=f"load {number}", on=on) for number in range(3)]
    ledger.settle(session, program.id, [loaded], on=on)
    ledger.cancel(session, program.id, [failed], on=on)
    rules = rules_of(session, program.id)
    ledger.adjust(session, rules, wallet, 5, key="by hand", now=NOW, actor="test", reason="a test")


@dataclass
class Ledger:
    """The ledger in the hands of a superuser, in a transaction that will be undone."""

    connection: Connection

    def tamper(self, statement: str) -> None:
        """Change what nobody may."""
        changed = self.connection.execute(text(statement))
        assert changed.rowcount > 0, "nothing was tampered with"

    def found(self) -> dict[str, list[str]]:
        """Tell what each proof finds, and whether the seals hold."""
        said = {
            sentence: [sentence.format(*row) for row in self.connection.execute(text(query))]
            for sentence, query in PROOFS.items()
        }
        with Session(self.connection, join_transaction_mode="create_savepoint") as session:
            said["seals"] = seals.broken(session)
        return {sentence: problems for sentence, problems in said.items() if problems}

    def number(self, query: str) -> int:
        """Read one number."""
        return int(self.connection.execute(text(query)).scalar_one())


@pytest.fixture
def tampered(database: Database) -> Iterator[Ledger]:
    engine = create_engine(make_url(database.owner_url).set(username="kontor_admin"))
    with engine.connect() as connection, connection.begin() as transaction:
        connection.exec_driver_sql("set local session_replication_role = replica")  # no trigger fires
        yield Ledger(connection)
        transaction.rollback()
    engine.dispose()


AWARD = "(select min(id) from ledger_transaction where kind = 1)"
WALLET = "(select min(id) from account where distributor_id is not null and available > 0)"
A_LOT = "(select min(id) from lot where remaining > 0)"
A_STANDING = (
    "insert into promotion_standing (promotion_id, distributor_id, person, version, value, target, base, share_bp, "
    "step, is_open, gates, earned, paid, forgiven, payments, place, "
    "prize, changed_at)"
)


def test_a_ledger_in_order_has_nothing_to_say(database: Database, tampered: Ledger) -> None:
    assert tampered.found() == {}
    with sessions_of(database.app_url) as (_, registry):
        check = ledger_check.check(registry())
    assert check.ok
    assert check.transactions == tampered.number("select count(*) from ledger_transaction") > 8
    assert check.entries == tampered.number("select count(*) from ledger_entry")
    assert check.accounts == tampered.number("select count(*) from account")
    assert check.head is not None
    kinds = set(tampered.connection.execute(text("select distinct kind from ledger_transaction")).scalars())
    assert kinds == {1, 2, 5, 6, 7, 10}


@pytest.mark.parametrize(
    ("tampering", "sentences"),
    [
        (f"update ledger_entry set amount = amount + 1 where transaction_id = {AWARD} and position = 1", {SUMS}),
        (f"delete from ledger_entry where transaction_id = {AWARD}", {EMPTY, AWARDS}),
        (
            "insert into ledger_transaction (program_id, kind, key, effective_on) "
            "select id, 10, 'of nothing', '2026-01-01' from program",
            {EMPTY},
        ),
        (f"update account set available = available + 1, adjusted = adjusted + 1 where id = {WALLET}", {CACHED, LOTS}),
        (f"update account set earned = earned + 1, adjusted = adjusted - 1 where id = {WALLET}", {CACHED}),
        (f"update account set spent = spent + 1, earned = earned + 1 where id = {WALLET}", {CACHED}),
        (f"update account set expired = expired + 1, earned = earned + 1 where id = {WALLET}", {CACHED}),
        (f"update account set pending = pending + 1, available = available - 1 where id = {WALLET}", {CACHED}),
        (f"update account set reserved = reserved + 1, available = available - 1 where id = {WALLET}", {CACHED, LOTS}),
        (f"update account set gifts = gifts + 1 where id = {WALLET}", {CACHED}),
        (f"update account set carried = carried + 1 where id = {WALLET}", {CARRIED}),
        (f"update lot set remaining = remaining - 1 where id = {A_LOT}", {LOT, LOTS}),
        (f"update lot set account_id = 0 where id = {A_LOT}", {LOTS}),
        ("update award set amount = amount + 1 where document_id = (select min(document_id) from award)", {AWARDS}),
        ("delete from award where document_id = (select min(document_id) from award)", {AWARDS}),
        (
            "insert into award (document_id, line_number, rule_version_id, amount, uncut, set_amount, basis, cell, "
            "unit, cut_by) select document_id, 99, rule_version_id, 7, 7, 7, 7, -1, 2, 0 from award limit 1",
            {AWARDS},
        ),
        ("update award_reversal set amount = amount + 1", {RETURNS}),
        ("delete from award_reversal", {RETURNS}),
        ("update ledger_transaction set kind = 3 where kind = 2", {RETURNS}),
        (f"update ledger_entry set lot_id = 0 where transaction_id = {AWARD} and lot_id is not null", {ORPHAN, LOT}),
        (f"update ledger_entry set account_id = 0 where transaction_id = {AWARD} and bucket = 11", {ORPHAN, SUMS}),
        (f"delete from account where id = {WALLET}", {ORPHAN}),
        (f"delete from lot where id = {A_LOT}", {ORPHAN, LOTS}),
        (
            f"{A_STANDING} select 1, min(id), '', 1, 0, 0, 0, 0, 0, true, '[]', 5, 5, 0, 1, 0, 0, now() "
            "from distributor",
            {PAID},
        ),
        ("update ledger_transaction set kind = 11 where kind = 10", {CAUSED, CACHED}),
        ("delete from product", {LINE}),
        ("update sales_line set document_id = 0 where document_id = (select min(id) from sales_document)", {LINE}),
    ],
)
def test_what_is_tampered_with_is_named(tampered: Ledger, tampering: str, sentences: set[str]) -> None:
    tampered.tamper(tampering)
    assert sentences <= tampered.found().keys()


@pytest.mark.parametrize(
    "tampering",
    [
        f"update ledger_transaction set effective_on = effective_on - 1 where id = {AWARD}",
        f"update ledger_transaction set actor = 'somebody else' where id = {AWARD}",
        "update ledger_transaction set reason = 'another' where kind = 10",
        f"update ledger_transaction set recorded_at = recorded_at - interval '1 microsecond' where id = {AWARD}",
        f"update ledger_transaction set document_id = null where id = {AWARD}",
        "update ledger_transaction set kind = 3 where kind = 2",
        "update ledger_transaction set reverses_id = null where kind = 7",
        f"update ledger_entry set amount = 2 * amount where transaction_id = {AWARD}",
        f"update ledger_entry set position = position + 10 where transaction_id = {AWARD}",
        f"delete from ledger_transaction where id = {AWARD}",
        "update ledger_block set hash = sha256('mine')",
        "update ledger_block set transactions = transactions - 1",
    ],
)
def test_a_past_that_was_changed_breaks_the_seal(tampered: Ledger, tampering: str) -> None:
    """Also where every sum is right again."""
    tampered.tamper(tampering)
    assert "seals" in tampered.found()


def test_a_sentence_names_what_is_wrong_and_by_how_much(tampered: Ledger) -> None:
    award, wallet = tampered.number(f"select {AWARD}"), tampered.number(f"select {WALLET}")
    available = tampered.number(f"select available from account where id = {wallet}")
    tampered.tamper(f"update ledger_entry set amount = amount + 1 where transaction_id = {award} and bucket = 11")
    tampered.tamper(f"update account set available = available + 7, adjusted = 12 where id = {wallet}")
    found = tampered.found()
    assert found[SUMS] == [f"transaction {award} sums to 1 in unit 1, not to zero"]
    assert found[CACHED] == [
        f"account {wallet}: available is {available + 7}, its entries say {available}",
        f"account {wallet}: adjusted is 12, its entries say 5",
    ]


def test_every_sentence_is_filled_by_its_query(tampered: Ledger) -> None:
    """A query with fewer columns than its sentence has places would fail when something is wrong, and only then."""
    for sentence, query in PROOFS.items():
        columns = len(tampered.connection.execute(text(query)).keys())
        places = {int(place) for place in re.findall(r"\{(\d+)\}", sentence)}
        assert max(places) < columns, sentence


def test_only_so_many_problems_of_one_kind_are_listed_and_the_rest_is_counted(database: Database) -> None:
    listed = ledger_check._listed("row {0}", iter([(number,) for number in range(25)]))
    assert len(listed) == ledger_check.SHOWN + 1
    assert listed[-1] == "... and 5 more of this kind"
    with sessions_of(database.app_url) as (_, registry):
        wallets = registry().scalars(select(Account.id).where(Account.distributor_id.is_not(None))).all()
        assert len(wallets) == 4
