"""What the text of a PDF says of an invoice: proposals, for somebody to look at, and never more than that."""

import datetime as dt
import re

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
_ANY_DAY = re.compile(r"(?<!\d)(\d{4}-\d{2}-\d{2}|\d{1,2}[.]\d{1,2}[.]\d{4})(?!\d)")


def proposed(text: str) -> ClaimedInvoice:
    """Propose the number and the date of an invoice from its text; what is not found, or not sure, stays empty."""
    number, issued_on = _number(text), _issued_on(text)
    found = [name for name, value in (("number", number), ("issued_on", issued_on)) if value]
    return ClaimedInvoice(number=number, issued_on=issued_on, proposed=tuple(found))


def _number(text: str) -> str:
    for found in _NUMBERED.finditer(text):
        number = found["number"].strip(" .,-")
        if any(letter.isdigit() for letter in number) and len(number) <= LONGEST_NUMBER:
            return number
    return ""


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
