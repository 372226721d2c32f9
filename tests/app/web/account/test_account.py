"""One's own account: profile, password, address, phone, second steps, sessions; and proving anew who one is."""

import datetime as dt
import re
import zoneinfo
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pyotp
import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select

from app.db.transaction import transaction
from app.domain.roles import Person, Role
from app.extensions import db
from app.models.people import UserAccount
from app.models.programs import Program
from app.services.access import people
from app.services.access.signing_in import PROVED_LATELY, SEEN_EVERY
from tests.app.web.auth.arriving import HERE, add_passkey, new_login
from tests.app.web.conftest import enter, sign_in, token_of
from tests.app.web.messages import code_to, written_to
from tests.app.web.world import World
from tests.support.authenticator import Authenticator

NEW = "quite another password"
LATER = PROVED_LATELY + dt.timedelta(minutes=1)
_numbers = iter(range(503_000_000, 504_000_000))


@pytest.fixture(autouse=True)
def _now(world: World) -> Iterator[None]:
    """Turn the clock back after a test that moved it."""
    yield
    world.later = dt.timedelta(0)


@pytest.fixture
def rep(world: World) -> Person:
    """Somebody of this test alone."""
    login = new_login()
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        id_ = people.create_user(session, login, "Ann", world.password, actor="test", now=world.clock())
        people.give_role(session, login, program, Role.REP, world.distributors["D-5"], actor="test", now=world.clock())
        found = people.person(session, id_)
    assert found is not None
    return found


@pytest.fixture
def inside(world: World, rep: Person) -> FlaskClient:
    """Their browser."""
    client = world.app.test_client()
    enter(world, client, rep.login)
    return client


def send(client: FlaskClient, address: str, page: str | None = None, **fields: str) -> Any:
    """Send a form, with the token of the page that it stands on."""
    return client.post(address, data={"csrf_token": token_of(client, page or address), **fields})


def kept(world: World, somebody: Person) -> UserAccount:
    with world.app.app_context():
        found = db.session.get_one(UserAccount, somebody.id)
        db.session.expunge(found)
        return found


PAGES = [
    "/account/",
    "/account/security",
    "/account/sessions/",
    "/account/password",
    "/account/email",
    "/account/phone",
]


@contextmanager
def asked_of_the_database(world: World) -> Iterator[list[str]]:
    """Note every statement. No context stays pushed: whoever was signed in before would be found in it."""
    said: list[str] = []

    def note(*given: Any) -> None:
        said.append(given[2])

    with world.app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("page", [*PAGES, "/account/passkeys/", "/account/confirm"])
def test_pages_of_one_s_account_ask_little_and_are_small(world: World, inside: FlaskClient, page: str) -> None:
    with asked_of_the_database(world) as asked:
        answer = inside.get(page)
    assert answer.status_code == 200
    assert 0 < len(asked) <= 6, asked
    assert len(answer.data) < 60_000
    assert answer.text.count("<h1") == 1


def test_times_of_one_s_account_are_those_of_one_s_programmes(
    world: World, inside: FlaskClient, as_: Callable[[str], FlaskClient]
) -> None:
    page = inside.get("/account/sessions/").text
    assert "Times are those of Europe/Warsaw." in page
    assert f"{world.clock().astimezone(zoneinfo.ZoneInfo('Europe/Warsaw')):%H:%M}" in page
    assert "Times are in UTC." in as_("owner").get("/account/").text, "whoever is of no programme"


@pytest.mark.parametrize("page", [*PAGES, "/account/passkeys/", "/account/recovery-codes"])
def test_nobody_s_account_is_anybody_else_s_business(visitor: FlaskClient, page: str) -> None:
    assert visitor.get(page).location == f"/sign-in?next={page}"


def test_a_profile_is_changed(world: World, inside: FlaskClient, rep: Person) -> None:
    assert send(inside, "/account/", name="Ann Łęcka", locale="pl", theme="dark").status_code == 303
    found = kept(world, rep)
    assert (found.name, found.locale, found.theme) == ("Ann Łęcka", "pl", "dark")
    page = inside.get("/account/").text
    assert '<html lang="pl" data-bs-theme="dark">' in page
    assert send(inside, "/account/", name="Ann", locale="", theme="").status_code == 303
    assert kept(world, rep).locale is None


