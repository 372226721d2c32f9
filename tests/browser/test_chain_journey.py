"""A balance opened down to file and row, disputed and answered; and a draft tried on what was really sold."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.local.servers import Addresses
from tests.app.web.world import World, build, do_one_job

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = build(addresses, tmp_path_factory.mktemp("chain"), small=True)
    yield made
    made.close()


def test_a_balance_opens_down_to_its_row_and_what_is_wrong_is_answered(
    world: World, journey: Callable[..., Any]
) -> None:
    with journey("phone") as here:
        page = here.page
        here.sign_in(world.login("distributor"), world.password)
        here.press(page.get_by_role("link", name="What it is made of"))
        here.look("made-of")
        here.press(page.get_by_role("link", name=re.compile("document IMP")).first)
        here.look("lot")
        assert re.search(r"row \d+ of .+\.csv", page.locator("ul:has(small.formula)").inner_text())
        here.press(page.locator("table.rows th a").first)
        here.look("movement")
        here.press(page.get_by_role("link", name=re.compile("All of document")))
        here.press(page.get_by_role("link", name="Is this wrong?").first)
        here.look("dispute")
        page.get_by_label("What is wrong?").fill("I sold twice as many")
        here.press(page.get_by_role("button", name="Send"))
        here.look("document-disputed")
    with journey("desktop") as here:
        page = here.page
        here.sign_in(world.login("administrator"), world.password)
        here.menu("Disputes")
        here.look("disputes")
        here.press(page.locator("table.list tbody a").first)
        here.look("dispute-open")
        page.get_by_label("Points to give").fill("12")
        page.get_by_label("Answer").first.fill("You are right")
        here.press(page.get_by_role("button", name="Grant", exact=True))
        here.look("dispute-granted")
        assert page.get_by_text("The adjustment waits for a second person.").is_visible()
    with journey("phone") as here:
        here.sign_in(world.login("distributor"), world.password)
        here.menu("Disputes")
        here.look("own-disputes")
        # that it was right is told once the points are approved (decision 8 says whose second person that is)
        assert here.page.get_by_text("Waits for an answer").first.is_visible()
        assert here.page.get_by_text("You are right").count() == 0


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_draft_is_tried_on_what_was_sold(world: World, journey: Callable[..., Any], size: str) -> None:
    with journey(size) as here:
        page = here.page
        here.sign_in(world.login("administrator"), world.password)
        here.menu("Scenarios")
        here.press(page.get_by_role("link", name="New scenario"))
        here.look("scenario-new")
        page.get_by_label("Name").fill(f"As it is, {size}")
        here.press(page.get_by_role("button", name="Replay"))
        assert page.get_by_text("You can leave this page; the replay goes on.").is_visible()
        with world.app.app_context():
            while do_one_job(world):
                pass
        page.reload()
        here.look("scenario")
        assert page.get_by_text("as was given", exact=True).is_visible()
        here.press(page.get_by_role("link", name="Distributors").last)
        here.look("scenario-distributors")
