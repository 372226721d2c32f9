"""An administrator builds a rule from nothing, sees what it says and whom it meets, publishes it; a sale earns."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.local.servers import Addresses
from tests.app.web.world import World, build, import_rows

pytestmark = pytest.mark.slow

Journeys = Callable[..., Any]


@pytest.fixture(scope="module")
def world(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world of its own, for its rules change."""
    made = build(addresses, tmp_path_factory.mktemp("rules"), small=True)
    yield made
    made.close()


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_rule_from_nothing_to_the_points_of_a_sale(world: World, journey: Journeys, size: str) -> None:
    name = f"Spring on {size}"
    with journey(size) as here:
        page = here.page
        here.sign_in(world.login("administrator"), world.password)
        here.go(f"/programs/{world.a}/rules")
        here.look("rules")
        here.press(page.get_by_role("link", name="New rule"))
        here.look("rules-kinds")
        here.press(page.get_by_role("link", name="For every piece"))
        page.get_by_role("textbox", name="Name").fill(name)
        page.get_by_role("textbox", name="How much").fill("3")
        groups = page.get_by_role("combobox", name="Product groups").first
        groups.press_sequentially("dri", delay=20)
        page.locator(".found-option").first.wait_for()
        groups.press("ArrowDown")
        groups.press("Enter")
        assert page.locator(".pick .chip").first.inner_text().startswith("Drills (drills)")
        page.get_by_label("This version holds from").fill("2026-01-01")
        here.press(page.get_by_role("button", name="What would it do?"))
        here.look("rules-look")
        assert page.get_by_text("3 points for every piece; of the product group Drills.").is_visible()
        assert page.get_by_role("heading", name="Where it meets other rules").is_visible()
        here.press(page.get_by_role("button", name="Keep the draft"))
        here.look("rules-draft")
        assert page.locator(".clashes .struck").count() == 0, "the stack gives both"
        tried = page.get_by_role("link", name="Try it on past sales").get_attribute("href")
        assert tried == f"/programs/{world.a}/scenarios/new", "which takes today's drafts along"
        page.get_by_role("button", name="Publish…").click()
        dialog = page.get_by_role("dialog", name="Publish this draft")
        dialog.wait_for()
        here.look("rules-publish")
        assert dialog.get_by_text("1 Jan 2026").is_visible(), "from which day"
        here.press(dialog.get_by_role("button", name="Publish"))
        with world.app.app_context():
            import_rows(world, world.a, f"{size}.csv", [(f"SPRING/{size}", "2026-04-01", "D-5", "P1", "7", "70,00")])
        here.go(f"/programs/{world.a}/documents?q=SPRING/{size}")
        here.press(page.get_by_role("link", name=f"SPRING/{size}").first)
        assert page.get_by_text("3 × 7 = 21 points").first.is_visible()
        here.go(f"/programs/{world.a}/rules")
        here.press(page.get_by_role("link", name=name))
        here.look("rules-rule")
        _end_too_early(here)
        _grid(here, world, size)


def _end_too_early(here: Any) -> None:
    """What is refused in a dialog stands in it still, and the page behind stays where it was."""
    page = here.page
    page.get_by_role("button", name="End…").click()
    dialog = page.get_by_role("dialog", name="End this rule")
    dialog.get_by_label("Last day on which it gives").fill("2020-01-01")
    here.press(dialog.get_by_role("button", name="End it"))
    dialog.wait_for()
    assert dialog.get_by_text("choose that day or a later one").last.is_visible()
    assert dialog.get_by_label("Last day on which it gives").input_value() == "2020-01-01"
    assert page.evaluate("scrollY") == 0
    here.look("rules-end-refused", refused=True)


def _grid(here: Any, world: World, size: str) -> None:
    """Build a matrix, go from cell to cell by the keyboard, paste what was copied from a spreadsheet."""
    page = here.page
    here.go(f"/programs/{world.a}/rules/build?kind=matrix")
    page.get_by_role("textbox", name="Name").fill(f"Grid on {size}")
    page.get_by_label("Rate where no cell holds").fill("1")
    here.press(page.get_by_role("button", name="Keep the draft"))
    first = page.locator("#rate-0-0")
    first.focus()
    first.press_sequentially("2.5")
    first.press("Enter")
    page.keyboard.type("oops")
    assert page.locator(".field-problem").count() == 1
    assert page.evaluate(
        "document.getElementById(document.activeElement.getAttribute('aria-describedby')).className"
    ) == ("field-problem"), "what is wrong with a cell is told of it"
    page.locator("#rate-0-0").evaluate(
        "(cell) => { const data = new DataTransfer(); data.setData('text', '4\\t5\\n6\\t7'); "
        "cell.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })); }"
    )
    assert page.locator(".field-problem").count() == 0
    assert sorted(page.locator(".grid input").evaluate_all("(all) => all.map((one) => one.value)")) == [
        "4",
        "5",
        "6",
        "7",
    ]
    here.look("rules-grid")
    here.press(page.get_by_role("button", name="Keep the draft"))
    here.look("rules-grid-draft")
