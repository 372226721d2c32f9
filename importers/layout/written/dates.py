"""Dates as people write them: which orders of day, month and year a text allows, and which order a column proves."""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from app.domain.program_file.import_profile import DATE_ORDERS
from importers.layout.words.around import MONTH_OF, ROMAN, WEEKDAY_OF

_TIME = re.compile(
    r"(?P<day>.*?)[ T,]\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::\d{2}(?:[.,]\d+)?)?\s*(?P<half>[ap]\.?\s?m\.?)?"
    r"(?:\s?(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2}))?",
    re.IGNORECASE,
)
_PARTED = re.compile(r"(\d{1,4})\s?([./\-\s])\s?(\d{1,2})\s?\2\s?(\d{1,4})\.?")
_WEEKDAY = re.compile(rf"^({'|'.join(WEEKDAY_OF)})[.,\s]+(?=\S)", re.IGNORECASE)
_RUN = re.compile(r"(?P<day>\d{6,8})|(?P<whole>\d{8})T?(?P<hour>\d{2})(?P<minute>\d{2})\d{2}Z?", re.IGNORECASE)
_JOINED = re.compile(r"(\d{1,2})([^\W\d]{3,})(\d{4}|\d{2})")
_NAMED = re.compile(r"(\d{1,4}|[^\W\d]+)\.?[\s./,\-]*(\d{1,2}|[^\W\d]+)\.?[\s./,\-]+(?:de[l]?\s+)?(\d{1,4})")
_BEHIND = re.compile(r"[\s,]*(?:г|год|года|r|roku|z)\.?$", re.IGNORECASE)
_SIX_DIGITS = re.compile(r"\d{6}")
_FIVE_DIGITS = re.compile(r"\d{5}")
_WEEK = re.compile(r"(\d{4})-?w(\d{2})-?([1-7])", re.IGNORECASE)
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2212"), "-")
_SERIAL = re.compile(r"\d{5}(?:[.,]\d+)?")
_SERIALS = range(32_874, 73_416)  # 1990 to 2100
_LIKELY_SERIALS = range(32_874, 50_100)  # 1990 to 2037
_MOST_YEARS = 2
_FIRST_SERIAL = dt.date(1899, 12, 30)
_DAYS_TO_1904 = (dt.date(1904, 1, 1) - _FIRST_SERIAL).days
_SHORT_YEARS_FROM = 69
"""Of two digits: 69 is 1969 and 68 is 2068, as strptime has it."""
_YEARS = range(1900, 2200)
_MANY_YEARS = 3
_MOST_SHOWN = 3
_LEAST_OTHERS = 2
_MOST_MONTHS = 12
_LEAST_OF_EACH = 3
_LONGEST = 64
"""No date is longer; a text of pages, which patterns would be tried on again and again, is none."""


@dataclass(frozen=True)
class Moment:
    """What a text says in each order that it allows: a day; and a time of day where it tells one (minutes).

    ``ahead`` are the minutes by which that time is ahead of UTC, where the text tells them.
    """

    days: dict[str, dt.date]
    minute: int | None = None
    short: bool = False
    ahead: int | None = None

    @property
    def same(self) -> bool:
        """Say whether all orders mean the same day."""
        return len(self.days) == len(DATE_ORDERS) and len(set(self.days.values())) == 1


@dataclass(frozen=True)
class Proof:
    """What a column's dates say about their order.

    Attributes:
        allowed: the orders that every date allows.
        needed: whether any date can be read in more ways than one.
        examples: some of the dates that do not tell.
        years: by order, the years of the dates that write them with two digits, as in 15.01.26; none: no date does.
    """

    allowed: tuple[str, ...]
    needed: bool
    examples: tuple[str, ...] = ()
    years: Mapping[str, frozenset[int]] = field(default_factory=dict)

    @property
    def orders(self) -> tuple[str, ...]:
        """Give the orders that are likely; one: it is proved. More: nobody can tell.

        A year of two digits stands behind only where the dates would else be further apart: 15.01.26 and 16.01.26 are
        of one year. Of one day alone nobody can tell.
        """
        others = tuple(order for order in self.allowed if order != "ymd")
        if not others or not self.years or any(self.apart("ymd") <= self.apart(order) for order in others):
            return self.allowed
        return others

    def apart(self, order: str) -> int:
        """Count the years between the first and the last of the dates with two digits for the year, in an order."""
        years = self.years.get(order, frozenset())
        return max(years) - min(years) if years else 0

    @property
    def order(self) -> str | None:
        """Give the order where it is proved, or does not matter."""
        if not self.needed:
            return DATE_ORDERS[0]
        return self.orders[0] if len(self.orders) == 1 else None


