"""The one way into the ledger: all of a posting goes in, or nothing; and whose accounts it is about."""

import datetime as dt

import numpy as np
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.domain.points.lots import Leg
from app.domain.states import Bucket, LotState, TransactionKind, Unit
from app.models.figures import TouchedMonth
from app.models.ledger import Account
from app.services.ledger.accounts import lock_wallets, open_accounts, program_accounts
from app.services.ledger.posting import NewLots, Posting, post, program_bucket, transaction_ids
from app.services.ledger.wallets import OpenWallets, lock_accounts
from tests.support.desk import IN_REVIEW, TODAY, Desk, Opening, Standing

DAY = np.asarray([TODAY], dtype="datetime64[D]")


def giving(desk: Desk, amount: int, *, key: str, taken: int | None = None) -> Posting:
    """Write a posting by hand that gives points to D1 in a lot, and takes them from the programme."""
    ids = transaction_ids(desk.session, 1)
    one, lot = int(ids[0]), np.asarray([amount], dtype=np.int64)
    posting = Posting(desk.program.id, actor="ann", reason="by hand")
    posting.add_transactions(ids, TransactionKind.ADJUST, [key], DAY)
    posting.add_legs(one, desk.account(), [Leg(Bucket.AVAILABLE, amount, one)])
    own = program_accounts(desk.session, desk.program.id)[Unit.POINTS]
    posting.add_legs(one, own, [Leg(Bucket.ADJUSTED, -(amount if taken is None else taken), None)])
    account, state = (np.asarray([value], dtype=np.int64) for value in (desk.account(), LotState.OPEN))
    never = np.asarray(["NaT"], dtype="datetime64[D]")
    posting.new_lots.append(NewLots(ids, account, state, DAY, never, np.ones(1, dtype=np.int64), lot, lot))
    return posting


def test_a_posting_changes_entries_lots_and_balances_together(desk: Desk) -> None:
    assert post(desk.session, giving(desk, 5, key="x")) == 1
    assert desk.points() == Standing(0, 5)
    assert desk.left() == [5]
    one = desk.newest()
    assert (one.key, one.actor, one.reason) == ("x", "ann", "by hand")
    assert desk.entries(one.id) == [("D1", Bucket.AVAILABLE, 5), ("programme", Bucket.ADJUSTED, -5)]


def test_a_posting_that_does_not_sum_to_zero_is_refused_by_the_database(desk: Desk) -> None:
    unbalanced = giving(desk, 5, key="x", taken=4)
    with pytest.raises(DBAPIError, match="do not sum to zero"), desk.session.begin_nested():
        post(desk.session, unbalanced)
    assert (desk.points(), desk.lots()) == (Standing(0, 0), {})


def test_a_key_is_posted_once(desk: Desk) -> None:
    post(desk.session, giving(desk, 5, key="x"))
    again = giving(desk, 5, key="x")
    with pytest.raises(IntegrityError), desk.session.begin_nested():
        post(desk.session, again)
    assert desk.points() == Standing(0, 5)


def test_a_balance_that_may_not_be_below_zero_is_not(open_desk: Opening) -> None:
    desk = open_desk(program={"returns": "clamp"})
    posting = giving(desk, -5, key="x")
    posting.new_lots.clear()
    posting.entry_lot[0][:] = -1
    with pytest.raises(IntegrityError, match="ck_account_available"), desk.session.begin_nested():
        post(desk.session, posting)


def test_nothing_is_posted_of_nothing(desk: Desk) -> None:
    assert post(desk.session, Posting(desk.program.id)) == 0


def test_entries_of_no_amount_are_left_out(desk: Desk) -> None:
    posting = giving(desk, 5, key="x")
    one = int(posting.transaction_ids[0][0])
    posting.add_legs(one, desk.account("D2"), [Leg(Bucket.AVAILABLE, 0, None)])
    posting.add_legs(one, desk.account("D2"), [])
    post(desk.session, posting)
    assert len(desk.entries(one)) == 2


def test_entries_of_several_transactions_are_numbered_each_from_one(desk: Desk) -> None:
    first, second = giving(desk, 5, key="x"), giving(desk, 7, key="y")
    for name in ("transaction_ids", "kinds", "effective_on", "document_ids", "reverses_ids", "new_lots", "keys"):
        getattr(first, name).extend(getattr(second, name))
    for name in ("entry_transaction", "entry_account", "entry_bucket", "entry_amount", "entry_lot"):
        columns = [*getattr(first, name), *getattr(second, name)]
        setattr(first, name, columns[::-1])  # in any order
    assert post(desk.session, first) == 2
    assert desk.points() == Standing(0, 12)
    numbered = desk.session.execute(
        text("select transaction_id, array_agg(position order by position) from ledger_entry group by 1")
    )
    assert {tuple(positions) for _, positions in numbered} == {(1, 2)}


