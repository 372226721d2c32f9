"""Points are given by phone and approved; two distributors share a balance and part; two that are one are merged."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm.attributes import flag_modified

from app.db.transaction import transaction
from app.extensions import db
from app.local.servers import Addresses
from app.models.programs import Program
from app.services.by_hand import adjustments
from tests.app.web.world import World, build
from tests.support.sales import Sold, sell

pytestmark = pytest.mark.slow

Journeys = Callable[..., Any]


@pytest.fixture(scope="module")
def world(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world in which participants give points to one another; two of them have a document of one number."""
    made = build(addresses, tmp_path_factory.mktemp("owners"), small=True)
    with made.app.app_context():
        with transaction(db.session) as session:
            program = session.scalars(select(Program).where(Program.code == made.a)).one()
            program.settings["accounts"]["transfers"] |= {"asked_by": "participants", "most_a_month": "500"}
            flag_modified(program, "settings")
            for code in ("D-4", "D-5", "D-7"):
                by = {"reason_code": "event", "note": "a fair", "actor": "x@y.example", "now": made.clock()}
                asked = adjustments.request(session, program, made.distributors[code], 1_000, **by)
                adjustments.approve(session, program, asked, actor="z@y.example", now=made.clock())
            product = sell_of(session, program)
            sold = (("D-7", 10_000), ("D-4", 20_000))
            sell(session, program, [Sold("TWICE/1", made.distributors[who], product, 1, net) for who, net in sold])
        db.session.remove()
    yield made
    made.close()


def sell_of(session: Any, program: Program) -> int:
    from app.services.goods import catalogue

    return catalogue.product_ids(session, program.id)["p1"]


def test_points_are_given_by_phone_and_approved(world: World, journey: Journeys) -> None:
    with journey("phone") as here:
        page = here.page
        here.sign_in(world.login("distributor"), world.password)
        here.menu("Give points away")
        here.look("owners-give")
        page.get_by_role("button", name="Give points…").click()
        page.get_by_label("To: the participant's code").fill("D-4")
        page.get_by_role("textbox", name="Points").fill("40")
        page.get_by_role("textbox", name="Why").fill("Thanks for the help at the fair")
        here.picture("owners-give-form")
        here.press(page.get_by_role("button", name="Ask for it"))
        here.look("owners-give-asked")
    with journey("desktop") as here:
        page = here.page
        here.sign_in(world.login("approver"), world.password)
        here.menu("Transfers")
        here.look("owners-transfers")
        here.press(page.locator("table tbody a").first)
        here.look("owners-transfer")
        here.press(page.get_by_role("button", name="Approve"))
        here.look("owners-transfer-done")
        assert page.get_by_text("The points have moved").is_visible()


def test_two_share_a_balance_and_two_become_one(world: World, journey: Journeys) -> None:
    with journey("desktop") as here:
        page = here.page
        here.sign_in(world.login("administrator"), world.password)
        here.menu("Pools")
        here.look("owners-pools")
        here.press(page.get_by_role("link", name="New pool"))
        here.look("owners-pool-new")
        page.get_by_label("Name").fill("South")
        here.choose("Holder", "D-5")
        here.press(page.get_by_role("button", name="Open the pool"))
        here.look("owners-pool-open")
        here.choose("Distributor", "D-6")
        here.press(page.get_by_role("button", name="Look at it"))
        here.look("owners-pool-join")
        here.press(page.get_by_role("button", name="Let it join"))
        here.look("owners-pool")
        here.press(page.get_by_role("link", name="leaves the pool"))
        here.look("owners-pool-leave")
        here.press(page.get_by_role("button", name="Let it leave"))
        here.look("owners-pool-left")
        here.menu("Merged distributors")
        here.look("owners-merges")
        here.press(page.get_by_role("link", name="Merge two…"))
        here.look("owners-merge-new")
        here.choose("The one that is merged", "D-7")
        here.choose("The one that stays", "D-4")
        here.press(page.get_by_role("button", name="Look at it"))
        here.look("owners-merge-look")
        page.locator("select[name^=counts-]").select_option("survivor")
        page.get_by_label("In words").fill("One firm under two codes")
        here.press(page.get_by_role("button", name="Ask for it"))
        here.look("owners-merge-asked")
    with journey("phone") as here:
        page = here.page
        here.sign_in(world.login("approver"), world.password)
        here.menu("Merged distributors")
        here.look("owners-merges")
        here.press(page.locator("table tbody a").first)
        here.look("owners-merge")
        here.press(page.get_by_role("button", name="Merge them"))
        here.look("owners-merge-done")
