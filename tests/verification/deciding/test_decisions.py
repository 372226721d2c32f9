"""What people decide about documents, and what that does to points (rules.md 5)."""

import datetime as dt

import pytest

from app.domain.states import DocumentStatus, LotState, TransactionKind
from app.models.sales import Decision
from app.services.counting.voiding import void_documents
from tests.support.desk import CORRECTING, CREDIT, IN_REVIEW, Desk, LotSeen, Opening, Standing
from tests.support.programs import NOW
from verification.deciding.decisions import Together, decide, decide_together, documents
from verification.deciding.errors import CannotDecide, NoSuchDocument

ACCEPTED, REVIEW, REFUSED, SUPERSEDED, UNDONE = DocumentStatus


def decided(desk: Desk, number: str) -> list[tuple[DocumentStatus, DocumentStatus, str, str]]:
    rows = desk.rows(Decision, document_id=desk.document(number).id)
    return [(one.was, one.becomes, one.decided_by, one.reason) for one in rows]


def test_documents_are_decided_together_and_what_waits_no_longer_is_left(desk: Desk) -> None:
    for number in "123":
        desk.invoice(number, 10, source=IN_REVIEW)
    desk.refuse("2")
    ids = [desk.document(number).id for number in "123"]
    how = {"reason": "all seen", "actor": "bob", "now": NOW}
    assert decide_together(desk.session, desk.program, ids, ACCEPTED, **how) == Together(decided=2, second=0, left=1)
    assert [desk.document(number).status for number in "123"] == [ACCEPTED, REFUSED, ACCEPTED]
    assert desk.points() == Standing(pending=0, available=20)
    assert decided(desk, "3") == [(REVIEW, ACCEPTED, "bob", "all seen")]
    assert decide_together(desk.session, desk.program, ids, REFUSED, **how).decided == 0, (
        "what counts is refused one by one"
    )


def test_accepting_makes_the_points_available(desk: Desk) -> None:
    desk.invoice("1", 10, source=IN_REVIEW)
    desk.accept("1")
    assert desk.document("1").status is ACCEPTED
    assert desk.points() == Standing(pending=0, available=10)
    assert decided(desk, "1") == [(REVIEW, ACCEPTED, "ann", "looked at it")]
    (release,) = desk.transactions(TransactionKind.RELEASE)
    assert (release.document_id, release.actor) == (desk.document("1").id, "ann")


def test_refusing_a_document_in_review_takes_its_pending_points_back(desk: Desk) -> None:
    desk.invoice("1", 10, source=IN_REVIEW)
    desk.refuse("1")
    assert desk.document("1").status is REFUSED
    assert (desk.points(), desk.balance().earned) == (Standing(0, 0), 0)
    (void,) = desk.transactions(TransactionKind.VOID)
    assert (void.actor, void.reason) == ("ann", "looked at it")


def test_refusing_an_accepted_document_takes_its_points_back(desk: Desk) -> None:
    desk.sell(desk.line("1", 10), desk.line("2", 5))
    desk.refuse("1")
    assert desk.points() == Standing(0, 5)
    assert decided(desk, "1") == [(ACCEPTED, REFUSED, "ann", "looked at it")]


def test_points_of_a_refused_document_that_were_spent_are_owed(desk: Desk) -> None:
    desk.invoice("1", 10)
    desk.settle(desk.reserve(8))
    desk.refuse("1")
    assert desk.points() == Standing(0, available=-8)


def test_where_accounts_may_not_owe_what_was_spent_is_let_go(open_desk: Opening) -> None:
    desk = open_desk(program={"returns": "clamp"})
    desk.invoice("1", 10)
    desk.settle(desk.reserve(8))
    desk.refuse("1")
    assert (desk.points(), desk.balance().earned) == (Standing(0, 0), 8)


