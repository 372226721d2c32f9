"""Adjustments that were asked for by a file are decided together, by somebody else than who asked."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.states import Unit
from app.extensions import db
from app.models.desk import AdjustmentRequest
from app.models.programs import Program
from app.services.by_hand import adjustments
from tests.app.web.conftest import token_of
from tests.app.web.world import World

As = Callable[[str], FlaskClient]


def asked(world: World, *amounts: int, by: str) -> list[int]:
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        return [
            adjustments.request(
                session,
                program,
                world.distributors["D-7"],
                amount,
                reason_code="event",
                note="a fair",
                actor=by,
                now=world.clock(),
            )
            for amount in amounts
        ]


def states(world: World, *ids: int) -> list[str]:
    with world.app.app_context():
        found = {one.id: one.state for one in db.session.scalars(select(AdjustmentRequest))}
    return [found[one] for one in ids]


def test_the_chosen_are_approved_after_a_look_at_what_they_come_to(world: World, as_: As) -> None:
    approver, index = as_("approver"), f"/programs/{world.a}/adjustments"
    first, second = asked(world, 30, -10, by="somebody@else.example")
    (own,) = asked(world, 5, by=world.login("approver"))
    page = approver.get(index).text
    assert f'formaction="{index}/approve"' in page
    assert f'formaction="{index}/approve"' not in as_("viewer").get(index).text
    sent = {"csrf_token": token_of(approver, index), "ids": [first, second, own]}
    shown = approver.post(f"{index}/approve", data=sent)
    assert (shown.status_code, states(world, first)) == (200, ["waiting"])
    assert "They give 35 and take 10." in shown.text
    done = approver.post(f"{index}/approve", data={**sent, "sure": "yes"}, follow_redirects=True)
    assert "2 adjustments are approved." in done.text
    assert "1 is your own: a second person must approve it." in done.text
    assert states(world, first, second, own) == ["approved", "approved", "waiting"]
    statement = approver.get(f"/programs/{world.a}/distributors/{world.distributors['D-7']}").text
    movement = re.findall(r'href="([^"]+/movements/\d+)"', statement)[0]
    for page in (statement, approver.get(f"/programs/{world.a}/ledger").text, approver.get(movement).text):
        assert "Event or training: a fair" in page


def test_the_chosen_are_refused_with_one_reason(world: World, as_: As) -> None:
    approver, index = as_("approver"), f"/programs/{world.a}/adjustments"
    first, second = asked(world, 30, -10, by="somebody@else.example")
    sent = {"csrf_token": token_of(approver, index), "ids": [first, second]}
    assert "Refuse 2 adjustments" in approver.post(f"{index}/refuse", data=sent).text
    assert approver.post(f"{index}/refuse", data={**sent, "note": ""}).status_code == 400
    done = approver.post(f"{index}/refuse", data={**sent, "note": "not agreed"}, follow_redirects=True)
    assert "2 adjustments are refused." in done.text
    assert states(world, first, second) == ["refused", "refused"]
    again = approver.post(f"{index}/refuse", data={**sent, "note": "again"}, follow_redirects=True)
    assert "none of those chosen waits" in again.text


def test_those_that_were_decided_meanwhile_are_told(world: World, as_: As) -> None:
    """Two look at the same adjustments that wait, one is quicker."""
    approver, index = as_("approver"), f"/programs/{world.a}/adjustments"
    first, second, third = asked(world, 30, -10, 7, by="somebody@else.example")
    sent = {"csrf_token": token_of(approver, index), "ids": [first, second, third]}
    assert "Approve 3 adjustments" in approver.post(f"{index}/approve?state=waiting", data=sent).text
    approver.post(f"{index}/refuse", data={**sent, "ids": [first], "note": "no"})
    approver.get(index)
    told = "1 of those chosen is decided already; it stays as it is."
    look = approver.post(f"{index}/approve?state=waiting", data=sent).text
    assert "Approve 2 adjustments" in look
    assert told in look
    done = approver.post(f"{index}/approve?state=waiting", data={**sent, "sure": "yes"}, follow_redirects=True).text
    assert "2 adjustments are approved." in done
    assert told in done
    assert states(world, first, second, third) == ["refused", "approved", "approved"]
    (fourth,) = asked(world, 3, by="somebody@else.example")
    last = {**sent, "ids": [first, fourth], "note": "not agreed"}
    assert told in approver.post(f"{index}/refuse", data=last, follow_redirects=True).text


def test_a_decision_leads_back_to_the_list_as_it_was_filtered(world: World, as_: As) -> None:
    approver, kept = as_("approver"), "state=waiting"
    index = f"/programs/{world.a}/adjustments"
    first, second = asked(world, 30, -10, by="somebody@else.example")
    sent = {"csrf_token": token_of(approver, index), "ids": [first]}
    assert f'href="{index}?{kept}"' in approver.post(f"{index}/approve?{kept}", data=sent).text
    done = approver.post(f"{index}/approve?{kept}", data={**sent, "sure": "yes"})
    assert done.location == f"{index}?{kept}"
    done = approver.post(f"{index}/refuse?{kept}", data={**sent, "ids": [second], "note": "no"})
    assert done.location == f"{index}?{kept}"


def test_no_reason_of_an_adjustment_is_chosen_for_anybody(world: World, as_: As) -> None:
    finance, page = as_("finance"), f"/programs/{world.a}/adjustments/new"
    first = r'name="reason_code"[^>]*><option value="">Choose a reason</option>'
    assert re.search(first, finance.get(page).text)
    sent = {"csrf_token": token_of(finance, page), "distributor": "D-7", "direction": "give", "points": "5"}
    without = finance.post(page, data={**sent, "reason_code": "", "note": "a fair"})
    assert (without.status_code, 'id="reason_code-problem">Choose a reason.' in without.text) == (400, True)
    assert "a fair</textarea>" in without.text
    assert finance.post(page, data={**sent, "reason_code": "event", "note": "a fair"}).status_code == 303


def test_money_is_adjusted_where_accounts_have_some(world: World, as_: As, monkeypatch: pytest.MonkeyPatch) -> None:
    finance, approver, page = as_("finance"), as_("approver"), f"/programs/{world.a}/adjustments/new"
    assert 'name="money"' not in finance.get(page).text
    monkeypatch.setattr(adjustments, "has_money", lambda *_: True)
    assert 'name="money"' in finance.get(page).text
    said = {"distributor": "D-7", "direction": "give", "reason_code": "event", "note": "a fair"}
    sent = {"csrf_token": token_of(finance, page), **said}
    for wrong in ({"unit": "money"}, {"unit": "money", "money": "12.50", "points": "3"}, {"money": "12.50"}):
        assert finance.post(page, data={**sent, **wrong}).status_code == 400
    asked_for = finance.post(page, data={**sent, "unit": "money", "money": "12.50"}, follow_redirects=True)
    assert re.search(r"\+PLN\W+12\.50</strong>", asked_for.text)
    with world.app.app_context():
        made = db.session.scalars(select(AdjustmentRequest).order_by(AdjustmentRequest.id.desc()).limit(1)).one()
        assert (made.unit, made.amount) == (Unit.MONEY, 12_50)
    index = f"/programs/{world.a}/adjustments"
    chosen = {"csrf_token": token_of(approver, index), "ids": [made.id]}
    looked_at = approver.post(f"{index}/approve", data=chosen).text
    assert re.search(r"In money they give \D*12\.50\D* and take \D*0\.00", looked_at)
    assert "They give" not in looked_at
    approver.post(f"{index}/approve", data={**chosen, "sure": "yes"})
    record = approver.get(f"/programs/{world.a}/distributors/{world.distributors['D-7']}/record").text
    assert re.search(r"Adjustment asked for: \D*12\.50(?! points)", record)
    statement = approver.get(f"/programs/{world.a}/distributors/{world.distributors['D-7']}?unit=money").text
    assert "+12.50" in statement
    owner = as_("owner").get(f"/portal/{world.a}/{world.distributors['D-7']}/notices").text
    assert re.search(r"\+\D*12\.50\D* by hand: a fair", owner)
