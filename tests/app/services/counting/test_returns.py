"""What comes back takes back what it earned, as it was recorded then (rules.md 6)."""

import datetime as dt

import pytest

from app.domain.states import Bucket, DocumentStatus, LotState, TransactionKind, Unit
from app.models.sales import AwardReversal, ReturnMatch, SalesDocument
from app.services.ledger import ledger
from tests.support import programs
from tests.support.desk import CREDIT, IN_REVIEW, Desk, Opening, Standing
from tests.support.programs import BASE_RULE, NOW
from verification.deciding.replacing import replace

PER_PIECE = {"code": "pieces", "name": "Pieces", "kind": "per_unit", "points": 1}


def seven_for_ten(open_desk: Opening, **settings: object) -> Desk:
    """A programme in which ten pieces earn seven points: 0.7 a piece is 7 for ten, and 2 for three."""
    rule = {"code": "base", "name": "Base", "kind": "per_amount", "points": 1, "step": "10.00"}
    desk = open_desk(earning_rules=[rule], program=settings)
    desk.sell(desk.line("1", quantity=10, net_minor=79_99))
    assert desk.balance().earned == 7
    return desk


def test_ten_pieces_earned_seven_points_and_come_back_as_two_three_and_two(open_desk: Opening) -> None:
    desk = seven_for_ten(open_desk)
    taken = []
    for number, pieces in enumerate((3, 4, 3)):
        credit = desk.sell(
            desk.line(f"K{number}", quantity=-pieces, net_minor=-1, kind=CREDIT, issued_on="2026-03-02", corrects="1")
        )
        taken.append(credit.reversed[Unit.POINTS])
    assert taken == [2, 3, 2]
    assert desk.points() == Standing(0, 0)
    assert desk.balance().earned == 0


def test_in_one_import_the_steps_are_the_same(open_desk: Opening) -> None:
    desk = seven_for_ten(open_desk)
    credits = [
        desk.line(f"K{number}", quantity=-pieces, net_minor=-1, kind=CREDIT, issued_on="2026-03-02")
        for number, pieces in enumerate((3, 4, 3))
    ]
    assert desk.sell(*credits).reversed[Unit.POINTS] == 7
    rows = [desk.rows(AwardReversal, return_document_id=desk.document(f"K{n}", CREDIT).id) for n in range(3)]
    assert [[row.amount for row in one] for one in rows] == [[2], [3], [2]]


@pytest.mark.parametrize(("quantity_sign", "amount_sign"), [(-1, -1), (1, -1), (1, 1)])
@pytest.mark.parametrize("corrects", ["1", None])
def test_goods_come_back_to_the_line_that_sold_them_and_not_to_their_discount(
    desk: Desk, quantity_sign: int, amount_sign: int, corrects: str | None
) -> None:
    desk.sell(desk.line("1", quantity=10, net_minor=100_00), desk.line("1", quantity=10, net_minor=-20_00))
    desk.invoice("0", 10, issued_on="2026-02-01")
    assert desk.points() == Standing(0, 8 + 10)
    more = {"kind": CREDIT, "issued_on": "2026-03-02", "corrects": corrects}
    credit = desk.sell(
        desk.line("K1", quantity=10 * quantity_sign, net_minor=100_00 * amount_sign, **more),
        desk.line("K1", quantity=10 * quantity_sign, net_minor=-20_00 * amount_sign, **more),
    )
    assert (credit.reversed[Unit.POINTS], credit.unmatched_lines) == (8, [])
    assert desk.points() == Standing(0, 10)


def test_a_credit_note_without_the_discount_takes_all_that_the_goods_earned(desk: Desk) -> None:
    desk.sell(desk.line("1", quantity=10, net_minor=100_00), desk.line("1", quantity=10, net_minor=-20_00))
    desk.sell(desk.line("K1", quantity=-10, net_minor=-80_00, kind=CREDIT, issued_on="2026-03-02"))
    assert desk.points() == Standing(0, 0)


def test_a_note_takes_back_what_its_own_seller_sold(desk: Desk) -> None:
    desk.invoice("7", 10, seller="526-000-12-46")
    desk.invoice("7", 8, seller="7740001454", issued_on="2026-03-02")
    desk.credit("K1", 3, corrects="7", seller="PL5260001246")
    rows = desk.rows(AwardReversal, return_document_id=desk.document("K1", CREDIT).id)
    keys = {document.id: document.document_key for document in desk.rows(SalesDocument, number="7")}
    assert [(keys[row.sale_document_id], row.amount) for row in rows] == [("1|tax:5260001246|7", 3)]


