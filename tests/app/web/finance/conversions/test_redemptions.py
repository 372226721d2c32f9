"""Points turned into money one by one: asked for in the portal, once; let go in finance, loaded by a worker."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.states import Unit
from app.extensions import db
from app.models.messages import Notice
from app.models.prepaid import Redemption
from app.models.programs import Program
from app.services.tracing import balances
from tests.app.web.account.test_account import asked_of_the_database
from tests.app.web.conftest import TOKEN
from tests.app.web.finance.test_finance import give
from tests.app.web.world import World, do_one_job

As = Callable[[str], FlaskClient]
HIDDEN = re.compile(r'name="(key|points|shown)" type="hidden" value="([^"]+)"')


@pytest.fixture(scope="module", autouse=True)
def _points(world: World) -> None:
    """The distributor of these tests has 1,000 points more."""
    give(world, "D-6", 1_000)


def portal(world: World, page: str = "redeem") -> str:
    return f"/portal/{world.a}/{world.distributors['D-6']}/{page}"


def sent(client: FlaskClient, page: str, address: str, **fields: object):
    found = TOKEN.search(client.get(page).text)
    assert found
    return client.post(address, data={"csrf_token": found[1], **fields})


def ask(world: World, client: FlaskClient, points: int) -> str:
    """Ask for some points, and give the address of the redemption."""
    looked = sent(client, portal(world), portal(world), points=str(points))
    assert looked.status_code == 200, looked.text
    fields = dict(HIDDEN.findall(looked.text))
    first, again = (sent(client, portal(world), portal(world, "redeem/confirm"), **fields) for _ in range(2))
    assert first.status_code == again.status_code == 303
    assert first.location == again.location
    return str(first.location)


def wallet(world: World) -> tuple[int, int, int]:
    with world.app.app_context():
        program = db.session.scalars(select(Program.id).where(Program.code == world.a)).one()
        found = balances.balance_of(db.session(), program, "D-6", Unit.POINTS)
        db.session.remove()
    return found.available, found.reserved, found.spent


def work(world: World) -> None:
    with world.app.app_context():
        while do_one_job(world):
            pass
        db.session.remove()


def test_points_become_money_after_one_more_look_and_somebodys_approval(world: World, as_: As) -> None:
    owner, approver = as_("other"), as_("approver")
    available, reserved, spent = wallet(world)
    chosen = owner.get(portal(world)).text
    assert 'type="range"' in chosen
    looked = sent(owner, portal(world), portal(world), points="400").text
    assert "Left afterwards" in looked
    assert "no tax advice" in looked
    assert wallet(world) == (available, reserved, spent)  # a look takes nothing
    page = ask(world, owner, 400)
    assert wallet(world) == (available - 400, reserved + 400, spent)
    waiting = owner.get(page).text
    assert "Waits for approval" in waiting
    assert 'aria-current="step"><span>1 · Asked for' in waiting, "the step that it has come to, not the next"
    assert "400 points wait until the programme approves" in owner.get(portal(world, "card")).text
    number = page.rsplit("/", 1)[1]
    of_finance = f"/programs/{world.a}/redemptions/{number}"
    with asked_of_the_database(world) as asked:
        shown = approver.get(of_finance).text
    assert len(asked) <= 12, asked
    assert "Waits for approval" in shown
    assert as_("finance").get(of_finance).status_code == 200
    assert sent(approver, of_finance, f"{of_finance}/approve").status_code == 303
    again = approver.get(sent(approver, of_finance, f"{of_finance}/approve").location).text
    assert "Somebody was quicker" in again
    work(world)
    ended = owner.get(page).text
    assert ("Loaded" in ended) != ("Failed, points are back" in ended)
    assert "With the card provider" in ended or "Loaded onto the card" in ended
    assert wallet(world) in ((available - 400, reserved, spent + 400), (available, reserved, spent))


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ("", "Say how many."),
        ("0", "aria-invalid"),
        ("999999999", "points can be converted now."),
        ("<b>", "aria-invalid"),
        ("=1+1", "aria-invalid"),
    ],
)
def test_what_cannot_be_converted_is_said_beside_the_field(world: World, as_: As, points: str, said: str) -> None:
    answer = sent(as_("other"), portal(world), portal(world), points=points)
    assert answer.status_code == 400
    assert said in answer.text
    assert "<b>" not in answer.text


def test_a_form_that_was_tampered_with_takes_nothing(world: World, as_: As) -> None:
    before = wallet(world)
    for fields in ({"key": "k", "points": "-5"}, {"key": "k", "points": "9" * 30}, {"points": "5"}, {"key": "k"}):
        answer = sent(as_("other"), portal(world), portal(world, "redeem/confirm"), **fields)
        assert (answer.status_code, answer.location) == (303, portal(world))
    answer = sent(as_("other"), portal(world), portal(world, "redeem/confirm"), key="k", points="99999999")
    assert answer.status_code == 409
    assert wallet(world) == before


def test_nothing_is_done_that_was_not_shown(world: World, as_: As) -> None:
    owner, before = as_("other"), wallet(world)
    seen = dict(HIDDEN.findall(sent(owner, portal(world), portal(world), points="30").text))
    assert seen["shown"].startswith("30 ")
    answer = sent(owner, portal(world), portal(world, "redeem/confirm"), **{**seen, "shown": "30 1 0 0 ANOTHER v1"})
    assert answer.status_code == 409
    assert "has changed since you looked" in answer.text
    assert dict(HIDDEN.findall(answer.text)) == seen
    assert wallet(world) == before


def test_it_is_withdrawn_by_who_asked_or_called_off_with_a_reason_that_they_read(world: World, as_: As) -> None:
    owner, approver = as_("other"), as_("approver")
    before = wallet(world)
    mine, refused = ask(world, owner, 50), ask(world, owner, 60)
    assert (
        "Withdrawn by other, points are back"
        in owner.get(sent(owner, mine, f"{mine}/withdraw", reason="").location).text
    )
    number = refused.rsplit("/", 1)[1]
    page = f"/programs/{world.a}/redemptions/{number}"
    assert sent(approver, page, f"{page}/call-off", reason="").status_code == 400
    assert sent(approver, page, f"{page}/call-off", reason="Ask for less").status_code == 303
    assert wallet(world) == before
    read = owner.get(refused).text
    assert "Ask for less" in read
    assert "Called off" in read
    assert "they are back: Ask for less" in owner.get(portal(world, "notices")).text
    with world.app.app_context():
        kinds = db.session.scalars(
            select(Notice.kind).where(Notice.distributor_id == world.distributors["D-6"]).order_by(Notice.id.desc())
        ).all()
        db.session.remove()
    assert kinds[0] == "redemption_refused"


def test_many_are_approved_together_after_one_more_look(world: World, as_: As) -> None:
    owner, approver = as_("other"), as_("approver")
    numbers = [ask(world, owner, points).rsplit("/", 1)[1] for points in (70, 80)]
    listed = f"/programs/{world.a}/redemptions"
    with asked_of_the_database(world) as asked:
        shown = approver.get(f"{listed}?state=waiting").text
    assert len(asked) <= 12, asked
    assert all(f">{number}</" in shown for number in numbers)
    look = sent(approver, listed, f"{listed}/approve", ids=numbers)
    assert "Approve 2 redemptions" in look.text
    done = sent(approver, listed, f"{listed}/approve", ids=numbers, sure="yes")
    assert done.status_code == 303
    with world.app.app_context():
        approved = db.session.scalars(
            select(Redemption.approved_by).where(Redemption.id.in_([int(number) for number in numbers]))
        ).all()
        db.session.remove()
    assert approved == [world.login("approver")] * 2
    work(world)


def test_nobody_reads_another_ones_redemption(world: World, as_: As) -> None:
    page = ask(world, as_("other"), 20)
    elsewhere = page.replace(f"/{world.distributors['D-6']}/", f"/{world.distributors['D-5']}/")
    assert as_("distributor").get(page).status_code == 404
    assert as_("distributor").get(elsewhere).status_code == 404
    assert as_("other").get(elsewhere).status_code == 404
    assert sent(as_("other"), page, f"{page}/withdraw", reason="").status_code == 303


def test_fewer_points_than_are_converted_are_not_offered_to_be(world: World, as_: As) -> None:
    step = "Turn points into money on your card"
    assert step in as_("other").get(portal(world, "")).text
    assert "Convert points…" in as_("other").get(portal(world, "card")).text
    assert "Can be converted now" in as_("other").get(portal(world)).text
    for prepaid in ({"minimum_points": "1000000"}, {"redemptions": {"offered": False}}):
        with world.app.app_context(), transaction(db.session) as session:
            program = session.scalars(select(Program).where(Program.code == world.a)).one()
            before = program.prepaid
            program.prepaid = {**before, **prepaid}
        try:
            assert step not in as_("other").get(portal(world, "")).text, prepaid
            assert "Convert points…" not in as_("other").get(portal(world, "card")).text, prepaid
            if "minimum_points" in prepaid:
                assert "You can convert from 1,000,000 points on." in as_("other").get(portal(world, "card")).text
                assert "Can be converted now" not in as_("other").get(portal(world)).text
        finally:
            with world.app.app_context(), transaction(db.session) as session:
                session.scalars(select(Program).where(Program.code == world.a)).one().prepaid = before
