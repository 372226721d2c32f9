"""A part of a document is accepted: what stays counts in its place, and amounts and points follow to the last unit."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.domain.documents.sales import NO_AMOUNT
from app.domain.states import DocumentStatus, DocumentWord, ReviewState
from app.models.claims import DocumentMessage
from app.models.messages import Notice
from app.models.reviews import Review
from app.models.sales import Decision, SalesLine
from app.services.tracing import explanations
from tests.support.desk import CORRECTING, CREDIT, IN_REVIEW, Desk, Opening, Standing
from tests.support.programs import NOW
from tests.support.sales import Sold, incoming
from verification.deciding.decisions import accept_in_part, decide, reopen
from verification.deciding.errors import CannotDecide, NotYours, PaidOut, WentBack
from verification.deciding.replacing import partial
from verification.deciding.timeline import timeline
from verification.incoming import Source

ACCEPTED, REVIEW, REFUSED, SUPERSEDED = list(DocumentStatus)[:4]
HOW = {"reason": "only one was sold", "code": "proof_differs", "actor": "ann", "now": NOW}


def two_lines(desk: Desk, number: str = "1", **more: object) -> int:
    """Bring a document of ten and five pieces, for 100.00 and 50.05; its points are 10 and 5."""
    desk.sell(
        desk.line(number, 10, **more),  # type: ignore[arg-type]
        desk.line(number, 5, what="Q", net_minor=50_05, gross_minor=61_57, **more),  # type: ignore[arg-type]
        source=IN_REVIEW,
    )
    return desk.document(number).id


def part(desk: Desk, document_id: int, quantities: dict[int, int], **more: object) -> tuple[int, DocumentStatus]:
    return accept_in_part(desk.session, desk.program, document_id, quantities, **(HOW | more))  # type: ignore[arg-type]


def test_chosen_lines_and_lower_quantities_count_in_place_of_the_whole(desk: Desk) -> None:
    whole = two_lines(desk)
    assert desk.points() == Standing(pending=15, available=0)
    new_id, status = part(desk, whole, {2: 2_000})
    assert status is ACCEPTED
    found = desk.document("1")
    assert (found.id, found.status, found.supersedes_id, found.net_minor, found.line_count) == (
        new_id,
        ACCEPTED,
        whole,
        20_02,
        1,
    )
    (line,) = desk.session.scalars(select(SalesLine).where(SalesLine.document_id == new_id))
    assert (line.line_number, line.quantity_milli, line.net_minor, line.gross_minor) == (2, 2_000, 20_02, 24_63)
    assert desk.points() == Standing(pending=0, available=2)
    explained = explanations.explain_document(desk.session, desk.program, new_id)
    assert [one.amount for line in explained.lines for one in line.awards] == [2]
    assert desk.balance().earned == 2
    (before,) = desk.rows(Decision, document_id=whole)
    (after,) = desk.rows(Decision, document_id=new_id)
    assert (before.was, before.becomes, before.reason_code) == (REVIEW, SUPERSEDED, "proof_differs")
    assert (after.was, after.becomes, after.reason_code, after.reason) == (
        REVIEW,
        ACCEPTED,
        "proof_differs",
        "only one was sold",
    )
    told = [(one.kind, one.parts["code"]) for one in desk.rows(Notice, program_id=desk.program.id)]
    assert told == [("document_partly", "proof_differs")]
    assert [one.becomes for one in timeline(desk.session, new_id)] == [ACCEPTED, None]
    closed = [one.state for one in desk.rows(Review, program_id=desk.program.id)]
    assert closed == [ReviewState.CLOSED, ReviewState.CLOSED]


def test_the_whole_does_not_come_back_with_another_import_of_its_file(desk: Desk) -> None:
    lines = [desk.line("1", 10), desk.line("1", 5, what="Q")]
    desk.sell(*lines, source=Source(name="import", policy="review", may_correct=True))
    part(desk, desk.document("1").id, {1: 4_000})
    again = desk.sell(*lines, source=CORRECTING)
    assert again.duplicate.tolist() == [True], "a person accepted a part of it"
    assert desk.points() == Standing(pending=0, available=4)


@pytest.mark.parametrize("quantities", [{}, {3: 1_000}, {1: 0}, {1: 10_001}, {1: -1_000}])
def test_what_is_no_part_of_it_is_refused_and_nothing_changes(desk: Desk, quantities: dict[int, int]) -> None:
    whole = two_lines(desk)
    with pytest.raises(ValueError, match="line"):
        part(desk, whole, quantities)
    assert (desk.document("1").id, desk.points()) == (whole, Standing(pending=15, available=0))


def test_only_what_waits_is_accepted_in_part_and_nothing_of_which_goods_went_back(desk: Desk) -> None:
    whole = two_lines(desk)
    desk.credit("K1", 3, corrects="1")
    with pytest.raises(WentBack):
        part(desk, whole, {1: 10_000})
    other = two_lines(desk, "2")
    decide(desk.session, desk.program, other, ACCEPTED, reason="seen", actor="ann", now=NOW)
    with pytest.raises(CannotDecide, match="does not wait"):
        part(desk, other, {1: 10_000})


def test_a_part_of_a_return_takes_back_that_part(desk: Desk) -> None:
    desk.invoice("1", 10)
    desk.credit("K1", 4, corrects="1", source=Source(name="import", policy="review", may_correct=False))
    assert desk.points().available == 6
    part(desk, desk.document("K1", CREDIT).id, {1: -1_000})
    assert desk.points().available == 9


@given(
    quantity=st.integers(1, 10**6),
    net=st.integers(-(10**12), 10**12),
    data=st.data(),
)
def test_amounts_follow_quantities_to_the_nearest_unit(quantity: int, net: int, data: st.DataObject) -> None:
    kept = data.draw(st.integers(1, quantity))
    sold = Sold("1", 1, 1, quantity / 1000, net, gross_minor=NO_AMOUNT)
    lines = partial(incoming([sold]).sales, {1: kept}).lines
    (amount,) = lines.net_minor.tolist()
    assert abs(amount * quantity - net * kept) * 2 <= quantity, "no further than half a unit"
    assert kept != quantity or amount == net
    assert lines.gross_minor.tolist() == [NO_AMOUNT]


# two people, and looking again


BIG = {"verification": {"second_person_above": "100.00"}}


def test_above_the_programmes_amount_it_takes_two_different_people(open_desk: Opening) -> None:
    desk = open_desk(program=BIG)
    desk.invoice("1", 10, source=IN_REVIEW)
    desk.invoice("2", 11, source=IN_REVIEW)
    desk.accept("1")
    assert desk.document("1").status is ACCEPTED, "exactly the amount is not above it"
    number = desk.document("2").id
    given = {"reason": "fine", "now": NOW}
    assert decide(desk.session, desk.program, number, ACCEPTED, actor="ann", **given) is REVIEW  # type: ignore[arg-type]
    assert desk.points() == Standing(pending=11, available=10)
    with pytest.raises(NotYours, match="a second person"):
        decide(desk.session, desk.program, number, ACCEPTED, actor="ann", **given)  # type: ignore[arg-type]
    assert decide(desk.session, desk.program, number, ACCEPTED, actor="bob", **given) is ACCEPTED  # type: ignore[arg-type]
    assert desk.points() == Standing(pending=0, available=21)
    assert [(one.was, one.becomes, one.decided_by) for one in desk.rows(Decision, document_id=number)] == [
        (REVIEW, REVIEW, "ann"),
        (REVIEW, ACCEPTED, "bob"),
    ]


def test_the_second_may_refuse_and_one_is_enough_to_refuse(open_desk: Opening) -> None:
    desk = open_desk(program=BIG)
    for number in "12":
        desk.invoice(number, 11, source=IN_REVIEW)
    desk.accept("1")
    decide(desk.session, desk.program, desk.document("1").id, REFUSED, code="twice", actor="bob", now=NOW)
    desk.refuse("2")
    assert [desk.document(number).status for number in "12"] == [REFUSED, REFUSED]
    assert desk.points() == Standing(0, 0)


def test_a_part_that_is_below_the_amount_takes_one_and_above_it_two(open_desk: Opening) -> None:
    desk = open_desk(program=BIG)
    for number in "12":
        desk.invoice(number, 20, source=IN_REVIEW)
    assert part(desk, desk.document("1").id, {1: 10_000})[1] is ACCEPTED
    new_id, status = part(desk, desk.document("2").id, {1: 15_000})
    assert (status, desk.points()) == (REVIEW, Standing(pending=15, available=10))
    assert decide(desk.session, desk.program, new_id, ACCEPTED, code="in_order", actor="bob", now=NOW) is ACCEPTED
    assert desk.points() == Standing(pending=0, available=25)


def test_what_was_decided_is_opened_again_with_its_points(desk: Desk) -> None:
    desk.sell(desk.line("1", 10), desk.line("2", 5))
    first = desk.document("1").id
    new_id = reopen(desk.session, desk.program, first, reason="a letter came", actor="bob", now=NOW)
    assert desk.points() == Standing(pending=10, available=5)
    found = desk.document("1")
    assert (found.id, found.status, found.supersedes_id) == (new_id, REVIEW, first)
    (said,) = desk.rows(DocumentMessage, document_id=new_id)
    assert (said.kind, said.words, said.author) == (DocumentWord.REOPENED, "a letter came", "bob")
    decide(desk.session, desk.program, new_id, REFUSED, code="twice", actor="bob", now=NOW)
    assert desk.points() == Standing(0, 5)
    again = reopen(desk.session, desk.program, new_id, reason="no, it was right", actor="bob", now=NOW)
    decide(desk.session, desk.program, again, ACCEPTED, code="in_order", actor="bob", now=NOW)
    assert desk.points() == Standing(0, 15)
    assert desk.balance().earned == 15


def test_what_was_paid_out_or_is_on_its_way_stays_decided(desk: Desk) -> None:
    desk.invoice("1", 10)
    reserved = desk.reserve(4)
    document_id = desk.document("1").id
    given = {"reason": "a letter came", "actor": "bob", "now": NOW + dt.timedelta(days=1)}
    with pytest.raises(PaidOut, match=r"Distributor D1 \(D1\) has spent, or reserved, 4 points"):
        reopen(desk.session, desk.program, document_id, **given)  # type: ignore[arg-type]
    assert (desk.document("1").id, desk.points()) == (document_id, Standing(0, 6, 4))
    desk.cancel(reserved)
    assert reopen(desk.session, desk.program, document_id, **given) != document_id  # type: ignore[arg-type]
    assert desk.points() == Standing(pending=10, available=0)


def test_a_refused_document_stays_where_another_attempt_counts(desk: Desk) -> None:
    desk.invoice("1", 10, source=IN_REVIEW)
    refused = desk.document("1").id
    desk.refuse("1")
    desk.invoice("1", 12)
    with pytest.raises(CannotDecide, match="Another document counts as 1"):
        reopen(desk.session, desk.program, refused, reason="a letter came", actor="bob", now=NOW)


@pytest.mark.parametrize("reason", ["", " "])
def test_opening_again_needs_a_reason(desk: Desk, reason: str) -> None:
    desk.invoice("1", 10)
    with pytest.raises(CannotDecide, match="needs a reason"):
        reopen(desk.session, desk.program, desk.document("1").id, reason=reason, actor="bob", now=NOW)
