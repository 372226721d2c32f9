"""The way of a decision: by keyboard alone, refused, appealed, accepted in part by somebody else; points follow."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.local.servers import Addresses
from tests.app.web.admin.documents.test_deciding import wait_in_review
from tests.app.web.world import World, build
from tests.browser.judging import come_to_rest

pytestmark = pytest.mark.slow

Visits = Callable[..., Any]


@pytest.fixture(scope="module")
def world(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world of its own: its queue is decided."""
    made = build(addresses, tmp_path_factory.mktemp("deciding"), small=True)
    yield made
    made.close()


def key(page: Any, name: str, *, goes: bool = False) -> None:
    """Press a key; where it leads to another page, wait for that."""
    if goes:
        with page.expect_navigation():
            page.keyboard.press(name)
        come_to_rest(page)
    else:
        page.keyboard.press(name)


BEGINS = """() => {
  document.querySelector(".deciding").classList.add("deciding-beside"); // as where there are proofs
  const edge = (one) => one.getBoundingClientRect().x + parseFloat(getComputedStyle(one).paddingLeft);
  const card = document.querySelector("[aria-labelledby=lines-title]");
  const found = [edge(card.querySelector("tbody th")), edge(card.querySelector("h2"))].map(Math.round);
  document.querySelector(".deciding").classList.remove("deciding-beside");
  return found;
}"""


def points(here: Any, world: World) -> str:
    here.go(f"/portal/{world.a}/{world.distributors['D-5']}")
    return here.page.locator(".balance-figure strong").first.inner_text()


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_document_is_refused_by_keyboard_appealed_and_accepted_in_part(
    world: World, visit: Visits, size: str
) -> None:
    number = f"JOURNEY/{size}"
    (document_id,) = wait_in_review(world, number, who="D-5")
    with visit(size) as seller:
        seller.sign_in(world.login("distributor"), world.password)
        before = points(seller, world)
        own = f"/programs/{world.a}/documents/{document_id}"
        seller.go(own)
        seller.look("own-in-review")
        with visit(size) as here:
            page = here.page
            here.sign_in(world.login("verifier"), world.password)
            here.go(f"/programs/{world.a}/review?q={number}")
            here.look("queue")
            here.go(f"/programs/{world.a}/review/{document_id}")
            here.look("deciding")
            if size == "desktop":
                begins = page.evaluate(BEGINS)
                assert begins[0] == begins[1], "lines begin where what stands over them does"
            here.go(f"/programs/{world.a}/review?q={number}")
            here.look("queue-held")
            assert page.locator("tbody").get_by_text("has it").is_visible()
            here.go(f"/programs/{world.a}/review/{document_id}")
            if size == "desktop":
                key(page, "?")
                page.locator("dialog:modal").wait_for()
                assert page.locator("dialog:modal").get_by_text("Ask for more").is_visible()
                here.look("deciding-keys")
                key(page, "Escape")
            key(page, "m")
            page.locator("dialog:modal textarea:focus").wait_for()
            page.keyboard.type("Which branch was it?")
            here.look("deciding-ask")
            key(page, "Tab")
            key(page, "Enter", goes=True)
            assert page.get_by_text("The distributor is asked").is_visible()
            seller.go(own)
            seller.page.get_by_label("Your answer").fill("The one in Gdańsk")
            seller.look("own-asked")
            seller.press(seller.page.get_by_role("button", name="Send the answer"))
            seller.look("own-answered")
            here.go(f"/programs/{world.a}/review/{document_id}")
            assert page.get_by_text("The one in Gdańsk").is_visible()
            key(page, "r")
            page.locator("dialog:modal select:focus").wait_for()
            page.keyboard.type("Nothing proves")
            key(page, "Tab")
            page.keyboard.type("no picture came")
            here.look("deciding-refuse")
            key(page, "Enter", goes=True)
            assert page.get_by_text("Refused.").is_visible()
            here.look("after-the-refusal")
        seller.go(own)
        assert seller.page.get_by_text("Nothing proves this sale. no picture came").first.is_visible()
        seller.page.get_by_label("Why it should count").fill("Here is what was sold")
        seller.look("own-refused")
        seller.press(seller.page.get_by_role("button", name="Appeal"))
        seller.look("own-appealed")
        appealed = re.search(r"/documents/(\d+)$", seller.page.url)
        assert appealed
        with visit(size) as other:
            page = other.page
            other.sign_in(world.login("administrator"), world.password)
            other.go(f"/programs/{world.a}/review/{appealed[1]}")
            assert page.get_by_text("Here is what was sold").is_visible()
            key(page, "t")
            page.locator("dialog:modal input[type=checkbox]:focus").wait_for()
            key(page, "Space")
            for _ in range(3):
                key(page, "Tab")
            page.keyboard.press("Control+a")
            page.keyboard.type("4")
            key(page, "Tab")
            page.keyboard.type("The proof says")
            other.look("deciding-part")
            key(page, "Tab")
            key(page, "Enter", goes=True)
            assert page.get_by_text("Accepted in part.").is_visible()
        after = points(seller, world)
        assert int(after.replace(",", "")) == int(before.replace(",", "")) + 4, "4 pieces of 10.00 give 4 points"
