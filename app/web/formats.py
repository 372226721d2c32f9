"""How numbers and instants are written on pages: in the language of whoever reads, in the terms of the programme."""

import datetime as dt
import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flask import g, has_request_context
from flask_babel import gettext, ngettext
from markupsafe import Markup, escape

from app.domain.saying.load_failures import failure
from app.domain.saying.wording import Said
from app.domain.states import Unit
from app.domain.typed.countries import country_name
from app.services.access.people import time_zone_of
from app.services.telling.languages import DEFAULT, Writing, writing
from app.web.context import scope, scope_or_none, session, somebody
from app.web.languages import language

_POINTS = frozenset(("point", "points", "punkt", "punkty", "punktów", "punto", "puntos", "балл", "баллы", "баллов"))
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,5}$")


def here() -> Writing:
    """Give the way of writing of whoever reads this page."""
    if not has_request_context():
        return writing(DEFAULT)
    found: Writing | None = g.get("writing")
    if found is None:
        found = g.writing = writing(language())
    return found


def figure(value: int, decimals: int = 0, *, signed: bool = False) -> str:
    """Write a number of smallest units; ``signed`` writes a plus as well."""
    return here().figure(value, decimals, signed=signed)


def points(value: int, *, signed: bool = False) -> str:
    """Write points of the page's programme."""
    return here().figure(value, scope().program.point_decimals, signed=signed)


def decimal(value: Decimal) -> str:
    """Write a number of the programme file in the reader's language, with the decimals that it has."""
    _, _, exponent = value.normalize().as_tuple()
    places = -min(int(exponent), 0)
    return here().figure(int(value.scaleb(places)), places)


def points_in_words(value: Decimal) -> str:
    """Write points with the word for them.

    A programme names one and many; languages have more forms than that. Where it calls them nothing but points, they
    are counted as the reader's language counts; where it has a word of its own, by that.
    """
    return _with_the_word(value, decimal(value))


def worded(value: int, unit: Unit, *, signed: bool = False) -> str:
    """Write an amount of the page's programme with the word for it: points are counted in words."""
    if unit is Unit.MONEY:
        return cash(value, signed=signed)
    amount_of_points = Decimal(value).scaleb(-scope().program.point_decimals)
    return _with_the_word(amount_of_points, points(value, signed=True) if signed else decimal(amount_of_points))


def counted_points(value: int) -> Markup:
    """Write points of the page's programme with the word for them, the number as what is looked at."""
    decimals = scope().program.point_decimals
    words = escape(_with_the_word(Decimal(value).scaleb(-decimals), "\0"))  # the number comes to its place afterwards
    return words.replace("\0", Markup("<strong>{}</strong>").format(figure(value, decimals)))


def _with_the_word(value: Decimal, written: str) -> str:
    word = scope().program.settings.get("point", {})
    one, many = word.get("name", "point"), word.get("plural", "points")
    if _POINTS.issuperset((one.casefold(), many.casefold())):
        number = int(abs(value)) if value == value.to_integral_value() else 2
        found: str = ngettext("%(points)s point", "%(points)s points", number, points=written)
        return found
    return f"{written} {one if abs(value) == 1 else many}"


def money(minor: int, *, signed: bool = False) -> str:
    """Write an amount in the currency of the page's programme, without its sign: for columns whose head names it."""
    return here().figure(minor, scope().program.currency_decimals, signed=signed)


def amount(value: int, unit: Unit, *, signed: bool = False) -> str:
    """Write an amount in a unit of the page's programme."""
    return money(value, signed=signed) if unit is Unit.MONEY else points(value, signed=signed)


def cash(minor: int, *, signed: bool = False) -> str:
    """Write an amount in the currency of the page's programme, with its sign."""
    program = scope().program
    return here().cash(minor, program.currency_decimals, program.currency, signed=signed)


def cash_of_file(value: Decimal) -> str:
    """Write money as the programme file says it, with at least the decimals of the currency, and with its sign."""
    program = scope().program
    minor = value.scaleb(program.currency_decimals)
    if minor == minor.to_integral_value():
        return cash(int(minor))
    return here().with_currency(decimal(value), program.currency)


def amount_told(value: int, unit: Unit, *, signed: bool = False) -> str:
    """Write an amount where points and money of the page's programme stand together: money has its currency."""
    return cash(value, signed=signed) if unit is Unit.MONEY else points(value, signed=signed)


def quantity(milli: int) -> str:
    """Write a quantity, with the decimals that it has."""
    return here().quantity(milli)


def share(basis_points: int) -> str:
    """Write a share given in hundredths of a per cent."""
    return here().share(basis_points)


def day(at: dt.date) -> str:
    """Write a date."""
    return here().day(at)


def country(text: str) -> str:
    """Name a country that is kept by its two letters; what was typed in words that nobody knows stays as it is."""
    return country_name(text, language())


def shown(value: Any) -> Any:
    """Write what fills a stored reason: a day or an amount, which is stored as files have it, as pages write it."""
    return here().stored(value)


def month(at: dt.date) -> str:
    """Write a month."""
    return here().month(at)


def instant(at: dt.datetime) -> str:
    """Write an instant as date and minute, in the page's time zone."""
    return here().instant(at, zone())


def zone() -> str:
    """Name the time zone of the page's programme; outside of one, that of the reader's programmes, else UTC."""
    here = scope_or_none()
    if here is not None:
        return here.program.time_zone
    found: str | None = g.get("zone")
    if found is None:
        who = somebody()
        found = g.zone = (time_zone_of(session(), who) if who is not None else None) or "UTC"
    return found


def duration(seconds: float) -> str:
    """Write how long something took or takes, in the two largest units that matter."""
    return here().duration(seconds)


def size(count: int) -> str:
    """Write a file's size."""
    return here().size(count)


def file_stem(name: str, otherwise: str = "import") -> str:
    """Make of a name that somebody gave a file one that is safe to give: letters, digits, and what joins them.

    ``otherwise`` is for a name of which nothing is left.
    """
    stem = _SUFFIX.sub("", unicodedata.normalize("NFKC", name))
    kept = "".join(letter if unicodedata.category(letter)[0] in "LN" or letter in "-_" else " " for letter in stem)
    return "-".join(kept.split())[:60].strip("-_") or otherwise


def some_of(names: Sequence[str], most: int, between: str = ", ") -> str:
    """Write the first of some names, and how many more there are."""
    some = between.join(names[:most])
    if len(names) <= most:
        return some
    found: str = gettext("%(names)s and %(count)s more", names=some, count=figure(len(names) - most))
    return found


def told(said: Said) -> str:
    """Say a sentence that was kept, or that an error has, in the reader's language."""
    return said.words(gettext, figure)


def load_failure(kept: str) -> str:
    """Say why a load failed, as it is kept, in the reader's language."""
    return told(failure(kept))
