"""Paying for purchases on pages: turned on, set aside by a distributor, taken at the counter, given back together."""

import re
from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.domain.states import CreditState
from app.extensions import db
from app.models.programs import Program
from app.models.purchases import PurchaseCredit
from tests.app.web.admin.rewarding.shopping import enrich
from tests.app.web.conftest import token_of
from tests.app.web.lists.test_together import send, shown
from tests.app.web.world import World

As = Callable[[str], FlaskClient]


def at(world: World, path: str = "") -> str:
    return f"/programs/{world.a}/purchases{path}"


def mine(world: World, path: str = "") -> str:
    return f"/portal/{world.a}/{world.distributors['D-5']}/purchases{path}"


def states(world: World) -> list[CreditState]:
    with world.app.app_context():
        of = PurchaseCredit.program_id == select(Program.id).where(Program.code == world.a).scalar_subquery()
        found = list(db.session.scalars(select(PurchaseCredit.state).where(of).order_by(PurchaseCredit.id)))
        db.session.remove()
    return found


def pay(client: FlaskClient, world: World, **typed: str) -> str:
    """Set something aside; give the page that answers."""
    page = client.get(mine(world)).text
    found = re.search(r'name="key"[^>]*value="([^"]+)"', page)
    assert found
    sent = {"csrf_token": token_of(client, mine(world)), "key": found[1], "what": "points", **typed}
    return client.post(mine(world), data=sent, follow_redirects=True).text


def test_a_distributor_pays_and_the_counter_takes_it_once(world: World, as_: As) -> None:
    boss, owner, counter = as_("administrator"), as_("distributor"), as_("assistant")
    enrich(world, 1_000)
    assert "does not let balances pay" in owner.get(mine(world)).text
    wrong = {"csrf_token": token_of(boss, at(world, "/settings")), "offered": "y", "share": "0"}
    assert boss.post(at(world, "/settings"), data=wrong).status_code == 400
    said = {**wrong, "share": "50", "point_value": "0.20", "least": "1.00", "usable_days": "14"}
    assert boss.post(at(world, "/settings"), data=said).status_code == 303
    assert 'value="0.2' in boss.get(at(world, "/settings")).text
    assert "Say how much." in pay(owner, world)
    assert "You do not have that much to spend." in pay(owner, world, points="100000000")
    assert "A purchase credit is worth" in pay(owner, world, points="2")
    page = pay(owner, world, points="100")
    code = re.findall(r'<code class="voucher">([A-Z0-9]+)</code>', page)[0]
    assert "20.00" in page
    take = at(world, "/take")
    assert "No purchase credit and no discount of this programme" in send_to(counter, take, code="AAAA").text
    looked = send_to(counter, take, code=code.lower())
    assert "20.00" in looked.text
    assert states(world) == [CreditState.OPEN]
    small = send_to(counter, take, code=code, document="FV/9", purchase="39.99")
    assert (small.status_code, "40.00" in small.text) == (400, True)
    assert send_to(counter, take, code=code, document="", purchase="50").status_code == 400
    assert send_to(counter, take, code=code, document="FV/9", purchase="50").status_code == 303
    assert send_to(counter, take, code=code, document="FV/9", purchase="50").status_code == 400
    assert states(world) == [CreditState.USED]
    assert "FV/9" in boss.get(at(world)).text
    assert code not in boss.get(at(world)).text
    assert "paid for purchase FV/9" in owner.get(f"/portal/{world.a}/{world.distributors['D-5']}/notices").text


def test_what_is_open_is_withdrawn_or_given_back(world: World, as_: As) -> None:
    boss, owner = as_("administrator"), as_("distributor")
    said = {"csrf_token": token_of(boss, at(world, "/settings")), "offered": "y", "share": "100"}
    assert boss.post(at(world, "/settings"), data=said).status_code == 303
    enrich(world, 1_000)
    before = len(states(world))
    pay(owner, world, points="50")
    page = pay(owner, world, points="60")
    first = re.findall(r'name="id" value="(\d+)"', page)[-1]
    token = token_of(owner, mine(world))
    assert owner.post(mine(world, "/withdraw"), data={"csrf_token": token, "id": first}).status_code == 303
    twice = owner.post(mine(world, "/withdraw"), data={"csrf_token": token, "id": first}, follow_redirects=True)
    assert "note-warning" in twice.text, "whoever presses twice is told that it is over"
    for other in ("", "x", str(2**62)):
        assert owner.post(mine(world, "/withdraw"), data={"csrf_token": token, "id": other}).status_code == 404
    with world.app.app_context():
        newest = select(PurchaseCredit.id).join(Program).where(Program.code == world.a).order_by(PurchaseCredit.id)
        ids = list(db.session.scalars(newest))[before:]
        db.session.remove()
    assert shown(send(boss, at(world), "give-back", ids)) == [str(max(ids))], "the other one is withdrawn"
    more = {"sure": "yes", "reason": "it was a mistake"}
    assert send(boss, at(world), "give-back", ids, **more).status_code == 303
    assert states(world)[before:] == [CreditState.ENDED, CreditState.ENDED]


def send_to(client: FlaskClient, address: str, **typed: str) -> TestResponse:
    return client.post(address, data={"csrf_token": token_of(client, address), **typed})
