"""How people of tests arrive: an address that nobody has, a form that is filled in, a passkey that is made."""

import re
import secrets
from typing import Any

from flask.testing import FlaskClient
from webauthn.helpers import base64url_to_bytes

from tests.app.web.conftest import TOKEN, token_of
from tests.support.authenticator import Authenticator

HERE = "http://localhost"
NEW = "quite another password"


def new_login() -> str:
    """Give an address that nobody has, and that holds no number that could be a card's."""
    letters = "".join(secrets.choice("abcdefghkmnp") for _ in range(16))
    return f"{letters}@web.example"


def send(client: FlaskClient, address: str, **fields: str) -> Any:
    """Open the form at an address, fill it in, send it."""
    return client.post(address, data={"csrf_token": token_of(client, address), **fields})


def ask(client: FlaskClient, page: str, address: str, answer: dict[str, Any]) -> Any:
    found = TOKEN.search(client.get(page).text)
    assert found
    return client.post(address, json=answer, headers={"X-CSRFToken": found[1]})


def challenge_of(client: FlaskClient, page: str, address: str) -> bytes:
    options = ask(client, page, address, {})
    assert options.status_code == 200
    return base64url_to_bytes(options.get_json()["challenge"])


def add_passkey(client: FlaskClient, one: Authenticator) -> Any:
    page = "/account/passkeys/"
    token = re.search(r'data-token="([^"]+)"', client.get(page).text)
    assert token
    headers = {"X-CSRFToken": token[1]}
    options = client.post("/account/passkeys/options", json={}, headers=headers).get_json()
    made = one.make(base64url_to_bytes(options["challenge"]))
    return client.post("/account/passkeys/", json={**made, "name": "My phone"}, headers=headers)
