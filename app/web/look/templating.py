"""The templates' environment: strict, without the line breaks of statements, and quick at what every page does."""

import functools
from collections.abc import Callable, MutableMapping
from typing import Any

import jinja2
from flask import Flask
from flask.templating import Environment
from markupsafe import Markup, escape

from app.domain.saying.wording import stopped_once
from app.web import formats, languages
from app.web.long_words import breakable


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
    environment.filters["once"] = asked_each_time(once)
    environment.filters["breakable"] = asked_each_time(breakable)
    environment.globals.update({"_": text, "pgettext": text_of, "ngettext": number_text})


def text(message: str, **values: Any) -> Markup:
    """Give a text of a template in the language of the request; what is put into it is escaped."""
    found = languages.texts()[message]
    return once(found % values) if values or "%" in found else found


def once(said: str | Markup) -> Markup:
    """End each sentence of a text with one full stop: as a filter, of what a template puts together."""
    whole = escape(said)
    return Markup(stopped_once(whole)) if ".." in whole else whole  # noqa: S704  # it is escaped


def text_of(of: str, message: str, **values: Any) -> Markup:
    """Give a text of a template as it is said of something: of rows other languages do not say what they say of one."""
    return text(f"{of}{languages.BESIDE}{message}", **values)


def number_text(one: str, many: str, num: int, **values: Any) -> Markup:
    """Give a text that depends on a number, which it knows as ``num``, written as numbers are."""
    found = Markup(languages.texts().catalogue.ungettext(one, many, num))  # noqa: S704  # as templates do
    return once(found % {"num": formats.figure(num), **values})


def asked_each_time(write: Callable[..., Any]) -> Callable[..., Any]:
    """Make a filter of what writes in the terms of a request: the reader's language, the programme, its time zone.

    Jinja works out a filter over a literal once, when it compiles a template, and then everybody reads what the first
    reader did. It leaves those that take the context alone.
    """

    @jinja2.pass_context
    @functools.wraps(write)
    def written(_context: jinja2.runtime.Context, *values: Any, **named: Any) -> Any:
        return write(*values, **named)

    return written
