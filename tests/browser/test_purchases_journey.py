"""Points pay for a purchase and the counter takes the code; a sale brings a reward, and a draw is checked."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.program_file.purchase_settings import Purchases
from app.extensions import db
from app.local.servers import Addresses
from app.models.orders import Draw
from app.models.programs import Program
from app.services.by_hand import adjustments
from app.services.goods import catalogue
from app.services.instants import due, promising
from app.services.instants.promising import Said
from app.services.orders import purchase_credits
from app.services.rewarding import draws
from tests.app.web.world import World, build
from tests.support.sales import Sold, sell
from tests.support.shop import DRAW, Shop

pytestmark = pytest.mark.slow

Journeys = Callable[..., Any]


@pytest.fixture(scope="module")
def world(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world whose points pay for purchases, with a reward that a sale brought and a draw that is over."""
    made = build(addresses, tmp_path_factory.mktemp("purchases"), small=True)
    with made.app.app_context():
        with transaction(db.session) as session:
            program = session.scalars(select(Program).where(Program.code == made.a)).one()
            owner, now = made.distributors["D-5"], made.clock()
            by: dict[str, Any] = {"actor": "x@y.example", "now": now}
            asked = adjustments.request(session, program, owner, 1_000, reason_code="event", note="a fair", **by)
            adjustments.approve(session, program, asked, actor="z@y.example", now=now)
            purchase_credits.put_settings(session, program, Purchases(offered=True, share=5_000), **by)
            shop = Shop(session, program, owner)
            mug, ticket = shop.reward("mug", 80, name="Enamel mug"), shop.reward("ticket", 5, kind=DRAW)
            draws.prepare(session, made.keys, shop.row("ticket"), 1, **by)
            shop.order({"ticket": 3}, address=None)
            shop.reward("ticket", 5, kind=DRAW, offered=False)
            draws.draw(session, made.keys, program, shop.row("ticket"), **by)
            said = Said("A mug with every invoice of 1,000 and more", "base", 1, first_on=now.date().replace(day=1))
            promising.put(session, program, shop.row("mug"), said, **by)
            product = catalogue.product_ids(session, program.id)["p1"]
            sell(session, program, [Sold("GIFT/1", owner, product, 1, 5_000_00, now.date().isoformat())])
            assert mug
            assert session.scalars(select(Draw.id).where(Draw.reward_id == ticket)).one()
        due.run_due(db.session, made.keys, made.clock(), made.a)
        db.session.remove()
    yield made
    made.close()


def test_points_pay_for_a_purchase_and_a_sale_brings_a_mug(world: World, journey: Journeys) -> None:
    owner = world.distributors["D-5"]
    with journey("phone") as here:
        page = here.page
        here.sign_in(world.login("distributor"), world.password)
        here.go(f"/portal/{world.a}/{owner}/purchases")
        here.look("purchases-before")
        page.get_by_role("button", name="Pay for a purchase…").click()
        here.look("purchases-asking")
        dialog = page.get_by_role("dialog", name="Pay for a purchase")
        dialog.get_by_role("textbox", name="Points").fill("200")
        here.press(dialog.get_by_role("button", name="Set it aside"))
        here.look("purchases-code")
        code = page.locator("code.voucher").inner_text()
        here.go(f"/portal/{world.a}/{owner}/rewards")
        here.look("rewards-promised")
        here.go(f"/portal/{world.a}/{owner}/orders")
        here.look("orders-own")
        here.press(page.locator("table.list tbody a").first)
        here.look("order-brought")
        here.go(f"/portal/{world.a}/{owner}/orders")
        here.press(page.locator("table.list tbody a").last)
        here.look("order-draw-proof")
        here.sign_out()
    with journey("desktop") as here:
        page = here.page
        here.sign_in(world.login("assistant"), world.password)
        here.go(f"/programs/{world.a}/purchases/take")
        here.look("take-asking")
        page.get_by_label("Code", exact=True).fill(code)
        here.press(page.get_by_role("button", name="Look it up"))
        here.look("take-worth")
        page.get_by_label("Number of the purchase").fill("FV/12/2026")
        page.get_by_label("What the whole purchase costs").fill("100")
        here.press(page.get_by_role("button", name="Take it"))
        assert page.get_by_text("off this purchase").is_visible()
        here.sign_out()
    with journey("desktop") as here:
        page = here.page
        here.sign_in(world.login("administrator"), world.password)
        here.go(f"/programs/{world.a}/purchases")
        here.look("purchases-list")
        assert page.get_by_text("FV/12/2026").is_visible()
        here.press(page.get_by_role("link", name="Settings"))
        here.look("purchases-settings")
        here.go(f"/programs/{world.a}/rewards")
        here.press(page.get_by_role("link", name="Enamel mug"))
        here.look("reward-instants")
        page.get_by_role("button", name="Let sales bring it…").click()
        here.look("reward-instant-form")
