"""Ways in before a browser: an application, a second step, a code by SMS; and links that lead nowhere."""

from collections.abc import Callable
from typing import Any

import pyotp
import pytest
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.roles import Role
from app.extensions import db
from app.models.programs import Program
from app.services.access import people
from tests.app.web.auth.arriving import new_login
from tests.app.web.messages import link_to
from tests.app.web.world import World
from tests.browser.judging import faults

pytestmark = pytest.mark.slow

Visits = Callable[..., Any]

NOWHERE = ("/sign-in/link/made-up", "/reset/made-up", "/invitation/made-up", "/join/made-up", "/programs/made-up/")


@pytest.mark.parametrize(("size", "scheme"), [("desktop", "dark"), ("phone", "light")])
def test_what_leads_nowhere_says_so_on_a_page_like_any_other(
    world: World, visit: Visits, size: str, scheme: str
) -> None:
    with visit(size, scheme) as here:
        for at, address in enumerate(NOWHERE):
            here.go(address)
            here.look(f"nowhere-{at}", refused=True)
        here.sign_in(world.login("viewer"), world.password)
        assert here.go("/programs/made-up/").status == 404
        here.look("nowhere-signed-in", refused=True)


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_company_comes_in_from_a_published_page_to_its_own_portal(world: World, visit: Visits, size: str) -> None:
    login = new_login()
    with visit(size) as office, visit(size) as shop:
        desk = office.page
        office.sign_in(world.login("administrator"), world.password)
        office.go(f"/programs/{world.a}/registration/question")
        desk.get_by_label("How it is answered").select_option(label="A line of text")
        desk.get_by_label("Question (Polski)").fill("Ile macie sklepów?")
        office.press(desk.get_by_role("button", name="Save the question"))
        if desk.get_by_role("button", name="Publish").count():
            office.press(desk.get_by_role("button", name="Publish"))
        desk.get_by_text("Whoever opens this address").wait_for()

        page = shop.page
        shop.go(f"/join/{world.a}")
        page.get_by_role("button", name="Send the application").click()
        page.locator("[data-problems]:focus").get_by_text("problems").wait_for()
        assert faults(page) == []
        shop.picture("join-with-problems")
        page.get_by_label("Your name").fill("Anna Nowak")
        page.get_by_label("E-mail").fill(login)
        page.get_by_label("Company").fill("Elektro-Max")
        page.get_by_label("Tax id").fill(f"{abs(hash(login)) % 10**9}")
        page.get_by_label("Ile macie sklepów?").first.fill("3")
        page.get_by_label("I agree").check()
        page.get_by_role("button", name="Send the application").click()
        page.get_by_role("heading", name="Thank you").wait_for()

        office.go(f"/programs/{world.a}/applications?q={login}")
        office.press(desk.get_by_role("link", name="Elektro-Max"))
        office.picture("application")
        assert faults(desk) == []
        desk.get_by_label("Code").fill(login.partition("@")[0])
        desk.get_by_role("button", name="Accept the application").click()
        desk.get_by_text("an invitation is on its way").wait_for()

        shop.go(link_to(world, login))
        shop.picture("invitation")
        assert faults(page) == []
        page.get_by_label("Password").fill("quite a good password")
        page.get_by_role("button", name="Join", exact=True).click()
        page.wait_for_url("**/portal/**")
        # what was sent with nothing in it is answered with 400, which browsers note
        assert office.complaints + [one for one in shop.complaints if "status of 400" not in one] == []


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_whoever_moves_money_sets_up_an_app_before_they_get_in(world: World, journey: Visits, size: str) -> None:
    login = new_login()
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        people.create_user(session, login, "Ann", world.password, actor="test", now=world.clock())
        people.give_role(session, login, program, Role.APPROVER, actor="test", now=world.clock())
    with journey(size) as here:
        page = here.page
        here.go("/sign-in")
        here.look("sign-in")
        page.get_by_label("E-mail").fill(login)
        page.get_by_label("Password").fill(world.password)
        here.press(page.get_by_role("button", name="Sign in", exact=True))
        here.look("second-step-wanted")
        here.press(page.get_by_role("button", name="Use an authenticator app"))
        here.look("authenticator")
        page.get_by_label("Code").fill("000")
        here.press(page.get_by_role("button", name="Go on"))
        here.look("authenticator-refused", refused=True)
        secret = page.locator("code.secret").inner_text()
        page.get_by_label("Code").fill(pyotp.TOTP(secret.replace(" ", "")).at(world.clock()))
        here.press(page.get_by_role("button", name="Go on"))
        here.look("recovery-codes-offered")
        assert "/account/recovery-codes" in page.url


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_code_by_sms_is_asked_for_and_a_wrong_one_is_refused(world: World, journey: Visits, size: str) -> None:
    with journey(size) as here:
        page = here.page
        here.go("/sign-in/code")
        here.look("sms")
        page.get_by_label("Phone number").fill("600" if size == "phone" else "number")
        here.press(page.get_by_role("button", name="Send the code"))
        here.look("sms-refused", refused=True)
        page.get_by_label("Phone number").fill(f"+48 600 {abs(hash(new_login())) % 10**6:06}")
        here.press(page.get_by_role("button", name="Send the code"))
        here.look("sms-sent")
        page.get_by_label("Code").fill("123456")
        here.press(page.get_by_role("button", name="Sign in", exact=True))
        here.look("sms-wrong", refused=True)
        assert page.get_by_text("This code is not right").first.is_visible()
