"""Deliveries to distributors are listed, found and taken away as a file."""

import datetime as dt
from collections.abc import Callable

from flask.testing import FlaskClient

from app.db.transaction import transaction
from app.extensions import db
from app.services.goods import deliveries
from app.services.goods.catalogue import product_ids
from app.services.goods.deliveries import DeliveryRow
from app.services.setup import programs
from tests.app.web.world import World


def test_deliveries_are_listed_with_whom_and_what(world: World, as_: Callable[[str], FlaskClient]) -> None:
    with world.app.app_context():
        with transaction(db.session) as session:
            program_id = programs.program_by_code(session, world.a).id
            product = product_ids(session, program_id)["p1"]
            whose = world.distributors["D-5"]
            rows = [
                DeliveryRow(whose, product, f"WZ/{at}", f"WZ/{at}", dt.date(2026, 2, at), at * 1_000) for at in (1, 2)
            ]
            assert deliveries.put(session, program_id, rows, file_sha256=b"1", now=world.clock()) == (2, 0)
        db.session.remove()
    client = as_("verifier")
    address = f"/programs/{world.a}/deliveries"
    page = client.get(address).text
    assert page.index("WZ/2") < page.index("WZ/1"), "the newest first"
    assert "Distributor 05" in page
    found = client.get(f"{address}?q=WZ/1").text
    assert "WZ/1" in found
    assert "WZ/2" not in found
    with as_("finance").get(f"{address}?form=csv") as taken:
        assert "WZ/1" in taken.text
