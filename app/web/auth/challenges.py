"""Passkeys between the browser and us: whom they are shown to, the challenge in the cookie, and the answer."""

import base64
import binascii
import ipaddress
from typing import Any
from urllib.parse import urlsplit

from flask import abort, jsonify, request
from flask import session as cookie
from werkzeug.wrappers import Response

from app.services.access.passkeys import CHALLENGE_MINUTES, Asked, Party
from app.web.context import now, settings

_CHALLENGE = "challenge"


def party() -> Party:
    """Tell whom passkeys are shown to: the address that the operator set, else the one that the browser opened."""
    origin = settings().public_url or request.host_url.rstrip("/")
    return Party(urlsplit(origin).hostname or "", origin)


def possible() -> bool:
    """Tell whether passkeys can be used here: they belong to a host with a name, not to an address of figures."""
    try:
        ipaddress.ip_address(party().host)
    except ValueError:
        return True
    return False


def put(asked: Asked, purpose: str) -> Response:
    """Ask the browser, and keep the challenge until it answers."""
    cookie[_CHALLENGE] = {
        "is": base64.b64encode(asked.challenge).decode(),
        "for": purpose,
        "until": int(now().timestamp()) + 60 * CHALLENGE_MINUTES,
    }
    return jsonify(asked.options)


def take(purpose: str) -> tuple[bytes, dict[str, Any]]:
    """Give the challenge that was put, and what the browser answered; what is neither is refused (400)."""
    kept = cookie.pop(_CHALLENGE, None)
    sent = request.get_json(silent=True)
    if not isinstance(kept, dict) or kept.get("for") != purpose or not isinstance(sent, dict):
        abort(400)
    if now().timestamp() > kept["until"]:
        abort(400)
    try:
        return base64.b64decode(kept["is"]), sent
    except binascii.Error:
        abort(400)
