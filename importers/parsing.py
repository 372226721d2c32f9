"""The type stage: text becomes whole numbers, dates and codes; what cannot is a problem of its row.

Every function works on the distinct texts of a column and spreads the result over the rows, so a million rows with
20,000 prices cost 20,000 conversions.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.domain.exact import Ints, floor_product, half_up
from app.domain.sales import UNKNOWN, Flags, Texts
from app.domain.states import Outcome
from importers.problems import Problems

FRACTION_DIGITS = 6
MICRO = 10**FRACTION_DIGITS
MAX_SHOWN = 60
_LIMIT = 10**12

_NUMBER = r"^(?P<sign>[+-]?)(?P<whole>\d{1,18})(?:\.(?P<part>\d{0,40}))?$"


@dataclass(frozen=True)
class Column:
    """A column by its distinct texts: ``code[row]`` is a position in ``values``, -1 where the cell is empty."""

    name: str
    code: Ints
    values: pa.Array

    @staticmethod
    def of(name: str, texts: pa.Array) -> "Column":
        """Take a column of text; spaces around a text do not count, and nothing but spaces is empty."""
        if isinstance(texts, pa.ChunkedArray):
            texts = texts.combine_chunks()
        coded = pc.dictionary_encode(texts)
        trimmed = pc.utf8_trim_whitespace(coded.dictionary)
        codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        again = pc.dictionary_encode(trimmed)
        onto = again.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        values = again.dictionary
        if len(values):
            empty = np.asarray(pc.equal(values, ""))
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

    def shown(self, row: int) -> str:
        """Quote a row's text for a message, shortened."""
        code = int(self.code[row])
        text = "" if code < 0 else str(self.values[code].as_py())
        return repr(text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…")


def require(column: Column, rows: np.ndarray, problems: Problems) -> None:
    """Refuse the rows whose cell is empty."""
    problems.add_all(rows[column.empty].tolist(), Outcome.REFUSED, "missing", field=column.name)


@dataclass(frozen=True)
class _Decimals:
    """Distinct texts as numbers: value in millionths, whether it is one, whether digits beyond the sixth were cut."""

    millionths: Ints
    good: Flags
    small: Flags
    decimals: Ints


def _decimals(values: pa.Array, decimal: str) -> _Decimals:
    plain = pc.replace_substring_regex(values, "[\\s\u00a0\u202f']", "")
    if decimal == ",":
        # a number cell of a workbook reaches us with a point whatever the country
        plain = pc.replace_substring(plain, ",", ".")
    parts = pc.extract_regex(plain, _NUMBER)
    good = np.asarray(parts.is_valid())
    whole = pc.fill_null(pc.struct_field(parts, "whole"), "0")
    fraction = pc.fill_null(pc.struct_field(parts, "part"), "")
    negative = np.asarray(pc.fill_null(pc.equal(pc.struct_field(parts, "sign"), "-"), False))  # noqa: FBT003
    padded = pc.utf8_rpad(fraction, FRACTION_DIGITS + 1, "0")
    whole_number = pc.cast(whole, pa.int64()).to_numpy(zero_copy_only=False)
    small = whole_number < _LIMIT
    kept = pc.cast(pc.utf8_slice_codeunits(padded, 0, FRACTION_DIGITS), pa.int64()).to_numpy(zero_copy_only=False)
    next_digit = np.asarray(
        pc.greater_equal(pc.utf8_slice_codeunits(padded, FRACTION_DIGITS, FRACTION_DIGITS + 1), "5")
    )
    millionths = np.where(small, whole_number, 0) * MICRO + kept + next_digit
    significant = pc.utf8_rtrim(fraction, "0")
    # 2.5500000000000003 is 2.55 as a spreadsheet's arithmetic leaves it: noise, not decimals
    noise = np.asarray(pc.utf8_length(significant)) > 12
    digits = np.where(noise, _trailing(millionths), np.asarray(pc.utf8_length(significant)))
    return _Decimals(np.where(negative, -millionths, millionths), good, small, digits.astype(np.int64))


def _trailing(millionths: Ints) -> Ints:
    """Count the decimals that are left after rounding to six."""
    digits = np.zeros(len(millionths), dtype=np.int64)
    for place in range(FRACTION_DIGITS):
        digits[millionths % 10 ** (FRACTION_DIGITS - place) != 0] = place + 1
    return digits


def _numbers(
    column: Column,
    rows: np.ndarray,
    problems: Problems,
    decimal: str,
    convert: Callable[[_Decimals], Ints],
    missing: int,
    most_decimals: int,
) -> Ints:
    found = _decimals(column.values, decimal)
    fine = found.good & found.small & (found.decimals <= most_decimals)
    values = np.where(fine, convert(found), missing)
    for at in np.flatnonzero(~column.spread(fine, True)).tolist():  # noqa: FBT003
        code = int(column.code[at])
        if not found.good[code]:
            example = "1234.56" if decimal == "." else "1234,56"
            why: dict[str, Any] = {"code": "not_a_number", "example": example}
        elif not found.small[code]:
            why = {"code": "number_too_large"}
        else:
            why = {"code": "too_many_decimals", "decimals": most_decimals}
        problems.add(rows[at], Outcome.REFUSED, field=column.name, found=column.shown(at), **why)
    return column.spread(values, missing)


def quantity(column: Column, rows: np.ndarray, problems: Problems, decimal: str) -> Ints:
    """Read quantities in thousandths; more than three decimals are a problem."""
    return _numbers(column, rows, problems, decimal, lambda found: found.millionths // 1000, 0, 3)


def money(column: Column, rows: np.ndarray, problems: Problems, decimal: str, decimals: int, missing: int) -> Ints:
    """Read amounts in minor units, rounded half up where a source writes more decimals than the currency has."""

    def convert(found: _Decimals) -> Ints:
        return half_up(found.millionths, 10 ** (FRACTION_DIGITS - decimals))

    return _numbers(column, rows, problems, decimal, convert, missing, 40)


def price(column: Column, rows: np.ndarray, problems: Problems, decimal: str, decimals: int, missing: int) -> Ints:
    """Read unit prices in millionths of a minor unit."""

    def convert(found: _Decimals) -> Ints:
        return floor_product(found.millionths, 10**decimals, 1)

    return _numbers(column, rows, problems, decimal, convert, missing, 40)


def dates(column: Column, rows: np.ndarray, problems: Problems, form: str | None) -> tuple[np.ndarray, np.ndarray]:
    """Read dates and, where the text tells it, the minute of the day.

    ``2025-12-31`` and ``2025-12-31 08:30:00`` are read always (date cells of a workbook come so), other texts by the
    profile's strptime format. A column whose times are all midnight tells no time.

    Returns:
        ``datetime64[D]`` (NaT where there is none) and minutes (``UNKNOWN``).
    """
    read = [_date(text, form) for text in column.values.to_pylist()]
    good = np.asarray([one is not None for one in read], dtype=bool)
    days = np.asarray([None if one is None else one[0] for one in read] or [], dtype="datetime64[D]")
    minutes = np.asarray([UNKNOWN if one is None else one[1] for one in read] or [], dtype=np.int16)
    if not (minutes > 0).any():
        minutes[:] = UNKNOWN
    example = dt.date(2025, 12, 31).strftime(form) if form else "2025-12-31"
    for at in np.flatnonzero(~column.spread(good, True)).tolist():  # noqa: FBT003
        problems.add(
            rows[at], Outcome.REFUSED, "not_a_date", field=column.name, found=column.shown(at), example=example
        )
    return column.spread(days, np.datetime64("NaT", "D")), column.spread(minutes, UNKNOWN)


def _date(text: str, form: str | None) -> tuple[dt.date, int] | None:
    try:
        if form is not None:
            moment = dt.datetime.strptime(text, form)  # noqa: DTZ007  # a date of the programme's own calendar
            return moment.date(), moment.hour * 60 + moment.minute if "%H" in form else UNKNOWN
    except ValueError:
        pass
    try:
        if len(text) == 10:
            return dt.date.fromisoformat(text), UNKNOWN
        if len(text) >= 16 and text[10] in " T":
            moment = dt.datetime.fromisoformat(text)
            return moment.date(), moment.hour * 60 + moment.minute
    except ValueError:
        pass
    return None


_YES = frozenset({"1", "y", "yes", "true", "t", "tak", "prawda", "si", "sí", "да", "x"})
_NO = frozenset({"0", "n", "no", "false", "f", "nie", "fałsz", "нет"})


def flags(column: Column, rows: np.ndarray, problems: Problems) -> np.ndarray:
    """Read yes and no in the languages of our users: 1, 0, or ``UNKNOWN`` where the cell is empty."""
    read = [1 if text.casefold() in _YES else 0 if text.casefold() in _NO else -2 for text in column.values.to_pylist()]
    values = column.spread(np.asarray(read, dtype=np.int8), UNKNOWN)
    for at in np.flatnonzero(values == -2).tolist():
        problems.add(
            rows[at], Outcome.REFUSED, "no_such_value", field=column.name, found=column.shown(at), expected="yes, no"
        )
    return values
