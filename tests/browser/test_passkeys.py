"""Passkeys in a real browser, with the authenticator that Chromium makes up for tests."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.roles import Role
from app.extensions import db
from app.models.programs import Program
from app.services.access import people
from tests.app.web.auth.arriving import new_login
from tests.app.web.world import World

pytestmark = pytest.mark.slow

Visits = Callable[..., Any]
INSIDE = re.compile(r"^\w+://[^/]+/programs/")


@pytest.fixture
def login(world: World) -> str:
    """Somebody who moves money, and has no second step yet."""
    made = new_login()
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        people.create_user(session, made, "Ann", world.password, actor="test", now=world.clock())
        people.give_role(session, made, program, Role.FINANCE, actor="test", now=world.clock())
    return made


@contextmanager
def authenticator(here: Any) -> Iterator[Any]:
    """Give the browser an authenticator that looks who holds it, and says yes."""
    client = here.page.context.new_cdp_session(here.page)
    client.send("WebAuthn.enable")
    made = client.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    yield client, made["authenticatorId"]
    client.send("WebAuthn.disable")


@pytest.fixture
def named(base: str) -> str:
    """The pages under a name: passkeys belong to no address of figures."""
    return base.replace("127.0.0.1", "localhost")


def with_password(here: Any, address: str, login: str, password: str) -> None:
    page = here.page
    page.goto(f"{address}/sign-in")
    page.fill("#login", login)
    page.fill("#password", password)
    with page.expect_navigation():
        page.keyboard.press("Enter")


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_passkey_is_set_up_and_from_then_on_gets_in_by_itself(
    world: World, visit: Visits, named: str, login: str, size: str
) -> None:
    with visit(size, at=named) as here, authenticator(here) as (client, device):
        page = here.page
        with_password(here, named, login, world.password)
        here.press(page.get_by_role("link", name="Use a passkey"))
        here.picture("passkey-new")
        page.fill("#passkey-name", "My laptop")
        page.get_by_role("button", name="Add a passkey").click()
        page.wait_for_url(re.compile("/account/recovery-codes"))
        here.press(page.get_by_role("button", name="Make new codes"))
        assert page.locator(".codes li").count() == 10
        here.picture("recovery-codes")
        page.get_by_role("link", name="I have kept them").click()
        page.wait_for_url(INSIDE)
        (credential,) = client.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]
        assert credential["isResidentCredential"]
        assert credential["rpId"] == "localhost"
        page.goto(f"{named}/account/security")
        assert page.locator(".settings").get_by_text("My laptop").is_visible()
        here.picture("account-security")

        page.context.clear_cookies()
        page.goto(f"{named}/sign-in?next=/account/")
        page.get_by_role("button", name="Sign in with a passkey").click()
        # the whole address: what is wanted stands in that of the sign-in page as well
        page.wait_for_url(f"{named}/account/")

        page.context.clear_cookies()
        with_password(here, named, login, world.password)
        page.wait_for_url(re.compile("/sign-in/second"))
        here.picture("second-step")
        page.get_by_role("button", name="Show your passkey").click()
        page.wait_for_url(INSIDE)
        assert here.complaints == []


def test_a_passkey_that_is_not_shown_is_said_and_other_ways_stay_open(
    world: World, visit: Visits, named: str, login: str
) -> None:
    with visit("desktop", at=named) as here, authenticator(here) as (client, device):
        page = here.page
        client.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
        page.goto(f"{named}/sign-in")
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.get_by_text("The passkey was not shown").wait_for()
        with_password(here, named, login, world.password)
        page.wait_for_url(re.compile("/account/second-step"))


def test_without_javascript_there_is_a_way_in_and_no_button_that_does_nothing(
    world: World, visit: Visits, named: str, login: str
) -> None:
    with visit("phone", at=named, java_script_enabled=False) as here:
        page = here.page
        page.goto(f"{named}/sign-in")
        assert not page.get_by_role("button", name="Sign in with a passkey").is_visible()
        with_password(here, named, login, world.password)
        page.get_by_role("button", name="Use an authenticator app").click()
        page.wait_for_url(re.compile("/account/authenticator"))
        assert page.locator(".scan img").evaluate("one => one.naturalWidth") > 100
        here.picture("authenticator")


def test_where_passkeys_cannot_belong_the_page_says_so(world: World, visit: Visits, base: str, login: str) -> None:
    with visit("desktop") as here:
        page = here.page
        with_password(here, base, login, world.password)
        page.wait_for_url(re.compile("/account/second-step"))
        assert page.get_by_role("link", name="Use a passkey").count() == 0
        page.goto(f"{base}/account/passkeys/")
        assert page.get_by_text("address of figures").is_visible()
        assert here.complaints == []
