"""The type stage: text becomes whole numbers, dates and codes; what cannot is a problem of its row.

Every function works on the distinct texts of a column and spreads the result over the rows, so a million rows with
20,000 prices cost 20,000 conversions.
"""

import datetime as dt
import re
import zoneinfo
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.domain.documents.sales import UNKNOWN, Flags, Texts
from app.domain.measures.exact import Ints, half_up
from app.domain.program_file.import_profile import DATE_ORDERS
from app.domain.states import Outcome
from importers.layout.tables.table import HIDDEN
from importers.layout.words.known import NO, YES, says_nothing
from importers.layout.written.dates import read_moment, with_zeros
from importers.problems.problems import Problems

MAX_SHOWN = 60
LIMIT_DIGITS = 12
"""Digits before the point of the largest number that is taken in."""
PRICE_DIGITS = 6
"""Digits of a minor unit that a unit price keeps."""
MAX_TEXT = 256
"""Longest text that names something: a number, a code. Longer ones are slips of a file, and no index holds them."""

_NOISE_DECIMALS = 6
_EXACT_DIGITS = 15
_CUT_NUMBER = r"^[+-]?\d(?:[.,]\d{1,15})?[eE]\+\d{1,3}$"
_DAY_CELL = r"^\d{4}-\d{2}-\d{2}[ T]00:00:00$"
_ERROR = r"^(?:#[\x{00a1}\x{00bf}]?[\p{Lu}/0]{1,10}[!?]|#(?:N/A|N/D|NV|Н/Д)|Err:\d{3})$"
"""What spreadsheet programs of our languages show of a formula that has no result: #N/A, #ARG!, #NV, Err:502."""
_FLOAT = r"^[0-9]+\.0$"
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_DIRECTIVE = re.compile(r"%(.)")
_TIMES = frozenset("HIXc")
_SPACE = r"[\s\x{00a0}\x{202f}']"
_PARTED = rf"\d{_SPACE}+\d"
_BY_THOUSANDS = rf"^'?[+-]?{_SPACE}*\d{{1,3}}(?:{_SPACE}\d{{3}})+(?:[.,]\d*)?$"
"""Spaces part the thousands of one number; between other digits they part two numbers, and nobody knows which."""
_NUMBER = r"^(?P<sign>[+-]?)0*(?P<whole>\d{1,40})(?:\.(?P<part>\d{0,400}))?$"