def read_moment(text: str) -> Moment:
    """Read a text in every order that makes it a date."""
    text = " ".join(text.split()).removeprefix("'").translate(_DASHES)
    if len(text) > _LONGEST:
        return Moment({})
    timed = _TIME.fullmatch(text)
    if timed is None:
        return _read_day(text, None)
    minute = _minute(timed)
    if minute is None:
        return Moment({})
    return replace(_read_day(timed["day"].rstrip(" ,"), minute), ahead=_ahead(timed["zone"]))


def _read_day(text: str, minute: int | None) -> Moment:
    """Read a day; of its orders those on whose day the weekday before it falls, where it falls on any."""
    named = _WEEKDAY.match(text)
    if named is None:
        return _read_bare(text, minute)
    moment = _read_bare(text[named.end() :], minute)
    weekday = WEEKDAY_OF[named[1].casefold()]
    meant = {order: day for order, day in moment.days.items() if day.weekday() == weekday}
    return replace(moment, days=meant or moment.days)


def _read_bare(text: str, minute: int | None) -> Moment:
    text = _BEHIND.sub("", text)
    if parted := _PARTED.fullmatch(text):
        first, _, second, third = parted.groups()
        days, short = _of_parts(first, second, third), len(first) <= 2 and len(third) <= 2
        return Moment(days, minute, short and parted[2] not in "-")
    if run := _RUN.fullmatch(text):
        return _of_digits(run, minute)
    day = _named(text) or _serial(text) or _of_week(text)
    return Moment(dict.fromkeys(DATE_ORDERS, day) if day else {}, minute)


def proof(texts: Iterable[str]) -> Proof:
    """Find the orders that all dates of a column allow. What is no date in any order is not asked."""
    allowed = set(DATE_ORDERS)
    needed = False
    doubtful: list[str] = []
    years: defaultdict[str, set[int]] = defaultdict(set)
    for text in with_zeros(texts):
        moment = read_moment(text)
        if not moment.days or moment.same:
            continue
        needed = True
        allowed &= set(moment.days)
        for order, day in moment.days.items() if moment.short else ():
            years[order].add(day.year)
        if len(moment.days) > 1:
            doubtful.append(text)
    return Proof(
        tuple(order for order in DATE_ORDERS if order in allowed),
        needed,
        tuple(islice(doubtful, _MOST_SHOWN)),
        {order: frozenset(of) for order, of in years.items()},
    )


def written_otherwise(texts: Sequence[str], order: str) -> tuple[str, tuple[str, ...]] | None:
    """Give an order in which dates of a column surely are, and some that this ``order`` does not allow; else None.

    Those that allow both would be read as other days than they are. Where some prove the one and others the other, as
    where a program of another country has swapped what it took for days, two are no slips.
    """
    read = [(text, read_moment(text)) for text in with_zeros(texts)]
    told = [(text, moment) for text, moment in read if moment.days and not moment.same]
    others = [(text, moment) for text, moment in told if order not in moment.days]
    if not others or not any(order in moment.days and len(moment.days) > 1 for _, moment in told):
        return None
    found = next((one for one in DATE_ORDERS if all(one in moment.days for _, moment in others)), None)
    whole = found is not None and all(found in moment.days for _, moment in told)
    if found is None or not (whole or len(others) >= _LEAST_OTHERS):
        return None
    return found, tuple(islice((text for text, _ in others), _MOST_SHOWN))


