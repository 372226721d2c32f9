"""Months side by side: a matrix of products and months becomes lines, each of the document of its month."""

import calendar
import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.domain.program_file.import_profile import Months
from app.domain.saying.wording import Told, marked, together
from importers.layout.tables.header import JOINT, keys_of, name_key
from importers.layout.words.around import MONTH_OF, ROMAN, SAYS_MONTHS, TOTAL
from importers.layout.words.synonyms import names_of, spoken
from importers.layout.written.numbers import PIECES

_ = marked
MONTH = "Month"
"""The column that says of which month a line is."""
QUANTITY = "Quantity"

_NUMBERED = (
    re.compile(r"(?P<year>\d{4})[-./ ](?P<month>\d{1,2})(?:-\d{2}(?:[ T]00:00:00)?)?"),
    re.compile(r"(?:01[./-])?(?P<month>\d{1,2})[-./ ](?P<year>\d{4})"),
)
_NAMED = re.compile(r"(?P<name>[^\W\d]+)\.?(?:[-./' ]*(?P<year>\d{4}|\d{2}))?(?:\s*(?:г|r|год)\.?)?")
_YEAR = re.compile(r"(?:19|20)\d{2}")
_OF_YEAR = r"(?:(?P<before>\d{4})[-./' ]*)?"
_LETTERED = re.compile(rf"{_OF_YEAR}m(?P<month>\d{{1,2}})(?:[-./' ]*(?P<after>\d{{4}}))?")
_ROMAN = re.compile(rf"{_OF_YEAR}(?P<month>{'|'.join(ROMAN)})\.?(?:[-./' ]+(?P<after>\d{{4}}))?")
_BARE = re.compile(r"(?P<month>\d{1,2})")
_NOTHING = r"^\s*[-\x{2013}\x{2014}]?\s*(?:0+(?:[.,]0+)?)?\s*$"
"""What stands in the cell of a month in which nothing was sold."""
_QUARTERS, _A_ROW = 4, 3
"""Roman numerals up to IV may be quarters; and so many months in a row are no chance."""
_LAST = 12
_AGAIN = re.compile(r" \(\d+\)$")
"""Behind the name of a column whose name stands in the header before."""
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})[-./' ]+(?P<name>[^\W\d]+)\.?")


_Reader: TypeAlias = Callable[[str], tuple[int | None, int] | None]


@dataclass(frozen=True)
class MonthColumn:
    """A column of a month: its name, the month (year and number; no year where none is named), what is over it."""

    name: str
    year: int | None
    month: int
    label: str

    def text(self, year: int | None) -> str:
        """Give the month as its documents are numbered."""
        return f"{self.year or year:04}-{self.month:02}"


def read_month(text: str) -> tuple[int | None, int] | None:
    """Read the name of a month, with its year where it has one."""
    text = " ".join(text.split()).casefold()
    for form in _NUMBERED:
        if (said := form.fullmatch(text)) and 1 <= int(said["month"]) <= 12:
            return int(said["year"]), int(said["month"])
    said = _YEAR_FIRST.fullmatch(text) or _NAMED.fullmatch(text)
    if said is None or said["name"] not in MONTH_OF:
        return None
    year = said["year"]
    full = None if year is None else int(year) + (2000 if len(year) == 2 else 0)
    return full, MONTH_OF[said["name"]]


def may_be_month(text: str) -> bool:
    """Tell whether a name may be that of a month, where others beside it are too."""
    return any(reader(text) is not None for reader in (read_month, _read_lettered, _read_roman))


def may_be_of_month(text: str) -> bool:
    """Tell whether a part of the name of a month's column may say which month it is: its name, number, or year."""
    return may_be_month(text) or _read_bare(text) is not None or _YEAR.fullmatch(text) is not None


def _read_lettered(text: str) -> tuple[int | None, int] | None:
    """Read the number of a month as statistics offices write it: M01, 2019M01."""
    return _read_number(_LETTERED, text)


def _read_roman(text: str) -> tuple[int | None, int] | None:
    """Read the number of a month as Polish and Russian offices write it: VIII, VIII 2019."""
    return _read_number(_ROMAN, text)


def _read_bare(text: str) -> tuple[int | None, int] | None:
    """Read the number of a month that stands alone, below its year or beside the other ones: 01, 1."""
    return _read_number(_BARE, text)


def _read_number(form: re.Pattern[str], text: str) -> tuple[int | None, int] | None:
    said = form.fullmatch(" ".join(text.split()).casefold())
    if said is None:
        return None
    years = said.groupdict()
    month, year = ROMAN.get(said["month"]) or int(said["month"]), years.get("before") or years.get("after")
    return (None if year is None else int(year), month) if 1 <= month <= 12 else None


def month_columns(names: Sequence[str], *, told: bool = False) -> list[MonthColumn]:
    """Find the columns of months: a name that is a month, alone or joined with what is over the month's columns.

    Where none has a name, numbers such as M01 and VIII are months if there are some in a row, and roman ones if they
    go beyond those of quarters; bare ones, which may be those of weeks or days, if they are all twelve below a year.
    Where it is ``told`` that months stand in the header, numbers are.
    """
    if found := _months_among(names, read_month):
        return found
    if (found := _months_among(names, _read_lettered)) and (told or _follow_each_other(found)):
        return found
    found = _months_among(names, _read_roman)
    if found and (told or (_follow_each_other(found) and max(one.month for one in found) > _QUARTERS)):
        return found
    found = [] if _go_on(names) else _months_among(names, _read_bare)
    whole = any(year is not None and len(months) == _LAST for year, months in _by_year(found).items())
    return found if told or whole else []


def _go_on(names: Sequence[str]) -> bool:
    """Say whether bare numbers go beyond those of months, as the weeks of a year do, or the days of a month."""
    bare = (part for name in names for part in _AGAIN.sub("", name).split(JOINT) if _BARE.fullmatch(part))
    return any(_read_bare(one) is None for one in bare)


def say_months(header: Sequence[Sequence[str]], above: Sequence[Sequence[str]]) -> bool:
    """Tell whether a cell of a header, or above it, says that what stands there are months.

    Above it, no figures stand beside that: ``Miesiąc: | 01.2026`` is the month of the whole report.
    """
    without_figures = [row for row in above if not any(sign.isdigit() for cell in row for sign in cell)]
    return any(SAYS_MONTHS.fullmatch(cell) for row in (*header, *without_figures) for cell in row if cell)


def number_months(years: Sequence[str], numbers: Sequence[str]) -> bool:
    """Say whether a row has nothing but numbers of months, and sums, where the row above has years over several."""
    first = next((at for at, cell in enumerate(years) if _YEAR.fullmatch(cell)), None)
    return first is not None and all(_read_bare(cell) or is_sum(cell) for cell in numbers[first:] if cell)


def _follow_each_other(found: Sequence[MonthColumn]) -> bool:
    """Say whether months are some in a row: all of them, or those of each year."""
    several = list(_by_year(found).values())
    through = {(one.year or 0) * 12 + one.month for one in found}
    return any(
        all(max(one) - min(one) < len(one) for one in rows) and any(len(one) >= _A_ROW for one in rows)
        for rows in ([through], several)
        if rows
    )


def _by_year(found: Sequence[MonthColumn]) -> dict[int | None, set[int]]:
    years: dict[int | None, set[int]] = {}
    for one in found:
        years.setdefault(one.year, set()).add(one.month)
    return years


def _months_among(names: Sequence[str], reader: _Reader) -> list[MonthColumn]:
    found = []
    for name in names:
        parts = [piece for part in _AGAIN.sub("", name).split(JOINT) for piece in _apart(part, reader)]
        read = [reader(part) for part in parts]
        month = next((one for one in read if one is not None), None)
        if month is None:
            continue
        others = [part for part, one in zip(parts, read, strict=True) if one is None]
        year = month[0] or next((int(part) for part in others if _YEAR.fullmatch(part)), None)
        label = JOINT.join(part for part in others if not _YEAR.fullmatch(part))
        found.append(MonthColumn(name, year, month[1], label))
    return found


def is_sum(name: str) -> bool:
    """Say whether a column adds up others: it is neither a month nor what a line is of."""
    return TOTAL.match(name) is not None


def _apart(text: str, reader: _Reader) -> list[str]:
    """Part a name such as "sty 2026 szt." into its month, with a year, and what stands before or behind it."""
    if reader(text) is not None:
        return [text]  # a cell that is a day has a time, which is nothing of its own
    words = text.split()
    for size in range(len(words) - 1, 0, -1):
        for month, rest in ((words[:size], words[size:]), (words[-size:], words[:-size])):
            read = reader(" ".join(month))
            if read is not None and (read[0] is not None or _says_what(" ".join(rest))):
                return [" ".join(month), " ".join(rest)]
    return [text]


def _says_what(text: str) -> bool:
    """Say whether a text beside a month without a year says what stands below it: pieces, or amounts."""
    last = text.split(" ")[-1].casefold().rstrip(".")
    named = names_of("sales")
    return last in PIECES or any(spoken(text) in named[one] for one in ("quantity", "net_amount", "gross_amount"))


def beside_months(names: Sequence[str], found: Sequence[MonthColumn]) -> list[str]:
    """Name what stands behind the first column of a month, and is neither one nor a sum: a month written wrongly?"""
    months = {one.name for one in found}
    first = next((at for at, name in enumerate(names) if name in months), len(names))
    return [name for name in names[first:] if name not in months and not is_sum(name)]


@dataclass(frozen=True)
class Unpivoted:
    """Lines of a matrix: its cells, the place of each line's row, which month of ``months`` it is of.

    ``came`` tells from which column of the matrix the cells of a column by month came, month by month.
    """

    cells: pa.Table
    row: np.ndarray
    month: np.ndarray
    months: list[str]
    columns: dict[str, str]
    came: dict[str, list[str]]

    def marked(self, marks: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Give what was marked of the rows of the matrix, by column, for its lines."""
        nothing = np.zeros(len(self.row), dtype=bool)
        found = {name: marked[self.row] for name, marked in marks.items() if name in self.cells.column_names}
        for name, columns in self.came.items():
            of_lines = nothing.copy()
            for month, column in enumerate(columns):
                if column in marks:
                    here = self.month == month
                    of_lines[here] = marks[column][self.row[here]]
            if of_lines.any():
                found[name] = of_lines
        return found


class NoMonths(Told):
    """The header has no months, or a month lacks a column; what it says tells which."""


def unpivot(cells: pa.Table, found: Sequence[MonthColumn], profile: Months) -> Unpivoted:
    """Make a line of each row and month in which anything was sold: programs fill the others with 0 or with a dash.

    Raises:
        NoMonths: There is nothing to make them of.
    """
    nameless = [one.name for one in found if one.year is None and profile.year is None]
    if not found:
        raise NoMonths(_("no column is named like a month, such as 2025-12"))
    if nameless:
        words = _("the month %(month)s has no year; say year in the profile's months")
        raise NoMonths(words, month=repr(nameless[0]))
    _refuse_new_year(found)
    named = {"quantity": profile.quantity or ""}
    if profile.net_amount is not None:
        named["net_amount"] = profile.net_amount
    by_month: dict[str, dict[str, str]] = {}
    for one in found:
        for field, label in named.items():
            if name_key(label) in keys_of(one.label):
                columns = by_month.setdefault(one.text(profile.year), {})
                if field in columns:
                    words = _(
                        "the columns %(first)s and %(second)s are of the same month; leave one column for each month, "
                        "or write what was sold on each day into a row with its date"
                    )
                    raise NoMonths(words, first=repr(columns[field]), second=repr(one.name))
                columns[field] = one.name
    lacking = [month for month, columns in by_month.items() if columns.keys() != named.keys()]
    if not by_month or lacking:
        seen = sorted({one.label for one in found})
        words = _("a month has no %(names)s; over its columns stands %(found)s")
        raise NoMonths(words, names=together(*map(repr, named.values())), found=list(map(repr, seen)))
    ids = [name for name in cells.column_names if name not in {one.name for one in found} and not is_sum(name)]
    return _stack(cells, ids, by_month, called(profile))


def _refuse_new_year(found: Sequence[MonthColumn]) -> None:
    """Refuse months without a year of which a January follows a December: they are not all of one year.

    Raises:
        NoMonths: They are such.
    """
    order = list(dict.fromkeys(one.month for one in found if one.year is None))
    if (_LAST, 1) in itertools.pairwise(order):
        raise NoMonths(_("January follows December, and neither has a year; write the year to the name of each month"))


def called(profile: Months) -> dict[str, str]:
    """Give the columns that lines of a matrix have by month, by field."""
    columns = {"quantity": profile.quantity or QUANTITY}
    return columns if profile.net_amount is None else columns | {"net_amount": profile.net_amount}


def _stack(
    cells: pa.Table, ids: Sequence[str], by_month: Mapping[str, Mapping[str, str]], called: dict[str, str]
) -> Unpivoted:
    months = sorted(by_month)
    pieces, rows = [], []
    for month in months:
        columns = by_month[month]
        filled = np.zeros(cells.num_rows, dtype=bool)
        for name in columns.values():
            nothing = pc.match_substring_regex(cells.column(name), _NOTHING)
            filled |= ~np.asarray(pc.fill_null(nothing, True), dtype=bool)  # noqa: FBT003
        places = np.flatnonzero(filled)
        taken = cells.take(pa.array(places))
        arrays = [taken.column(name) for name in ids]
        arrays.append(pa.chunked_array([pa.array([month] * len(places), type=pa.large_string())]))
        arrays += [taken.column(columns[field]) for field in called]
        pieces.append(pa.table(arrays, names=[*ids, MONTH, *called.values()]))
        rows.append(places)
    of = np.repeat(np.arange(len(months)), [len(places) for places in rows])
    came = {name: [by_month[month][field] for month in months] for field, name in called.items()}
    return Unpivoted(pa.concat_tables(pieces), np.concatenate(rows), of, months, called, came)


def last_day(month: str) -> str:
    """Give the last day of a month: what was sold in it is known then."""
    year, number = map(int, month.split("-"))
    return f"{month}-{calendar.monthrange(year, number)[1]:02}"