def test_an_accepted_document_cools_off_from_the_day_of_the_decision(open_desk: Opening) -> None:
    desk = open_desk(program={"verification": {"cooling_off_days": 14}})
    desk.invoice("1", 10, source=IN_REVIEW)
    later = NOW + dt.timedelta(days=5)
    desk.accept("1", now=later)
    assert desk.points() == Standing(pending=10, available=0)
    assert desk.document("1").release_on == later.date() + dt.timedelta(days=14)
    assert desk.transactions(TransactionKind.RELEASE) == []


def test_accepting_pays_what_is_owed_first(desk: Desk) -> None:
    desk.adjust(-4)
    desk.invoice("1", 10, source=IN_REVIEW)
    assert desk.points() == Standing(pending=10, available=-4)
    desk.accept("1")
    assert desk.points() == Standing(pending=0, available=6)


def test_accepting_a_return_that_met_no_sale_takes_nothing(desk: Desk) -> None:
    desk.credit("K1", 4)
    desk.accept("K1", CREDIT)
    assert (desk.document("K1", CREDIT).status, desk.points()) == (ACCEPTED, Standing(0, 0))


def test_refusing_a_return_gives_back_what_it_took_to_the_same_lots(desk: Desk) -> None:
    desk.sell(desk.line("1", 5), desk.line("2", 5, issued_on="2026-03-02"))
    desk.credit("K1", 7, issued_on="2026-03-03")
    assert desk.left() == [3, 0]
    desk.refuse("K1", CREDIT)
    assert (desk.left(), desk.balance().earned) == ([5, 5], 10)


def test_refusing_a_return_lets_go_what_is_owed_of_it(desk: Desk) -> None:
    desk.invoice("1", 10)
    desk.reserve(10)
    desk.credit("K1", 10)
    assert desk.points().available == -10
    desk.refuse("K1", CREDIT)
    assert desk.points() == Standing(0, available=0, reserved=10)


def test_what_was_paid_of_a_debt_that_was_none_comes_back_as_a_lot(open_desk: Opening) -> None:
    desk = open_desk(program={"expiry": {"months_after_award": 12}})
    desk.invoice("1", 10)
    desk.reserve(10)
    desk.credit("K1", 10)
    desk.invoice("2", 6)
    assert desk.points() == Standing(0, available=-4, reserved=10)
    later = NOW + dt.timedelta(days=10)
    desk.refuse("K1", CREDIT, now=later)
    assert desk.points() == Standing(0, available=6, reserved=10)
    number, lot = list(desk.lots().items())[-1]
    assert (lot, number) == (LotSeen(LotState.OPEN, 6, dt.date(2027, 12, 1)), desk.newest().id)


def test_a_pending_sale_gets_back_what_a_refused_return_took_of_it_and_waits_on(desk: Desk) -> None:
    desk.invoice("1", 10, source=IN_REVIEW)
    desk.credit("K1", 10)
    assert desk.points() == Standing(0, 0)
    desk.refuse("K1", CREDIT)
    assert desk.points() == Standing(pending=10, available=0)
    desk.accept("1")
    assert desk.points() == Standing(pending=0, available=10)


def test_a_sale_that_was_accepted_meanwhile_gets_it_back_at_once(desk: Desk) -> None:
    desk.invoice("1", 10, source=IN_REVIEW)
    desk.credit("K1", 10)
    desk.accept("1")
    desk.refuse("K1", CREDIT)
    assert desk.points() == Standing(pending=0, available=10)


ALLOWED = {(REVIEW, ACCEPTED), (REVIEW, REFUSED), (ACCEPTED, REFUSED)}