def test_a_note_whose_lines_name_several_invoices_takes_of_each_what_it_earned(desk: Desk) -> None:
    desk.invoice("1", 100, quantity=10)
    desk.invoice("2", 10, quantity=10)
    back = {"quantity": -5, "net_minor": -1, "kind": CREDIT, "issued_on": "2026-03-02"}
    note = [desk.line("K1", corrects="2", **back), desk.line("K1", corrects="1", **back), desk.line("K1", **back)]
    credit = desk.sell(*note)
    assert (credit.reversed[Unit.POINTS], credit.unmatched_lines) == (10 + 50, [])
    assert desk.points() == Standing(0, 50)
    note_id = desk.document("K1", CREDIT).id
    met = {row.return_line_number: row.sale_document_id for row in desk.rows(ReturnMatch, return_document_id=note_id)}
    one, two = desk.document("1").id, desk.document("2").id
    assert met == {1: two, 2: one, 3: two}  # a line that names none comes to what its note names first
    assert desk.sell(*note).duplicate.tolist() == [True]
    desk.refuse("K1", CREDIT)
    assert desk.points() == Standing(0, 110)


def test_a_note_that_is_looked_at_again_meets_what_its_lines_named(desk: Desk) -> None:
    desk.invoice("1", 100, quantity=10)
    desk.invoice("2", 10, quantity=10)
    back = {"quantity": -5, "net_minor": -1, "kind": CREDIT, "issued_on": "2026-03-02"}
    desk.sell(desk.line("K1", corrects="2", **back), desk.line("K1", corrects="1", **back), source=IN_REVIEW)
    for quantities in (None, {2: -5_000}):
        note = desk.document("K1", CREDIT)
        replace(desk.session, desk.rules, note, quantities, now=NOW, actor="ann", reason="looked at again")
    assert desk.points() == Standing(0, 110 - 50)


def test_what_is_looked_at_again_says_what_its_returns_meet_now(desk: Desk) -> None:
    desk.credit("K1", 10)
    desk.invoice("1", 6)
    for expected in ("10", "4", "4"):
        (said,) = desk.document("K1", CREDIT).reasons or ()
        assert (said["code"], said["found"]) == ("return_without_sale", expected)
        replace(
            desk.session, desk.rules, desk.document("K1", CREDIT), None, now=NOW, actor="ann", reason="looked at again"
        )
    desk.invoice("2", 4)
    replace(desk.session, desk.rules, desk.document("K1", CREDIT), None, now=NOW, actor="ann", reason="looked at again")
    assert desk.document("K1", CREDIT).reasons is None


def test_a_return_is_a_transaction_that_names_its_document(desk: Desk) -> None:
    desk.invoice("1", 10)
    desk.credit("K1", 4)
    one = desk.newest()
    credit = desk.document("K1", CREDIT)
    assert (one.kind, one.key) == (TransactionKind.REVERSAL, f"return:{credit.id}")
    assert (one.effective_on, one.document_id) == (dt.date(2026, 3, 2), credit.id)
    assert desk.entries(one.id) == [("D1", Bucket.AVAILABLE, -4), ("programme", Bucket.ISSUED, 4)]
    assert desk.balance().earned == 6


def test_a_line_with_a_negative_quantity_is_a_return_though_it_stands_in_an_invoice(desk: Desk) -> None:
    desk.invoice("1", 10)
    desk.sell(desk.line("2", -4, issued_on="2026-03-02"))
    assert desk.points() == Standing(0, 6)


def test_a_return_takes_what_was_awarded_then_and_not_what_todays_rule_would_give(desk: Desk) -> None:
    desk.invoice("1", 10)
    dearer = {**BASE_RULE, "points": 5}
    programs.load(desk.session, programs.document(desk.program.code, earning_rules=[dearer]))
    desk.invoice("2", 10, issued_on="2026-03-03")
    assert desk.points() == Standing(0, 60)
    desk.credit("K1", 10, corrects="1", issued_on="2026-03-04")
    assert desk.points() == Standing(0, 50)


def test_a_return_meets_the_latest_sale_of_the_product_first(desk: Desk) -> None:
    desk.sell(desk.line("1", 10), desk.line("2", 10, issued_on="2026-03-05"), desk.line("3", 10, what="Q"))
    desk.credit("K1", 12, issued_on="2026-03-06")
    sales = [desk.document(number).id for number in ("2", "1")]
    matches = desk.rows(ReturnMatch, return_document_id=desk.document("K1", CREDIT).id)
    assert {one.sale_document_id: one.quantity_milli for one in matches} == dict(
        zip(sales, (10_000, 2_000), strict=True)
    )
    assert desk.left() == [8, 10, 0]  # by lot: invoice 1, invoice 3, invoice 2


