"""What a file says of its time beside its lines: in its name, its sheet's name, and its titles."""

import re
from collections.abc import Iterator

from importers.layout.words.around import MONTH_OF

_DAY = re.compile(r"(?<![\d./-])\d{1,2}(?:([./-])\d{1,2}\1\d{4}|/\d{1,2}/\d{2})(?![./-]?\d)")
_NUMBERED = (
    re.compile(r"(?<![\d./-])(?P<year>20\d{2})[-_./ ]?(?P<month>0[1-9]|1[0-2])(?![-_./]?\d)"),
    re.compile(r"(?<!\d)(?<!\d[-_./])(?P<month>0?[1-9]|1[0-2])[-_./ ](?P<year>20\d{2})(?![-_./]?\d)"),
)
_NAMED = (
    re.compile(r"(?P<name>[^\W\d_]{3,})\.?[-_ ./']*(?P<year>20\d{2})(?!\d)"),
    re.compile(r"(?<!\d)(?P<year>20\d{2})[-_ ./']*(?P<name>[^\W\d_]{3,})"),
)


def days_said(text: str) -> list[str]:
    """Give the days that a text names in numbers, as they are written there; 1.2.26 may be a version."""
    return [found.group() for found in _DAY.finditer(text)]


def months_said(text: str) -> set[str]:
    """Give the months that a text names with their years: 2026-01 of ``Sales_Jan2026.csv``."""
    return {f"{year}-{month:02}" for year, month in _months(text.casefold())}


def _months(text: str) -> Iterator[tuple[str, int]]:
    for form in _NUMBERED:
        yield from ((found["year"], int(found["month"])) for found in form.finditer(text))
    for form in _NAMED:
        for found in form.finditer(text):
            if found["name"] in MONTH_OF:
                yield found["year"], MONTH_OF[found["name"]]
