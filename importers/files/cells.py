"""Cells as text, in columns: what every reader of a container makes of what it finds."""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.domain.saying.wording import Told

_MINUS = r"+\-\x{2212}\x{2013}"
_BESIDE = rf"[^0-9\s.,(){_MINUS}]{{1,8}}\.?"
"""A currency or a unit, as "zł" and "szt."."""
_THOUSAND = (
    rf"^\s*\(?[{_MINUS}]?\s*(?:{_BESIDE}\s*)?[{_MINUS}]?[1-9][0-9]{{0,2}}\.[0-9]{{3}}\s*(?:{_BESIDE})?\s*[{_MINUS})]?\s*"
    rf"(?:{_BESIDE})?\s*$"
)
_UNSEEN = "\u00ad\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"
_BEFORE_UNSEEN = (0xC2, 0xE2, 0xEF)
_APOSTROPHE = ord("'")
DIGITS_KEPT = 15
"""Digits of a number that a spreadsheet program keeps."""
_DECIMALS = Decimal("0.000000001")
_WHOLE = re.compile(r"-?[0-9]+")
_LONG = rf"^-?[1-9][0-9]{{{DIGITS_KEPT},}}$"


class Unreadable(Told):
    """The file cannot be read; what it says tells why and what to do."""


def as_table(columns: Sequence[pa.Array | pa.ChunkedArray], first: int = 0) -> pa.Table:
    """Name columns by their place on the sheet, ``first`` empty ones before them, without empty ones at the end."""
    kept = list(columns)
    while kept and kept[-1].null_count == len(kept[-1]):
        kept.pop()
    nothing = [pa.nulls(len(kept[0]), pa.large_string())] if kept else []
    kept = nothing * first + kept
    return pa.table(kept, names=[str(at) for at in range(len(kept))])


def as_column(cells: Mapping[int, str], rows: int) -> pa.Array:
    """Make a column of the cells of some rows, counted from 0; the others are empty."""
    texts: list[str | None] = [None] * rows
    for row, text in cells.items():
        texts[row] = text
    return without_nul(pa.array(texts, type=pa.large_string()))


def without_nul(column: pa.Array) -> pa.Array:
    """Drop NULs, which a workbook can write and no database stores, and marks that nobody sees."""
    data = column.buffers()[2]
    if data is None or not data.size or np.frombuffer(data, dtype=np.uint8).min():
        return without_unseen(column)
    return without_unseen(pc.replace_substring(column, "\0", ""))


def without_unseen(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Drop marks around a text that take no place: behind a byte order mark an invoice's number would be another one.

    Files that were put together have such marks in the middle, and web pages leave them in cells. Within a text they
    stay: whether two numbers of invoices are one is for a person to say.
    """
    if not _may_hold_unseen(column):
        return column
    trimmed = pc.utf8_trim(column, characters=_UNSEEN)
    return pc.if_else(pc.equal(trimmed, ""), None, trimmed)


def _may_hold_unseen(column: pa.Array | pa.ChunkedArray) -> bool:
    return any(text.max() >= min(_BEFORE_UNSEEN) for text in _bytes_of(column)) and any(
        holds(column, one) for one in _BEFORE_UNSEEN
    )


def holds(column: pa.Array | pa.ChunkedArray, byte: int) -> bool:
    """Say whether a byte stands anywhere in the texts of a column: quicker than to look at each text for it."""
    return any(bool((text == byte).any()) for text in _bytes_of(column))


def without_text_mark(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Drop the apostrophe before numbers that are texts, as a spreadsheet program takes it in and does not show it.

    Programs that write it into the cell itself do so before figures, as in '00123, or before all that a column holds.
    """
    if not holds(column, _APOSTROPHE):
        return column
    marked = pc.match_substring_regex(column, r"^'[^'\s]*[0-9][^']*$")
    others = pc.and_not(pc.is_valid(column), pc.fill_null(marked, False))  # noqa: FBT003
    if pc.any(others).as_py():
        marked = pc.match_substring_regex(column, r"^'[0-9][0-9.,:/ -]*$")
    return pc.if_else(marked, pc.binary_replace_slice(column, start=0, stop=1, replacement=""), column)


def _bytes_of(column: pa.Array | pa.ChunkedArray) -> Iterator[np.ndarray]:
    """Give the bytes of a column's texts, as they lie there."""
    for chunk in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
        data = chunk.buffers()[2]
        if data is not None and data.size:
            yield np.frombuffer(data, dtype=np.uint8)


def too_long(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray | None:
    """Mark whole numbers of more digits than a spreadsheet program keeps of a number; None where there are none."""
    longest = pc.max(pc.binary_length(column)).as_py()
    if longest is None or longest <= DIGITS_KEPT:
        return None
    marked = pc.fill_null(pc.match_substring_regex(column, _LONG), False)  # noqa: FBT003
    return marked if pc.any(marked).as_py() else None


def as_shown(number: str) -> str:
    """Write a whole number without the digits that a spreadsheet's number does not keep: 1.23456789012346E+17."""
    digits = number.lstrip("-")
    part = digits[1:DIGITS_KEPT].rstrip("0")
    return f"{number[: len(number) - len(digits)]}{digits[0]}{'.' if part else ''}{part}E+{len(digits) - 1}"


def plain_number(text: str) -> str:
    """Write a number without an exponent, and without what a spreadsheet's arithmetic leaves behind nine decimals."""
    if _WHOLE.fullmatch(text):
        return text
    try:
        number = Decimal(text)
        written = f"{number.quantize(_DECIMALS):f}"
    except InvalidOperation:
        return text
    written = written.rstrip("0").rstrip(".")
    if _WHOLE.fullmatch(written) and len(written.lstrip("-")) > DIGITS_KEPT:
        return as_shown(written)
    return "0" if written in ("-0", "") else written


def may_be_thousand(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Tell which cells hold something such as 1.234: a number, and as a text in some countries a thousand times it.

    What only accompanies a number may stand around it: a sign on either side, a bracket, a currency, a unit.
    """
    return pc.match_substring_regex(column, _THOUSAND)
