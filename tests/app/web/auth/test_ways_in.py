"""Every way in besides the password: links, codes, resets, second steps, passkeys."""

import datetime as dt
import re
import time
from collections.abc import Callable
from typing import Any

import pyotp
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.config import Settings
from app.db.transaction import transaction
from app.domain.roles import Person, Role
from app.extensions import db
from app.factory import create_app
from app.models.programs import Program
from app.services.access import own_account, second_factors
from app.web.auth import attempts as tries
from app.web.auth import samples
from app.web.auth.pace import SECONDS
from tests.app.web.auth.arriving import HERE, NEW, add_passkey, ask, challenge_of, send
from tests.app.web.conftest import TOKEN, enter, sign_in, token_of
from tests.app.web.messages import code_to, link_to, written_to
from tests.app.web.world import World
from tests.support.authenticator import Authenticator

_numbers = iter(range(501_000_000, 502_000_000))


def without_token(page: str) -> str:
    return re.sub(r'(nonce|value|data-token)="[^"]*"', "", page)


# links


def test_a_link_signs_somebody_of_a_distributor_in_once(
    world: World, visitor: FlaskClient, somebody: Callable[..., Person]
) -> None:
    rep = somebody(Role.REP)
    answer = send(visitor, "/sign-in/link", login=rep.login)
    assert (answer.status_code, answer.location) == (303, "/sign-in/link/sent")
    link = link_to(world, rep.login)
    for _ in range(2):
        page = visitor.get(link)
        assert page.status_code == 200, "a program that reads the mail opens nothing"
        assert visitor.get("/").location == "/sign-in"
    assert send(visitor, link).status_code == 303
    assert visitor.get("/", follow_redirects=True).status_code == 200
    late = world.app.test_client()
    assert late.get(link).status_code == 404
    assert late.post(link, data={"csrf_token": token_of(late)}).status_code == 404


def test_asking_for_a_link_or_a_reset_says_the_same_about_everybody_and_takes_as_long(
    world: World, somebody: Callable[..., Person]
) -> None:
    rep = somebody(Role.REP).login
    for address in ("/sign-in/link", "/reset"):
        answers, times = [], []
        for login in (rep, "nobody-at-all@web.example", world.login("finance")):
            client = world.app.test_client()
            token = token_of(client, address)
            began = time.perf_counter()
            answer = client.post(address, data={"csrf_token": token, "login": login})
            times.append(time.perf_counter() - began)
            answers.append((answer.status_code, answer.location, without_token(client.get(answer.location).text)))
        assert answers[0] == answers[1] == answers[2]
        assert min(times) >= SECONDS
    assert written_to(world, "nobody-at-all@web.example") == []


def test_nobody_is_flooded_with_mails(world: World, visitor: FlaskClient, somebody: Callable[..., Person]) -> None:
    rep = somebody(Role.REP)
    answers = [send(visitor, "/sign-in/link", login=rep.login).status_code for _ in range(6)]
    assert answers == [303] * 4 + [429] * 2
    assert len(written_to(world, rep.login)) == 4


def test_a_link_is_too_old_after_half_an_hour(
    world: World, visitor: FlaskClient, somebody: Callable[..., Person]
) -> None:
    rep = somebody(Role.REP)
    send(visitor, "/sign-in/link", login=rep.login)
    world.later = dt.timedelta(minutes=31)
    page = visitor.get(link_to(world, rep.login))
    assert page.status_code == 404
    assert "opens nothing any more" in page.text


def test_links_lead_where_the_operator_says_whatever_a_browser_says(
    world: World, visitor: FlaskClient, somebody: Callable[..., Person]
) -> None:
    rep = somebody(Role.REP)
    elsewhere = "http://evil.example"
    token = TOKEN.search(visitor.get("/reset", base_url=elsewhere).text)
    assert token
    visitor.post("/reset", base_url=elsewhere, data={"csrf_token": token[1], "login": rep.login})
    assert world.settings.address in written_to(world, rep.login)[-1].body
    assert "evil" not in written_to(world, rep.login)[-1].body


# codes


@pytest.fixture
def phone(world: World, somebody: Callable[..., Person]) -> str:
    """A phone that a rep proved to be theirs."""
    rep, number = somebody(Role.REP), f"+48{next(_numbers)}"
    with world.app.app_context():
        with transaction(db.session) as session:
            number = own_account.begin_phone(session, world.keys, rep, number, now=world.clock())
        code = code_to(world, number)
        with transaction(db.session) as session:
            assert own_account.prove_phone(session, world.keys, rep, code, now=world.clock())
    return number