@pytest.mark.parametrize(
    ("kind", "bucket"),
    [
        (TransactionKind.AWARD, Bucket.ISSUED),
        (TransactionKind.REVERSAL, Bucket.ISSUED),
        (TransactionKind.VOID, Bucket.ISSUED),
        (TransactionKind.SETTLE, Bucket.REDEEMED),
        (TransactionKind.EXPIRE, Bucket.EXPIRED),
        (TransactionKind.REINSTATE, Bucket.EXPIRED),
        (TransactionKind.ADJUST, Bucket.ADJUSTED),
    ],
)
def test_each_kind_has_its_side_of_the_programme(kind: TransactionKind, bucket: Bucket) -> None:
    assert program_bucket(kind) is bucket


@pytest.mark.parametrize("kind", [TransactionKind.RELEASE, TransactionKind.RESERVE, TransactionKind.CANCEL])
def test_what_only_moves_within_a_wallet_has_none(kind: TransactionKind) -> None:
    with pytest.raises(KeyError):
        program_bucket(kind)


def test_a_posting_says_which_months_changed(desk: Desk) -> None:
    desk.session.execute(text("delete from touched_month where program_id = :it"), {"it": desk.program.id})
    desk.adjust(5)
    months = desk.session.scalars(select(TouchedMonth.month_on).where(TouchedMonth.program_id == desk.program.id))
    assert set(months) == {dt.date(2026, 11, 1)}


def test_wallets_are_opened_once_in_each_unit(desk: Desk) -> None:
    who = desk.people["D1"]
    before = [desk.account(unit=unit) for unit in Unit]
    open_accounts(desk.session, desk.program.id, [who, None], may_owe=False)
    assert [desk.account(unit=unit) for unit in Unit] == before
    assert len(desk.rows(Account, distributor_id=who)) == 2
    assert len(desk.rows(Account, program_id=desk.program.id, distributor_id=None)) == 2
    assert all(one.may_owe for one in desk.rows(Account, distributor_id=who))


def test_a_programme_has_an_account_of_its_own_in_each_unit(desk: Desk, open_desk: Opening) -> None:
    own, other = (program_accounts(desk.session, one.program.id) for one in (desk, open_desk()))
    assert own.keys() == other.keys() == set(Unit)
    assert len({*own.values(), *other.values()}) == 4


def test_locked_wallets_stand_in_the_order_of_their_distributors(desk: Desk) -> None:
    desk.sell(desk.line("1", 5), desk.line("2", 7, who="D3"))
    asked = np.asarray([desk.people[who] for who in ("D3", "D1", "D3")], dtype=np.int64)
    found = lock_wallets(desk.session, asked)[Unit.POINTS]
    assert found.distributor_ids.tolist() == sorted({desk.people["D1"], desk.people["D3"]})
    assert found.available.tolist() == [5, 7]
    assert found.of(asked).tolist() == [desk.account("D3"), desk.account("D1"), desk.account("D3")]
    assert found.may_owe.all()


def test_accounts_are_locked_in_the_order_of_their_ids(desk: Desk) -> None:
    accounts = [desk.account(who) for who in ("D3", "D1", "D2", "D1")]
    assert [row.id for row in lock_accounts(desk.session, accounts)] == sorted(set(accounts))
    assert lock_accounts(desk.session, []) == []


def test_open_wallets_know_their_lots_and_what_a_plan_changes(desk: Desk) -> None:
    desk.sell(desk.line("1", 5), desk.line("2", 7))
    desk.invoice("3", 9, source=IN_REVIEW)
    desk.reserve(5)
    account = desk.account()
    closed, untouched, pending = desk.lots()
    opened = OpenWallets(desk.session, [account])
    assert sorted(opened.of[account].lots) == [untouched, pending]
    assert (opened.of[account].owed, opened.of[account].available()) == (0, 7)
    assert opened.changed().id.tolist() == []
    opened.of[account].spend(2)
    changed = opened.changed()
    assert (changed.id.tolist(), changed.remaining.tolist()) == ([untouched], [5])
    with_closed = OpenWallets(desk.session, [account], with_lots=[closed])
    assert sorted(with_closed.of[account].lots) == [closed, untouched, pending]


def test_an_open_wallet_knows_what_it_owes(desk: Desk) -> None:
    desk.adjust(-5)
    account = desk.account()
    assert OpenWallets(desk.session, [account]).of[account].owed == 5
