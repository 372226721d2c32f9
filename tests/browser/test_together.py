"""Rows are chosen in a list, looked at once more and decided together, at both sizes and by the keyboard."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.local.servers import Addresses
from tests.app.web.world import World, build
from tests.browser.judging import ring

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A small world: its lists are short."""
    made = build(addresses, tmp_path_factory.mktemp("together"), small=True)
    yield made
    made.close()


@pytest.mark.parametrize(("size", "scheme", "code"), [("desktop", "light", "D-7"), ("phone", "dark", "D-4")])
def test_distributors_are_blocked_after_one_more_look(
    world: World, visit: Callable[..., Any], size: str, scheme: str, code: str
) -> None:
    with visit(size, scheme) as here:
        page = here.page
        here.sign_in(world.login("administrator"), world.password)
        here.go(f"/programs/{world.a}/distributors?q={code}")
        box, act = page.locator(".tick input[name='ids']").first, page.get_by_role("button", name="Block…", exact=True)
        assert not act.is_visible()
        box.focus()
        page.keyboard.press("Space")
        act.wait_for()
        here.look("together-chosen")
        here.press(act)
        here.look("together-block")
        assert page.get_by_role("heading", level=1).inner_text() == "Block 1 distributor"
        page.get_by_label("Reason").focus()
        page.keyboard.press("Tab")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        page.locator("[data-problems]:focus").wait_for()
        here.look("together-problem", refused=True)
        page.get_by_label("Reason").fill("unpaid")
        here.press(page.get_by_role("button", name="Block", exact=True))
        assert "1 distributor is blocked." in page.locator("body").inner_text()
        here.look("together-done")


@pytest.mark.parametrize(("size", "scheme"), [("phone", "light"), ("desktop", "dark")])
def test_what_chosen_rows_want_asked_fits_every_screen(
    world: World, visit: Callable[..., Any], size: str, scheme: str
) -> None:
    with visit(size, scheme) as here:
        page = here.page
        here.sign_in(world.login("administrator"), world.password)
        for place, act in (
            ("distributors", "Move to a group…"),
            ("products", "Move to a group…"),
            ("people", "Take the role away…"),
        ):
            here.go(f"/programs/{world.a}/{place}")
            for box in page.locator(".tick input[name='ids']").all():
                box.check()
            here.press(page.get_by_role("button", name=act))
            here.look(f"together-{place}")


def test_what_is_done_with_chosen_rows_is_two_keys_away(world: World, visit: Callable[..., Any]) -> None:
    def focused(name: str) -> None:
        page.wait_for_function(
            "name => (document.activeElement.ariaLabel || document.activeElement.textContent).trim() === name", arg=name
        )
        ring(page)

    there = "Go to what is done with the chosen rows"
    with visit("desktop") as here:
        page = here.page
        here.sign_in(world.login("administrator"), world.password)
        here.go(f"/programs/{world.a}/distributors")
        page.get_by_label("Choose all rows of this page").focus()
        page.keyboard.press("d")  # there is nothing to do yet
        focused("Choose all rows of this page")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") != there
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        focused(there)
        here.look("together-skip")
        page.keyboard.press("Enter")
        focused("Chosen rows")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.matches('[data-list-acts] button')")
        page.keyboard.press("j")
        page.keyboard.press("d")
        focused("Chosen rows")
