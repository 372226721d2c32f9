"""Languages of pages and messages: which one somebody reads, and where its texts are."""

from flask import Flask, request
from flask_babel import Babel

from app.services.languages import LANGUAGES
from app.web.context import scope_or_none, somebody

babel = Babel()


def chosen() -> str:
    """Give the language of this request: what the person chose, else the cookie's, the browser's, the programme's."""
    who = somebody()
    if who is not None and who.locale is not None and who.locale in LANGUAGES:
        return who.locale
    asked = request.cookies.get("language", "")
    if asked in LANGUAGES:
        return asked
    here = scope_or_none()
    preferred = request.accept_languages.best_match(list(LANGUAGES))
    if preferred is not None:
        return preferred
    return here.program.locale if here is not None and here.program.locale in LANGUAGES else "en"


def register(app: Flask) -> None:
    """Let pages speak."""
    babel.init_app(app, locale_selector=chosen)
