"""Cookies and headers: what a browser is told to allow, and to keep to itself."""

import secrets

from flask import Flask, g, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from itsdangerous import URLSafeTimedSerializer
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response

_ALLOWED = (
    "default-src 'none'",
    # our modules carry the nonce of their page; what they load in turn is ours as well
    "script-src 'nonce-{nonce}' 'strict-dynamic'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "worker-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # not `no-referrer`: the CSRF check on https wants to see that a form came from our own page
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_YEAR_SECONDS = 365 * 24 * 3600
_FILES = frozenset(
    {
        "static",
        "bootstrap.static",
        "chartkick.static",
        "look.icons",
        "branding.accent",
        "branding.logo",
        "fonts.font",
        "fonts.faces",
    }
)


class Sessions(SecureCookieSessionInterface):
    """The session's cookie: over https it is sent over https alone, and no other host can set it."""

    def __init__(self) -> None:
        """Begin without what signs: it is made of the application's key, once."""
        self._signing: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Give what signs cookies; Flask would make it anew twice for every request."""
        if self._signing is None:
            self._signing = super().get_signing_serializer(app)
        return self._signing

    def get_cookie_secure(self, app: Flask) -> bool:
        """Follow the request: Kontor on one's own machine is plain http."""
        return request.is_secure

    def get_cookie_name(self, app: Flask) -> str:
        """Take the prefix that browsers hold to its promise, where it can be kept."""
        return "__Host-kontor" if request.is_secure else "kontor"

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Send no cookie with a file: anybody between may keep a file, and would keep the cookie with it."""
        return request.endpoint not in _FILES and super().should_set_cookie(app, session)


def believe_proxies(app: Flask, count: int) -> None:
    """Believe so many proxies of our own about who asks, and whether by https; they have to pass the host on."""
    if count:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count)  # type: ignore[method-assign]


def content_security_policy(nonce: str) -> str:
    """Say what a page may load and run: nothing inline, nothing from elsewhere, and no script without the nonce."""
    return "; ".join(_ALLOWED).format(nonce=nonce)


def csp_nonce() -> str:
    """Give the nonce of this answer: a script that does not carry it is not run."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


def add_headers(response: Response) -> Response:
    """Tell the browser what to allow; a page is kept nowhere, a versioned file for ever."""
    response.headers.setdefault("Content-Security-Policy", content_security_policy(csp_nonce()))
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = f"max-age={_YEAR_SECONDS}"
    if request.endpoint not in _FILES:
        response.headers["Cache-Control"] = "no-store"
    elif "v" in request.args and response.status_code == 200:
        response.headers["Cache-Control"] = f"public, max-age={_YEAR_SECONDS}, immutable"
    return response
