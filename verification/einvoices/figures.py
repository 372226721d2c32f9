"""Figures of an e-invoice: exact decimals as they are written, whole numbers of smallest units as they are kept."""

import datetime as dt
import re
from decimal import Decimal
from fractions import Fraction
from typing import overload

from babel.numbers import list_currencies

from app.domain.measures.currencies import decimals_of
from app.domain.measures.exact import half_up_of
from app.domain.measures.money import decimal_text
from verification.einvoices.invoice import BadEInvoice, Reason, reason

MILLI = 3
MICRO = 6

_NUMBER = re.compile(r"[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})", re.ASCII)
_DAY = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:Z|[+-]\d\d:\d\d|T.*)?", re.DOTALL | re.ASCII)
_DIGITS = 18
"""Of a whole number that is kept."""


def decimal(text: str, field: str) -> Decimal:
    """Read a number as XML writes it.

    Raises:
        BadEInvoice: It is none.
    """
    if _NUMBER.fullmatch(text) is None:
        raise BadEInvoice([reason("not_a_number", "block", field=field, found=repr(text[:40]), example="1234.56")])
    return Decimal(text)


def day(text: str, field: str) -> dt.date:
    """Read a date, with or without dashes; an hour or a zone behind it changes nothing.

    Raises:
        BadEInvoice: It is none.
    """
    told = _DAY.fullmatch(text)
    try:
        if told is not None:
            return dt.date(int(told[1]), int(told[2]), int(told[3]))
    except ValueError:
        pass
    raise BadEInvoice([reason("not_a_date", "block", field=field, found=repr(text[:40]), example="2026-12-31")])


def scaled(value: Decimal | Fraction, places: int, field: str) -> int:
    """Give a value times 10 to the power of ``places``, rounded half up, away from zero.

    Raises:
        BadEInvoice: It is larger than any that is kept.
    """
    exact = Fraction(value) * 10**places
    whole = half_up_of(exact.numerator, exact.denominator)
    if abs(whole) >= 10**_DIGITS:
        raise BadEInvoice([reason("number_too_large", "block", field=field, found=str(value)[:40])])
    return whole


def rate_bp(text: str | None, field: str) -> int | None:
    """Read a rate in percent as basis points, none where there is none.

    Raises:
        BadEInvoice: It is no number.
    """
    return None if text is None else scaled(decimal(text.removesuffix("%").strip(), field), 2, field)


class Figures:
    """Turns what one invoice writes into whole numbers, and notes where that is not the same."""

    def __init__(self, currency: str, field: str) -> None:
        """Take the currency; ``field`` is where the invoice says it.

        Raises:
            BadEInvoice: There is no such currency.
        """
        if currency not in list_currencies():
            expected = "a currency such as EUR"
            raise BadEInvoice(
                [reason("no_such_value", "block", field=field, found=repr(currency[:40]), expected=expected)]
            )
        self.currency = currency
        self.decimals: int = decimals_of(currency)
        self.notes: list[Reason] = []

    @overload
    def minor(self, said: str, field: str) -> int: ...
    @overload
    def minor(self, said: None, field: str) -> None: ...
    @overload
    def minor(self, said: str | None, field: str) -> int | None: ...
    def minor(self, said: str | None, field: str) -> int | None:
        """Read an amount in minor units, none where there is none."""
        return None if said is None else self._noted(decimal(said, field), self.decimals, field)

    def milli(self, said: str | None, field: str) -> int:
        """Read a quantity in thousandths, nothing where there is none."""
        return 0 if said is None else self._noted(decimal(said, field), MILLI, field)

    def is_rounded(self, said: str | None, field: str) -> bool:
        """Say whether a quantity has more than thousandths."""
        return said is not None and Fraction(decimal(said, field)) * 10**MILLI % 1 != 0

    def price(self, said: str | None, field: str, per: str | None = None) -> int | None:
        """Read a price in millionths of a minor unit; it may be that of several pieces."""
        if said is None:
            return None
        pieces = decimal(per or "1", field)
        if not pieces:
            raise BadEInvoice([reason("not_a_number", "block", field=field, found=repr(per), example="1")])
        return self.micro(Fraction(Fraction(decimal(said, field)), Fraction(pieces)), field)

    def micro(self, price: Fraction, field: str) -> int:
        """Give a price in millionths of a minor unit."""
        return scaled(price, self.decimals + MICRO, field)

    def share(self, value: Fraction, field: str) -> int:
        """Give an amount in minor units that the invoice leaves to whoever reads it."""
        return scaled(value, self.decimals, field)

    def _noted(self, value: Decimal, places: int, field: str) -> int:
        kept = scaled(value, places, field)
        if Fraction(value) * 10**places != kept:
            taken = decimal_text(kept, places)
            self.notes.append(reason("figure_rounded", "note", field=field, found=str(value), taken=taken))
        return kept
