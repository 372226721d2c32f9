"""Disputes: once while open, granted with an adjustment or declined with a reason, and the distributor is told."""

import pytest
from sqlalchemy import select

from app.domain.states import DisputeState, TransactionKind
from app.models.desk import AdjustmentRequest
from app.models.disputes import Dispute
from app.models.messages import Notice
from app.services.by_hand import adjustments, disputes, granted_disputes
from app.services.by_hand.disputes import Already, NothingThere, NotOpen
from app.services.telling.notices import tell
from app.services.tracing.explanations import explain_document
from tests.app.services.promotions.running import Running
from tests.support import programs
from tests.support.desk import IN_REVIEW, Desk
from tests.support.programs import BASE_RULE, NOW
from verification.incoming import Source


def asked(desk: Desk, words: str = "It was twice as much", **more: int) -> int:
    return disputes.ask(
        desk.session, desk.program, desk.document("1").id, words, actor="owner@d1.example", now=NOW, **more
    )


def test_an_award_is_disputed_once_while_it_is_open(desk: Desk) -> None:
    desk.invoice("1", 10)
    (version,) = desk.rules.book.version_ids.tolist()
    first = asked(desk, line_number=1, rule_version_id=version)
    with pytest.raises(Already):
        asked(desk, line_number=1, rule_version_id=version)
    # the line, and the document, are other things to say something about
    asked(desk, line_number=1)
    asked(desk)
    with pytest.raises(Already):
        asked(desk)
    disputes.decline(desk.session, desk.program, first, "It counts once", actor="ann", now=NOW)
    assert asked(desk, line_number=1, rule_version_id=version) != first
    amounts = [one.amount for one in disputes.of_document(desk.session, desk.document("1").id)]
    assert amounts == [10, 10, 10, 10]


def test_what_is_said_of_a_document_is_said_of_what_took_its_place(desk: Desk) -> None:
    rule = {**BASE_RULE, "code": "more", "points": 3}
    programs.load(desk.session, programs.document(desk.program.code, earning_rules=[BASE_RULE, rule]))
    correcting = Source(name="import", policy="accept", may_correct=True)
    desk.invoice("1", 10)
    version = max(desk.rules.book.version_ids.tolist())
    about = {"line_number": 1, "rule_version_id": version}
    made = disputes.grant(desk.session, desk.program, asked(desk, **about), 10, "Right", actor="ann", now=NOW)
    desk.invoice("1", 20, source=correcting)
    with pytest.raises(Already):
        asked(desk, **about)
    adjustments.refuse(desk.session, desk.program, made, note="no", actor="bob", now=NOW)
    with pytest.raises(Already):
        asked(desk, **about)
    (found,) = disputes.of_document(desk.session, desk.document("1").id)
    assert (found.state, found.amount) == (DisputeState.OPEN, 30)
    explained = explain_document(desk.session, desk.program, desk.document("1").id)
    assert explained.disputed
    (line,) = explained.lines
    assert [one.amount for one in line.awards] == [20, 60]
    assert [one.amount for one in line.of_version(version).awards] == [60]
    assert [one.amount for one in line.of_version(0).awards] == [20, 60], "it gives nothing any more"


def test_what_is_said_of_a_refused_document_is_not_said_of_points_that_were_taken_back(desk: Desk) -> None:
    desk.invoice("1", 10, source=IN_REVIEW)
    asked(desk)
    desk.refuse("1")
    asked(desk, line_number=1)
    assert [one.amount for one in disputes.of_document(desk.session, desk.document("1").id)] == [0, 10]
    assert not explain_document(desk.session, desk.program, desk.document("1").id).counts


@pytest.mark.parametrize("more", [{"line_number": 2}, {"line_number": 1, "rule_version_id": 0}, {"rule_version_id": 1}])
def test_what_is_not_there_is_not_disputed(desk: Desk, more: dict[str, int]) -> None:
    desk.invoice("1", 10)
    with pytest.raises(NothingThere):
        asked(desk, **more)
    with pytest.raises(NothingThere):
        asked(desk, words="  ")


def seen(desk: Desk) -> tuple[DisputeState, str | None, bool]:
    """Give what the distributor sees of the only dispute."""
    found = disputes.of_document(desk.session, desk.document("1").id)
    (one,) = granted_disputes.as_seen(desk.session, found, by_distributor=True)
    return one.state, one.answer, one.is_open


def notices(desk: Desk) -> list[Notice]:
    about_disputes = Notice.kind.startswith("dispute_"), Notice.distributor_id == desk.people["D1"]
    return list(desk.session.scalars(select(Notice).where(*about_disputes).order_by(Notice.id)))


def test_a_granted_dispute_asks_for_an_adjustment_that_a_second_person_decides(desk: Desk) -> None:
    desk.invoice("1", 10)
    one = asked(desk)
    made = disputes.grant(desk.session, desk.program, one, 10, "You are right", actor="ann", now=NOW)
    assert (seen(desk), notices(desk)) == ((DisputeState.OPEN, None, False), []), "nobody has approved it yet"
    request = desk.session.get_one(AdjustmentRequest, made)
    assert (request.amount, request.reason_code, request.state) == (10, "complaint", "waiting")
    assert desk.points().available == 10
    with pytest.raises(adjustments.SamePerson):
        adjustments.approve(desk.session, desk.program, made, actor="ann", now=NOW)
    adjustments.approve(desk.session, desk.program, made, actor="bob", now=NOW)
    assert desk.points().available == 20
    with pytest.raises(NotOpen):
        disputes.decline(desk.session, desk.program, one, "after all not", actor="ann", now=NOW)
    (found,) = disputes.of_document(desk.session, desk.document("1").id)
    assert (found.state, found.answer, found.answered_by) == (DisputeState.GRANTED, "You are right", "ann")
    assert seen(desk) == (DisputeState.GRANTED, "You are right", False)
    (told,) = notices(desk)
    assert (told.kind, told.parts["answer"]) == ("dispute_granted", "You are right")


