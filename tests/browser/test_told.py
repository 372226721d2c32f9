"""What happens without a new page, or with one that nobody asked for, is told to those who do not see it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.extensions import db
from app.local.servers import Addresses
from tests.app.web.world import World, build, do_one_job
from tests.support.photos import photo

pytestmark = pytest.mark.slow

Visits = Callable[..., Any]
HEADER = "Faktura;Data sprzedaży;Kod klienta;Indeks;Ilość;Wartość netto"
AT = "document.activeElement"
STATUS = "[role=status]"


@pytest.fixture(scope="module")
def world(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = build(addresses, tmp_path_factory.mktemp("told"), small=True)
    yield made
    made.close()


@pytest.fixture
def here(world: World, visit: Visits) -> Iterator[Any]:
    with visit("desktop") as opened:
        opened.sign_in(world.login("administrator"), world.password)
        yield opened


def said(page: Any, words: str) -> Any:
    """Wait until a live region says this."""
    told = page.locator(STATUS, has_text=words).first
    told.wait_for(state="attached")
    return told


def test_a_field_that_proposes_says_how_many_and_that_there_are_none(world: World, here: Any) -> None:
    page = here.page
    here.go(f"/programs/{world.a}/adjustments/new")
    page.locator("#distributor[role=combobox]").focus()
    page.keyboard.type("Distributor 05")
    said(page, "1 proposal")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    said(page, "Distributor 05 (D-5)")
    page.keyboard.type("nobody is called so")
    assert said(page, "Nothing found").is_visible()
    page.keyboard.press("Escape")
    page.locator(".found-none").wait_for(state="detached")
    assert page.evaluate(f"{AT}.value") == "nobody is called so"


def test_the_search_of_everything_says_how_many_and_that_there_are_none(world: World, here: Any) -> None:
    page = here.page
    page.keyboard.press("/")
    page.keyboard.type("Distributor 05")
    said(page, "1 proposal")
    page.keyboard.type(" nowhere")
    assert said(page, "Nothing found").is_visible()
    here.look("told-nothing-found-anywhere")
    page.keyboard.press("Escape")
    page.locator(".found-none").wait_for(state="detached")


def test_a_claim_says_how_many_products_are_called_so(world: World, visit: Visits) -> None:
    with visit("phone") as here:
        page = here.page
        here.sign_in(world.login("distributor"), world.password)
        here.go(f"/portal/{world.a}/{world.distributors['D-5']}/claims/new")
        page.locator("[name=lines-0-product]").focus()
        page.keyboard.type("no such thing")
        assert said(page, "Nothing found").is_visible()
        page.keyboard.press("Control+a")
        page.keyboard.type("P1")
        said(page, "proposal")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        assert said(page, page.locator("[name=lines-0-product]").input_value()).count() == 1


def test_what_went_well_comes_into_a_region_that_was_there(world: World, here: Any) -> None:
    page = here.page
    page.add_init_script(
        """addEventListener("DOMContentLoaded", () => new MutationObserver((seen) => {
             for (const one of seen) for (const node of one.addedNodes) {
               if (one.target.matches("[role=status]") && node.matches?.("[data-toast]")) window.told = node.innerText;
             }
           }).observe(document.body, { childList: true, subtree: true }));"""
    )
    here.go(f"/programs/{world.a}/distributors")
    page.locator("summary", has_text="Views").press("Enter")
    page.locator("#view-name").fill("By name")
    here.press(page.get_by_role("button", name="Save view"))
    page.wait_for_function("() => window.told")
    assert "By name" in page.evaluate("window.told")


def test_what_was_refused_is_read_out_though_it_stood_there_at_once(world: World, here: Any) -> None:
    page = here.page
    page.add_init_script(
        """addEventListener("load", () => new MutationObserver((seen) => {
             for (const { target } of seen) {
               if (target.matches("[role=status][data-said]")) window.told = target.innerText;
             }
           }).observe(document.querySelector("main"), { childList: true, subtree: true }));"""
    )
    here.go(f"/programs/{world.a}/distributors")
    page.evaluate("document.querySelector('[data-list-acts]').hidden = false")
    here.press(page.locator("[data-list-acts] button").first)
    page.wait_for_function("() => window.told")
    assert "first" in page.evaluate("window.told")


def test_where_a_field_was_wrong_does_not_go_along_to_the_page_that_follows(world: World, here: Any) -> None:
    page = here.page
    here.go(f"/programs/{world.a}/people/invite")
    page.get_by_label("Full name").fill("Ann")
    page.get_by_label("Role").select_option("viewer")
    here.press(page.get_by_role("button", name="Send the invitation"))
    page.locator("[data-problems] a").first.click()
    assert page.url.endswith("#login")
    page.keyboard.type("ann.of.the.fields@example.org")
    here.press(page.get_by_role("button", name="Send the invitation"))
    assert page.url.endswith("/people")


def test_rows_are_chosen_by_what_they_are(world: World, here: Any) -> None:
    here.go(f"/programs/{world.a}/distributors?q=D-5")
    assert here.page.get_by_role("checkbox", name="Choose Distributor 05, D-5").count() == 1


def work(world: World) -> None:
    with world.app.app_context():
        while do_one_job(world):
            pass
        db.session.remove()


def bring(here: Any, world: World, path: Path, name: str) -> None:
    path.write_text(f"{HEADER}\n{name};13.04.2026;D-5;P1;2;1200,50\n", encoding="utf-8")
    here.go(f"/programs/{world.a}/imports/new")
    here.page.locator("[type=file]").set_input_files(str(path))
    here.press(here.page.get_by_role("button", name="Bring them in"))


def test_an_import_that_ends_is_told_and_what_had_the_focus_has_it_again(
    world: World, here: Any, tmp_path: Path
) -> None:
    page = here.page
    bring(here, world, tmp_path / "april.csv", "A/1")
    page.locator("nav.links-all a", has_text="Documents").focus()
    with page.expect_navigation():
        work(world)
    said(page, "april.csv. It has ended")
    assert page.evaluate(f"{AT}.closest('nav') && {AT}.innerText") == "Documents"


def test_the_result_has_the_focus_where_what_had_it_is_gone(world: World, here: Any, tmp_path: Path) -> None:
    page = here.page
    bring(here, world, tmp_path / "may.csv", "M/1")
    page.locator("#live-title").evaluate("one => { one.tabIndex = -1; one.focus(); one.id = ''; }")
    with page.expect_navigation():
        work(world)
    said(page, "may.csv. It has ended")
    assert page.evaluate(f"{AT} === document.querySelector('main h2')")


def test_files_that_were_chosen_are_kept_while_others_are_looked_at(world: World, here: Any, tmp_path: Path) -> None:
    page = here.page
    bring(here, world, tmp_path / "june.csv", "J/1")
    here.go(f"/programs/{world.a}/imports/new")
    page.locator("[type=file]").set_input_files(str(tmp_path / "june.csv"))
    asked = page.expect_response(lambda answer: "progress" in answer.url and answer.json()["ended"])
    with asked:
        work(world)
    page.wait_for_timeout(800)
    assert page.evaluate("document.querySelector('[type=file]').files.length") == 1
    with page.expect_navigation():
        page.locator("[type=file]").set_input_files([])


def test_after_the_first_photo_of_a_claim_the_focus_stays_where_photos_are_chosen(world: World, visit: Visits) -> None:
    with visit("phone") as opened:
        page = opened.page
        opened.sign_in(world.login("distributor"), world.password)
        portal = f"/portal/{world.a}/{world.distributors['D-5']}/claims"
        opened.go(f"{portal}/new")
        for name, leads_to in (("one.jpg", f"{portal}/[0-9]+$"), ("two.jpg", f"{portal}/[0-9]+$")):
            page.locator("#number").press("Shift+Tab")  # by the keyboard to the field before it
            assert page.evaluate(f"{AT}.id") == "photo"
            with page.expect_navigation(url=re.compile(leads_to)):
                page.locator("#photo").set_input_files({"name": name, "mimeType": "image/jpeg", "buffer": photo(name)})
            page.wait_for_function(f"() => {AT}.id === 'photo'", timeout=3000)
