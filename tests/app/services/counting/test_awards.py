"""What documents earn: pending or available, in lots that expire, in points and in money (rules.md 2, 5 and 8)."""

import datetime as dt

import pytest

from app.domain.states import Bucket, DocumentStatus, LotState, TransactionKind, Unit
from app.models.ledger import Lot
from app.models.sales import Award
from app.services.ledger import ledger
from tests.support.desk import IN_REVIEW, Desk, LotSeen, Opening, Standing
from tests.support.programs import BASE_RULE, NOW

MONEY_RULE = {"code": "cash", "name": "Cash", "kind": "per_document", "points": "2.50", "unit": "money"}


def days(count: int) -> dt.datetime:
    return NOW + dt.timedelta(days=count)


def test_an_accepted_document_gives_available_points(desk: Desk) -> None:
    admission = desk.invoice("1", 10)
    assert admission.awarded == {Unit.POINTS: 10, Unit.MONEY: 0}
    assert desk.points() == Standing(pending=0, available=10)
    assert desk.balance().earned == 10
    assert list(desk.lots().values()) == [LotSeen(LotState.OPEN, 10)]


def test_an_award_is_one_transaction_between_the_programme_and_the_wallet(desk: Desk) -> None:
    desk.invoice("1", 10, issued_on="2026-03-09")
    one = desk.newest()
    assert (one.kind, one.key) == (TransactionKind.AWARD, f"award:{desk.document('1').id}")
    assert (one.effective_on, one.document_id) == (dt.date(2026, 3, 9), desk.document("1").id)
    assert one.actor is None
    assert desk.entries(one.id) == [("D1", Bucket.AVAILABLE, 10), ("programme", Bucket.ISSUED, -10)]
    assert list(desk.lots()) == [one.id]


def test_a_document_in_review_gives_pending_points_that_cannot_be_spent(desk: Desk) -> None:
    desk.invoice("1", 10, source=IN_REVIEW)
    assert desk.points() == Standing(pending=10, available=0)
    assert desk.newest().actor == "ann"
    assert list(desk.lots().values()) == [LotSeen(LotState.PENDING, 10)]
    with pytest.raises(ledger.InsufficientPoints), desk.session.begin_nested():
        desk.reserve(1)


def test_a_refused_document_gives_nothing(desk: Desk) -> None:
    admission = desk.invoice("1", 10, issued_on="2025-12-31")
    assert admission.status.tolist() == [DocumentStatus.REFUSED]
    assert admission.awarded == {Unit.POINTS: 0, Unit.MONEY: 0}
    assert desk.points() == Standing(0, 0)
    assert desk.lots() == {}


def test_a_document_that_earns_nothing_leaves_no_trace_in_the_ledger(desk: Desk) -> None:
    desk.sell(desk.line("1", quantity=1, net_minor=9_99))
    assert desk.document("1").status is DocumentStatus.ACCEPTED
    assert desk.transactions(TransactionKind.AWARD) == []


def test_the_documents_of_one_work_are_a_transaction_each(desk: Desk) -> None:
    desk.sell(desk.line("1", 10), desk.line("2", 5), desk.line("3", 7, who="D2"))
    assert desk.points("D1") == Standing(0, 15)
    assert desk.points("D2") == Standing(0, 7)
    assert desk.points("D3") == Standing(0, 0)
    assert desk.left("D1") == [10, 5]
    assert len(desk.transactions(TransactionKind.AWARD)) == 3


def test_accepted_points_cool_off_until_the_programmes_day(open_desk: Opening) -> None:
    desk = open_desk(program={"verification": {"cooling_off_days": 14}})
    desk.invoice("1", 10)
    assert desk.points() == Standing(pending=10, available=0)
    assert desk.document("1").release_on == days(14).date()
    assert ledger.release_due(desk.session, desk.program, now=days(13)) == 0
    assert desk.points() == Standing(pending=10, available=0)
    assert ledger.release_due(desk.session, desk.program, now=days(14)) == 1
    assert desk.points() == Standing(pending=0, available=10)
    assert desk.balance().earned == 10


def test_the_day_on_which_points_have_cooled_off_begins_at_midnight_in_the_programmes_zone(open_desk: Opening) -> None:
    desk = open_desk(program={"verification": {"cooling_off_days": 1}})
    desk.invoice("1", 10, now=dt.datetime(2026, 7, 1, 21, 30, tzinfo=dt.UTC))  # 23:30 of the 1st in Warsaw
    assert ledger.release_due(desk.session, desk.program, now=dt.datetime(2026, 7, 1, 21, 59, tzinfo=dt.UTC)) == 0
    assert ledger.release_due(desk.session, desk.program, now=dt.datetime(2026, 7, 1, 22, 0, tzinfo=dt.UTC)) == 1


