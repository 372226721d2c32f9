"""What the text of a PDF or a photo says of an invoice: proposals for somebody to look at, and never more."""

import datetime as dt
import re
from collections.abc import Iterator

from verification.claiming.claimed import LONGEST_NUMBER, ClaimedInvoice

_WORDS = r"(?:faktura(?:\s+vat)?|invoice|rechnung|factura|rachunek|счёт-фактура|счет-фактура)"
_NUMBERED = re.compile(
    rf"{_WORDS}\s*(?:nr|no|number|num|numer|nummer|n[º°o]|№)?[\s.:#-]*"
    r"(?P<number>[^\W_][\w/.\-]*(?:[ ]?/[ ]?[\w.\-]+)*)",
    re.IGNORECASE,
)
_ISSUED = re.compile(
    r"(?:data\s+wystawienia|wystawion[oa]|date\s+of\s+issue|issue\s+date|invoice\s+date|rechnungsdatum|fecha|дата)\D{0,24}"
    r"(?P<day>\d{4}-\d{2}-\d{2}|\d{1,2}[./-]\d{1,2}[./-]\d{4})",
    re.IGNORECASE,
)
_SURELY_ISSUED = re.compile(
    r"(?:data\s+wystawienia|wystawion[oa](?:\s+dnia)?|date\s+of\s+issue|issue\s+date|invoice\s+date|rechnungsdatum"
    r"|fecha(?:\s+de\s+(?:emisi[oó]n|expedici[oó]n|(?:la\s+)?factura))?|дата(?:\s+(?:выставления|сч[её]та))?)[\s:.]*"
    r"(?P<day>\d{4}-\d{2}-\d{2}|\d{1,2}[./-]\d{1,2}[./-]\d{4})",
    re.IGNORECASE,
)
_MONTHS = 12
_ANY_DAY = re.compile(r"(?<!\d)(\d{4}-\d{2}-\d{2}|\d{1,2}[.]\d{1,2}[.]\d{4})(?!\d)")


def proposed(text: str) -> ClaimedInvoice:
    """Propose the number and the date of an invoice from its text; what is not found, or not sure, stays empty."""
    number, issued_on = _number(text), _issued_on(text)
    found = [name for name, value in (("number", number), ("issued_on", issued_on)) if value]
    return ClaimedInvoice(number=number, issued_on=issued_on, proposed=tuple(found))


def sure(text: str) -> frozenset[str]:
    """Name the fields of which a text says one thing alone: others may be read wrongly, and corrected honestly.

    A number is sure that no other contradicts; a day that stands right behind what calls it that of issue, and whose
    month nobody can take for its day.
    """
    called = [one["day"] for one in _SURELY_ISSUED.finditer(text)]
    days = {_day(one) for one in called}
    agreed = {
        "number": len(set(_numbers(text))) == 1,
        "issued_on": days == {_issued_on(text)} != {None} and not any(map(_ambiguous, called)),
    }
    return frozenset(name for name, one in agreed.items() if one)


def _ambiguous(written: str) -> bool:
    """Tell whether a date may have its month first: with slashes or dashes, where both could be a month."""
    first, second, *_ = (int(part) for part in re.split(r"[./-]", written))
    return "." not in written and first != second and first <= _MONTHS and second <= _MONTHS


def _number(text: str) -> str:
    return next(_numbers(text), "")


def _numbers(text: str) -> Iterator[str]:
    for found in _NUMBERED.finditer(text):
        number = found["number"].strip(" .,-")
        if any(letter.isdigit() for letter in number) and len(number) <= LONGEST_NUMBER:
            yield number


def _issued_on(text: str) -> dt.date | None:
    """Give the date that is called that of issue; else the only one that stands in the text."""
    if (said := _ISSUED.search(text)) is not None:
        return _day(said["day"])
    days = {day for one in _ANY_DAY.findall(text) if (day := _day(one)) is not None}
    return days.pop() if len(days) == 1 else None


def _day(written: str) -> dt.date | None:
    """Read a date; one that could be read with the month first as well is read with the day first, as in Europe."""
    parts = [int(part) for part in re.split(r"[./-]", written)]
    year, month, day = parts if len(written.split("-")[0]) == 4 else parts[::-1]
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None
