"""Cookies and headers: what a browser is told to allow, and to keep to itself."""

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from werkzeug.wrappers import Response

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""Nothing inline and nothing from elsewhere; no nonce, because no page needs one."""

_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # not `no-referrer`: the CSRF check on https wants to see that a form came from our own page
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_YEAR_SECONDS = 365 * 24 * 3600
_FILES = ("static", "bootstrap.static")


class Sessions(SecureCookieSessionInterface):
    """The session's cookie: over https it is sent over https alone, and no other host can set it."""

    def get_cookie_secure(self, app: Flask) -> bool:
        """Follow the request: Kontor on one's own machine is plain http."""
        return request.is_secure

    def get_cookie_name(self, app: Flask) -> str:
        """Take the prefix that browsers hold to its promise, where it can be kept."""
        return "__Host-kontor" if request.is_secure else "kontor"

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Send no cookie with a file: anybody between may keep a file, and would keep the cookie with it."""
        return request.endpoint not in _FILES and super().should_set_cookie(app, session)


def add_headers(response: Response) -> Response:
    """Tell the browser what to allow; a page is kept nowhere, a versioned file for ever."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = f"max-age={_YEAR_SECONDS}"
    if request.endpoint not in _FILES:
        response.headers["Cache-Control"] = "no-store"
    elif "v" in request.args and response.status_code == 200:
        response.headers["Cache-Control"] = f"public, max-age={_YEAR_SECONDS}, immutable"
    return response
