"""Cookies and headers: what a browser is told to allow, and to keep to itself."""

import datetime as dt
import functools
import secrets

from flask import Flask, Request, current_app, g, request
from flask import session as cookie
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask_wtf.csrf import generate_csrf
from itsdangerous import BadSignature, URLSafeTimedSerializer
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
_COOKIE_STAYS = dt.timedelta(minutes=5)
"""A cookie as young as that is not written anew with every answer; it lives for hours."""

_FILES = frozenset(
    {
        "static",
        "bootstrap.static",
        "chartkick.static",
        "look.icons",
        "branding.accent",
        "branding.logo",
        "reward_pictures.show",
        "fonts.font",
        "fonts.faces",
    }
)


class Session(SecureCookieSession):
    """What the session's cookie keeps, and when the cookie was written."""

    written_at: dt.datetime | None = None


class Sessions(SecureCookieSessionInterface):
    """The session's cookie: over https it is sent over https alone, and no other host can set it."""

    session_class = Session

    def __init__(self) -> None:
        """Begin without what signs: it is made of the application's key, once."""
        self._signing: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Give what signs cookies; Flask would make it anew twice for every request."""
        if self._signing is None:
            self._signing = super().get_signing_serializer(app)
        return self._signing

    def open_session(self, app: Flask, request: Request) -> Session | None:
        """Read the cookie: what it keeps, and when it was written."""
        sent, signing = request.cookies.get(self.get_cookie_name(app)), self.get_signing_serializer(app)
        if signing is None:
            return None
        try:
            longest = int(app.permanent_session_lifetime.total_seconds())
            kept, written_at = signing.loads(sent or "", max_age=longest, return_timestamp=True)
        except BadSignature:
            return Session()
        opened = Session(kept)
        opened.written_at = written_at
        return opened

    def get_cookie_secure(self, app: Flask) -> bool:
        """Follow the request: Kontor on one's own machine is plain http."""
        return request.is_secure

    def get_cookie_name(self, app: Flask) -> str:
        """Take the prefix that browsers hold to its promise, where it can be kept."""
        return "__Host-kontor" if request.is_secure else "kontor"

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Send no cookie with a file: anybody between may keep a file, and would keep the cookie with it."""
        if request.endpoint in _FILES:
            return False
        written_at = session.written_at if isinstance(session, Session) else None
        young = written_at is not None and dt.datetime.now(dt.UTC) - written_at < _COOKIE_STAYS
        return session.modified or (session.permanent and not young)


def believe_proxies(app: Flask, count: int) -> None:
    """Believe so many proxies of our own about who asks, and whether by https; they have to pass the host on."""
    if count:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count)  # type: ignore[method-assign]


def keep_bare(file: Response) -> Response:
    """Let a browser do nothing with a picture, or with a file that somebody sent, but show it.

    Chromium shows a picture that is opened by itself with styles of its own, which count as inline ones.
    """
    file.headers["Content-Security-Policy"] = _BARE
    return file


_BARE = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"


def content_security_policy(nonce: str) -> str:
    """Say what a page may load and run: nothing inline, nothing from elsewhere, and no script without the nonce."""
    return "; ".join(_ALLOWED).format(nonce=nonce)


def csp_nonce() -> str:
    """Give the nonce of this answer: a script that does not carry it is not run."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


def forgery_token() -> str:
    """Give what this session's forms carry against forgery: signed once, for it stays what it is with the session."""
    kept = cookie.get("csrf_token")
    if kept is None:
        return str(generate_csrf())
    g.csrf_token = _signed(current_app.secret_key, kept)
    return str(g.csrf_token)


@functools.lru_cache(maxsize=4096)
def _signed(key: object, kept: str) -> str:
    """Sign what the session of this request keeps, with the application's key."""
    return str(generate_csrf())


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