def with_zeros(texts: Iterable[str]) -> list[str]:
    """Give the texts of a column with the zeros that number cells lost: beside 270419 stands 50719, which is 050719.

    Alone five digits are a day as spreadsheets count them, unless not all of them can be: 10226 beside 90226 are
    days of the first week of a month, and their years are the same.
    """
    found = [text.strip() for text in texts]
    if not any(_SIX_DIGITS.fullmatch(text) and read_moment(text).days for text in found) and not _lost_zeros(found):
        return found
    return [text.zfill(6) if _FIVE_DIGITS.fullmatch(text) else text for text in found]


def _lost_zeros(texts: Sequence[str]) -> bool:
    """Say whether five digits, which all of these are, are days of six whose zero was lost, and no days as counted."""
    if not texts or not all(map(_FIVE_DIGITS.fullmatch, texts)) or all(int(text) in _LIKELY_SERIALS for text in texts):
        return False
    read = [_of_six(text.zfill(6)).keys() & {"dmy", "mdy"} for text in texts]
    return all(read) and len({text[-2:] for text in texts}) <= _MOST_YEARS


@dataclass(frozen=True)
class Agreed:
    """What the columns of one file prove together, and the column to ask about where that is not enough."""

    proof: Proof
    asked: str


def agreed(proofs: Mapping[str, Proof]) -> Agreed:
    """Find the orders that all columns of a file allow: one program wrote it. Where they contradict there is none.

    Args:
        proofs: what each column says by itself, by its name.
    """
    asking = {name: one for name, one in proofs.items() if one.needed}
    allowed = tuple(order for order in DATE_ORDERS if all(order in one.allowed for one in asking.values()))
    open_ones = [name for name, one in asking.items() if one.order is None] or [*asking, *proofs, ""]
    examples = proofs[open_ones[0]].examples if proofs else ()
    return Agreed(Proof(allowed, bool(asking), examples, _years_of_all(proofs.values())), open_ones[0])


def _years_of_all(proofs: Iterable[Proof]) -> dict[str, frozenset[int]]:
    found: dict[str, frozenset[int]] = {}
    for one in proofs:
        found |= {order: found.get(order, frozenset()) | of for order, of in one.years.items()}
    return found


def years_in_front(texts: Sequence[str], order: str) -> tuple[str, ...]:
    """Give some dates of documents that surely have a year of two digits in front, and not where ``order`` has it.

    26.01.15, 26.01.16, 26.01.17 are days of one month, and no days of three years.
    """
    proved = proof(texts)
    of_one_year = "ymd" in proved.allowed and len(proved.years.get("ymd", ())) == 1
    surely = of_one_year and len(proved.years.get(order, ())) >= _MANY_YEARS
    return proved.examples if surely else ()


def perhaps_swapped(cells: Sequence[str], written: Sequence[str], order: str) -> bool:
    """Say whether a spreadsheet program may have taken the months of a column's date cells for days.

    A program of another country makes cells of what is a date its own way, such as 03/10/2019, and leaves 07/26/2019
    as text. So no cell has a day beyond the 12th, and every text has: by chance that is seldom so.

    Args:
        cells: distinct dates of cells, in ISO form.
        written: distinct dates that stand in text.
        order: of these.
    """
    if order not in ("dmy", "mdy") or min(len(cells), len(written)) < _LEAST_OF_EACH:
        return False
    if any(int(one[8:10]) > _MOST_MONTHS for one in cells) or all(one[8:10] == one[5:7] for one in cells):
        return False
    return all(read_moment(one).days.keys() == {order} for one in written)


def since_1904(text: str) -> str:
    """Write the number of a day that counts from 1904 in ISO form; any other text as it is."""
    days = int(text[:5]) + _DAYS_TO_1904 if _SERIAL.fullmatch(text) else 0
    return (_FIRST_SERIAL + dt.timedelta(days=days)).isoformat() if days in _SERIALS else text


