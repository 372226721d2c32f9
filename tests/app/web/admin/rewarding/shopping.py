"""Rewards written by an administrator, and put into a basket by a distributor that has points."""

import io
import re

from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from app.db.transaction import transaction
from app.extensions import db
from app.models.programs import Program
from app.services.by_hand import adjustments
from tests.app.web.conftest import token_of
from tests.app.web.world import World

ADDRESS = {"name": "Ann Lee", "street": "Long 1", "postal_code": "00-001", "city": "Warszawa"}


def at(world: World, path: str = "") -> str:
    return f"/programs/{world.a}/rewards{path}"


def mine(world: World, path: str = "") -> str:
    return f"/portal/{world.a}/{world.distributors['D-5']}{path}"


def told(world: World, query: object) -> list[object]:
    with world.app.app_context():
        found = list(db.session.scalars(query))  # type: ignore[call-overload]
        db.session.remove()
    return found


def write(client: FlaskClient, world: World, code: str, **more: str) -> int:
    """Write a reward on its page; give its id."""
    new = at(world, "/new")
    sent = {"code": code, "name": f"Reward {code}", "kind": "goods", "priced": "hand", "points": "10", "offered": "y"}
    answer = client.post(new, data={"csrf_token": token_of(client, new), **sent, **more})
    assert answer.status_code == 303, re.findall(r"data-problems.*?</div>", answer.text, re.DOTALL)
    return int(answer.location.rpartition("/")[2])


def enrich(world: World, points: int = 100_000) -> None:
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        who = world.distributors["D-5"]
        by = {"reason_code": "event", "note": "a fair", "actor": "x@y.example", "now": world.clock()}
        asked = adjustments.request(session, program, who, points, **by)
        adjustments.approve(session, program, asked, actor="z@y.example", now=world.clock())


def into_basket(client: FlaskClient, world: World, reward_id: int, quantity: int = 1) -> None:
    page = mine(world, f"/rewards/{reward_id}")
    sent = {"csrf_token": token_of(client, page), "quantity": str(quantity), "more": "yes"}
    assert client.post(mine(world, f"/basket/{reward_id}"), data=sent).status_code == 303


def checkout(client: FlaskClient, world: World, **more: str) -> dict[str, str]:
    """Give what the page of confirmation would send."""
    page = client.get(mine(world, "/basket/confirm")).text
    hidden = dict(re.findall(r'name="(key|points|cash|csrf_token)" type="hidden" value="([^"]*)"', page))
    hidden |= dict(re.findall(r'type="hidden" name="(csrf_token)" value="([^"]*)"', page))
    return {**hidden, **ADDRESS, **more}


def picture() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (1200, 900), "navy").save(made, "PNG")
    return made.getvalue()
