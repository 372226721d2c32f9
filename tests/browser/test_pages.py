"""The pages in a browser: by desktop and phone, in light and dark, with a keyboard, and without JavaScript."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from app.extensions import db
from tests.app.web.world import World, begin_import, do_one_job

pytestmark = pytest.mark.slow

Visits = Callable[..., Any]
ROWS = [(f"LIVE/{at}", "2026-05-01", f"D-{at % 9}", "P1", "1", "10,00") for at in range(40)]


@pytest.mark.parametrize(("size", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_all_pages_fit_and_nothing_complains(world: World, visit: Visits, size: str, scheme: str) -> None:
    a = f"/programs/{world.a}"
    with visit(size, scheme) as here:
        here.go("/sign-in")
        here.picture("sign-in")
        here.sign_in(world.login("owner"), world.password)
        for name, address in {
            "overview": f"{a}/",
            "distributors": f"{a}/distributors",
            "nothing-found": f"{a}/distributors?q=zzz",
            "imports": f"{a}/imports",
            "import": f"{a}/imports/{world.batch}",
            "review": f"{a}/review",
            "statement": f"{a}/distributors/{world.distributors['D-5']}",
            "statement-empty": f"{a}/distributors/{world.distributors['D-0']}",
            "document": f"{a}/documents/{world.documents['FV/0']}",
            "credit-note": f"{a}/documents/{world.documents['KOR/1']}",
            "in-review": f"{a}/documents/{world.documents['KOR/2']}",
        }.items():
            assert here.go(address).status == 200
            here.picture(name)
        assert here.complaints == []


def test_an_import_is_followed_while_it_runs(world: World, visit: Visits) -> None:
    with world.app.app_context():
        batch_id = begin_import(world, world.a, "live.csv", ROWS)
        with visit("desktop") as here, visit("phone") as phone:
            for one in (here, phone):
                one.sign_in(world.login("viewer"), world.password)
                one.go(f"/programs/{world.a}/imports/{batch_id}")
            page = here.page
            page.evaluate("window.sameStill = true")
            page.get_by_role("heading", name="Waiting for a worker").wait_for()
            assert do_one_job(world)
            page.get_by_role("heading", name="Counting the documents").wait_for()
            assert page.locator("[data-live-text=rows_read]").inner_text() == "40"
            assert page.locator("progress").evaluate("bar => bar.value") == 1_000
            assert page.evaluate("window.sameStill"), "the page was not loaded again"
            here.picture("import-running")
            phone.page.get_by_role("heading", name="Counting the documents").wait_for()
            phone.picture("import-running")
            while do_one_job(world):
                pass
            page.get_by_text("Every row counted").wait_for()
            assert page.locator(".figure", has_text="Accepted").locator("strong").inner_text() == "40"
            assert here.complaints == phone.complaints == []
        db.session.remove()


def test_without_javascript_the_page_of_an_import_loads_itself_again(world: World, visit: Visits) -> None:
    with world.app.app_context():
        batch_id = begin_import(world, world.a, "quiet.csv", ROWS)
        with visit("desktop", java_script_enabled=False) as here:
            here.sign_in(world.login("viewer"), world.password)
            here.go(f"/programs/{world.a}/imports/{batch_id}")
            while do_one_job(world):
                pass
            here.page.get_by_text("Rows read").wait_for()
            here.page.locator(".state", has_text="Done").wait_for(timeout=15_000)
        db.session.remove()


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_distributor_finds_why_its_points_are_there_with_the_keyboard(world: World, visit: Visits, size: str) -> None:
    with visit(size) as here:
        here.sign_in(world.login("distributor"), world.password)
        page = here.page
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        page.keyboard.press("Enter")
        page.locator("#main:focus").wait_for()
        for _ in range(60):
            page.keyboard.press("Tab")
            if re.search(r"/documents/\d+$", page.evaluate("document.activeElement.href || ''")):
                break
        ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert ring == "solid", "the focus is seen"
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/documents/\d+$"))
        assert page.get_by_text("1 point for each full 10").first.is_visible()
        here.picture("document-of-a-distributor")
        assert here.complaints == []


def test_what_waits_behind_more_is_seen_whole_on_a_phone(world: World, visit: Visits) -> None:
    with visit("phone") as here:
        here.sign_in(world.login("administrator"), world.password)
        here.page.context.add_cookies([{"name": "language", "value": "es", "url": here.page.url}])
        here.go(f"/programs/{world.a}/")
        box = here.page.locator(".tabs button .count").bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 390
        assert here.complaints == []


def test_what_can_be_done_takes_a_line_of_its_own_before_its_words_take_two(world: World, visit: Visits) -> None:
    with visit("phone") as here:
        here.sign_in(world.login("assistant"), world.password)
        here.page.context.add_cookies([{"name": "language", "value": "ru", "url": here.page.url}])
        here.go(f"/programs/{world.a}/customers/{world.distributors['D-5']}")
        seen = here.page.locator(".top-actions .btn").evaluate_all(
            "all => all.map((one) => [one.clientWidth, one.clientHeight])"
        )
        assert len(seen) > 1
        assert [width for width, height in seen if height > 50 and width < 340] == []


def test_the_menu_of_a_phone_leads_out(world: World, visit: Visits) -> None:
    with visit("phone") as here:
        here.sign_in(world.login("owner"), world.password)
        page = here.page
        page.get_by_role("button", name="More").click()
        account = page.locator(".account > summary")
        assert account.is_visible(), "the account stands at the foot of the sheet, whatever is above it"
        account.click()
        out = page.get_by_role("button", name="Sign out")
        out.scroll_into_view_if_needed()
        box = out.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 844, "it can be reached"
        here.look("menu")
        out.click()
        page.get_by_text("You are signed out").wait_for()
        assert here.complaints == []
