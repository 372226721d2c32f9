"""Products whose units have serial numbers: set in their list, asked for in the form, shown with the document."""

from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.transaction import transaction
from app.extensions import db
from app.models.catalogue import Product
from app.models.programs import Program
from tests.app.web.conftest import token_of
from tests.app.web.portal.claims.test_claims import portal, token, typed
from tests.app.web.world import World

As = Callable[[str], FlaskClient]


def number(client: FlaskClient, world: World, units: str, **more: str) -> int:
    index = f"/programs/{world.a}/products"
    with world.app.app_context(), transaction(db.session) as session:
        of_a = select(Product.id).join(Program, Program.id == Product.program_id).where(Program.code == world.a)
        product = session.scalars(of_a.where(Product.code == "P2")).one()
    data = {"csrf_token": token_of(client, index), "ids": [str(product)], "units": units, **more}
    return client.post(f"{index}/serials", data=data).status_code


def test_serial_numbers_are_asked_for_and_shown(world: World, as_: As) -> None:
    boss, client = as_("administrator"), as_("distributor")
    assert "lines-0-serials" not in client.get(portal(world, "new")).text
    assert number(boss, world, "numbered") == 200, "looked at once more"
    assert number(boss, world, "numbered", sure="yes") == 303
    try:
        assert "numbered, each counts once" in boss.get(f"/programs/{world.a}/products?units=numbered").text
        page = client.get(portal(world, "new")).text
        assert "lines-0-serials" in page
        lacking = typed(page, "UNITS/1", ("P2", "2", "30.00"), **{"lines-0-serials": "X-1"})
        wrong = client.get(client.get(client.post(portal(world, "new"), data=lacking).location).location).text
        assert "write 2 of them, you wrote 1" in wrong
        page = client.get(portal(world, "new")).text
        whole = typed(page, "UNITS/1", ("P2", "2", "30.00"), **{"lines-0-serials": "X-1, X-2"})
        check = client.post(portal(world, "new"), data=whole)
        send = client.post(check.location.replace("/check", "/send"), data={"csrf_token": token(page)})
        assert "X-1, X-2" in client.get(send.location).text
        document = send.location.rpartition("/")[2]
        assert "X-1, X-2" in as_("verifier").get(f"/programs/{world.a}/review/{document}").text
    finally:
        assert number(boss, world, "alike", sure="yes") == 303
