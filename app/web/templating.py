"""The templates' environment: strict, without the line breaks of statements, and quick at what every page does."""

from collections.abc import MutableMapping
from typing import Any

import jinja2
from flask import Flask
from flask.templating import Environment

from app.web import languages


class Templates(Environment):
    """Flask's environment, whose templates share one mapping of globals.

    Jinja chains a mapping of their own before it, and goes through the chain in Python for each part that a page
    imports. None of our templates is given globals of its own.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Give what a template knows without being told."""
        return super().make_globals(d) if d else self.globals


def prepare(app: Flask) -> None:
    """Let an application have our environment; before anything touches the one that it has by itself."""
    app.jinja_environment = Templates
    environment = app.jinja_env
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.undefined = jinja2.StrictUndefined
    environment.add_extension("jinja2.ext.i18n")
    # the catalogue of the request itself: Flask-Babel would look for it anew for every text
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # the extension has it
        gettext=lambda text: languages.catalogue().ugettext(text),
        ngettext=lambda one, many, number: languages.catalogue().ungettext(one, many, number),
        pgettext=lambda context, text: languages.catalogue().upgettext(context, text),
        npgettext=lambda context, one, many, number: languages.catalogue().unpgettext(context, one, many, number),
        newstyle=True,
    )