@pytest.mark.parametrize("was", DocumentStatus)
@pytest.mark.parametrize("becomes", DocumentStatus)
def test_only_some_decisions_are_open(desk: Desk, was: DocumentStatus, becomes: DocumentStatus) -> None:
    desk.invoice("1", 10, source=IN_REVIEW if was is REVIEW else CORRECTING)
    if was is REFUSED:
        desk.refuse("1")
    number = desk.document("1").id
    if was is SUPERSEDED:
        desk.invoice("1", 11, source=CORRECTING)
    if was is UNDONE:
        void_documents(desk.session, desk.rules, [number], becomes=UNDONE, now=NOW, actor="ann")
    before = (desk.points(), desk.newest().id)
    given = {"reason": "because", "actor": "ann", "now": NOW}
    if (was, becomes) in ALLOWED:
        decide(desk.session, desk.program, number, becomes, **given)
        assert desk.document("1").status is becomes
        return
    with pytest.raises(CannotDecide, match=f"Document {number} is {was.name.lower()}"):
        decide(desk.session, desk.program, number, becomes, **given)
    assert (desk.points(), desk.newest().id) == before


@pytest.mark.parametrize("reason", ["", " \t\n"])
@pytest.mark.parametrize("becomes", [ACCEPTED, REFUSED])
def test_a_decision_needs_a_reason(desk: Desk, becomes: DocumentStatus, reason: str) -> None:
    desk.invoice("1", 10, source=IN_REVIEW)
    with pytest.raises(CannotDecide, match="needs a reason"):
        decide(desk.session, desk.program, desk.document("1").id, becomes, reason=reason, actor="ann", now=NOW)
    assert desk.document("1").status is REVIEW
    assert desk.points() == Standing(pending=10, available=0)


def test_nobody_decides_about_another_programmes_document(open_desk: Opening) -> None:
    desk, other = open_desk(), open_desk()
    other.invoice("1", 10, source=IN_REVIEW)
    for number in (other.document("1").id, 2**40):
        with pytest.raises(NoSuchDocument, match=f"no document {number}"):
            decide(desk.session, desk.program, number, ACCEPTED, reason="because", actor="ann", now=NOW)
    assert other.document("1").status is REVIEW


def test_documents_of_a_status_are_listed_the_oldest_first(desk: Desk, open_desk: Opening) -> None:
    desk.sell(*[desk.line(str(number), 10 + number) for number in range(5)], source=IN_REVIEW)
    desk.accept("2")
    open_desk().invoice("9", 10, source=IN_REVIEW)
    waiting = documents(desk.session, desk.program.id, REVIEW)
    assert [one.number for one in waiting] == ["0", "1", "3", "4"]
    first = waiting[0]
    assert (first.distributor_code, first.distributor_name, first.net_minor) == ("D1", "Distributor D1", 100_00)
    assert (first.status, first.issued_on) == (REVIEW, dt.date(2026, 3, 1))
    assert first.reasons == "This programme reviews every document from this source before it counts."
    assert [one.number for one in documents(desk.session, desk.program.id, ACCEPTED)] == ["2"]
    page = documents(desk.session, desk.program.id, REVIEW, limit=2)
    assert [one.number for one in page] == ["0", "1"]
    rest = documents(desk.session, desk.program.id, REVIEW, after=page[-1].id)
    assert [one.number for one in rest] == ["3", "4"]


@pytest.mark.parametrize(("becomes", "code"), [(ACCEPTED, "twice"), (REFUSED, "in_order"), (REFUSED, "no-such")])
def test_a_code_is_one_of_the_reasons_for_such_a_decision(desk: Desk, becomes: DocumentStatus, code: str) -> None:
    desk.invoice("1", 10, source=IN_REVIEW)
    with pytest.raises(CannotDecide, match=f"has the code '{code}'"):
        decide(desk.session, desk.program, desk.document("1").id, becomes, code=code, actor="ann", now=NOW)
    assert desk.document("1").status is REVIEW


def test_a_code_alone_is_a_reason_and_is_told_in_words(desk: Desk) -> None:
    desk.invoice("1", 10, source=IN_REVIEW)
    decide(desk.session, desk.program, desk.document("1").id, REFUSED, code="twice", actor="ann", now=NOW)
    (found,) = desk.rows(Decision, document_id=desk.document("1").id)
    assert (found.reason_code, found.reason) == ("twice", "")
    (void,) = desk.transactions(TransactionKind.VOID)
    assert void.reason, "the statement says why, in the programme's language"
