"""A manager gives a tier and looks at who is where; a distributor reads what is theirs and what comes next."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm.attributes import flag_modified

from app.db.transaction import transaction
from app.extensions import db
from app.local.servers import Addresses
from app.models.programs import Program
from app.services.goods import catalogue
from app.services.tiering import tier_judging
from tests.app.web.world import World, build

pytestmark = pytest.mark.slow

LEVELS = [
    {"code": "member", "name": "Member", "from": 0, "redeemable_bp": 5000},
    {"code": "silver", "name": "Silver partner", "from": 100, "redeemable_bp": 8000, "benefits": ["A quick desk"]},
    {"code": "gold", "name": "Gold partner", "from": 50_000, "benefits": ["A quick desk", "The yearly trip"]},
]


@pytest.fixture(scope="module")
def world(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world with tiers."""
    made = build(addresses, tmp_path_factory.mktemp("tiers"), small=True)
    with made.app.app_context():
        with transaction(db.session) as session:
            program = session.scalars(select(Program).where(Program.code == made.a)).one()
            program.settings["tiers"] = {"levels": LEVELS, "grace_days": 30}
            flag_modified(program, "settings")
            session.flush()
            catalogue.mark_changed(session, program.id)
            tier_judging.judge(session, program, now=made.clock())
        db.session.remove()
    yield made
    made.close()


def test_a_tier_is_given_and_its_distributor_sees_it(world: World, journey: Callable[..., Any]) -> None:
    with journey("phone") as here:
        here.sign_in(world.login("distributor"), world.password)
        here.menu("My tier")
        here.look("tier-mine")
        assert here.page.get_by_text("Silver partner").first.is_visible()
    with journey("phone") as here:
        here.sign_in(world.login("administrator"), world.password)
        here.menu("Tiers")
        here.look("tiers")
        here.press(here.page.get_by_role("link", name="Distributor 06"))
        here.look("tier-one")
    with journey("desktop") as here:
        page = here.page
        here.sign_in(world.login("administrator"), world.password)
        here.menu("Tiers")
        here.look("tiers")
        here.press(page.get_by_role("link", name="Distributor 05"))
        here.look("tier-one")
        page.get_by_role("button", name="Give a tier…").click()
        page.get_by_label("Tier", exact=True).select_option("gold")
        page.get_by_label("Reason").fill("They open three shops this winter")
        here.press(page.get_by_role("button", name="Give", exact=True))
        here.look("tier-given")
        here.menu("Groups")
        here.look("groups")
        here.press(page.get_by_role("link", name="New group").first)
        here.look("group-new")
        here.menu("Products")
        here.press(page.get_by_role("link", name=re.compile("Product P1")))
        here.look("product-groups")
    with journey("desktop") as here:
        here.sign_in(world.login("distributor"), world.password)
        here.menu("My tier")
        here.look("tier-mine-given")
