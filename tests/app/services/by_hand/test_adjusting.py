"""Points given and taken by hand, with a reason."""

import datetime as dt

import pytest
from sqlalchemy.exc import IntegrityError

from app.domain.states import Bucket, LotState, TransactionKind, Unit
from app.models.ledger import Lot
from app.services.ledger import ledger
from tests.support.desk import IN_REVIEW, TODAY, Desk, LotSeen, Opening, Standing
from tests.support.programs import NOW


def test_points_are_given_in_a_lot_of_their_own_that_lasts_as_if_awarded_today(open_desk: Opening) -> None:
    desk = open_desk(program={"expiry": {"months_after_award": 3}})
    assert desk.adjust(7, key=f"{desk.program.code}:a", reason="  for the fair ") == 7
    one = desk.newest()
    assert (one.kind, one.key) == (TransactionKind.ADJUST, f"adjust:{desk.program.code}:a")
    assert (one.actor, one.reason, one.effective_on) == ("ann", "  for the fair ", TODAY)
    assert desk.entries(one.id) == [("D1", Bucket.AVAILABLE, 7), ("programme", Bucket.ADJUSTED, -7)]
    assert desk.lots() == {one.id: LotSeen(LotState.OPEN, 7, dt.date(2027, 2, 21))}
    assert (desk.balance().adjusted, desk.balance().earned) == (7, 0)
    (lot,) = desk.rows(Lot, account_id=desk.account())
    assert (lot.earned_on, lot.unit_value_micro) == (TODAY, 10_000_000)


def test_points_are_taken_from_what_expires_first(desk: Desk) -> None:
    desk.sell(desk.line("1", 3), desk.line("2", 4))
    assert desk.adjust(-5) == -5
    assert desk.left() == [0, 2]
    assert (desk.balance().adjusted, desk.balance().earned) == (-5, 7)
    assert desk.entries(desk.newest().id)[-1] == ("programme", Bucket.ADJUSTED, 5)


def test_an_account_owes_what_it_does_not_have(desk: Desk) -> None:
    desk.invoice("1", 3)
    assert desk.adjust(-5) == -5
    assert desk.points() == Standing(0, -2)


def test_where_accounts_may_not_owe_only_what_is_there_is_taken(open_desk: Opening) -> None:
    desk = open_desk(program={"returns": "clamp"})
    desk.invoice("1", 3)
    assert desk.adjust(-5) == -3
    assert (desk.points(), desk.balance().adjusted) == (Standing(0, 0), -3)
    last = desk.newest().id
    assert desk.adjust(-5) == 0
    assert desk.newest().id == last, "of nothing no transaction is made"


def test_pending_points_are_not_taken(desk: Desk) -> None:
    desk.invoice("1", 3, source=IN_REVIEW)
    desk.adjust(-2)
    assert desk.points() == Standing(pending=3, available=-2)


def test_what_is_given_pays_what_is_owed_first(desk: Desk) -> None:
    desk.adjust(-5)
    desk.adjust(3)
    assert (desk.points(), desk.left()) == (Standing(0, -2), [0])
    desk.adjust(3)
    assert (desk.points(), desk.left()) == (Standing(0, 1), [0, 1])


def test_expired_points_are_written_off_before_any_are_taken(open_desk: Opening) -> None:
    desk = open_desk(program={"expiry": {"months_after_award": 1}})
    desk.invoice("1", 3)
    later = NOW + dt.timedelta(days=60)
    assert desk.adjust(-2, now=later) == -2
    assert (desk.points(), desk.balance().expired) == (Standing(0, -2), 3)


def test_money_is_worth_itself(desk: Desk) -> None:
    account = desk.account(unit=Unit.MONEY)
    given = {"key": f"{desk.program.code}:m", "now": NOW, "actor": "ann", "reason": "fair"}
    assert ledger.adjust(desk.session, desk.rules, account, 250, **given) == 250
    assert desk.points(unit=Unit.MONEY) == Standing(0, 250)
    assert desk.points(unit=Unit.POINTS) == Standing(0, 0)
    (lot,) = desk.rows(Lot, account_id=account)
    assert lot.unit_value_micro == 1_000_000


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_nothing_is_changed_by_hand_without_a_reason(desk: Desk, reason: str) -> None:
    with pytest.raises(ledger.LedgerError, match="needs a reason"):
        desk.adjust(5, reason=reason)


def test_an_adjustment_changes_something(desk: Desk) -> None:
    with pytest.raises(ledger.LedgerError, match="needs an amount"):
        desk.adjust(0)


@pytest.mark.parametrize("amount", [5, -5])
def test_a_key_adjusts_once(desk: Desk, amount: int) -> None:
    desk.adjust(amount, key=f"{desk.program.code}:once")
    with pytest.raises(IntegrityError), desk.session.begin_nested():
        desk.adjust(amount, key=f"{desk.program.code}:once")
    assert desk.points() == Standing(0, amount)