def test_a_sale_of_another_distributor_or_after_the_day_of_the_return_is_not_met(desk: Desk) -> None:
    desk.invoice("1", 10, who="D2")
    desk.invoice("2", 10, issued_on="2026-03-09")
    admission = desk.credit("K1", 5, issued_on="2026-03-08")
    assert admission.status.tolist() == [DocumentStatus.REVIEW]
    assert (desk.points("D1"), desk.points("D2")) == (Standing(0, 10), Standing(0, 10))


def test_a_return_of_what_nobody_sold_takes_nothing_and_goes_to_review(desk: Desk) -> None:
    admission = desk.credit("K1", 5)
    assert admission.status.tolist() == [DocumentStatus.REVIEW]
    assert admission.reasons == {0: [{"code": "return_without_sale", "severity": "review", "line": 1, "found": "5"}]}
    assert admission.unmatched_lines == [(0, 1)]
    stored = desk.document("K1", CREDIT)
    assert (stored.status, stored.reasons) == (DocumentStatus.REVIEW, admission.reasons[0])
    assert desk.transactions(TransactionKind.REVERSAL) == []


def test_what_comes_back_beyond_what_was_sold_goes_to_review_and_the_rest_is_taken(desk: Desk) -> None:
    desk.invoice("1", 10)
    admission = desk.sell(
        desk.line("K1", quantity=-12.5, net_minor=-125_00, kind=CREDIT, issued_on="2026-03-02", corrects="1")
    )
    assert admission.status.tolist() == [DocumentStatus.REVIEW]
    assert [reason["found"] for reason in admission.reasons[0]] == ["2.5"]
    assert desk.points() == Standing(0, 0)


def test_what_came_back_once_does_not_come_back_again(desk: Desk) -> None:
    desk.invoice("1", 10)
    desk.credit("K1", 10)
    assert desk.credit("K2", 1).status.tolist() == [DocumentStatus.REVIEW]
    assert desk.points() == Standing(0, 0)


def test_pending_points_are_taken_back_where_they_are(desk: Desk) -> None:
    desk.invoice("1", 10, source=IN_REVIEW)
    desk.credit("K1", 4)
    assert desk.points() == Standing(pending=6, available=0)
    desk.accept("1")
    assert desk.points() == Standing(pending=0, available=6)


def test_when_all_of_a_document_in_review_came_back_accepting_it_releases_nothing(desk: Desk) -> None:
    desk.invoice("1", 10, source=IN_REVIEW)
    desk.credit("K1", 10)
    desk.accept("1")
    assert desk.document("1").status is DocumentStatus.ACCEPTED
    assert desk.points() == Standing(0, 0)
    assert [lot.state for lot in desk.lots().values()] == [LotState.CLOSED]


def test_what_was_spent_is_owed(desk: Desk) -> None:
    desk.invoice("1", 10)
    desk.settle(desk.reserve(8))
    desk.credit("K1", 10)
    assert desk.points() == Standing(0, available=-8)
    assert desk.left() == [0]
    assert (desk.balance().earned, desk.balance().spent) == (0, 8)


def test_whoever_owes_cannot_spend(desk: Desk) -> None:
    desk.invoice("1", 10)
    desk.reserve(10)
    desk.credit("K1", 10)
    with pytest.raises(ledger.InsufficientPoints), desk.session.begin_nested():
        desk.reserve(1)


def test_new_points_pay_what_is_owed_first(desk: Desk) -> None:
    desk.invoice("1", 10)
    desk.reserve(10)
    desk.credit("K1", 10)
    desk.sell(desk.line("2", 4), desk.line("3", 9))
    assert desk.points() == Standing(0, available=3, reserved=10)
    assert desk.left() == [0, 0, 3]
    desk.reserve(3)


def test_pending_points_pay_nothing_before_they_are_released(desk: Desk) -> None:
    desk.invoice("1", 10)
    desk.reserve(10)
    desk.credit("K1", 10)
    desk.invoice("2", 15, source=IN_REVIEW)
    assert desk.points() == Standing(pending=15, available=-10, reserved=10)
    desk.accept("2")
    assert desk.points() == Standing(pending=0, available=5, reserved=10)


def test_a_return_is_paid_from_other_lots_before_anything_is_owed(desk: Desk) -> None:
    desk.invoice("1", 10)
    desk.reserve(10)
    desk.invoice("2", 6, what="Q")
    desk.credit("K1", 8, corrects="1")
    assert desk.points() == Standing(0, available=-2, reserved=10)


