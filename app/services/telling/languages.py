"""How numbers, dates and durations are written, and typed, in each language that Kontor speaks.

Amounts are whole numbers of smallest units on both ways. What somebody types is read strictly: a text that may be
another number in another language is refused, for `1.500` is a thousand and a half here and one and a half there. A
lone separator before one or two digits parts decimals everywhere: phones often offer a point alone.
"""

import datetime as dt
import functools
import re
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import format_currency, get_decimal_symbol, get_group_symbol

LANGUAGES: Mapping[str, str] = {"en": "English", "pl": "Polski", "es": "Español", "ru": "Русский"}
"""Languages that every text is in, each by its own name."""

DEFAULT = "en"
NARROW = "\u202f"
"""A narrow space at which no line breaks."""
MINUS = "\u2212"

_TERRITORY = {"en": "en_GB"}  # English dates with the day first, and 24 hours: nobody mistakes the month
_UNITS = {
    "en": ("s", "min", "h"),
    "pl": ("s", "min", "godz."),
    "es": ("s", "min", "h"),
    "ru": ("с", "мин", "ч"),
}
_SIZES = {"ru": ("Б", "кБ", "МБ", "ГБ")}
_SPACES = re.compile(r"[ \u00a0\u2009\u202f]")
_LONE_SEPARATOR = re.compile(r"(-?)([0-9]{1,15}|[0-9]{1,3}(?: [0-9]{3}){1,4})[.,]([0-9]{1,2})")
_STORED_DAY = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")
_STORED_AMOUNT = re.compile(r"-?[0-9]{1,15}\.([0-9]{1,6})")
_ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")


class NotANumber(ValueError):
    """A typed text is no number in the language; ``example`` is one that would be."""

    def __init__(self, example: str) -> None:
        """Say how a number is written."""
        self.example = example
        super().__init__(f"expected a number such as {example}")


class TooLarge(NotANumber):
    """A typed text is a number, and has more figures than any amount here."""


class TooManyDecimals(ValueError):
    """A typed number has more decimals than there are smallest units."""

    def __init__(self, decimals: int) -> None:
        """Say how many there may be."""
        self.decimals = decimals
        super().__init__(f"expected at most {decimals} decimals")


class NotADay(ValueError):
    """A typed text is no date in the language; ``example`` is one that would be."""

    def __init__(self, example: str) -> None:
        """Say how a date is written."""
        self.example = example
        super().__init__(f"expected a date such as {example}")


