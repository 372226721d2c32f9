"""How numbers and instants are written on pages, the same in every language: thin spaces, decimal point, ISO dates."""

import datetime as dt
import re
import unicodedata
import zoneinfo

from app.domain.money import decimal_text
from app.web.context import scope

THIN = "\u202f"
"""A narrow space at which no line breaks."""

MINUS = "\u2212"

_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,5}$")


def figure(value: int, decimals: int = 0, *, signed: bool = False) -> str:
    """Write smallest units for people: 1234567 with two decimals is 12 345.67; ``signed`` writes a plus as well."""
    whole, point, part = decimal_text(abs(value), decimals).partition(".")
    grouped = f"{int(whole):,}".replace(",", THIN)
    sign = MINUS if value < 0 else "+" if signed and value > 0 else ""
    return f"{sign}{grouped}{point}{part}"


def points(value: int, *, signed: bool = False) -> str:
    """Write points of the page's programme."""
    return figure(value, scope().program.point_decimals, signed=signed)


def money(minor: int, *, signed: bool = False) -> str:
    """Write an amount in the currency of the page's programme, without its code."""
    return figure(minor, scope().program.currency_decimals, signed=signed)


def quantity(milli: int) -> str:
    """Write a quantity, with the decimals that it has."""
    text = figure(milli, 3)
    return text.rstrip("0").rstrip(".")


def instant(at: dt.datetime) -> str:
    """Write an instant as date and minute, in the time zone of the page's programme."""
    return at.astimezone(zoneinfo.ZoneInfo(scope().program.time_zone)).strftime("%Y-%m-%d %H:%M")


def duration(seconds: float) -> str:
    """Write how long something took or takes, in the two largest units that matter."""
    if seconds < 10:
        return f"{seconds:.1f}{THIN}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}{THIN}s"
    minutes, second = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}{THIN}min {second}{THIN}s"
    hours, minute = divmod(minutes, 60)
    return f"{hours}{THIN}h {minute}{THIN}min"


def size(count: int) -> str:
    """Write a file's size."""
    if count < 1000:
        return f"{count}{THIN}B"
    for unit in ("kB", "MB"):
        count = round(count / 1000)
        if count < 1000:
            return f"{figure(count)}{THIN}{unit}"
    return f"{figure(round(count / 1000))}{THIN}GB"


def file_stem(name: str) -> str:
    """Make of a name that somebody gave a file one that is safe to give: letters, digits, and what joins them."""
    stem = _SUFFIX.sub("", unicodedata.normalize("NFKC", name))
    kept = "".join(letter if unicodedata.category(letter)[0] in "LN" or letter in "-_" else " " for letter in stem)
    return "-".join(kept.split())[:60].strip("-_") or "import"