def test_reserved_points_are_not_touched_by_a_return(desk: Desk) -> None:
    desk.invoice("1", 10)
    reservation = desk.reserve(10)
    desk.credit("K1", 10)
    desk.settle(reservation)
    assert desk.points() == Standing(0, available=-10)
    assert desk.balance().spent == 10


def test_where_accounts_may_not_owe_a_return_takes_what_is_there_and_the_rest_is_noted(open_desk: Opening) -> None:
    desk = open_desk(program={"returns": "clamp"})
    desk.invoice("1", 10)
    desk.reserve(8)
    admission = desk.credit("K1", 10)
    assert admission.reversed[Unit.POINTS] == 2
    assert admission.status.tolist() == [DocumentStatus.ACCEPTED]
    assert [(one["code"], one["amount"]) for one in admission.reasons[0]] == [("return_forgiven", 8)]
    assert desk.points() == Standing(0, 0, reserved=8)
    assert desk.balance().earned == 8
    desk.invoice("2", 5)
    assert desk.points() == Standing(0, available=5, reserved=8)


def test_where_accounts_may_not_owe_and_nothing_is_there_no_transaction_is_made(open_desk: Opening) -> None:
    desk = open_desk(program={"returns": "clamp"})
    desk.invoice("1", 10)
    desk.reserve(10)
    assert desk.credit("K1", 10).reversed[Unit.POINTS] == 0
    assert desk.transactions(TransactionKind.REVERSAL) == []


def test_a_sale_and_its_return_may_come_in_one_import(desk: Desk) -> None:
    desk.sell(
        desk.line("1", 10),
        desk.line("K1", -4, kind=CREDIT, issued_on="2026-03-02", corrects="1"),
        desk.line("2", 3, issued_on="2026-03-03"),
    )
    assert desk.points() == Standing(0, 9)
    assert desk.left() == [6, 3]


def test_a_return_takes_back_points_and_money(open_desk: Opening) -> None:
    cash = {"code": "cash", "name": "Cash", "kind": "per_document", "points": "2.50", "unit": "money"}
    desk = open_desk(earning_rules=[dict(BASE_RULE), cash])
    desk.invoice("1", 10)
    admission = desk.credit("K1", 4)
    assert admission.reversed == {Unit.POINTS: 4, Unit.MONEY: 100}
    assert desk.points(unit=Unit.POINTS) == Standing(0, 6)
    assert desk.points(unit=Unit.MONEY) == Standing(0, 150)


def test_each_awards_share_is_rounded_by_itself(open_desk: Opening) -> None:
    """Two rules gave 1 point each to three pieces: of one piece returned each takes back round half up(1/3) = 0."""
    rules = [{**PER_PIECE, "code": code, "kind": "per_line", "points": 1} for code in ("a", "b")]
    desk = open_desk(earning_rules=rules)
    desk.sell(desk.line("1", quantity=3, net_minor=30_00))
    assert desk.points() == Standing(0, 2)
    steps = []
    for number in range(3):
        line = desk.line(f"K{number}", quantity=-1, net_minor=-1, kind=CREDIT, issued_on="2026-03-02")
        steps.append(desk.sell(line).reversed[Unit.POINTS])
    assert steps == [0, 2, 0]


def test_a_return_in_review_takes_back_at_once_and_gives_back_when_it_is_refused(desk: Desk) -> None:
    desk.invoice("1", 10)
    desk.credit("K1", 4, source=IN_REVIEW)
    assert desk.points() == Standing(0, 6)
    desk.refuse("K1", CREDIT)
    assert desk.points() == Standing(0, 10)
    assert desk.left() == [10]
    desk.credit("K2", 10)
    assert desk.points() == Standing(0, 0)


def test_a_return_of_a_sale_that_counts_no_more_meets_none(desk: Desk) -> None:
    desk.invoice("1", 10)
    desk.refuse("1")
    assert desk.credit("K1", 4).status.tolist() == [DocumentStatus.REVIEW]
    assert desk.points() == Standing(0, 0)


def test_what_has_expired_is_written_off_before_a_return_takes_anything(open_desk: Opening) -> None:
    desk = open_desk(program={"expiry": {"months_after_award": 1}})
    desk.invoice("1", 10)
    later = NOW + dt.timedelta(days=40)
    desk.credit("K1", 4, now=later, issued_on="2026-12-30")
    assert desk.points() == Standing(0, available=-4)
    assert desk.balance().expired == 10
