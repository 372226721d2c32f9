"""A distributor orders a reward on a phone; the programme approves, sends and delivers it, and calls a part off."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select

from app.db.transaction import transaction
from app.demo.rewards import drawings, picture
from app.domain.rewards.reward_prices import Season
from app.extensions import db
from app.local.servers import Addresses
from app.models.programs import Program
from app.services.by_hand import adjustments
from app.services.rewarding import reward_pictures
from tests.app.web.world import World, build
from tests.support.shop import Shop

pytestmark = pytest.mark.slow

Journeys = Callable[..., Any]


@pytest.fixture(scope="module")
def world(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world with a catalogue, points to spend, and a limit above which somebody approves."""
    made = build(addresses, tmp_path_factory.mktemp("rewards"), small=True)
    with made.app.app_context():
        with transaction(db.session) as session:
            program = session.scalars(select(Program).where(Program.code == made.a)).one()
            program.rewards = {"approve_above": "10.00"}
            owner, now = made.distributors["D-5"], made.clock()
            by = {"reason_code": "event", "note": "a fair", "actor": "x@y.example", "now": now}
            asked = adjustments.request(session, program, owner, 1_000, **by)
            adjustments.approve(session, program, asked, actor="z@y.example", now=now)
            shop, today = Shop(session, program, owner), now.date()
            season = Season(80, today, today.replace(year=today.year + 1), today)
            drawn = {
                "mug": ("Enamel mug", 100, [season]),
                "grill": ("Garden grill", 9_000, []),
                "bag": ("Bag", 300, []),
            }
            for code, (name, points, seasons) in drawn.items():
                made_id = shop.reward(code, points, name=name, seasons=seasons, category="Brand", stock=8)
                content = picture(*drawings()[code])
                reward_pictures.put(session, made_id, content, actor="test", now=now)
        db.session.remove()
    yield made
    made.close()


def test_from_the_basket_to_the_door_and_a_part_comes_back(world: World, journey: Journeys) -> None:
    with journey("phone") as here:
        page = here.page
        here.sign_in(world.login("distributor"), world.password)
        here.press(page.locator("nav.tabs").get_by_role("link", name="Rewards"))
        here.look("rewards-catalogue")
        assert page.get_by_text("You need").first.is_visible()
        here.press(page.get_by_role("link", name="Enamel mug"))
        here.look("rewards-one")
        page.get_by_label("How many").fill("3")
        here.press(page.get_by_role("button", name="Into the basket"))
        here.look("rewards-basket")
        here.press(page.get_by_role("link", name="Further to the address"))
        here.look("rewards-confirm")
        page.get_by_label("Street and number").fill("Long 1")
        page.get_by_label("Postal code").fill("00-001")
        page.get_by_label("City").fill("Warszawa")
        here.press(page.get_by_role("button", name="Order now"))
        here.look("rewards-ordered")
        assert page.get_by_text("Waits for approval").first.is_visible()
        address = page.url
        here.sign_out()
    number = re.search(r"(\d+)$", address)
    assert number
    with journey("desktop") as here:
        page = here.page
        here.sign_in(world.login("administrator"), world.password)
        here.go(f"/programs/{world.a}/orders")
        here.look("orders")
        here.press(page.locator("table.list tbody a").first)
        here.press(page.get_by_role("button", name="Approve", exact=True))
        here.look("order-approved")
        for becomes in ("It is ordered at the supplier", "It was sent"):
            page.get_by_role("button", name="What happened…").click()
            dialog = page.get_by_role("dialog", name="What happened?")
            dialog.get_by_label("What happened").select_option(label=becomes)
            dialog.get_by_label("Number of the parcel").fill("RR1")
            here.press(dialog.get_by_role("button", name="Note it"))
        page.get_by_role("button", name="Cancel…").click()
        dialog = page.get_by_role("dialog", name="Cancel, in whole or in part")
        here.look("order-cancel")
        dialog.get_by_label("Pieces of Enamel mug").fill("1")
        dialog.get_by_label("Reason").fill("One broke on the way")
        here.press(dialog.get_by_role("button", name="Cancel these"))
        assert page.get_by_text("80 points are back").is_visible()
        page.get_by_role("button", name="What happened…").click()
        dialog = page.get_by_role("dialog", name="What happened?")
        dialog.get_by_label("What happened").select_option(label="It was delivered")
        here.press(dialog.get_by_role("button", name="Note it"))
        here.look("order-delivered")
        here.go(f"/programs/{world.a}/rewards")
        here.look("rewards-list")
        here.press(page.get_by_role("link", name="Enamel mug"))
        here.look("reward-editor")
        here.sign_out()
    with journey("phone") as here:
        page = here.page
        here.sign_in(world.login("distributor"), world.password)
        here.go(f"/portal/{world.a}/{world.distributors['D-5']}/orders/{number[1]}")
        here.look("order-of-mine-delivered")
        assert page.get_by_text("1 was cancelled").is_visible()
        assert page.get_by_text("Delivered").first.is_visible()
        here.sign_out()