def test_what_was_released_is_not_released_again(open_desk: Opening) -> None:
    desk = open_desk(program={"verification": {"cooling_off_days": 14}})
    desk.invoice("1", 10)
    assert ledger.release_due(desk.session, desk.program, now=days(14)) == 1
    assert ledger.release_due(desk.session, desk.program, now=days(15)) == 0
    ledger.release(desk.session, desk.program, [desk.document("1").id], now=days(15), actor=None)
    assert len(desk.transactions(TransactionKind.RELEASE)) == 1


def test_a_document_in_review_does_not_cool_off_before_it_is_accepted(open_desk: Opening) -> None:
    desk = open_desk(program={"verification": {"cooling_off_days": 14}})
    desk.invoice("1", 10, source=IN_REVIEW)
    assert ledger.release_due(desk.session, desk.program, now=days(100)) == 0
    desk.accept("1", now=days(100))
    assert desk.points() == Standing(pending=10, available=0)
    assert ledger.release_due(desk.session, desk.program, now=days(114)) == 1
    assert desk.points() == Standing(pending=0, available=10)


def test_nothing_is_released_of_a_document_that_was_refused_while_it_cooled_off(open_desk: Opening) -> None:
    desk = open_desk(program={"verification": {"cooling_off_days": 14}})
    desk.invoice("1", 10)
    desk.refuse("1")
    assert desk.points() == Standing(0, 0)
    assert ledger.release_due(desk.session, desk.program, now=days(14)) == 0
    assert desk.points() == Standing(0, 0)


def test_a_lot_expires_counted_from_the_day_of_posting_and_keeps_the_day_of_the_sale(open_desk: Opening) -> None:
    desk = open_desk(program={"expiry": {"months_after_award": 3}})
    desk.invoice("1", 10, issued_on="2026-03-01")
    (lot,) = desk.lots().values()
    assert lot.expires_on == dt.date(2027, 2, 21)
    (row,) = desk.rows(Lot, account_id=desk.account())
    assert row.earned_on == dt.date(2026, 3, 1)


def test_a_lot_remembers_what_a_point_was_worth_when_it_was_earned(desk: Desk) -> None:
    desk.invoice("1", 10)
    desk.program.point_value_micro = 99
    desk.session.flush()
    (row,) = desk.rows(Lot, account_id=desk.account())
    assert row.unit_value_micro == 10_000_000  # 0.10 PLN in millionths of a grosz


def test_a_document_may_earn_points_and_money(open_desk: Opening) -> None:
    desk = open_desk(earning_rules=[dict(BASE_RULE), MONEY_RULE])
    admission = desk.invoice("1", 10)
    assert admission.awarded == {Unit.POINTS: 10, Unit.MONEY: 250}
    assert desk.points(unit=Unit.POINTS) == Standing(0, 10)
    assert desk.points(unit=Unit.MONEY) == Standing(0, 250)
    keys = [one.key for one in desk.transactions(TransactionKind.AWARD)]
    document = desk.document("1").id
    assert sorted(keys) == [f"award:{document}", f"award:{document}:money"]
    (lot,) = desk.rows(Lot, account_id=desk.account(unit=Unit.MONEY))
    assert lot.unit_value_micro == 1_000_000, "money is worth itself"


def test_an_award_is_kept_by_line_and_version_of_the_rule(desk: Desk) -> None:
    desk.sell(desk.line("1", 3), desk.line("1", 4, what="Q"))
    awards = desk.rows(Award, document_id=desk.document("1").id)
    assert [(one.line_number, one.amount, one.set_amount) for one in awards] == [(1, 3, 7), (2, 4, 7)]


def test_a_first_purchase_is_one_once(open_desk: Opening) -> None:
    rule = {**BASE_RULE, "scope": {"first_purchase": True}}
    desk = open_desk(earning_rules=[rule])
    desk.sell(desk.line("1", 10), desk.line("2", 20, issued_on="2026-03-05"))
    desk.invoice("3", 40, issued_on="2026-02-01")
    assert desk.points() == Standing(0, 10)
    desk.invoice("4", 5, who="D2")
    assert desk.points("D2") == Standing(0, 5)


def test_a_first_purchase_that_was_refused_was_none(open_desk: Opening) -> None:
    desk = open_desk(earning_rules=[{**BASE_RULE, "scope": {"first_purchase": True}}])
    desk.invoice("1", 10)
    desk.refuse("1")
    desk.invoice("2", 20)
    assert desk.points() == Standing(0, 20)
