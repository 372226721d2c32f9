"""How codes compare: trimmed and without case, so that ``85123a`` is ``85123A`` (rules.md 1)."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import TypeVar

_NOT_IN_A_SLUG = re.compile(r"[\W_]+")
_T = TypeVar("_T")


def code_key(code: str) -> str:
    """Give the form in which a code is compared and kept unique."""
    return unicodedata.normalize("NFC", code).strip().casefold()


def ean_key(text: str) -> str | None:
    """Give the form in which an EAN is compared: digits without leading zeros; None where a text cannot be one.

    An EAN of 8, 12, 13 or 14 digits is the same with zeros before it; spaces and dashes part its digits.
    """
    digits = re.sub(r"[ \u00a0-]", "", text)
    return digits.lstrip("0") or None if re.fullmatch(r"[0-9]{8}|[0-9]{12,14}", digits) else None


def is_ean(text: str) -> bool:
    """Say whether a text is an EAN, a UPC or a GTIN of 14 digits: its last digit proves the others."""
    digits = ean_key(text)
    if digits is None:
        return False
    weighed = sum(int(digit) * (3 if at % 2 == 0 else 1) for at, digit in enumerate(reversed(digits[:-1])))
    return (weighed + int(digits[-1])) % 10 == 0


def slug(name: str) -> str:
    """Make a code from a name: ``Road Frames`` becomes ``road-frames``. Letters without a Latin base are kept.

    A plus is a word, as in the classes A+ and A.
    """
    plain = unicodedata.normalize("NFKD", name.replace("ł", "l").replace("Ł", "L").replace("+", " plus "))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()
    made = _NOT_IN_A_SLUG.sub("-", plain).strip("-")
    return made or code_key(name)


def by_every_name(entries: Iterable[tuple[_T, str, str, Iterable[str]]]) -> Mapping[str, _T]:
    """Index things by code, name and aliases, each as it compares.

    ``entries`` gives (thing, code, name, aliases). A code wins over another thing's name of the same spelling, and a
    name over an alias.
    """
    found: dict[str, _T] = {}
    listed = list(entries)
    for thing, code, _, _ in listed:
        found.setdefault(code_key(code), thing)
    for thing, _, name, _ in listed:
        found.setdefault(code_key(name), thing)
    for thing, _, _, aliases in listed:
        for spelling in aliases:
            found.setdefault(code_key(spelling), thing)
    return found