def test_a_code_by_sms_signs_in_once(world: World, visitor: FlaskClient, phone: str) -> None:
    assert send(visitor, "/sign-in/code", phone=phone.replace("+48", "+48 ")).location == "/sign-in/code/enter"
    code = code_to(world, phone)
    assert send(visitor, "/sign-in/code/enter", code=code).status_code == 303
    assert visitor.get("/").location.startswith("/p")
    other = world.app.test_client()
    send(other, "/sign-in/code", phone="+48 500 000 001")
    assert send(other, "/sign-in/code/enter", code=code).status_code == 401


def test_a_phone_that_is_nobody_s_is_answered_alike(world: World, phone: str) -> None:
    answers = []
    for number in (phone, "+48500000002"):
        client = world.app.test_client()
        asked = send(client, "/sign-in/code", phone=number)
        wrong = send(client, "/sign-in/code/enter", code="000000")
        shown = number[3:]
        page = wrong.text.replace(f"{shown[:3]} {shown[3:6]} {shown[6:]}", "NUMBER")
        answers.append((asked.status_code, asked.location, wrong.status_code, without_token(page)))
    assert answers[0] == answers[1]
    assert written_to(world, "+48500000002") == []


def test_codes_are_not_guessed(world: World, visitor: FlaskClient, phone: str) -> None:
    send(visitor, "/sign-in/code", phone=phone)
    code = code_to(world, phone)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    assert [send(visitor, "/sign-in/code/enter", code=wrong).status_code for _ in range(5)] == [401] * 5
    assert send(visitor, "/sign-in/code/enter", code=code).status_code == 401, "five guesses, and it opens nothing"
    fresh = world.app.test_client()
    answers = [send(fresh, "/sign-in/code", phone=phone).status_code for _ in range(3)]
    assert answers == [303, 303, 429], "sms cost money"


@pytest.mark.parametrize("typed", ["", "12", "call me", "<svg onload=alert(1)>", "=1+1", "٣" * 12, "x" * 99])
def test_what_is_no_phone_number_is_said(visitor: FlaskClient, typed: str) -> None:
    answer = send(visitor, "/sign-in/code", phone=typed)
    assert answer.status_code == 400
    assert "<svg onload" not in answer.text
    assert visitor.get("/sign-in/code/enter").location == "/sign-in/code"


# a forgotten password


def test_a_forgotten_password_is_chosen_anew(
    world: World, visitor: FlaskClient, somebody: Callable[..., Person]
) -> None:
    who = somebody(Role.VIEWER)
    inside = world.app.test_client()
    enter(world, inside, who.login)
    assert send(visitor, "/reset", login=who.login).location == "/reset/sent"
    link = link_to(world, who.login)
    weak = send(visitor, link, password="short")
    assert weak.status_code == 400
    assert "10 to 256" in weak.text
    answer = send(visitor, link, password=NEW)
    assert answer.location == "/sign-in"
    assert inside.get("/").location == "/sign-in", "wherever they were signed in they are not"
    assert sign_in(visitor, who.login, world.password).status_code == 401
    assert sign_in(visitor, who.login, NEW).status_code == 303
    assert visitor.get(link).status_code == 404
    assert written_to(world, who.login)[-1].kind == "password_changed"


def test_a_reset_does_not_get_past_the_second_step(
    world: World, visitor: FlaskClient, somebody: Callable[..., Person]
) -> None:
    who = somebody(Role.FINANCE)
    with_app(world, who)
    send(visitor, "/reset", login=who.login)
    send(visitor, link_to(world, who.login), password=NEW)
    assert sign_in(visitor, who.login, NEW).status_code == 303
    assert visitor.get("/").location == "/sign-in/second"


@pytest.mark.parametrize("token", ["x", "a" * 500, "..%2f..", "%00", "<svg>", "sent/extra"])
def test_made_up_links_open_nothing(visitor: FlaskClient, token: str) -> None:
    for page in ("/reset/", "/sign-in/link/", "/invitation/"):
        assert visitor.get(page + token).status_code == 404


# the second step


