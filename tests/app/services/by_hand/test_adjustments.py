"""Adjustments that one person asks for and another one approves."""

import pytest

from app.models.desk import AdjustmentRequest
from app.services.by_hand import adjustments
from tests.support.desk import Desk, Opening, Standing
from tests.support.programs import NOW


def ask(desk: Desk, amount: int, note: str = "counted twice") -> int:
    more = {"reason_code": "correction", "note": note, "actor": "ann"}
    return adjustments.request(desk.session, desk.program, desk.people["D1"], amount, now=NOW, **more)


@pytest.mark.parametrize(("amount", "left"), [(5, 8), (-2, 1), (-5, -2)])
def test_what_is_approved_moves(desk: Desk, amount: int, left: int) -> None:
    desk.invoice("1", 3)
    asked = ask(desk, amount)
    assert desk.points() == Standing(0, 3)
    adjustments.approve(desk.session, desk.program, asked, actor="ben", now=NOW)
    assert desk.points() == Standing(0, left)
    done = desk.session.get_one(AdjustmentRequest, asked)
    assert (done.state, done.decided_by, done.transaction_id) == ("approved", "ben", desk.newest().id)


def test_what_is_not_there_is_not_taken_where_nobody_may_owe(open_desk: Opening) -> None:
    desk = open_desk(program={"returns": "clamp"})
    desk.invoice("1", 3)
    asked = ask(desk, -5)
    with pytest.raises(adjustments.Uncovered), desk.session.begin_nested():
        adjustments.approve(desk.session, desk.program, asked, actor="ben", now=NOW)
    assert desk.points() == Standing(0, 3)
    assert desk.session.get_one(AdjustmentRequest, asked).state == "waiting"


def test_nobody_approves_what_they_asked_for(desk: Desk) -> None:
    asked = ask(desk, 5)
    with pytest.raises(adjustments.SamePerson):
        adjustments.approve(desk.session, desk.program, asked, actor="Ann", now=NOW)
    adjustments.refuse(desk.session, desk.program, asked, note="wrong", actor="ann", now=NOW)
    assert desk.session.get_one(AdjustmentRequest, asked).state == "withdrawn"
    with pytest.raises(adjustments.NotWaiting):
        adjustments.approve(desk.session, desk.program, asked, actor="ben", now=NOW)


def test_many_are_decided_at_once_and_those_that_cannot_be_stay(open_desk: Opening) -> None:
    desk = open_desk(program={"returns": "clamp"})
    desk.invoice("1", 3)
    given, too_much, own = ask(desk, 5), ask(desk, -50), ask(desk, 7)
    desk.session.get_one(AdjustmentRequest, own).requested_by = "ben"
    done = adjustments.approve_together(
        desk.session, desk.program, [given, too_much, own, own + 1_000], actor="Ben", now=NOW
    )
    assert done == adjustments.Together(decided=1, own=1, uncovered=1)
    assert desk.points() == Standing(0, 8)
    refused = adjustments.refuse_together(
        desk.session, desk.program, [given, too_much, own], note="no", actor="ben", now=NOW
    )
    assert refused == 2
    states = [desk.session.get_one(AdjustmentRequest, one).state for one in (given, too_much, own)]
    assert states == ["approved", "refused", "withdrawn"]


def test_a_note_may_name_goods_by_their_number_and_no_card(desk: Desk) -> None:
    ean = ask(desk, 5, note="Claim of EAN 5901234000002")
    adjustments.approve(desk.session, desk.program, ean, actor="ben", now=NOW)
    assert desk.points() == Standing(0, 5)
    with pytest.raises(adjustments.AdjustmentError, match="number of a payment card"):
        ask(desk, 5, note="for 4111 1111 1111 1111")


def test_an_adjustment_of_a_key_is_asked_for_once_and_another_one_is_told(desk: Desk) -> None:
    more = {"reason_code": "event", "actor": "ann", "now": NOW}

    def once(who: str, amount: int, key: str, code: str | None = None, note: str = "fair") -> int | None:
        owner = desk.people[who]
        return adjustments.request_once(
            desk.session, desk.program, owner, amount, key=key, code=code, note=note, **more
        )

    first = once("D1", 5, "F-1")
    assert first is not None
    assert once("D1", 5, "F-1", note=" fair ") is None
    for who, amount, note in (("D2", 5, "fair"), ("D1", 9, "fair"), ("D1", 5, "another")):
        with pytest.raises(adjustments.AskedOtherwise) as told:
            once(who, amount, "F-1", note=note)
        assert told.value.before.id == first
    assert once("D1", 5, "F-1", "D1") is None, "what was kept before keys were of distributors is known"
    with pytest.raises(adjustments.AskedOtherwise):
        once("D1", 9, "F-1", "D1")
    assert once("D2", 9, "F-1", "D2") is not None
    assert once("D2", 9, "F-1", "d2 ") is None
