"""Signing in and out, and what keeps guessers and forgers out."""

import datetime as dt
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.config import Settings
from app.db.transaction import transaction
from app.extensions import db
from app.factory import create_app
from app.models.people import AuditEvent, UserAccount
from app.services.access import people
from app.web.addresses import our_own
from app.web.auth import attempts as tries
from app.web.auth import samples
from app.web.auth.attempts import Attempts
from tests.app.web.conftest import DIFFERS, sign_in, token_of
from tests.app.web.world import World

WRONG = "not the password"


@pytest.fixture(autouse=True)
def _now(world: World) -> Iterator[None]:
    """Turn the clock back after a test that moved it."""
    yield
    world.later = dt.timedelta(0)


@pytest.fixture
def passing(world: World) -> Iterator[str]:
    """Somebody of this test alone."""
    login = f"passing-{time.monotonic_ns()}@web.example"
    with world.app.app_context(), transaction(db.session) as session:
        people.create_user(session, login, "Passing", world.password, actor="test", now=world.clock())
    return login


def test_the_right_password_opens_the_door(world: World, visitor: FlaskClient) -> None:
    answer = sign_in(visitor, world.login("viewer").upper() + " ", world.password)
    assert answer.status_code == 303
    assert answer.location == "/"
    assert visitor.get("/", follow_redirects=True).status_code == 200
    with world.app.app_context():
        newest = db.session.query(AuditEvent).order_by(AuditEvent.id.desc()).first()
        assert (newest.action, newest.actor, newest.after) == (
            "user.sign_in",
            world.login("viewer"),
            {"address": "127.0.0.1", "by": "password"},
        )


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(world: World, visitor: FlaskClient) -> None:
    def answered(login: str) -> tuple[int, str]:
        page = sign_in(visitor, login, WRONG)
        return page.status_code, page.text.replace(login, "LOGIN")

    known, unknown = answered(world.login("viewer")), answered("unknown@web.example")
    assert known[0] == unknown[0] == 401
    assert "do not belong together" in known[1]
    assert DIFFERS.sub("", known[1]) == DIFFERS.sub("", unknown[1])


def test_an_unknown_name_takes_as_long_as_a_known_one(world: World) -> None:
    fastest: dict[str, float] = {}
    with world.app.app_context():
        # in turns, and often: whatever else the machine does meanwhile, each has a moment to itself
        for login in [world.login("viewer"), "unknown@web.example"] * 25:
            began = time.perf_counter()
            assert people.verify(db.session(), login, WRONG) is None
            fastest[login] = min(fastest.get(login, 60.0), time.perf_counter() - began)
    known, unknown = fastest.values()
    assert 0.5 < known / unknown < 2


def test_whoever_may_not_sign_in_any_more_does_not(world: World, visitor: FlaskClient, passing: str) -> None:
    assert sign_in(visitor, passing, world.password).status_code == 303
    with world.app.app_context(), transaction(db.session) as session:
        session.query(UserAccount).filter_by(login=passing).one().active = False
    assert visitor.get("/").location == "/sign-in"
    assert sign_in(world.app.test_client(), passing, world.password).status_code == 401


def test_a_new_password_ends_every_session(world: World, visitor: FlaskClient, passing: str) -> None:
    assert sign_in(visitor, passing, world.password).status_code == 303
    assert visitor.get("/").status_code == 200
    with world.app.app_context(), transaction(db.session) as session:
        people.set_password(session, passing, "another good one", actor="test", now=world.clock())
    assert visitor.get("/").location == "/sign-in"


def test_a_session_ends_a_day_after_signing_in(world: World, visitor: FlaskClient, passing: str) -> None:
    assert sign_in(visitor, passing, world.password).status_code == 303
    for hours in (7, 14, 21):
        world.later = dt.timedelta(hours=hours)
        assert visitor.get("/").status_code == 200, "somebody is there"
    world.later = dt.timedelta(hours=25)
    assert visitor.get("/").location == "/sign-in"


def test_a_session_ends_after_some_idle_hours(world: World, visitor: FlaskClient, passing: str) -> None:
    assert sign_in(visitor, passing, world.password).status_code == 303
    world.later = dt.timedelta(hours=8, minutes=1)
    assert visitor.get("/").location == "/sign-in"


def test_signing_in_begins_a_new_session(world: World, visitor: FlaskClient) -> None:
    token = token_of(visitor)
    with visitor.session_transaction() as before:
        before["planted"] = "by somebody else"
        kept = before["csrf_token"]
    assert (
        visitor.post(
            "/sign-in", data={"csrf_token": token, "login": world.login("viewer"), "password": world.password}
        ).status_code
        == 303
    )
    with visitor.session_transaction() as after:
        assert "planted" not in after
        assert after.get("csrf_token") != kept


