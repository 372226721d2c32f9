"""What the people of a distributor do: its owner and a sales rep, from the sign-in to the sign-out, at both sizes."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select

from app.db.transaction import transaction
from app.extensions import db
from app.local.servers import Addresses
from app.models.programs import Program
from app.services.goods.catalogue import product_ids
from app.services.joining import terms
from tests.app.web.auth.arriving import new_login
from tests.app.web.messages import link_to
from tests.app.web.world import World, build
from tests.support.sales import Sold, sell

pytestmark = pytest.mark.slow

Journeys = Callable[..., Any]
OWNERS = {"desktop": "distributor", "phone": "other"}
"""Each spends all its points, so each is somebody else."""


@pytest.fixture(scope="module")
def world(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world with terms to accept, and a document of the rep."""
    made = build(addresses, tmp_path_factory.mktemp("portal"), small=True)
    with made.app.app_context():
        with transaction(db.session) as session:
            program = session.scalars(select(Program).where(Program.code == made.a)).one()
            drill = product_ids(session, program.id)["p1"]
            rep = made.login("rep")
            sell(
                session, program, [Sold("REP/1", made.distributors["D-5"], drill, 5, 90_000, "2026-04-02", person=rep)]
            )
            words = {"en": "Points are given for drills.", "pl": "Punkty są za wiertarki."}
            terms.publish(session, program, words, actor="test", now=made.clock())
        db.session.remove()
    yield made
    made.close()


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_an_owner_sees_why_points_are_there_spends_them_and_brings_somebody_in(
    world: World, journey: Journeys, size: str
) -> None:
    login = new_login()
    with journey(size) as here:
        page = here.page
        here.sign_in(world.login(OWNERS[size]), world.password, looking=True)
        here.look("portal-home")
        here.press(page.get_by_role("link", name=re.compile("Read and accept the terms")))
        here.look("portal-terms")
        here.press(page.get_by_role("button", name="I accept these terms"))
        here.look("portal-home-agreed")
        assert page.get_by_role("link", name=re.compile("Read and accept the terms")).count() == 0
        here.menu("Terms")
        here.look("portal-terms-accepted")
        assert page.get_by_text("You accepted this version").is_visible()
        here.menu("Points")
        here.look("portal-statement")
        assert page.locator("nav.links-all [aria-current]").text_content() == "Points", "the menu shows where one is"
        here.press(page.locator("table.movements td.what a").first)
        here.look("portal-document")
        assert page.locator("nav.links-all [aria-current]").text_content() == "Documents"
        assert page.get_by_text("1 point for each full 10").first.is_visible(), "a number is opened to its causes"
        here.menu("Documents")
        here.look("portal-documents")
        assert page.locator("table.list tbody tr").count() >= 1
        here.menu("Card")
        here.look("portal-card")
        here.press(page.get_by_role("link", name="Convert points…"))
        slider = page.get_by_role("slider")
        slider.focus()
        page.keyboard.press("Home")
        assert page.get_by_label("Points to convert", exact=True).input_value() == slider.get_attribute("min")
        page.keyboard.press("End")
        here.look("portal-convert")
        here.press(page.get_by_role("button", name="Further"))
        here.look("portal-convert-confirm")
        here.press(page.get_by_role("button", name=re.compile(r"Convert .* points")))
        here.look("portal-converted")
        assert page.get_by_text("Waits for approval").first.is_visible()
        here.menu("Card")
        assert page.get_by_text("wait until the programme approves your top-up").is_visible()
        here.menu("Team")
        here.look("portal-team")
        page.get_by_role("button", name="Invite…").click()
        dialog = page.get_by_role("dialog", name="Invite somebody")
        dialog.wait_for()
        here.look("portal-invite")
        dialog.get_by_label("E-mail").fill(login)
        dialog.get_by_label("Full name").fill("Rena Repowa")
        here.press(dialog.get_by_role("button", name="Send the invitation"))
        here.look("portal-invited")
        assert page.get_by_text(login).is_visible()
        if size == "phone":
            page.locator("nav.tabs button").click()
        page.locator(".account > summary").click()
        here.look("portal-menu")
        here.press(page.locator(".account").get_by_role("button", name="Polski"))
        here.look("portal-team-in-polish")
        assert page.locator("html").get_attribute("lang") == "pl"
        assert page.locator("h1").inner_text() == "Zespół"
        here.sign_out()
    with journey(size) as here:
        page = here.page
        here.go(link_to(world, login))
        here.look("invitation")
        page.get_by_label("Password").fill("quite a good password")
        here.press(page.get_by_role("button", name="Join", exact=True))
        page.wait_for_url("**/portal/**")
        here.look("portal-of-the-new-rep")
        here.sign_out()


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_rep_sees_what_bears_their_name_and_nothing_else(world: World, journey: Journeys, size: str) -> None:
    with journey(size) as here:
        page = here.page
        here.sign_in(world.login("rep"), world.password, looking=True)
        here.look("rep-documents")
        assert page.locator("table.list tbody th a").all_inner_texts() == ["REP/1"]
        assert "90" in page.locator("table.list tbody tr").inner_text(), "with the points it gave"
        here.press(page.locator("table.list tbody th a"))
        here.look("rep-document")
        assert page.get_by_text("1 point for each full 10").first.is_visible()
        places = page.locator("nav.links-all a").all_inner_texts()
        assert not {"Points", "Card", "Team"} & set(places)
        here.menu("Notices")
        here.look("rep-notices")
        here.menu("Terms")
        here.look("rep-terms")
        here.sign_out()