def test_whose_points_may_expire_says_whether_to_be_written_to_before(
    world: World, as_: Callable[[str], FlaskClient]
) -> None:
    def reminded(login: str) -> bool:
        with world.app.app_context():
            return db.session.scalars(select(UserAccount.reminded).where(UserAccount.login == login)).one()

    for role, asked in (("distributor", True), ("rep", False), ("administrator", False)):
        client, login = as_(role), world.login(role)
        page = client.get("/account/").text
        assert ("Write to me before points expire" in page) is asked, role
        name = re.search(r'name="name"[^>]*value="([^"]*)"', page)
        assert name is not None
        assert send(client, "/account/", name=name[1], locale="", theme="").status_code == 303
        assert reminded(login) is not asked, "an empty tick says no; where none is shown nothing was said"
        if asked:
            assert send(client, "/account/", name=name[1], locale="", theme="", reminded="y").status_code == 303
            assert reminded(login)


@pytest.mark.parametrize(
    "sent",
    [
        {"name": ""},
        {"name": "x" * 200},
        {"name": "a\0b"},
        {"name": "x", "locale": "xx"},
        {"name": "x", "theme": "pink"},
    ],
)
def test_what_is_no_profile_is_said_beside_its_field_and_what_was_typed_stays(
    world: World, inside: FlaskClient, rep: Person, sent: dict[str, str]
) -> None:
    answer = send(inside, "/account/", **{"locale": "", "theme": "", **sent})
    assert answer.status_code == 400
    assert "There is a problem" in answer.text
    assert kept(world, rep).name == "Ann"


@pytest.mark.parametrize("name", ["<svg onload=alert(1)>", "=1+1", "Пётр «Ж»", '"><b>'])
def test_any_name_is_kept_and_run_nowhere(world: World, inside: FlaskClient, rep: Person, name: str) -> None:
    assert send(inside, "/account/", name=name, locale="", theme="").status_code == 303
    assert kept(world, rep).name == name
    page = inside.get("/account/").text
    assert "<svg onload" not in page
    assert "<b>" not in page


def test_a_password_is_changed_by_whoever_knows_it_and_others_are_out(
    world: World, inside: FlaskClient, rep: Person
) -> None:
    elsewhere = world.app.test_client()
    enter(world, elsewhere, rep.login)
    for wrong in (
        {"current": "not it, and long enough", "password": NEW},
        {"current": world.password, "password": "short"},
        {"current": world.password, "password": ""},
        {"current": "", "password": NEW},
    ):
        assert send(inside, "/account/password", **wrong).status_code == 400
    assert send(inside, "/account/password", current=world.password, password=NEW).status_code == 303
    assert inside.get("/account/").status_code == 200
    assert elsewhere.get("/account/").location.startswith("/sign-in")
    assert written_to(world, rep.login)[-1].kind == "password_changed"
    assert sign_in(world.app.test_client(), rep.login, NEW).status_code == 303


def test_a_stolen_session_does_not_guess_the_password(inside: FlaskClient) -> None:
    answers = [
        send(inside, "/account/password", current=f"guess number {at}", password=NEW).status_code for at in range(10)
    ]
    assert answers == [400] * 8 + [429] * 2


def test_an_address_is_changed_once_the_code_came_back(world: World, inside: FlaskClient, rep: Person) -> None:
    new = new_login()
    assert send(inside, "/account/email", login="no address").status_code == 400
    assert send(inside, "/account/email", login=new.upper()).location == "/account/email/code"
    assert new in inside.get("/account/email/code").text
    assert send(inside, "/account/email/code", code="000000").status_code == 400
    assert send(inside, "/account/email/code", code=code_to(world, new)).location == "/account/security"
    assert new in inside.get("/account/security").text
    assert written_to(world, rep.login)[-1].kind == "email_changed"
    assert sign_in(world.app.test_client(), rep.login, world.password).status_code == 401
    assert sign_in(world.app.test_client(), new, world.password).status_code == 303


def test_somebody_else_s_address_is_answered_like_any_other(world: World, inside: FlaskClient) -> None:
    before = len(written_to(world, world.login("viewer")))
    assert send(inside, "/account/email", login=world.login("viewer")).location == "/account/email/code"
    assert len(written_to(world, world.login("viewer"))) == before