@dataclass(frozen=True)
class Writing:
    """One language's way of writing. Get one from `writing`."""

    language: str
    locale: Locale
    decimal: str
    group: str

    def figure(self, value: int, decimals: int = 0, *, signed: bool = False) -> str:
        """Write smallest units: 1234567 with two decimals is 12,345.67; ``signed`` writes a plus as well."""
        whole, part = divmod(abs(value), 10**decimals)
        grouped = f"{whole:,}".replace(",", self.group)
        sign = MINUS if value < 0 else "+" if signed and value > 0 else ""
        return f"{sign}{grouped}{self.decimal}{part:0{decimals}}" if decimals else f"{sign}{grouped}"

    def plain(self, value: int, decimals: int) -> str:
        """Write smallest units with the decimals that they have: 1250000 with six is 1.25."""
        text = self.figure(value, decimals)
        return text.rstrip("0").rstrip(self.decimal) if decimals else text

    def quantity(self, milli: int) -> str:
        """Write a quantity, with the decimals that it has."""
        return self.plain(milli, 3)

    def cash(self, minor: int, decimals: int, currency: str, *, signed: bool = False) -> str:
        """Write an amount with its currency, where the language puts it."""
        sign = MINUS if minor < 0 else "+" if signed and minor > 0 else ""
        return sign + self.with_currency(self.figure(abs(minor), decimals), currency)

    def with_currency(self, figure: str, currency: str) -> str:
        """Put a currency to a written figure, where the language puts it."""
        before, after = _currency_around(self.language, currency)
        return f"{before}{figure}{after}"

    def share(self, basis_points: int) -> str:
        """Write a share given in hundredths of a per cent: 840 is 8.4 %."""
        text = self.plain(basis_points, 2)
        return f"{text}{NARROW}%" if self.language != "en" else f"{text}%"

    def day(self, day: dt.date) -> str:
        """Write a date: 19 Nov 2026."""
        return _day(self.language, day)

    def month(self, day: dt.date) -> str:
        """Write the month of a date: Nov 2026."""
        return _month(self.language, day)

    def instant(self, at: dt.datetime, time_zone: str) -> str:
        """Write an instant as date and minute in a time zone."""
        there = at.astimezone(_zone(time_zone))
        return f"{self.day(there.date())}, {there.hour:02}:{there.minute:02}"

    def duration(self, seconds: float) -> str:
        """Write how long something took or takes, in the two largest units that matter."""
        s, m, h = _UNITS[self.language]
        if seconds < 10:
            return f"{self.figure(round(seconds * 10), 1)}{NARROW}{s}"
        whole = round(seconds)
        if whole < 60:
            return f"{whole}{NARROW}{s}"
        minutes, second = divmod(whole, 60)
        if minutes < 60:
            return f"{minutes}{NARROW}{m} {second}{NARROW}{s}"
        hours, minute = divmod(minutes, 60)
        return f"{hours}{NARROW}{h} {minute}{NARROW}{m}"

    def size(self, count: int) -> str:
        """Write the size of a file."""
        small, *larger = _SIZES.get(self.language, ("B", "kB", "MB", "GB"))
        if count < 1000:
            return f"{count}{NARROW}{small}"
        for unit in larger:
            count = round(count / 1000)
            if count < 1000 or unit == larger[-1]:
                break
        return f"{self.figure(count)}{NARROW}{unit}"

    def stored(self, value: Any) -> Any:
        """Write what fills a stored reason, a day or an amount as files have it, as people do; anything else stays."""
        if isinstance(value, str) and _STORED_DAY.fullmatch(value):
            return self.day(dt.date.fromisoformat(value))
        if isinstance(value, str) and (amount := _STORED_AMOUNT.fullmatch(value)):
            return self.figure(int(value.replace(".", "")), len(amount[1]))
        return value

    def read(self, text: str, decimals: int) -> int:
        """Read a typed number into smallest units.

        The decimals stand behind this language's separator. One or two may stand behind the other one as well, where it
        is the only one: `1051.98` is no thousands in any language. Three may be, and are read as the language has them.

        Raises:
            NotANumber: It is none in this language.
            TooLarge: It has more than fifteen figures before its decimals.
            TooManyDecimals: It has more decimals than ``decimals``.
        """
        typed = _SPACES.sub(" ", text.strip().replace(MINUS, "-"))
        grouped = rf"[0-9]{{1,3}}(?:[{self.group} ][0-9]{{3}}){{1,4}}"
        match = re.fullmatch(rf"(-?)([0-9]{{1,15}}|{grouped})(?:{re.escape(self.decimal)}([0-9]+))?", typed)
        match = match or _LONE_SEPARATOR.fullmatch(typed)
        if match is None:
            example = self.figure(1_248_050, 2) if decimals else self.figure(12_480)
            long = rf"-?(?:[0-9]{{16,}}|[0-9]{{1,3}}(?:[{self.group} ][0-9]{{3}}){{5,}})(?:[{self.decimal}.,][0-9]*)?"
            raise (TooLarge if re.fullmatch(long, typed) else NotANumber)(example)
        sign, whole, part = match.group(1), re.sub(r"[^0-9]", "", match.group(2)), (match.group(3) or "").rstrip("0")
        if len(part) > decimals:
            raise TooManyDecimals(decimals)
        return int(f"{sign}{whole}{part.ljust(decimals, '0')}")

    def read_day(self, text: str) -> dt.date:
        """Read a typed date: year-month-day, or the language's own order in figures.

        Raises:
            NotADay: It is neither.
        """
        typed = text.strip()
        iso = _ISO_DAY.fullmatch(typed)
        parts = [int(part) for part in re.split(r"[./-]", typed)] if re.fullmatch(r"[\d./-]{5,10}", typed) else []
        try:
            if iso:
                return dt.date(*map(int, iso.groups()))
            day, month, year = parts  # the day comes first in every language here
            if year < 1000:
                raise ValueError
            return dt.date(year, month, day)
        except ValueError:
            raise NotADay(self.day_typed(dt.date(2026, 3, 31))) from None

    def day_typed(self, day: dt.date) -> str:
        """Write a date as it is typed: 31.03.2026."""
        separator = "/" if self.language in ("en", "es") else "."
        return day.strftime(f"%d{separator}%m{separator}%Y")


@functools.cache
def writing(language: str) -> Writing:
    """Give a language's way of writing; of a language that Kontor does not speak, the English one."""
    known = language if language in LANGUAGES else DEFAULT
    locale = Locale.parse(_TERRITORY.get(known, known))
    group = get_group_symbol(locale)
    return Writing(known, locale, get_decimal_symbol(locale), NARROW if group == "\u00a0" else group)


@functools.cache
def _zone(name: str) -> zoneinfo.ZoneInfo:
    return zoneinfo.ZoneInfo(name)


@functools.cache
def _currency_around(language: str, currency: str) -> tuple[str, str]:
    pattern = format_currency(Decimal(1), currency, locale=writing(language).locale)
    before, _, after = re.split(r"(1(?:[.,]0+)?)", pattern, maxsplit=1)
    # a code of letters stands off its figure in every language
    return before + NARROW if before[-1:].isalpha() else before, after


@functools.lru_cache(4096)
def _day(language: str, day: dt.date) -> str:
    return str(format_date(day, "medium", writing(language).locale))


@functools.lru_cache(1024)
def _month(language: str, day: dt.date) -> str:
    return str(format_skeleton("yMMM", day, locale=writing(language).locale))
