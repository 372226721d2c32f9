"""Countries as files and people call them: by two letters, by three, or by a name in one of the languages of Europe."""

import functools
import re
from collections.abc import Mapping

from babel import Locale
from babel.core import get_global

_LANGUAGES = ("en", "pl", "es", "ru", "de", "fr", "it", "cs")
_TWO_LETTERS, _THREE_LETTERS = re.compile("[A-Z]{2}"), re.compile("[A-Z]{3}")
_NO_COUNTRIES = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"})
"""What languages have names for and is no country of ISO 3166: unions, parts of countries, marks of tests."""
_ALSO = {
    "CZ": "czech republic|republika czeska|república checa|чешская республика|tschechische republik|česká republika",
    "DE": "rfn|brd|deutschland",
    "GB": "uk|u k|great britain|england|scotland|wales|wielka brytania|anglia|gran bretaña|inglaterra|великобритания"
    "|англия|grossbritannien|großbritannien|grande bretagne|gran bretagna",
    "GR": "el",
    "NL": "holland|holandia|holanda|голландия|olanda|holandsko",
    "PL": "rp|rzeczpospolita polska|republic of poland",
    "RU": "rf|рф|russian federation|federacja rosyjska|российская федерация|federación rusa|russische föderation",
    "SK": "slovak republic|republika słowacka|slovenská republika",
    "US": "united states of america|u s a|u s|stany zjednoczone ameryki|ee uu|eeuu|сша|vereinigte staaten von amerika",
}
"""What else countries are called than those languages call them now."""
_NO_WORD = re.compile(r"[\W_]+")


def is_country(code: str) -> bool:
    """Say whether two letters that a language has a name for are those of a country by ISO 3166."""
    return _TWO_LETTERS.fullmatch(code) is not None and code not in _NO_COUNTRIES


def country_called(text: str) -> str | None:
    """Give the two letters of the country that a text means; None where it is none that is known."""
    return _called().get(_spoken(text))


def country_kept(text: str | None) -> str | None:
    """Give what is kept of a country as somebody wrote it: its two letters, or the text where nobody knows it."""
    return (country_called(text) or text) if text else None


def country_name(text: str, language: str) -> str:
    """Name the country of two letters in a language; any other text stays as it is."""
    named = Locale.parse(language).territories.get(text) if is_country(text) else None
    return text if named is None else str(named)


@functools.cache
def _called() -> Mapping[str, str]:
    """Give the countries by all that they are called; a code is never the name of another one."""
    english = Locale.parse("en").territories
    codes = [str(code) for code in english if is_country(str(code))]
    called: dict[str, str] = {code.casefold(): code for code in codes}
    for code, meant in get_global("territory_aliases").items():
        if _THREE_LETTERS.fullmatch(code) and len(meant) == 1 and meant[0] in codes:
            called.setdefault(code.casefold(), meant[0])
    for language in _LANGUAGES:
        names = Locale.parse(language).territories
        for code in codes:
            called.setdefault(_spoken(str(names.get(code, code))), code)
    for code, others in _ALSO.items():
        for name in others.split("|"):
            called.setdefault(name, code)
    return called


def _spoken(text: str) -> str:
    return " ".join(_NO_WORD.sub(" ", text).split()).casefold()