def test_a_phone_is_proven_used_and_removed(world: World, inside: FlaskClient, rep: Person) -> None:
    number = f"+48{next(_numbers)}"
    assert "Add a number" in inside.get("/account/security").text
    assert send(inside, "/account/phone", phone="12").status_code == 400
    assert send(inside, "/account/phone", phone=number).location == "/account/phone/code"
    assert send(inside, "/account/phone/code", code="000000").status_code == 400
    assert kept(world, rep).phone is None
    assert send(inside, "/account/phone/code", code=code_to(world, number)).status_code == 303
    assert kept(world, rep).phone == number
    visitor = world.app.test_client()
    send(visitor, "/sign-in/code", phone=number)
    assert send(visitor, "/sign-in/code/enter", code=code_to(world, number)).status_code == 303
    assert send(inside, "/account/phone/remove", "/account/security").status_code == 303
    assert kept(world, rep).phone is None


def test_staff_are_not_offered_what_they_cannot_use(as_: Callable[[str], FlaskClient]) -> None:
    assert "Add a number" not in as_("viewer").get("/account/security").text


CHANGING = ["/account/email", "/account/phone", "/account/passkeys/", "/account/authenticator"]


@pytest.mark.parametrize("page", CHANGING)
def test_after_a_while_one_proves_anew_who_one_is_before_one_changes_that(
    world: World, inside: FlaskClient, page: str
) -> None:
    world.later = LATER
    asked = inside.get(page)
    assert asked.location == f"/account/confirm?next={page}"
    assert send(inside, asked.location, password="not it").status_code == 401
    assert inside.get(page).status_code == 303
    assert send(inside, asked.location, password=world.password).location == page
    assert inside.get(page).status_code == 200 or page == "/account/authenticator"


@pytest.mark.parametrize(
    "address",
    [
        "/account/authenticator/begin",
        "/account/authenticator/remove",
        "/account/phone/remove",
        "/account/passkeys/remove",
    ],
)
def test_so_it_is_where_something_is_sent(world: World, inside: FlaskClient, address: str) -> None:
    world.later = LATER
    token = token_of(inside, "/account/security")
    answer = inside.post(address, data={"csrf_token": token, "passkey": "1"})
    assert answer.location == "/account/confirm?next=/account/security"
    assert "Nothing is changed yet." in inside.get(answer.location).text


def test_no_passkey_is_added_to_a_session_that_was_left_open(world: World, inside: FlaskClient) -> None:
    token = re.search(r'data-token="([^"]+)"', inside.get("/account/passkeys/").text)
    assert token
    world.later = LATER
    answer = inside.post("/account/passkeys/options", json={}, headers={"X-CSRFToken": token[1]})
    assert answer.status_code == 401
    assert answer.get_json() == {"next": "/account/confirm?next=/account/passkeys/"}


def test_passwords_are_not_guessed_there_either(world: World, inside: FlaskClient) -> None:
    world.later = LATER
    answers = [send(inside, "/account/confirm", password=f"guess number {at}").status_code for at in range(10)]
    assert answers == [401] * 8 + [429] * 2


def test_an_app_is_set_up_and_removed(world: World, inside: FlaskClient, rep: Person) -> None:
    begun = send(inside, "/account/authenticator/begin", "/account/security")
    secret = re.search(r'class="secret">([A-Z2-7 ]+)<', inside.get(begun.location).text)
    assert secret
    code = pyotp.TOTP(secret[1].replace(" ", "")).at(world.clock())
    assert send(inside, "/account/authenticator", code=code).location == "/account/recovery-codes"
    assert "The authenticator app is set up." in inside.get("/account/recovery-codes").text
    assert "In use" in inside.get("/account/security").text
    elsewhere = world.app.test_client()
    sign_in(elsewhere, rep.login, world.password)
    assert elsewhere.get("/").location == "/sign-in/second"
    assert send(inside, "/account/authenticator/remove", "/account/security").status_code == 303
    assert kept(world, rep).totp_secret is None


def test_sessions_that_showed_nothing_have_to_once_a_second_step_is_set_up(
    world: World, inside: FlaskClient, rep: Person
) -> None:
    elsewhere = world.app.test_client()
    enter(world, elsewhere, rep.login)
    assert add_passkey(inside, Authenticator(HERE, "localhost")).status_code == 200
    assert inside.get("/account/").status_code == 200
    assert elsewhere.get("/account/").location.startswith("/sign-in/second")


