"""Pages of signing in, of one's account, of users and applications, before a browser: they fit, and axe is content."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.app.web.messages import link_to
from tests.app.web.test_ways_in import new_login
from tests.app.web.world import World
from tests.browser.judging import faults

pytestmark = pytest.mark.slow

Visits = Callable[..., Any]

OPEN = {
    "sign-in-by-link": "/sign-in/link",
    "link-sent": "/sign-in/link/sent",
    "sign-in-by-sms": "/sign-in/code",
    "reset": "/reset",
    "no-link": "/reset/made-up",
    "no-invitation": "/invitation/made-up",
}

OWN = {
    "account": "/account/",
    "account-security": "/account/security",
    "account-sessions": "/account/sessions/",
    "account-password": "/account/password",
    "account-email": "/account/email",
    "account-passkeys": "/account/passkeys/",
    "account-recovery-codes": "/account/recovery-codes",
    "users": "/programs/{a}/people",
    "user-invite": "/programs/{a}/people/invite",
    "applications": "/programs/{a}/applications",
    "registration": "/programs/{a}/registration",
    "registration-question": "/programs/{a}/registration/question",
    "registration-preview": "/programs/{a}/registration/preview",
    "outbox": "/programs/{a}/outbox",
    "platform-users": "/platform/users/",
    "platform-outbox": "/platform/outbox/",
}


@pytest.mark.parametrize(("size", "scheme"), [("desktop", "light"), ("phone", "light"), ("phone", "dark")])
def test_every_page_fits_and_axe_finds_nothing(world: World, visit: Visits, size: str, scheme: str) -> None:
    with visit(size, scheme) as here:
        for name, address in OPEN.items():
            here.go(address)
            here.picture(name)
            assert faults(here.page) == [], name
        here.complaints.clear()  # what is not found is noted by browsers
        here.sign_in(world.login("owner"), world.password)
        for name, address in OWN.items():
            assert here.go(address.format(a=world.a)).status == 200
            here.picture(name)
            assert faults(here.page) == [], name
        assert here.complaints == []


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_company_comes_in_from_a_published_page_to_its_own_portal(world: World, visit: Visits, size: str) -> None:
    login = new_login()
    with visit(size) as office, visit(size) as shop:
        desk = office.page
        office.sign_in(world.login("administrator"), world.password)
        office.go(f"/programs/{world.a}/registration/question")
        desk.get_by_label("How it is answered").select_option(label="A line of text")
        desk.get_by_label("Question (Polski)").fill("Ile macie sklepów?")
        desk.get_by_role("button", name="Save the question").click()
        if desk.get_by_role("button", name="Publish").count():
            desk.get_by_role("button", name="Publish").click()
        desk.get_by_text("Whoever opens this address").wait_for()

        page = shop.page
        shop.go(f"/join/{world.a}")
        page.get_by_role("button", name="Send the application").click()
        page.get_by_text("problems").wait_for()
        assert page.evaluate("document.activeElement.hasAttribute('data-problems')"), "the summary has the focus"
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
        desk.get_by_role("link", name="Elektro-Max").click()
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
        assert office.complaints == shop.complaints == []
