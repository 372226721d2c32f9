"""The device that a claim is sent from: a cookie that says nothing, of which a hash is kept with the claim.

Only who belongs to the distributor tells anything by it: an assistant at the counter sends for many.
"""

import hashlib
import secrets

from flask import request
from werkzeug.wrappers import Response

from app.web.context import person, scope

_COOKIE = "sent_from"
_YEAR_SECONDS = 366 * 24 * 3600
_LONGEST = 64


def device() -> bytes | None:
    """Give the hash of the device in use, where it tells anything; None where it is not known yet."""
    here, value = scope().distributor, request.cookies.get(_COOKIE, "")
    assert here is not None, "claims are a distributor's"
    if not value or len(value) > _LONGEST or not any(seat.distributor_id == here.id for seat in person().seats):
        return None
    return hashlib.sha256(value.encode()).digest()


def known_from_now_on(response: Response) -> Response:
    """Let the device be known again, from the first draft that is looked at on it."""
    if not request.cookies.get(_COOKIE):
        response.set_cookie(
            _COOKIE,
            secrets.token_urlsafe(24),
            max_age=_YEAR_SECONDS,
            secure=request.is_secure,
            httponly=True,
            samesite="Lax",
        )
    return response