def with_app(world: World, who: Person) -> None:
    """Give somebody an authenticator app."""
    with world.app.app_context(), transaction(db.session) as session:
        from tests.app.web.world import _with_an_app

        _with_an_app(session, world, who.id)


def test_whoever_must_have_a_second_step_reaches_nothing_before_it_is_set_up(
    world: World, visitor: FlaskClient, somebody: Callable[..., Person]
) -> None:
    who = somebody(Role.FINANCE)
    sign_in(visitor, who.login, world.password)
    for page in ("/", f"/programs/{world.a}/", "/account/", "/account/security", "/account/recovery-codes"):
        assert visitor.get(page).location.startswith("/account/second-step"), page
    assert visitor.get(f"/programs/{world.a}/", headers={"Accept": "application/json"}).status_code == 401
    assert send(visitor, "/account/second-step").status_code == 405
    token = token_of(visitor, "/account/second-step")
    begun = visitor.post("/account/authenticator/begin", data={"csrf_token": token})
    assert begun.location == "/account/authenticator"
    assert visitor.get("/account/authenticator.svg").mimetype == "image/svg+xml"
    wrong = send(visitor, "/account/authenticator", code="000000")
    assert wrong.status_code == 400
    assert visitor.get("/").location == "/account/second-step"
    secret = re.search(r'class="secret">([A-Z2-7 ]+)<', visitor.get("/account/authenticator").text)
    assert secret
    code = pyotp.TOTP(secret[1].replace(" ", "")).at(world.clock())
    assert send(visitor, "/account/authenticator", code=code).location == "/account/recovery-codes"
    assert visitor.get("/").location == f"/programs/{world.a}/"
    assert visitor.get("/account/authenticator.svg").status_code == 404, "the secret is not shown again"
    codes = re.findall(r"<code>([A-Z2-9]{5}-[A-Z2-9]{5})</code>", send(visitor, "/account/recovery-codes").text)
    assert len(codes) == 10
    assert codes[0] not in visitor.get("/account/recovery-codes").text, "codes are shown once"


def test_a_password_alone_does_not_get_past_a_second_step(
    world: World, visitor: FlaskClient, somebody: Callable[..., Person]
) -> None:
    who = somebody(Role.FINANCE)
    with_app(world, who)
    answer = sign_in(visitor, who.login, world.password, f"/sign-in?next=/programs/{world.a}/imports")
    asked = visitor.get(answer.location)
    assert asked.location == f"/sign-in/second?next=/programs/{world.a}/imports"
    for page in ("/account/second-step", "/account/authenticator", "/account/passkeys/", "/account/security"):
        assert visitor.get(page).location.startswith("/sign-in/second"), "nobody adds another one first"
    token = token_of(visitor, "/sign-in/second")
    begun = visitor.post("/account/authenticator/begin", data={"csrf_token": token})
    assert begun.location.startswith("/sign-in/second")
    assert send(visitor, "/sign-in/second", code="000000").status_code == 401
    with visitor.session_transaction() as cookie:
        before = cookie["_user_id"]
    passed = visitor.post(asked.location, data={"csrf_token": token, "code": world.code(who.login)})
    assert passed.location == f"/programs/{world.a}/imports"
    with visitor.session_transaction() as cookie:
        assert cookie["_user_id"] != before, "another key"
    assert visitor.get(passed.location).status_code == 200


def test_second_steps_are_not_guessed(world: World, visitor: FlaskClient, somebody: Callable[..., Person]) -> None:
    who = somebody(Role.FINANCE)
    with_app(world, who)
    sign_in(visitor, who.login, world.password)
    answers = [send(visitor, "/sign-in/second", code=f"{at:06}").status_code for at in range(10)]
    assert answers == [401] * tries.MOST_PER_ACCOUNT + [429] * 2
    assert send(visitor, "/sign-in/second", code=world.code(who.login) or "").status_code == 429


def test_a_half_finished_sign_in_ends_after_some_minutes(
    world: World, visitor: FlaskClient, somebody: Callable[..., Person]
) -> None:
    who = somebody(Role.FINANCE)
    with_app(world, who)
    sign_in(visitor, who.login, world.password)
    world.later = dt.timedelta(minutes=16)
    assert visitor.get("/").location == "/sign-in"