def test_the_cookie_is_ours_alone(world: World, visitor: FlaskClient) -> None:
    cookie = sign_in(visitor, world.login("viewer"), world.password).headers["Set-Cookie"]
    assert cookie.startswith("kontor=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


def test_over_https_the_cookie_is_bound_to_https_and_to_this_host(world: World) -> None:
    client = world.app.test_client()
    page = client.get("/sign-in", base_url="https://kontor.example")
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000"
    found = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    answer = client.post(
        "/sign-in",
        base_url="https://kontor.example",
        headers={"Referer": "https://kontor.example/sign-in"},
        data={"csrf_token": found, "login": world.login("viewer"), "password": world.password},
    )
    assert answer.status_code == 303
    parts = answer.headers["Set-Cookie"].split("; ")
    assert parts[0].startswith("__Host-kontor=")
    assert {"Secure", "HttpOnly", "Path=/"} <= set(parts)
    assert not any(part.startswith("Domain") for part in parts)


def test_signing_out_takes_a_form_and_ends_the_session(world: World, visitor: FlaskClient) -> None:
    sign_in(visitor, world.login("viewer"), world.password)
    assert visitor.get("/sign-out").status_code == 405
    token = token_of(visitor, f"/programs/{world.a}/")
    answer = visitor.post("/sign-out", data={"csrf_token": token}, follow_redirects=True)
    assert "You are signed out" in answer.text
    assert visitor.get(f"/programs/{world.a}/").status_code == 303


def test_whoever_is_signed_in_is_sent_on(as_: Callable[[str], FlaskClient]) -> None:
    assert as_("viewer").get("/sign-in").status_code == 303


@pytest.mark.parametrize("sent", [{}, {"csrf_token": ""}, {"csrf_token": "made up"}])
def test_a_form_without_its_token_is_refused(world: World, visitor: FlaskClient, sent: dict[str, str]) -> None:
    answer = visitor.post("/sign-in", data={"login": world.login("viewer"), "password": world.password, **sent})
    assert answer.status_code == 400
    assert "out of date" in answer.text
    assert visitor.get("/").status_code == 303


def test_the_token_of_another_session_is_refused(world: World, visitor: FlaskClient) -> None:
    token_of(visitor)
    foreign = token_of(world.app.test_client())
    sent = {"csrf_token": foreign, "login": world.login("viewer"), "password": world.password}
    assert visitor.post("/sign-in", data=sent).status_code == 400


def test_after_some_wrong_passwords_even_the_right_one_waits(world: World, visitor: FlaskClient, passing: str) -> None:
    for _ in range(tries.MOST_PER_ACCOUNT):
        assert sign_in(visitor, passing, WRONG).status_code == 401
    answer = sign_in(visitor, passing, world.password)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= tries.WINDOW_SECONDS
    assert "too many tries" in answer.text
    assert sign_in(visitor, world.login("viewer"), world.password).status_code == 303, "others are not held up"


def test_a_name_that_nobody_has_is_held_up_as_well(visitor: FlaskClient) -> None:
    answers = [sign_in(visitor, "nobody-at-all@web.example", WRONG).status_code for _ in range(10)]
    assert answers == [401] * 8 + [429] * 2


def test_one_address_cannot_go_through_all_accounts(world: World) -> None:
    counted = world.app.extensions["kontor"]["attempts"]
    for at in range(tries.MOST_PER_ADDRESS):
        counted.begin(f"somebody-{at}@web.example", "203.0.113.7")
    with pytest.raises(tries.TooMany):
        counted.begin("one-more@web.example", "203.0.113.7")
    counted.begin("one-more@web.example", "203.0.113.8")


def test_one_line_of_ipv6_is_one_address(world: World) -> None:
    counted = world.app.extensions["kontor"]["attempts"]
    for at in range(tries.MOST_PER_ADDRESS):
        counted.begin(f"somebody-{at}@web.example", f"2001:db8::{at:x}")
    with pytest.raises(tries.TooMany):
        counted.begin("one-more@web.example", "2001:db8::ffff:1")
    counted.begin("one-more@web.example", "2001:db8:0:1::1")


def test_signing_in_forgets_the_account_s_tries_but_not_the_address_s(world: World) -> None:
    counted: Attempts = world.app.extensions["kontor"]["attempts"]
    for _ in range(5 * tries.MOST_PER_ACCOUNT):
        counted.begin("right@web.example", "203.0.113.9")
        counted.succeeded("right@web.example", "203.0.113.9")
    for at in range(tries.MOST_PER_ADDRESS):
        counted.begin(f"wrong-{at}@web.example", "203.0.113.9")
    with pytest.raises(tries.TooMany):
        counted.begin("right@web.example", "203.0.113.9")


def test_without_redis_nobody_signs_in_but_whoever_is_in_goes_on(
    world: World, visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch, as_: Callable[[str], FlaskClient]
) -> None:
    inside = as_("viewer")
    away = Attempts("unix:///nowhere/there-is-no.sock")
    monkeypatch.setitem(world.app.extensions["kontor"], "attempts", away)
    answer = sign_in(visitor, world.login("viewer"), world.password)
    assert answer.status_code == 503
    assert "at the moment" in answer.text
    assert inside.get(f"/programs/{world.a}/").status_code == 200
    away.close()


def test_a_redis_that_does_not_answer_holds_whoever_signs_in_for_a_moment_only(tmp_path: Path) -> None:
    """Eight who waited were all that the web server answers at once."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "mute"))
        listening.listen()
        mute = Attempts(f"unix://{tmp_path}/mute")
        began = time.monotonic()
        with pytest.raises(tries.Uncountable):
            mute.begin("somebody@web.example", "203.0.113.10")
        assert time.monotonic() - began < 5
        mute.close()


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        ("/programs/web-a/imports?before=3", "/programs/web-a/imports?before=3"),
        ("https://evil.example/", None),
        ("//evil.example/", None),
        ("/\\evil.example", None),
        ("/\t/evil.example", None),
        ("/a\\..\\b", None),
        ("javascript:alert(1)", None),
        ("", None),
        (None, None),
    ],
)
def test_after_signing_in_one_goes_on_to_our_own_pages_only(target: str | None, kept: str | None) -> None:
    assert our_own(target) == kept


def test_signing_in_goes_on_to_where_somebody_wanted(world: World, visitor: FlaskClient) -> None:
    asked = visitor.get(f"/programs/{world.a}/imports?before=99")
    assert asked.status_code == 303
    answer = sign_in(visitor, world.login("viewer"), world.password, asked.location)
    assert answer.location == f"/programs/{world.a}/imports?before=99"


def test_what_was_typed_comes_back_escaped(visitor: FlaskClient) -> None:
    answer = sign_in(visitor, '"><svg onload=alert(1)>', WRONG)
    assert "<svg onload" not in answer.text
    assert "&lt;svg onload" in answer.text
    assert WRONG not in answer.text


@pytest.mark.parametrize("field", ["login", "password"])
def test_an_empty_field_is_said(visitor: FlaskClient, field: str) -> None:
    sent = {"csrf_token": token_of(visitor), "login": "a@b", "password": "x" * 12} | {field: ""}
    answer = visitor.post("/sign-in", data=sent)
    assert answer.status_code == 400
    assert "Fill in" in answer.text


@pytest.mark.parametrize(
    "login", ["a\0b@web.example", "\ud800@web.example", "x" * 5000, "ﬀ@web.example", "‮@web.example"]
)
def test_no_name_breaks_the_page(visitor: FlaskClient, login: str) -> None:
    sent = {"csrf_token": token_of(visitor), "login": login.encode("utf-8", "surrogatepass"), "password": "\0" * 12}
    assert visitor.post("/sign-in", data=sent).status_code in (400, 401)


def test_more_than_a_megabyte_is_not_read(visitor: FlaskClient) -> None:
    answer = visitor.post("/sign-in", data={"login": "x" * (1 << 20), "password": "y"})
    assert answer.status_code == 413
    assert "too much" in answer.text


def test_samples_are_offered_in_the_demonstration_alone(world: World, visitor: FlaskClient) -> None:
    with world.app.app_context(), transaction(db.session) as session:
        from sqlalchemy import select

        from app.models.programs import Program

        program = session.scalars(select(Program).where(Program.code == world.b)).one()
        for _ in range(2):
            samples.create(session, program, world.distributor_of_b, actor="test", now=world.clock())
    assert "Look around" not in visitor.get("/sign-in").text
    made = world.app.extensions["kontor"]
    demo: Flask = create_app(Settings(home=world.settings.home, demo=True), made["addresses"], web=True)
    client = demo.test_client()
    page = client.get("/sign-in").text
    assert "Look around" in page
    for one in samples.SAMPLES:
        assert one.login in page
        assert sign_in(demo.test_client(), one.login, samples.PASSWORD).status_code == 303
    demo.extensions["kontor"]["attempts"].close()
    with demo.app_context():
        db.engine.dispose()
