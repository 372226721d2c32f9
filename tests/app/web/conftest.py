"""Two programmes with people, sales and imports, made for each file; and browsers without a browser."""

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from app.local.servers import Addresses
from tests.app.web.world import World, build

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
DIFFERS = re.compile(r'(?:nonce|name="csrf_token" value|data-token)="[^"]*"')
"""What is another one in every page: a token holds the second in which it was made."""


@pytest.fixture(scope="module")
def world(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An application that serves pages, and what there is to see: made anew for each file of tests.

    Tests change it; which files come before another on the same machine is nobody's to say.
    """
    made = build(addresses, tmp_path_factory.mktemp("web"))
    yield made
    made.close()


@pytest.fixture
def pages(world: World) -> Flask:
    """The application that serves pages. No context of it is pushed: a second visitor must not look like the first."""
    return world.app


@pytest.fixture(autouse=True)
def _nobody_tried(addresses: Addresses) -> None:
    """Forget the tries to sign in of the tests before."""
    with Redis.from_url(addresses.redis_url) as redis:
        for key in redis.scan_iter("kontor:sign-in:*"):
            redis.delete(key)


@pytest.fixture
def visitor(pages: Flask) -> FlaskClient:
    """Somebody who has not signed in."""
    return pages.test_client()


def token_of(client: FlaskClient, address: str = "/sign-in") -> str:
    """Read the token of the form on a page."""
    found = TOKEN.search(client.get(address).text)
    assert found
    return found[1]


def sign_in(client: FlaskClient, login: str, password: str, address: str = "/sign-in", **more: str):
    """Fill in and send the form."""
    sent = {"csrf_token": token_of(client), "login": login, "password": password, **more}
    return client.post(address, data=sent)


def enter(world: World, client: FlaskClient, login: str) -> None:
    """Sign in all the way, with the second factor of whoever has one."""
    assert sign_in(client, login, world.password).status_code == 303
    code = world.code(login)
    if code is not None:
        sent = {"csrf_token": token_of(client, "/sign-in/second"), "code": code}
        assert client.post("/sign-in/second", data=sent).status_code == 303


@pytest.fixture(scope="module")
def _signed_in() -> dict[str, FlaskClient]:
    return {}


@pytest.fixture
def as_(world: World, _signed_in: dict[str, FlaskClient]) -> Callable[[str], FlaskClient]:
    """Gives a client that is signed in as one of the people of the world; each signs in once in a file."""

    def client(name: str) -> FlaskClient:
        if name not in _signed_in:
            fresh = world.app.test_client()
            if name != "anonymous":
                enter(world, fresh, world.login(name))
            _signed_in[name] = fresh
        return _signed_in[name]

    return client
