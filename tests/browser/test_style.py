"""The page with every part, before a browser: seen, judged by axe, worked by keys, on paper and without a network."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.app.web.world import HOSTILE, World
from tests.browser.judging import faults

pytestmark = pytest.mark.slow

Visits = Callable[..., Any]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_every_part_fits_and_axe_finds_nothing(world: World, visit: Visits, size: str, scheme: str) -> None:
    with visit(size, scheme) as here:
        here.sign_in(world.login("owner"), world.password)
        assert here.go("/platform/style").status == 200
        page = here.page
        page.locator("[data-chart] canvas").first.wait_for()
        here.picture("parts")
        assert page.locator("[data-chart] canvas").count() == 3
        assert faults(page) == []
        page.get_by_role("button", name="Send").click()
        page.locator("[data-problems]:focus").wait_for()
        assert faults(page) == []
        here.picture("parts-problems")
        page.get_by_role("link", name=re.compile("^Name: ")).click()
        page.locator("#name:focus").wait_for()
        assert [one for one in here.complaints if "422" not in one] == []


def test_dialogs_and_sheets_open_and_close(world: World, visit: Visits) -> None:
    with visit("desktop") as here:
        here.sign_in(world.login("owner"), world.password)
        here.go("/platform/style")
        page = here.page
        page.get_by_role("button", name="Reject…").first.click()
        dialog = page.get_by_role("dialog", name="Reject this document")
        dialog.wait_for()
        assert faults(page) == []
        here.picture("dialog")
        page.keyboard.press("Escape")
        dialog.wait_for(state="hidden")
        sheet = page.locator("details.popover").first
        sheet.locator("summary").click()
        sheet.get_by_role("link", name="Copy").wait_for()
        page.keyboard.press("Escape")
        assert not sheet.evaluate("sheet => sheet.open")
        assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
        sheet.locator("summary").click()
        page.locator("h1").click()
        assert not sheet.evaluate("sheet => sheet.open")
        assert here.complaints == []


def test_keys_go_through_a_list_and_tell_what_they_do(world: World, visit: Visits) -> None:
    with visit("desktop") as here:
        here.sign_in(world.login("viewer"), world.password)
        here.go(f"/programs/{world.a}/documents")
        page = here.page
        keyboard = page.keyboard
        keyboard.press("?")
        page.get_by_role("dialog", name="Keyboard shortcuts").wait_for()
        keyboard.press("j")
        assert page.locator("tr.row-now").count() == 0, "not behind the dialog"
        keyboard.press("Escape")
        for _ in range(3):
            keyboard.press("j")
        keyboard.press("k")
        rows = page.locator("table[data-keys] > tbody > tr")
        assert "row-now" in rows.nth(1).get_attribute("class")
        wanted = rows.nth(1).locator("a").first.get_attribute("href")
        keyboard.press("/")
        assert page.evaluate("document.activeElement.id") == "find"
        keyboard.type("jk?/")
        assert page.locator("#find").input_value() == "jk?/", "whoever types, types"
        keyboard.press("Escape")
        page.locator("main").focus()
        keyboard.press("Enter")
        page.wait_for_url(f"**{wanted}")
        assert here.complaints == []


def test_the_search_box_shows_what_it_finds(world: World, visit: Visits) -> None:
    with visit("desktop") as here:
        here.sign_in(world.login("viewer"), world.password)
        here.go(f"/programs/{world.a}/")
        page = here.page
        page.keyboard.press("/")
        page.keyboard.type("Distributor 05")
        option = page.get_by_role("option", name=re.compile("Distributor 05"))
        option.wait_for()
        assert faults(page) == []
        here.picture("search")
        page.keyboard.press("ArrowDown")
        assert option.get_attribute("aria-selected") == "true"
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/distributors/\d+|/portal/"))
        assert here.complaints == []


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_light_or_dark_is_chosen_in_the_menu_of_the_account(world: World, visit: Visits, size: str) -> None:
    with visit(size) as here:
        here.sign_in(world.login("verifier"), world.password)
        page = here.page

        def choose(theme: str) -> None:
            if size == "phone":
                page.get_by_role("button", name="More").click()
            page.locator(".account > summary").click()
            here.press(page.get_by_role("button", name=theme, exact=True))

        ground = "getComputedStyle(document.body).backgroundColor"
        light = page.evaluate(ground)
        choose("Dark")
        assert page.locator("html").get_attribute("data-bs-theme") == "dark"
        assert page.evaluate(ground) != light
        here.picture("dark-by-choice")
        choose("Auto")
        assert page.evaluate(ground) == light
        assert here.complaints == []


def test_on_paper_there_is_the_table_of_a_chart_and_no_navigation(world: World, visit: Visits) -> None:
    with visit("desktop") as here:
        here.sign_in(world.login("owner"), world.password)
        here.go("/platform/style")
        page = here.page
        page.locator("[data-chart] canvas").first.wait_for()
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print", color_scheme="dark")
        assert page.locator("[data-chart-table] table").first.is_visible()
        for gone in (".side", ".top-tools", ".buttons", "[data-chart]"):  # a drawing is as wide as the screen was
            assert not page.locator(gone).first.is_visible()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        here.picture("on-paper")


def test_on_paper_a_statement_says_of_which_programme_it_is(world: World, visit: Visits) -> None:
    with visit("desktop") as here:
        here.sign_in(world.login("owner"), world.password)
        here.go(f"/programs/{world.a}/distributors/{world.distributors['D-5']}")
        named = here.page.locator("header.top").get_by_text(f"A {HOSTILE}", exact=True)
        assert not named.is_visible()
        here.page.emulate_media(media="print")
        assert named.is_visible()
        assert not here.page.locator("header.top .path").is_visible()


def test_paper_says_which_days_a_statement_is_of_and_that_a_list_goes_on(world: World, visit: Visits) -> None:
    with visit("desktop") as here:
        here.sign_in(world.login("owner"), world.password)
        here.go(f"/programs/{world.a}/distributors/{world.distributors['D-5']}?from=2026-04-01")
        days = here.page.locator("#movements-title .print-only")
        assert not days.is_visible()
        here.page.emulate_media(media="print")
        assert days.inner_text().startswith("1 Apr 2026")
        here.go(f"/programs/{world.a}/documents")
        assert here.page.get_by_text("This is not all of it").is_visible()
        here.page.emulate_media(media="screen")
        assert not here.page.get_by_text("This is not all of it").is_visible()


def test_a_code_of_a_voucher_stays_on_one_line(world: World, visit: Visits) -> None:
    with visit("phone") as here:
        here.sign_in(world.login("owner"), world.password)
        here.go("/platform/style")
        page = here.page
        page.locator("main").evaluate(
            """main => main.insertAdjacentHTML("beforeend", `<ul class="card order-lines"><li class="order-line">
              <span class="reward-picture"></span>
              <div class="order-words"><span>1 × Voucher</span><code class="voucher">K7QX-2MPA-94RT-A</code></div>
              <strong class="num">12,000</strong></li></ul>`)"""
        )
        assert page.locator(".order-line .voucher").first.bounding_box()["height"] < 40
        here.picture("voucher")


def test_without_javascript_every_part_is_there(world: World, visit: Visits) -> None:
    with visit("desktop", java_script_enabled=False) as here:
        here.go("/sign-in")
        page = here.page
        page.fill("#login", world.login("owner"))
        page.fill("#password", world.password)
        page.keyboard.press("Enter")
        page.wait_for_url("**/sign-in/second**")
        page.locator("input[name=code]").fill(world.code(world.login("owner")) or "")
        page.keyboard.press("Enter")
        page.wait_for_url("**/programs/**")
        here.go("/platform/style")
        assert page.locator("[data-chart-table] table").count() == 3
        assert page.locator("[data-chart-table] table").first.is_visible()
        page.locator(".account > summary").click()
        assert page.get_by_role("button", name="Sign out").is_visible()


def test_where_there_is_no_network_the_portal_says_so(world: World, visit: Visits) -> None:
    with visit("phone") as here:
        here.sign_in(world.login("distributor"), world.password)
        page = here.page
        page.evaluate("navigator.serviceWorker.register('/portal/worker.js', {scope: '/portal/'})")
        page.evaluate(
            "new Promise(done => { const wait = () => navigator.serviceWorker.getRegistration('/portal/')"
            ".then(one => one?.active ? done() : setTimeout(wait, 50)); wait(); })"
        )
        kept = page.evaluate(
            "caches.keys().then(names => Promise.all(names.map(name => caches.open(name).then(one => one.keys()))))"
            ".then(found => found.flat().map(one => new URL(one.url).pathname))"
        )
        assert "/portal/offline" in kept
        assert not [one for one in kept if not one.startswith(("/static/", "/bootstrap/", "/portal/offline"))]
        here.go("/portal/offline")
        page.context.set_offline(True)
        page.goto(here._base + f"/portal/{world.a}/1/anything")
        page.get_by_role("heading", name="There is no network").wait_for()
        here.picture("no-network")
        again = page.get_by_role("link", name="Try again")
        assert again.evaluate("one => one.href") == page.url, "what was asked for is tried again, not another page"


def test_a_chart_has_every_month_under_its_name_in_each_language(world: World, visit: Visits) -> None:
    """Some names of months read as dates in one language, and as dates of other months in another."""
    with visit("desktop") as here:
        here.sign_in(world.login("administrator"), world.password)
        for language in ("en", "pl", "es", "ru"):
            here.page.context.add_cookies([{"name": "language", "value": language, "url": here.page.url}])
            here.go(f"/programs/{world.a}/")
            here.page.locator("[data-chart] canvas").last.wait_for()
            for place in here.page.locator("[data-chart]").all():
                drawn = place.locator("canvas").evaluate("one => Chart.getChart(one).data.labels.map(String)")
                assert drawn == place.evaluate("one => JSON.parse(one.dataset.chartData).labels"), language


def test_what_is_done_with_chosen_rows_stays_at_the_foot_of_the_screen(world: World, visit: Visits) -> None:
    with visit("desktop") as here:
        here.sign_in(world.login("owner"), world.password)
        here.page.set_viewport_size({"width": 1100, "height": 420})
        here.go(f"/programs/{world.a}/distributors")
        here.page.locator("tbody input[type=checkbox]").first.check()
        acts = here.page.locator("[data-list-acts]")
        acts.wait_for()
        below = acts.evaluate("one => [one.getBoundingClientRect().bottom - innerHeight, document.body.scrollHeight]")
        assert below[1] > 420, "the list is longer than the screen"
        assert below[0] <= 1, "its actions are out of sight"
