"""Every page of a programme for training says so, and no page of another one does."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.transaction import transaction
from app.extensions import db
from app.models.programs import Program
from app.services.setup import training
from app.web.access.permissions import Reach
from tests.app.web.test_every_page import LEADING_ON, pages_of
from tests.app.web.world import World

As = Callable[[str], FlaskClient]
SAID = "Training: nothing in this programme is real, and no card is loaded."


OF_SOMETHING = {"products.history", "groups.edit"}
"""Pages of a thing that their query names."""


@pytest.fixture
def copy(world: World) -> str:
    """The code of a training copy of programme A."""
    code = f"{world.a}-t"
    with world.app.app_context(), transaction(db.session) as session:
        if session.scalars(select(Program.id).where(Program.code == code)).one_or_none() is None:
            training.copy(session, world.a, code, actor="test", now=world.clock())
    return code


def test_every_page_says_so(world: World, as_: As, copy: str) -> None:
    client, seen = as_("owner"), 0
    for endpoint, address, _permission in pages_of(world, Reach.PROGRAM):
        answer = client.get(address.replace(world.a, copy))
        answer.close()
        if endpoint in LEADING_ON | OF_SOMETHING:
            continue
        if answer.mimetype == "text/html":
            assert answer.status_code == 200, endpoint
            assert SAID in answer.text, endpoint
            seen += 1
    assert seen > 20


def test_what_goes_wrong_in_it_says_so_as_well(world: World, as_: As, copy: str) -> None:
    answer = as_("owner").post(f"/programs/{copy}/people/invite", data={})
    assert answer.status_code == 400
    assert SAID in answer.text


def test_no_page_of_a_real_programme_says_so(world: World, as_: As, copy: str) -> None:
    assert SAID not in as_("owner").get(f"/programs/{world.a}/").text
    assert SAID not in as_("owner").get("/account/").text
    assert SAID not in as_("owner").get(f"/portal/{world.a}/{world.distributors['D-5']}/").text
