"""Pages for what went wrong: they say what it was, what became of what was sent, and nothing of our insides."""

import socket
import time
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.db import driver
from app.factory import create_app
from app.local.servers import Addresses
from app.web.health import SPILLS
from tests.app.web.conftest import token_of
from tests.app.web.world import World

As = Callable[[str], FlaskClient]


@pytest.mark.parametrize(
    "address",
    [
        "/programs/web-a/imports/0",
        "/programs/web-a/imports/00001",
        "/programs/web-a/imports/9223372036854775808",
        "/programs/web-a/imports/9999999999999999999999999999",
        "/programs/web-a/imports/1.0",
        "/programs/web-a/imports/-1",
        "/programs/web-a/distributors/9223372036854775807",
        "/programs/%00/",
        "/programs/%ff%fe/",
        "/programs/" + "x" * 300 + "/",
        "/programs/../../etc/passwd",
        "/static/../setup.py",
        "/static/%2e%2e/setup.py",
        "/bootstrap/static/../../__init__.py",
    ],
)
def test_addresses_that_lead_nowhere_are_not_found(world: World, as_: As, address: str) -> None:
    answer = as_("owner").get(address.replace("web-a", world.a))
    assert answer.status_code == 404
    assert "Nothing is here" in answer.text


def test_an_error_of_ours_shows_nothing_of_our_insides(world: World, as_: As, monkeypatch: pytest.MonkeyPatch) -> None:
    client = as_("owner")
    monkeypatch.setitem(world.app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setattr("app.web.admin.overview.waiting.points_sum", lambda *_: 1 / 0)
    answer = client.get(f"/programs/{world.a}/")
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    assert "Traceback" not in answer.text
    assert "ZeroDivision" not in answer.text


def test_who_met_another_transaction_is_told_to_send_it_once_more(
    world: World, as_: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL ends one of two transactions that wait for each other: here it says so of the page's."""
    ended = text("do $$ begin raise exception using errcode = 'deadlock_detected'; end $$")
    monkeypatch.setattr("app.web.admin.overview.waiting.points_sum", lambda session, *_: session.execute(ended))
    answer = as_("owner").get(f"/programs/{world.a}/")
    assert answer.status_code == 409
    assert "Nothing of what you sent was done" in answer.text


def test_where_the_disk_of_the_database_is_full_pages_say_that_nothing_was_kept(
    world: World, as_: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They said that it could not be reached, that nothing was lost, and to come again in a minute."""
    full = text("do $$ begin raise exception using errcode = 'disk_full'; end $$")
    monkeypatch.setattr("app.web.admin.overview.waiting.points_sum", lambda session, *_: session.execute(full))
    answer = as_("owner").get(f"/programs/{world.a}/")
    assert answer.status_code == 507
    assert "There is no room" in answer.text


def test_when_the_database_is_away_pages_say_so(world: World) -> None:
    made = world.app.extensions["kontor"]["addresses"]
    away = Addresses("postgresql+psycopg://x@/x?host=/nowhere", "", made.redis_url)
    app = create_app(world.settings, away, web=True)
    client = app.test_client()
    assert client.get("/healthz").status_code == 503
    assert client.get("/readyz").status_code == 503
    token = token_of(client)
    answer = client.post("/sign-in", data={"csrf_token": token, "login": "a@b", "password": "x" * 12})
    assert answer.status_code == 503
    assert "cannot reach its database" in answer.text
    with client.get("/static/kontor.css") as kept:
        assert kept.status_code == 200
    app.extensions["kontor"]["attempts"].close()


def test_a_database_that_says_nothing_is_not_waited_for_long(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its machine may have lost the network: pages waited for two minutes, and so did whoever watches."""
    monkeypatch.setattr(driver, "PATIENCE", {**driver.PATIENCE, "connect_timeout": 2})
    made = world.app.extensions["kontor"]["addresses"]
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        away = Addresses(f"postgresql+psycopg://x@127.0.0.1:{mute.getsockname()[1]}/x", "", made.redis_url)
        app = create_app(world.settings, away, web=True)
        began = time.monotonic()
        assert app.test_client().get("/healthz").status_code == 503
        assert time.monotonic() - began < 10
    app.extensions["kontor"]["attempts"].close()


def test_health(visitor: FlaskClient) -> None:
    answer = visitor.get("/healthz")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})
    assert "Set-Cookie" not in answer.headers


def test_who_watches_is_told_where_nothing_can_be_written(
    world: World, visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk looked healthy: the database could be read."""
    answer = visitor.get("/readyz")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})
    assert "Set-Cookie" not in answer.headers
    chosen = world.settings.model_copy(update={"home": world.settings.home / "nowhere"})
    monkeypatch.setitem(world.app.extensions["kontor"], "settings", chosen)
    answer = visitor.get("/readyz")
    assert (answer.status_code, answer.get_json()) == (507, {"status": "nothing can be written to the home"})
    assert visitor.get("/healthz").status_code == 200
    full = "do $$ begin raise exception using errcode = 'disk_full'; end $$"
    monkeypatch.setattr("app.web.health.SPILLS", full)
    answer = visitor.get("/readyz")
    assert (answer.status_code, answer.get_json()) == (507, {"status": "the disk of the database is full"})


def test_what_is_asked_of_the_database_is_written_to_its_disk(session: Session) -> None:
    """Also where whoever runs the server gave it much memory; and nothing of it stays."""
    session.execute(text("set work_mem = '512MB'"))
    session.execute(text("set local work_mem = '64kB'"))
    told = "\n".join(session.scalars(text(f"explain (analyze, buffers) {SPILLS}")))
    assert "external merge" in told
    assert session.execute(text(SPILLS)).scalar_one() == 16384