def test_the_last_second_step_of_a_role_that_needs_it_stays(world: World, as_: Callable[[str], FlaskClient]) -> None:
    finance = as_("finance")
    if finance.get("/account/phone").status_code != 200:
        send(finance, "/account/confirm", password=world.password)
    answer = send(finance, "/account/authenticator/remove", "/account/security")
    assert answer.location == "/account/security"
    assert "the only one" in finance.get("/account/security").text
    with world.app.app_context():
        query = select(UserAccount.totp_since).where(UserAccount.login == world.login("finance"))
        assert db.session.scalars(query).one() is not None


def test_passkeys_are_renamed_and_removed(world: World, inside: FlaskClient) -> None:
    add_passkey(inside, Authenticator(HERE, "localhost"))
    page = inside.get("/account/security").text
    id_ = re.search(r'name="passkey" value="(\d+)"', page)
    assert id_
    renamed = send(inside, "/account/passkeys/name", "/account/security", passkey=id_[1], name="<b>Key</b>")
    assert renamed.status_code == 303
    assert "&lt;b&gt;Key&lt;/b&gt;" in inside.get("/account/security").text
    for wrong in ({"passkey": "x", "name": "y"}, {"passkey": "9" * 30, "name": "y"}):
        assert send(inside, "/account/passkeys/name", "/account/security", **wrong).status_code == 404
    for name in ("", "x" * 61):
        refused = send(inside, "/account/passkeys/name", "/account/security", passkey=id_[1], name=name)
        assert refused.status_code == 400
        assert f'name="passkey" value="{id_[1]}"' in refused.text
        assert 'aria-invalid="true"' in refused.text
    assert "&lt;b&gt;Key&lt;/b&gt;" in inside.get("/account/security").text
    send(inside, "/account/passkeys/remove", "/account/security", passkey=id_[1])
    assert 'name="passkey"' not in inside.get("/account/security").text


def test_a_place_is_signed_out_from_elsewhere_at_once(world: World, inside: FlaskClient, rep: Person) -> None:
    elsewhere = world.app.test_client()
    elsewhere.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (Linux; Android 14) Chrome/131.0 Mobile Safari/537"
    sign_in(elsewhere, rep.login, world.password)
    page = inside.get("/account/sessions/").text
    assert "Chrome on Android" in page
    ids = re.findall(r'name="session" value="(\d+)"', page)
    assert len(ids) == 1, "this one cannot be ended here"
    stranger = world.app.test_client()
    enter(world, stranger, world.login("viewer"))
    send(stranger, "/account/sessions/end", "/account/sessions/", session=ids[0])
    assert elsewhere.get("/account/").status_code == 200, "nobody ends another's"
    assert send(inside, "/account/sessions/end", "/account/sessions/", session=ids[0]).status_code == 303
    assert elsewhere.get("/account/").location.startswith("/sign-in")
    assert inside.get("/account/").status_code == 200


def test_all_other_places_are_signed_out_at_once(world: World, inside: FlaskClient, rep: Person) -> None:
    others = [world.app.test_client() for _ in range(2)]
    for one in others:
        enter(world, one, rep.login)
    send(inside, "/account/sessions/end-others", "/account/sessions/")
    assert "2 other places are signed out" in inside.get("/account/sessions/").text
    assert all(one.get("/account/").status_code == 303 for one in others)


def test_being_there_is_noted_once_a_minute_at_most(world: World, inside: FlaskClient) -> None:
    with asked_of_the_database(world) as asked:
        for later in (dt.timedelta(0), SEEN_EVERY):
            world.later = later
            for _ in range(3):
                inside.get("/account/")
    assert sum(one.startswith("SELECT sign_in_session") for one in asked) == 6
    assert sum(one.startswith("UPDATE sign_in_session") for one in asked) == 1


def test_signing_out_ends_the_session_and_a_kept_cookie_opens_nothing(world: World, inside: FlaskClient) -> None:
    cookie = inside.get_cookie("kontor")
    assert cookie is not None
    send(inside, "/sign-out", "/account/")
    thief = world.app.test_client()
    thief.set_cookie("kontor", cookie.value)
    assert thief.get("/account/").location.startswith("/sign-in")
