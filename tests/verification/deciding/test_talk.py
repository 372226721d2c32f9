"""What is said about a document: asked and answered, set aside, handed over, appealed once, and who reads it."""

import pytest

from app.domain.roles import Role
from app.domain.states import DocumentStatus, DocumentWord, ReviewState
from app.models.claims import Claim, DocumentMessage
from app.models.messages import Notice
from app.services import audit
from app.services.access import people
from tests.support.desk import IN_REVIEW, Desk, Standing
from tests.support.programs import NOW
from verification.deciding import queue, talk
from verification.deciding.decisions import Together, decide, decide_together, reopen
from verification.deciding.errors import CannotDecide, NotYours, Taken
from verification.deciding.timeline import timeline

ACCEPTED, REVIEW, REFUSED = list(DocumentStatus)[:3]
ANN = {"actor": "ann", "now": NOW}
SELLER = {"author": "seller", "now": NOW}


def waits(desk: Desk, number: str = "1") -> int:
    desk.invoice(number, 10, source=IN_REVIEW, person="Jan")
    queue.enter(desk.session, desk.program.id)
    return desk.document(number).id


def state_of(desk: Desk, document_id: int) -> ReviewState:
    place = queue.place_of(desk.session, document_id)
    assert place is not None
    return place.state


def said(desk: Desk, document_id: int) -> list[tuple[DocumentWord, str, str]]:
    return [(one.kind, one.words, one.author) for one in desk.rows(DocumentMessage, document_id=document_id)]


def test_what_is_asked_waits_for_the_answer_and_comes_back_to_its_place(desk: Desk) -> None:
    one = waits(desk)
    queue.take_next(desk.session, desk.program.id, "ann", now=NOW)
    talk.ask(desk.session, desk.program, one, " Which branch? ", **ANN)  # type: ignore[arg-type]
    assert state_of(desk, one) is ReviewState.ASKED
    assert queue.take_next(desk.session, desk.program.id, "bob", now=NOW) is None
    (told,) = desk.rows(Notice, program_id=desk.program.id)
    assert (told.kind, told.parts, told.distributor_id) == (
        "document_asked",
        {"number": "1", "words": "Which branch?", "person": "Jan"},
        desk.people["D1"],
    )
    assert told.address == f"/programs/{desk.program.code}/documents/{one}"
    talk.answer(desk.session, desk.program, one, "The one in Gdańsk", **SELLER)  # type: ignore[arg-type]
    assert state_of(desk, one) is ReviewState.WAITING
    assert said(desk, one) == [
        (DocumentWord.ASKED, "Which branch?", "ann"),
        (DocumentWord.ANSWERED, "The one in Gdańsk", "seller"),
    ]
    with pytest.raises(CannotDecide, match="Nothing was asked"):
        talk.answer(desk.session, desk.program, one, "Once more", **SELLER)  # type: ignore[arg-type]


def takes_two(desk: Desk) -> None:
    """Have dear documents accepted by two people."""
    desk.program.settings = desk.program.settings | {
        "verification": desk.program.settings["verification"] | {"second_person_above": "50.00"}
    }
    desk.program.rules_stamp += 1
    desk.session.flush()


def claimed(desk: Desk, document_id: int) -> Claim:
    """Say that a distributor registered a document."""
    claim = Claim(
        program_id=desk.program.id,
        distributor_id=desk.people["D1"],
        key=f"k{document_id}",
        state="sent",
        way="typed",
        content={},
        document_id=document_id,
        author="seller",
        created_at=NOW,
        changed_at=NOW,
        sent_at=NOW,
    )
    desk.session.add(claim)
    desk.session.flush()
    return claim


def test_after_the_answer_the_second_of_two_is_still_awaited(desk: Desk) -> None:
    takes_two(desk)
    one = waits(desk)
    assert decide(desk.session, desk.program, one, ACCEPTED, code="in_order", **ANN) is REVIEW  # type: ignore[arg-type]
    talk.ask(desk.session, desk.program, one, "Which branch?", actor="bob", now=NOW)
    talk.answer(desk.session, desk.program, one, "Gdańsk", **SELLER)  # type: ignore[arg-type]
    assert state_of(desk, one) is ReviewState.SECOND
    assert queue.take_next(desk.session, desk.program.id, "ann", now=NOW) is None
    assert queue.take_next(desk.session, desk.program.id, "bob", now=NOW) == one


def test_what_is_set_aside_stays_there_until_somebody_puts_it_back(desk: Desk) -> None:
    one = waits(desk)
    talk.hold(desk.session, desk.program, one, "the sponsor is asked", **ANN)  # type: ignore[arg-type]
    assert state_of(desk, one) is ReviewState.HELD
    assert queue.take(desk.session, desk.program.id, one, "bob", now=NOW), "whoever looks for it finds it"
    with pytest.raises(Taken):
        talk.put_back(desk.session, desk.program, one, **ANN)  # type: ignore[arg-type]
    talk.put_back(desk.session, desk.program, one, actor="bob", now=NOW)
    assert queue.take_next(desk.session, desk.program.id, "ann", now=NOW) == one


def test_what_is_handed_over_is_given_to_that_person_first_and_to_nobody_else(desk: Desk) -> None:
    one, two = waits(desk), waits(desk, "2")
    bob = f"bob-{desk.program.code}@x.example"
    people.create_user(desk.session, bob, "Bob", None, actor="test", now=NOW)
    with pytest.raises(CannotDecide, match="cannot decide"):
        talk.hand_over(desk.session, desk.program, two, bob, "", **ANN)  # type: ignore[arg-type]
    people.give_role(desk.session, bob, desk.program, Role.VERIFIER, None, actor="test", now=NOW)
    talk.hand_over(desk.session, desk.program, two, bob, "you know them", **ANN)  # type: ignore[arg-type]
    assert said(desk, two) == [(DocumentWord.HANDED, "→ Bob. you know them", "ann")]
    assert queue.take_next(desk.session, desk.program.id, bob, now=NOW) == two
    talk.put_back(desk.session, desk.program, two, actor=bob, now=NOW)
    assert {queue.take_next(desk.session, desk.program.id, name, now=NOW) for name in ("cem", "dan")} == {one, two}