def test_a_recovery_code_stands_in_for_a_lost_phone_once(world: World, somebody: Callable[..., Person]) -> None:
    who = somebody(Role.FINANCE)
    with_app(world, who)
    with world.app.app_context(), transaction(db.session) as session:
        codes = second_factors.new_recovery_codes(session, world.keys, who.id, now=world.clock())
    answers = []
    for _ in range(2):
        client = world.app.test_client()
        sign_in(client, who.login, world.password)
        answers.append(send(client, "/sign-in/second", code=codes[3].lower()).status_code)
    assert answers == [303, 401]


def test_sample_people_are_let_through_in_a_demonstration_alone_and_told_so(world: World) -> None:
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.b)).one()
        samples.create(session, program, world.distributor_of_b, actor="test", now=world.clock())
    real = world.app.test_client()
    sign_in(real, "finance@demo.example", samples.PASSWORD)
    assert real.get("/").location == "/account/second-step"
    made = world.app.extensions["kontor"]
    demo = create_app(Settings(home=world.settings.home, demo=True), made["addresses"], web=True)
    client = demo.test_client()
    assert sign_in(client, "finance@demo.example", samples.PASSWORD).status_code == 303
    page = client.get("/", follow_redirects=True)
    assert page.status_code == 200
    assert "does not get in without a second factor" in page.text
    staff = demo.test_client()
    sign_in(staff, world.login("finance"), world.password)
    assert staff.get("/").location == "/sign-in/second", "others are let through nowhere"
    demo.extensions["kontor"]["attempts"].close()
    with demo.app_context():
        db.engine.dispose()


# passkeys


def test_a_passkey_is_added_shown_and_gets_in_by_itself(world: World, somebody: Callable[..., Person]) -> None:
    who, one = somebody(Role.FINANCE), Authenticator(HERE, "localhost")
    client = world.app.test_client()
    sign_in(client, who.login, world.password)
    assert add_passkey(client, one).get_json() == {"next": "/account/recovery-codes"}
    assert client.get("/").location == f"/programs/{world.a}/"
    assert "My phone" in client.get("/account/security").text
    fresh = world.app.test_client()
    shown = one.show(challenge_of(fresh, "/sign-in", "/sign-in/passkey/options"))
    assert ask(fresh, "/sign-in", "/sign-in/passkey?next=/account/", shown).get_json() == {"next": "/account/"}
    assert fresh.get("/account/").status_code == 200, "it stands for both steps"
    again = world.app.test_client()
    assert ask(again, "/sign-in", "/sign-in/passkey", shown).status_code == 400, "no challenge of this browser's"


def test_a_passkey_is_the_second_step_after_a_password(world: World, somebody: Callable[..., Person]) -> None:
    who, other, one, foreign = (
        somebody(Role.FINANCE),
        somebody(Role.VIEWER),
        Authenticator(HERE, "localhost"),
        Authenticator(HERE, "localhost"),
    )
    for person, key in ((who, one), (other, foreign)):
        client = world.app.test_client()
        sign_in(client, person.login, world.password)
        assert add_passkey(client, key).status_code == 200
    client = world.app.test_client()
    sign_in(client, who.login, world.password)
    page = "/sign-in/second"
    theirs = foreign.show(challenge_of(client, page, "/sign-in/passkey/options"))
    assert ask(client, page, "/sign-in/passkey", theirs).status_code == 401
    mine = one.show(challenge_of(client, page, "/sign-in/passkey/options"))
    assert ask(client, page, "/sign-in/passkey", mine).status_code == 200
    assert client.get("/").location == f"/programs/{world.a}/"


@pytest.mark.parametrize("sent", [None, [], "x", {}, {"rawId": "AAAA"}, {"rawId": {"a": 1}}])
def test_whatever_a_browser_answers_breaks_nothing(visitor: FlaskClient, sent: Any) -> None:
    challenge_of(visitor, "/sign-in", "/sign-in/passkey/options")
    assert ask(visitor, "/sign-in", "/sign-in/passkey", sent).status_code in (400, 401)


def test_a_challenge_is_good_for_some_minutes(world: World, visitor: FlaskClient) -> None:
    challenge = challenge_of(visitor, "/sign-in", "/sign-in/passkey/options")
    world.later = dt.timedelta(minutes=11)
    shown = Authenticator(HERE, "localhost").show(challenge)
    assert ask(visitor, "/sign-in", "/sign-in/passkey", shown).status_code == 400