def _minute(timed: re.Match[str]) -> int | None:
    hour, minute = int(timed["hour"]), int(timed["minute"])
    if timed["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if timed["half"][0] in "pP" else 0)
    return hour * 60 + minute if hour < 24 and minute < 60 else None


def _ahead(zone: str | None) -> int | None:
    """Give the minutes by which a zone is ahead of UTC: +0130 is 90."""
    if zone is None or zone[0] not in "+-":
        return None if zone is None else 0
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    return -minutes if zone[0] == "-" else minutes


def _of_parts(first: str, second: str, third: str) -> dict[str, dt.date]:
    if len(first) > 2:  # a year that comes first in full is followed by the month, whatever the order of others
        return _orders(dict.fromkeys(DATE_ORDERS, (first, second, third))) if len(third) <= 2 else {}
    ways = {"dmy": (third, second, first), "mdy": (third, first, second)}
    return _orders(ways | ({"ymd": (first, second, third)} if len(third) <= 2 else {}))


def _of_digits(run: re.Match[str], minute: int | None) -> Moment:
    """Read a day, and a time where one follows, without anything between. Of 01072019 a number cell leaves 1072019."""
    if run["day"] is not None:
        day = run["day"]
        return Moment(_of_six(day) if len(day) == 6 else _of_run(day.zfill(8)), minute)
    told = int(run["hour"]) * 60 + int(run["minute"]) if int(run["hour"]) < 24 and int(run["minute"]) < 60 else None
    return Moment({} if told is None or minute is not None else _of_run(run["whole"]), told)


def _of_run(text: str) -> dict[str, dt.date]:
    """Read eight digits: where they are a day in one way only, the order does not matter."""
    found = _orders({"ymd": (text[:4], text[4:6], text[6:]), "dmy": (text[4:], text[2:4], text[:2])})
    found |= _orders({"mdy": (text[4:], text[:2], text[2:4])})
    # a year in front is no order of day and month; 27042019 is one, and proves it for 01042019
    return dict.fromkeys(DATE_ORDERS, *found.values()) if found.keys() == {"ymd"} else found


def _of_six(text: str) -> dict[str, dt.date]:
    """Read six digits: banks put the year in front, others behind, and 270419 may be either."""
    first, second, third = text[:2], text[2:4], text[4:]
    return _orders({"dmy": (third, second, first), "mdy": (third, first, second), "ymd": (first, second, third)})


def _orders(ways: dict[str, tuple[str, str, str]]) -> dict[str, dt.date]:
    found = {order: _day(*parts) for order, parts in ways.items()}
    return {order: day for order, day in found.items() if day is not None}


def _day(year: str, month: str | int, day: str) -> dt.date | None:
    full = _year(year)
    if full is None:
        return None
    try:
        return dt.date(full, int(month), int(day))
    except ValueError:
        return None


def _year(text: str) -> int | None:
    year = int(text)
    if len(text) == 4:
        return year if year in _YEARS else None
    if len(text) != 2:
        return None
    return year + (1900 if year >= _SHORT_YEARS_FROM else 2000)


def _named(text: str) -> dt.date | None:
    """Read a date whose month has a name: there the order does not matter."""
    text = text.casefold()
    if (joined := _JOINED.fullmatch(text)) and joined[2] in MONTH_OF:
        return _day(joined[3], MONTH_OF[joined[2]], joined[1])
    named = _NAMED.fullmatch(re.sub(r"(?<=\d)(?:st|nd|rd|th|er)\b|\bde[l]?\b", " ", text).strip())
    if named is None:
        return None
    first, second, third = named.groups()
    month = MONTH_OF.get(second) or ROMAN.get(second)
    if month is not None and first.isdigit():
        if len(first) == 4:
            return _day(first, month, third) if len(third) <= 2 else None
        return _day(third, month, first) if len(first) <= 2 else None
    if first in MONTH_OF and second.isdigit():
        return _day(third, MONTH_OF[first], second)
    return None


def _of_week(text: str) -> dt.date | None:
    """Read the day of a week: 2024-W11-5. A week alone is no day."""
    said = _WEEK.fullmatch(text)
    if said is None or int(said[1]) not in _YEARS:
        return None
    try:
        return dt.date.fromisocalendar(*map(int, said.groups()))
    except ValueError:
        return None


def _serial(text: str) -> dt.date | None:
    """Read a number as spreadsheets keep days: what an export writes that forgot that it has dates."""
    if not _SERIAL.fullmatch(text) or int(text[:5]) not in _SERIALS:
        return None
    return _FIRST_SERIAL + dt.timedelta(days=int(text[:5]))