@dataclass(frozen=True)
class Column:
    """A column by its distinct texts: ``code[row]`` is a position in ``values``, -1 where the cell is empty.

    ``written`` are the texts as the file has them, where ``values`` are tidier.
    """

    name: str
    code: Ints
    values: pa.Array
    written: pa.Array | None = None

    @staticmethod
    def of(name: str, texts: pa.Array) -> "Column":
        """Take a column of text; spaces around a text do not count, and nothing but spaces or ``(blank)`` is empty."""
        if isinstance(texts, pa.ChunkedArray):
            texts = texts.combine_chunks()
        coded = texts if isinstance(texts, pa.DictionaryArray) else pc.dictionary_encode(texts)
        trimmed = pc.utf8_trim_whitespace(coded.dictionary)
        codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        if trimmed.equals(coded.dictionary):
            onto, values = np.arange(len(trimmed)), trimmed
        else:
            again = pc.dictionary_encode(trimmed)
            onto, values = again.indices.to_numpy(zero_copy_only=False).astype(np.int64), again.dictionary
        if len(values):
            empty = np.array(pc.equal(values, ""))
            bracketed = np.flatnonzero(np.asarray(pc.starts_with(values, "("), dtype=bool))
            empty[[at for at in bracketed.tolist() if says_nothing(values[at].as_py())]] = True
            if empty.any():
                onto = np.where(empty[onto], -1, onto)
        return Column(name, np.append(onto, -1)[codes], values)

    def spread(self, converted: np.ndarray, missing: object) -> np.ndarray:
        """Give each row what was made of its text."""
        whole = np.append(converted, np.asarray([missing], dtype=converted.dtype))
        return whole[self.code]

    @property
    def empty(self) -> Flags:
        """Mark the rows whose cell is empty."""
        return self.code < 0

    def texts(self) -> Texts:
        """Give each row's text, None where empty."""
        values = np.empty(len(self.values) + 1, dtype=object)
        values[:-1] = self.values.to_pylist()
        values[-1] = None
        return values[self.code]

    def unshown(self) -> "Column":
        """Give it with dots for whatever messages would show of it."""
        return replace(self, written=pa.array([HIDDEN] * len(self.values), pa.large_string()))

    def shown(self, row: int) -> str:
        """Quote a row's text for a message, shortened."""
        code = int(self.code[row])
        written = self.values if self.written is None else self.written
        text = "" if code < 0 else str(written[code].as_py())
        return repr(text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…")


def require(column: Column, rows: np.ndarray, problems: Problems) -> None:
    """Refuse the rows whose cell is empty."""
    problems.add_all(rows[column.empty].tolist(), Outcome.REFUSED, "missing", field=column.name)


@dataclass(frozen=True)
class _Decimals:
    """Distinct texts as numbers: the digits before and behind the point, whether it is a number, and one that fits."""

    negative: Flags
    whole: Ints
    fraction: pa.Array
    decimals: Ints
    noise: Flags
    good: Flags
    small: Flags

    def scaled(self, places: int) -> Ints:
        """Give the numbers times 10 to the power of ``places``, rounded half up, away from zero.

        More digits than a spreadsheet's arithmetic keeps are noise of it (2.5500000000000003 is 2.55): such a number
        is rounded to six decimals first.
        """
        exact = self._rounded(places)
        if self.noise.any():
            kept = min(places, _NOISE_DECIMALS)
            cleaned = half_up(self._rounded(_NOISE_DECIMALS), 10 ** (_NOISE_DECIMALS - kept)) * 10 ** (places - kept)
            exact = np.where(self.noise, cleaned, exact)
        return np.where(self.negative, -exact, exact)

    def _rounded(self, places: int) -> Ints:
        padded = pc.utf8_rpad(self.fraction, places + 1, "0")
        up = np.asarray(pc.greater_equal(pc.utf8_slice_codeunits(padded, places, places + 1), "5"))
        kept = pc.utf8_slice_codeunits(padded, 0, places) if places else None
        part = 0 if kept is None else pc.cast(kept, pa.int64()).to_numpy(zero_copy_only=False)
        return np.asarray(np.where(self.small, self.whole, 0) * 10**places + part + up, dtype=np.int64)

    def noiseless_decimals(self) -> Ints:
        """Count the decimals of each number, those of noise left out."""
        return np.where(self.noise, _trailing(self._rounded(_NOISE_DECIMALS)), self.decimals)


def _decimals(values: pa.Array, signs: str, whole_digits: int) -> _Decimals:
    one = pc.or_(pc.invert(pc.match_substring_regex(values, _PARTED)), pc.match_substring_regex(values, _BY_THOUSANDS))
    plain = pc.replace_substring_regex(values, _SPACE, "")
    if "." not in signs:
        plain = pc.replace_substring(plain, ".", "?")
    if "," in signs:
        plain = pc.replace_substring(plain, ",", ".")
    parts = pc.extract_regex(plain, _NUMBER)
    good = np.asarray(pc.and_(parts.is_valid(), one))
    whole = pc.fill_null(pc.struct_field(parts, "whole"), "0")
    fraction = pc.utf8_rtrim(pc.fill_null(pc.struct_field(parts, "part"), ""), "0")
    negative = np.asarray(pc.fill_null(pc.equal(pc.struct_field(parts, "sign"), "-"), False))  # noqa: FBT003
    small = np.asarray(pc.utf8_length(whole)) <= whole_digits
    decimals = np.asarray(pc.utf8_length(fraction)).astype(np.int64)
    leading = decimals - np.asarray(pc.utf8_length(pc.utf8_ltrim(fraction, "0")))
    is_zero = np.asarray(pc.equal(whole, "0"))
    significant = decimals - np.where(is_zero, leading, 0) + np.where(is_zero, 0, np.asarray(pc.utf8_length(whole)))
    noise = (decimals > 2 * _NOISE_DECIMALS) | ((significant > _EXACT_DIGITS) & (decimals > _NOISE_DECIMALS))
    fits = pc.if_else(pa.array(small), whole, "0")
    number = pc.cast(fits, pa.int64()).to_numpy(zero_copy_only=False)
    return _Decimals(negative, number, fraction, decimals, noise, good, small)


def _trailing(millionths: Ints) -> Ints:
    """Count the decimals that are left after rounding to six."""
    digits = np.zeros(len(millionths), dtype=np.int64)
    for place in range(_NOISE_DECIMALS):
        digits[millionths % 10 ** (_NOISE_DECIMALS - place) != 0] = place + 1
    return digits


def _plain(values: pa.Array, signs: str, whole_digits: int, most_decimals: int | None) -> Flags:
    """Mark the numbers about which nothing needs a closer look, as most files write nearly all of theirs."""
    decimals = _NOISE_DECIMALS if most_decimals is None else min(most_decimals, _NOISE_DECIMALS)
    part = rf"(?:[{signs}][0-9]{{1,{decimals}}})?" if decimals else ""
    pattern = rf"^-?[0-9]{{1,{whole_digits}}}{part}$"
    return np.asarray(pc.match_substring_regex(values, pattern), dtype=bool)


def _plain_scaled(values: pa.Array, places: int) -> Ints:
    """Give plain numbers times 10 to the power of ``places``, rounded half up, away from zero."""
    exact = pc.cast(pc.replace_substring(values, ",", "."), pa.decimal128(38, _NOISE_DECIMALS))
    if not len(exact):
        return np.zeros(0, dtype=np.int64)
    # of the 128 bits of each the lower half holds what has 18 digits
    millionths = np.frombuffer(exact.buffers()[1], dtype=np.int64)[2 * exact.offset :][: 2 * len(exact) : 2]
    if places >= _NOISE_DECIMALS:
        return np.asarray(millionths * 10 ** (places - _NOISE_DECIMALS), dtype=np.int64)
    return half_up(millionths, 10 ** (_NOISE_DECIMALS - places))


def _numbers(
    column: Column,
    rows: np.ndarray,
    problems: Problems,
    signs: str,
    places: int,
    missing: int,
    *,
    most_decimals: int | None = None,
    whole_digits: int = LIMIT_DIGITS,
) -> Ints:
    plain = _plain(column.values, signs, whole_digits, most_decimals)
    values = np.full(len(plain), missing, dtype=np.int64)
    values[plain] = _plain_scaled(column.values.filter(pa.array(plain)), places)
    other = np.flatnonzero(~plain)
    found = _decimals(column.values.take(pa.array(other)), signs, whole_digits)
    fine = found.good & found.small
    if most_decimals is not None:
        fine &= found.noiseless_decimals() <= most_decimals
    values[other] = np.where(fine, found.scaled(places), missing)
    wrong = np.zeros(len(plain), dtype=bool)
    wrong[other] = ~fine
    for at in np.flatnonzero(column.spread(wrong, False)).tolist():  # noqa: FBT003
        code = int(np.searchsorted(other, column.code[at]))
        if not found.good[code]:
            example = "1234,56" if signs.startswith(",") else "1234.56"
            why: dict[str, Any] = {"code": "not_a_number", "example": example}
        elif not found.small[code]:
            why = {"code": "number_too_large"}
        else:
            why = {"code": "too_many_decimals", "decimals": most_decimals}
        problems.add(rows[at], Outcome.REFUSED, field=column.name, found=column.shown(at), **why)
    return column.spread(values, missing)


def quantity(column: Column, rows: np.ndarray, problems: Problems, signs: str) -> Ints:
    """Read quantities in thousandths; more than three decimals are a problem.

    ``signs`` are the decimal signs that the source uses, the profile's first.
    """
    return _numbers(column, rows, problems, signs, 3, 0, most_decimals=3)


def money(column: Column, rows: np.ndarray, problems: Problems, signs: str, decimals: int, missing: int) -> Ints:
    """Read amounts in minor units, rounded half up where a source writes more decimals than the currency has."""
    return _numbers(column, rows, problems, signs, decimals, missing)


def points(column: Column, rows: np.ndarray, problems: Problems, signs: str, decimals: int, missing: int) -> Ints:
    """Read points in a programme's smallest unit; more decimals than its point has are a problem."""
    return _numbers(column, rows, problems, signs, decimals, missing, most_decimals=decimals)


def price(column: Column, rows: np.ndarray, problems: Problems, signs: str, decimals: int, missing: int) -> Ints:
    """Read unit prices in millionths of a minor unit."""
    places = PRICE_DIGITS + decimals
    return _numbers(column, rows, problems, signs, places, missing, whole_digits=18 - places)


def require_short(column: Column, rows: np.ndarray, problems: Problems, most: int = MAX_TEXT) -> None:
    """Refuse the rows whose text is too long to name anything."""
    long = np.asarray(pc.utf8_length(column.values)) > most
    if long.any():
        for at in np.flatnonzero(column.spread(long, False)).tolist():  # noqa: FBT003
            expected = f"texts of at most {most} characters"
            problems.add(
                rows[at], Outcome.REFUSED, "no_such_value", field=column.name, found=column.shown(at), expected=expected
            )


def require_digits(column: Column, rows: np.ndarray, problems: Problems) -> None:
    """Refuse the rows whose text is what a spreadsheet program left of a long number: 5,90123E+12 is no EAN."""
    cut = np.asarray(pc.match_substring_regex(column.values, _CUT_NUMBER), dtype=bool)
    if cut.any():
        for at in np.flatnonzero(column.spread(cut, False)).tolist():  # noqa: FBT003
            problems.add(rows[at], Outcome.REFUSED, "digits_lost", field=column.name, found=column.shown(at))


def refuse_days(column: Column, rows: np.ndarray, problems: Problems) -> None:
    """Refuse the rows whose text is the day that a spreadsheet program made of a code such as 1-2."""
    days = np.asarray(pc.match_substring_regex(column.values, _DAY_CELL), dtype=bool)
    if days.any():
        for at in np.flatnonzero(column.spread(days, False)).tolist():  # noqa: FBT003
            problems.add(rows[at], Outcome.REFUSED, "day_for_code", field=column.name, found=column.shown(at))


def codes_of_floats(column: Column) -> Column:
    """Take away what a program wrote behind the codes of a column that it took for numbers: 5901234123457.0."""
    if not len(column.values) or not pc.all(pc.match_substring_regex(column.values, _FLOAT)).as_py():
        return column
    return replace(column, values=pc.utf8_slice_codeunits(column.values, 0, -2), written=column.values)


def refuse_errors(column: Column, rows: np.ndarray, problems: Problems) -> None:
    """Refuse the rows whose text is that of a formula without a result: #N/A names nothing, whoever it stands for."""
    wrong = np.asarray(pc.match_substring_regex(column.values, _ERROR), dtype=bool)
    if wrong.any():
        for at in np.flatnonzero(column.spread(wrong, False)).tolist():  # noqa: FBT003
            problems.add(rows[at], Outcome.REFUSED, "no_result", field=column.name, found=column.shown(at))


def dates(
    column: Column, rows: np.ndarray, problems: Problems, form: str | None, time_zone: str
) -> tuple[np.ndarray, np.ndarray]:
    """Read dates and, where the text tells it, the minute of the day.

    ``2025-12-31`` and ``2025-12-31 08:30:00`` are read always (date cells of a workbook come so), other texts by the
    profile's strptime format, or in the order of day, month and year that it names. A column whose times are all
    midnight tells no time. A time with its distance from UTC is told in the programme's time zone.

    Returns:
        ``datetime64[D]`` (NaT where there is none) and minutes (``UNKNOWN``).
    """
    zone = zoneinfo.ZoneInfo(time_zone)
    texts = column.values.to_pylist()
    read = [_date(text, form, zone) for text in (with_zeros(texts) if form in DATE_ORDERS else texts)]
    good = np.asarray([one is not None for one in read], dtype=bool)
    days = np.asarray([None if one is None else one[0] for one in read] or [], dtype="datetime64[D]")
    minutes = np.asarray([UNKNOWN if one is None else one[1] for one in read] or [], dtype=np.int16)
    if not (minutes > 0).any():
        minutes[:] = UNKNOWN
    example = dt.date(2025, 12, 31).strftime(_EXAMPLES.get(form or "ymd", form or ""))
    for at in np.flatnonzero(~column.spread(good, True)).tolist():  # noqa: FBT003
        problems.add(
            rows[at], Outcome.REFUSED, "not_a_date", field=column.name, found=column.shown(at), example=example
        )
    return column.spread(days, np.datetime64("NaT", "D")), column.spread(minutes, UNKNOWN)


_EXAMPLES = {"dmy": "%d.%m.%Y", "mdy": "%m/%d/%Y", "ymd": "%Y-%m-%d"}


def _date(text: str, form: str | None, zone: dt.tzinfo) -> tuple[dt.date, int] | None:
    if form in DATE_ORDERS:
        return _iso(text, zone) or _in_order(text, form, zone)
    try:
        if form is not None:
            moment = dt.datetime.strptime(text, form)  # noqa: DTZ007  # a date of the programme's own calendar
            return _day_and_minute(moment, zone) if _TIMES & set(_DIRECTIVE.findall(form)) else (moment.date(), UNKNOWN)
    except (ValueError, OverflowError):
        pass
    return _iso(text, zone)


def _in_order(text: str, order: str, zone: dt.tzinfo) -> tuple[dt.date, int] | None:
    moment = read_moment(text)
    day = moment.days.get(order)
    if day is None or moment.minute is None:
        return None if day is None else (day, UNKNOWN)
    if moment.ahead is None:
        return day, moment.minute
    try:
        ahead = dt.timezone(dt.timedelta(minutes=moment.ahead))
        return _day_and_minute(dt.datetime.combine(day, dt.time(*divmod(moment.minute, 60)), ahead), zone)
    except (ValueError, OverflowError):
        return None


def _iso(text: str, zone: dt.tzinfo) -> tuple[dt.date, int] | None:
    try:
        if _ISO_DAY.fullmatch(text):
            return dt.date.fromisoformat(text), UNKNOWN
        if len(text) >= 16 and text[10] in " T":
            return _day_and_minute(dt.datetime.fromisoformat(text), zone)
    except (ValueError, OverflowError):
        pass
    return None


def _day_and_minute(moment: dt.datetime, zone: dt.tzinfo) -> tuple[dt.date, int]:
    if moment.tzinfo is not None:
        moment = moment.astimezone(zone)
    return moment.date(), moment.hour * 60 + moment.minute


def flags(column: Column, rows: np.ndarray, problems: Problems) -> np.ndarray:
    """Read yes and no in the languages of our users: 1, 0, or ``UNKNOWN`` where the cell is empty."""
    read = [1 if text.casefold() in YES else 0 if text.casefold() in NO else -2 for text in column.values.to_pylist()]
    values = column.spread(np.asarray(read, dtype=np.int8), UNKNOWN)
    for at in np.flatnonzero(values == -2).tolist():
        problems.add(
            rows[at], Outcome.REFUSED, "no_such_value", field=column.name, found=column.shown(at), expected="yes, no"
        )
    return values