def test_a_distributor_appeals_once_and_somebody_else_decides(desk: Desk) -> None:
    one = waits(desk)
    claim = claimed(desk, one)
    decide(desk.session, desk.program, one, REFUSED, code="not_proved", **ANN)  # type: ignore[arg-type]
    assert desk.points() == Standing(0, 0)
    again = talk.appeal(desk.session, desk.program, one, "Here is the invoice", **SELLER)  # type: ignore[arg-type]
    assert (desk.document("1").id, desk.points()) == (again, Standing(pending=10, available=0))
    desk.session.refresh(claim)
    assert claim.document_id == again, "it is the claim of what counts"
    assert queue.take_next(desk.session, desk.program.id, "ann", now=NOW) is None, "she refused it"
    with pytest.raises(NotYours, match="somebody else decides about the appeal"):
        decide(desk.session, desk.program, again, ACCEPTED, code="in_order", **ANN)  # type: ignore[arg-type]
    decide(desk.session, desk.program, again, REFUSED, code="twice", actor="bob", now=NOW)
    assert talk.appealed(desk.session, again)
    with pytest.raises(talk.AppealedAlready):
        talk.appeal(desk.session, desk.program, again, "But", **SELLER)  # type: ignore[arg-type]
    assert [one.who for one in timeline(desk.session, again, public=True)] == [None, "seller", None, None]
    assert [one.who for one in timeline(desk.session, again)] == ["bob", "seller", "ann", None]
    assert [one.word or one.becomes for one in timeline(desk.session, again, public=True)] == [
        REFUSED,
        DocumentWord.APPEALED,
        REFUSED,
        None,
    ]
    third = reopen(desk.session, desk.program, again, reason="a letter came", actor="cem", now=NOW)
    assert queue.take_next(desk.session, desk.program.id, "ann", now=NOW) is None, "it is what she refused still"
    with pytest.raises(NotYours, match="somebody else decides about the appeal"):
        decide(desk.session, desk.program, third, ACCEPTED, code="in_order", **ANN)  # type: ignore[arg-type]
    assert queue.take_next(desk.session, desk.program.id, "bob", now=NOW) == third


def test_whoever_has_another_address_since_is_no_second_person_and_no_other_judge(desk: Desk) -> None:
    takes_two(desk)
    one, refused = waits(desk), waits(desk, "2")
    claimed(desk, refused)
    assert decide(desk.session, desk.program, one, ACCEPTED, reason="in order", actor="ann@x", now=NOW) is REVIEW
    decide(desk.session, desk.program, refused, REFUSED, reason="twice", actor="ann@x", now=NOW)
    again = talk.appeal(desk.session, desk.program, refused, "Look again", **SELLER)  # type: ignore[arg-type]
    names = {"before": {"login": "ann@x"}, "after": {"login": "ann@y"}}
    audit.note(desk.session, "ann@x", "user.email", "ann@y", now=NOW, **names)
    desk.session.flush()
    assert queue.take_next(desk.session, desk.program.id, "ann@y", now=NOW) is None
    for number, why in ((one, "second person"), (again, "appeal")):
        assert not queue.take(desk.session, desk.program.id, number, "ann@y", now=NOW)
        with pytest.raises(NotYours, match=why):
            decide(desk.session, desk.program, number, ACCEPTED, reason="mine", actor="ann@y", now=NOW)
    how = {"reason": "all", "actor": "ann@y", "now": NOW}
    assert decide_together(desk.session, desk.program, [one, again], ACCEPTED, **how) == Together(0, 0, 2)  # type: ignore[arg-type]
    assert decide(desk.session, desk.program, one, ACCEPTED, reason="in order", actor="bob", now=NOW) is ACCEPTED


@pytest.mark.parametrize("words", ["", " \n", "4111 1111 1111 1111"])
def test_nothing_and_card_numbers_are_not_said(desk: Desk, words: str) -> None:
    one = waits(desk)
    with pytest.raises(CannotDecide):
        talk.ask(desk.session, desk.program, one, words, **ANN)  # type: ignore[arg-type]
    with pytest.raises(CannotDecide):
        talk.note(desk.session, desk.program, one, words, **ANN)  # type: ignore[arg-type]
    assert said(desk, one) == []


def test_what_those_who_decide_tell_one_another_is_not_for_the_distributor(desk: Desk) -> None:
    one = waits(desk)
    talk.note(desk.session, desk.program, one, "looks odd", **ANN)  # type: ignore[arg-type]
    talk.hold(desk.session, desk.program, one, "ask the sponsor", **ANN)  # type: ignore[arg-type]
    assert [event.word for event in timeline(desk.session, one, public=True)] == [None]
    assert {event.word for event in timeline(desk.session, one)} == {DocumentWord.NOTE, DocumentWord.HELD, None}


@pytest.mark.parametrize("act", [talk.ask, talk.hold])
def test_only_what_waits_is_asked_about_or_set_aside(desk: Desk, act: object) -> None:
    desk.invoice("1", 10)
    with pytest.raises(CannotDecide, match="does not wait"):
        act(desk.session, desk.program, desk.document("1").id, "why", **ANN)  # type: ignore[operator]
