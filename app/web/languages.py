"""Languages of pages and messages: which one somebody reads, and where its texts are."""

import functools
from typing import Any

from babel.support import NullTranslations
from flask import Flask, g, request
from flask_babel import Babel, Domain
from markupsafe import Markup

from app.domain.saying.wording import stopped_once
from app.services.telling.languages import LANGUAGES
from app.services.telling.translations import translations
from app.web.context import scope_or_none, somebody

babel = Babel(configure_jinja=False)  # templates ask for texts themselves: app/web/look/templating.py


def language() -> str:
    """Give the language of this request: it is chosen once, and stays what it is until the answer is sent."""
    found: str | None = g.get("language")
    if found is None:
        found = g.language = chosen()
    return found


BESIDE = "\4"
"""What parts a text from what it is said of, as catalogues write it."""


class Texts(dict[str, Markup]):
    r"""The texts of templates in one language: each is looked up once, and stays.

    Where one English word means several things, what it is said of stands before it: ``rows\4Accepted``.
    """

    def __init__(self, catalogue: NullTranslations) -> None:
        """Take the catalogue of the language."""
        super().__init__()
        self.catalogue = catalogue

    def __missing__(self, message: str) -> Markup:
        """Look a text up. Translators write HTML as templates do."""
        of, _beside, plain = message.rpartition(BESIDE)
        told = self.catalogue.upgettext(of, plain) if of else self.catalogue.ugettext(plain)
        self[message] = found = Markup(told)  # noqa: S704  # as templates do
        return found


@functools.cache
def _texts(language: str) -> Texts:
    return Texts(translations(language))


def texts() -> Texts:
    """Give the texts of this request's language."""
    found: Texts | None = g.get("texts")
    if found is None:
        found = g.texts = _texts(language())
    return found


class Catalogues(Domain):  # type: ignore[misc]  # flask_babel carries no types
    """The texts of pages, from the catalogues that messages are made from as well."""

    def get_translations(self) -> NullTranslations:
        """Give the catalogue of the language of this request."""
        return texts().catalogue

    def gettext(self, string: str, **variables: Any) -> str:
        """Give a text in that language, and what fills it; each sentence has one full stop."""
        return stopped_once(super().gettext(string, **variables))

    def ngettext(self, singular: str, plural: str, num: float, **variables: Any) -> str:
        """Give a text that depends on a number, likewise."""
        return stopped_once(super().ngettext(singular, plural, num, **variables))


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
    babel.init_app(app, locale_selector=language)
    babel.domain_instance = Catalogues()
