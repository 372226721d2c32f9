"""A distributor turns points into money; somebody lets it go; finance previews a run, and reads what to do."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import update

from app.db.transaction import transaction
from app.extensions import db
from app.local.servers import Addresses
from app.models.distributors import Distributor
from app.models.programs import Program
from tests.app.web.finance.test_finance import give
from tests.app.web.world import World, build, do_one_job

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world where one distributor has points to spend, one is blocked, and more than 50 wait for somebody."""
    made = build(addresses, tmp_path_factory.mktemp("redemptions"), small=True)
    give(made, "D-6", 1_000)
    give(made, "D-5", 40)
    with made.app.app_context():
        with transaction(db.session) as session:
            session.execute(update(Distributor).where(Distributor.id == made.distributors["D-5"]).values(blocked=True))
            session.execute(
                update(Program)
                .where(Program.code == made.a)
                .values(prepaid={"redemptions": {"approval": "above", "approve_above": "50.00"}})
            )
        db.session.remove()
    yield made
    made.close()


def test_points_are_asked_for_let_go_and_loaded_and_a_run_takes_the_rest(
    world: World, journey: Callable[..., Any]
) -> None:
    with journey("phone") as here:
        here.sign_in(world.login("other"), world.password)
        here.menu("Card")
        here.press(here.page.get_by_role("link", name="Convert points…"))
        here.page.get_by_label("Points to convert", exact=True).fill("600")
        assert here.page.get_by_role("slider").input_value() == "600"
        here.press(here.page.get_by_role("button", name="Further"))
        here.look("redeem-confirm")
        here.press(here.page.get_by_role("button", name=re.compile("Convert 600 points")))
        here.look("redeem-waits")
        waits = here.page.url
    with journey("desktop") as here:
        here.sign_in(world.login("approver"), world.password)
        here.menu("Redemptions")
        here.look("redemptions")
        here.press(here.page.locator("main tbody a").first)
        here.look("redemption-waits")
        here.press(here.page.get_by_role("button", name="Approve"))
        here.look("redemption-approved")
        with world.app.app_context():
            while do_one_job(world):
                pass
            db.session.remove()
        here.page.reload()
        here.look("redemption-ended")
        assert here.page.get_by_text("With the card provider").or_(here.page.get_by_text("Loaded")).first.is_visible()
    with journey("phone") as here:
        here.sign_in(world.login("other"), world.password)
        here.page.goto(waits)
        here.look("redeem-ended")
    for size in ("desktop", "phone"):
        with journey(size) as here:
            here.sign_in(world.login("finance"), world.password)
            here.menu("Conversion runs")
            here.press(here.page.get_by_role("link", name="New run"))
            here.look("run-new")
            here.page.get_by_label("Points earned from").fill("2026-01-01")
            here.page.get_by_label("Points earned until").fill("2046-12-31")
            here.page.get_by_label(re.compile("Only accounts with")).fill("50")
            here.press(here.page.get_by_role("button", name="Preview"))
            here.look("run-previewed")
            assert here.page.get_by_text("What to do").first.is_visible()
            here.menu("Redemptions")
            here.look("redemptions")
