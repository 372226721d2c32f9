"""A product that is written down by hand: what is wrong is said beside its field, and no two are alike."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.extensions import db
from app.models.catalogue import Product, ProductGroup
from app.models.people import AuditEvent
from app.models.programs import Program
from tests.app.web.conftest import token_of
from tests.app.web.world import World

As = Callable[[str], FlaskClient]


@pytest.fixture
def page(world: World) -> str:
    return f"/programs/{world.a}/products/new"


def test_a_product_is_made_by_hand(world: World, as_: As, page: str) -> None:
    boss = as_("administrator")
    assert f'href="{page}"' in boss.get(f"/programs/{world.a}/products").text
    assert page not in as_("viewer").get(f"/programs/{world.a}/products").text
    assert as_("viewer").get(page).status_code == 404
    token = {"csrf_token": token_of(boss, page)}
    sent = {**token, "code": "BY-HAND", "name": "Saw <b>", "ean": "5901234123457", "group": ""}
    done = boss.post(page, data=sent, follow_redirects=True)
    assert "Saw &lt;b&gt; is a product of the programme now." in done.text
    with world.app.app_context():
        made = db.session.scalars(select(Product).where(Product.code == "BY-HAND")).one()
        assert (made.name, made.ean, made.group_id) == ("Saw <b>", "5901234123457", None)
        noted = select(AuditEvent.actor).where(AuditEvent.action == "product.create", AuditEvent.subject == "BY-HAND")
        assert db.session.scalars(noted).all() == [world.login("administrator")]
    for wrong, said in (
        ({"code": " by-hand ", "ean": ""}, "Another product has this code."),
        ({"code": "BY-HAND-2", "ean": "05901234123457"}, "Another product has this EAN."),
        ({"code": "BY-HAND-2", "ean": "12"}, "This is no EAN."),
        ({"code": "BY-HAND-2", "ean": "5901234123475"}, "one of these is mistyped."),
        ({"code": " "}, "Give it a code."),
        ({"code": "BY-HAND-2", "name": ""}, "Fill in the name."),
        ({"code": "BY-HAND-2", "ean": "", "group": "999999999"}, "Not a valid choice"),
    ):
        answer = boss.post(page, data=sent | wrong)
        assert (answer.status_code, said in answer.text) == (400, True), said
    with world.app.app_context():
        of_a = Program.code == world.a
        group = db.session.scalars(select(ProductGroup.id).join(Program).where(of_a).limit(1)).one()
    assert boss.post(page, data=sent | {"code": "BY-HAND-3", "ean": "", "group": str(group)}).status_code == 303
    with world.app.app_context():
        assert db.session.scalars(select(Product.group_id).where(Product.code == "BY-HAND-3")).one() == group
