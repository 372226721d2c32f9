"""Light or dark, and the language: chosen on every page, kept by the browser, and with the person who is signed in."""

from flask import Blueprint, abort, g, redirect, request, url_for
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.extensions import db
from app.services.access import preferences
from app.services.telling.languages import LANGUAGES
from app.web.addresses import our_own
from app.web.context import somebody

bp = Blueprint("preferences", __name__)

_YEAR_SECONDS = 365 * 24 * 3600
_DEVICE = "device"


@bp.post("/preferences/theme")
def theme() -> Response:
    chosen = request.form.get("theme", "")
    if chosen not in (*preferences.THEMES, _DEVICE):
        abort(400)
    kept = None if chosen == _DEVICE else chosen
    who = somebody()
    if who is not None:
        with transaction(db.session) as session:
            preferences.set_theme(session, who.id, kept)
    return _back("theme", kept)


@bp.post("/preferences/language")
def language() -> Response:
    chosen = request.form.get("language", "")
    if chosen not in LANGUAGES:
        abort(400)
    who = somebody()
    if who is not None:
        with transaction(db.session) as session:
            preferences.set_language(session, who.id, chosen)
    return _back("language", chosen)


def theme_chosen() -> str | None:
    """Give light or dark where it was chosen. Asks the database nothing: it stands on error pages as well."""
    user = g.get("_login_user")
    place = getattr(user, "place", None)
    kept = place.person.theme if place is not None else request.cookies.get("theme")
    return kept if kept in preferences.THEMES else None


def _back(name: str, value: str | None) -> Response:
    """Go back to where it was chosen, and let the browser keep it."""
    response = redirect(our_own(request.form.get("back")) or url_for("home.home"), 303)
    if value is None:
        response.delete_cookie(name)
    else:
        response.set_cookie(name, value, max_age=_YEAR_SECONDS, secure=request.is_secure, httponly=True, samesite="Lax")
    return response