@pytest.mark.parametrize("who", ["bob", "ann"])
def test_a_dispute_whose_adjustment_will_not_happen_is_open_again(desk: Desk, who: str) -> None:
    """It said Granted for ever. Whom an earlier Kontor told at once that it was right is told what became of it."""
    desk.invoice("1", 10)
    one = asked(desk)
    made = disputes.grant(desk.session, desk.program, one, 10, "You are right", actor="ann", now=NOW)
    with pytest.raises(Already):  # the points are on their way
        asked(desk)
    if who == "ann":
        parts = {"number": "1", "answer": "You are right"}
        tell(desk.session, desk.program.id, "dispute_granted", parts, distributor_id=desk.people["D1"], now=NOW)
    adjustments.refuse(desk.session, desk.program, made, note="It is not covered", actor=who, now=NOW)
    (found,) = disputes.of_document(desk.session, desk.document("1").id)
    assert (found.state, found.answer, found.answered_at, found.adjustment_id) == (DisputeState.OPEN, None, None, None)
    with pytest.raises(Already):
        asked(desk)
    assert [one.kind for one in notices(desk)] == ["dispute_granted", "dispute_reopened"] * (who == "ann")
    (again,) = granted_disputes.not_given(desk.session, found)
    assert (again.id, again.amount, again.decision_note) == (made, 10, "It is not covered"), "whoever answers sees why"
    disputes.decline(desk.session, desk.program, one, "It is not covered", actor="ann", now=NOW)


def test_what_was_refused_when_nothing_opened_disputes_again_is_opened_by_the_chores(desk: Desk) -> None:
    desk.invoice("1", 10)
    one = asked(desk)
    made = disputes.grant(desk.session, desk.program, one, 10, "You are right", actor="ann", now=NOW)
    assert granted_disputes.reopen_due(desk.session, desk.program, now=NOW) == 0
    desk.session.get_one(AdjustmentRequest, made).state = "refused"
    desk.session.flush()
    assert granted_disputes.reopen_due(desk.session, desk.program, now=NOW) == 1
    assert granted_disputes.reopen_due(desk.session, desk.program, now=NOW) == 0
    assert desk.session.get_one(Dispute, one).state is DisputeState.OPEN


def test_a_granted_dispute_that_was_asked_anew_meanwhile_gives_way(desk: Desk) -> None:
    desk.invoice("1", 10)
    made = disputes.grant(desk.session, desk.program, asked(desk), 10, "You are right", actor="ann", now=NOW)
    (first,) = disputes.of_document(desk.session, desk.document("1").id)
    kept = {"program_id", "distributor_id", "document_id", "amount", "words", "asked_by", "asked_at"}
    # whoever asked in the very moment of the granting
    desk.session.add(Dispute(state=DisputeState.OPEN, **{name: getattr(first, name) for name in kept}))
    desk.session.flush()
    adjustments.refuse(desk.session, desk.program, made, note="no", actor="bob", now=NOW)
    second, first = disputes.of_document(desk.session, desk.document("1").id)
    assert (first.state, second.state) == (DisputeState.DECLINED, DisputeState.OPEN)


def test_a_dispute_is_taken_back_by_whoever_asked(desk: Desk) -> None:
    desk.invoice("1", 10)
    disputes.withdraw(desk.session, desk.program, asked(desk), actor="owner@d1.example", now=NOW)
    (found,) = disputes.of_document(desk.session, desk.document("1").id)
    assert (found.state, found.adjustment_id) == (DisputeState.WITHDRAWN, None)
    asked(desk)


def test_what_a_promotion_gave_is_disputed_as_a_movement(desk: Desk) -> None:
    running = Running(desk)
    desk.invoice("1", 4_000)
    assert running.paid() == 400
    (paid,) = desk.transactions(TransactionKind.PROMOTION)
    (award,) = desk.transactions(TransactionKind.AWARD)

    def ask(transaction: int, who: str = "D1", words: str = "I had 50,000") -> int:
        return disputes.ask_of_movement(
            desk.session, desk.program, desk.people[who], transaction, words, actor="owner@d1.example", now=NOW
        )

    one = ask(paid.id)
    with pytest.raises(Already):
        ask(paid.id)
    for wrong in ((award.id, "D1", "x"), (paid.id, "D2", "x"), (paid.id, "D1", " ")):
        with pytest.raises(NothingThere):
            ask(*wrong)
    disputes.decline(desk.session, desk.program, one, "It was 40,000", actor="ann", now=NOW)
    (found,) = disputes.of_movement(desk.session, paid.id)
    assert (found.state, found.amount, found.answer) == (DisputeState.DECLINED, 400, "It was 40,000")
    (told,) = desk.session.scalars(select(Notice).where(Notice.kind == "dispute_declined")).all()
    assert told.parts == {"number": "Autumn", "person": None, "answer": "It was 40,000"}
