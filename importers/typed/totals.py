"""Rows of totals are no lines, but they check them: what a total says is compared with the lines above it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from app.domain.documents.sales import NO_AMOUNT
from app.domain.measures.exact import Ints
from app.domain.program_file.import_profile import ImportProfile
from importers.layout.tables.table import Stretch, TextTable, place_of
from importers.layout.written.numbers import tidy
from importers.problems.problems import Problems
from importers.typed import parsing
from importers.typed.parsing import Column
from importers.typed.sales_rows import SalesRows

_MOST_BEGINNINGS = 1_000
"""Of totals of totals: so many rows of totals above it are tried as the place where a sum begins."""


def check_totals(
    table: TextTable,
    columns: Mapping[str, str],
    rows: SalesRows,
    profile: ImportProfile,
    decimals: int,
    problems: Problems,
) -> list[dict[str, Any]]:
    """Compare each total of a file of sales with its lines. Gives what differs."""
    if profile.months is not None:
        return []
    unread = np.isin(rows.row_number, problems.rows())
    return [
        one
        for field, values, places in (("quantity", rows.quantity_milli, 3), ("net_amount", rows.net_minor, decimals))
        for one in differing(
            table,
            columns.get(field),
            rows.row_number,
            [np.where(values == NO_AMOUNT, 0, values)],
            unread,
            field=field,
            profile=profile,
            places=places,
        )
    ]


def differing(
    table: TextTable,
    name: str | None,
    row_number: Ints,
    readings: Sequence[Ints],
    unread: np.ndarray,
    *,
    field: str,
    profile: ImportProfile,
    places: int,
) -> list[dict[str, Any]]:
    """Compare each total with the lines since the total before it, or since any above that. Gives what differs.

    One that stands above all lines is compared with those below it.

    Nothing is said where a line that it adds up could not be read.

    Args:
        table: the file's table; its totals stand beside it.
        name: the file's column; none: it has none.
        row_number: the row of each line, rising.
        readings: what each line counts, in the smallest unit. Where a total may count them in several ways, each: it
            is right where it agrees with one of them.
        unread: the lines that could not be read.
        field: our field, which says how its figures are written.
        profile: how the file writes figures.
        places: digits of the smallest unit.
    """
    totals = table.recognised.totals
    told = [row for row in sorted(totals) if name is not None and totals[row].get(name)]
    if name is None or not told:
        return []
    at = np.asarray(sorted(totals), dtype=np.int64)
    texts = [totals[row][name] for row in told]
    said = _read(texts, field, profile, places, typed=table.typed)
    # beside number cells a total may be a text, such as 1.234
    as_text = _read(texts, field, profile, places, typed=False) if table.typed else said
    sums = [np.concatenate([[0], np.cumsum(np.where(unread, 0, values))]) for values in readings]
    lost = np.concatenate([[0], np.cumsum(unread)])
    found: list[dict[str, Any]] = []
    for row, amount, other in zip(told, said.tolist(), as_text.tolist(), strict=True):
        if amount == NO_AMOUNT:
            continue
        begins, ends = _reaches(row_number, at, row, table.stretches)
        clean = lost[begins] == lost[ends]
        begins, ends = begins[clean], ends[clean]
        if len(begins) and not any(np.isin((amount, other), one[ends] - one[begins]).any() for one in sums):
            filled = np.flatnonzero(ends > begins)  # a total right above adds up nothing of its own
            begin, end = (int(one[filled[-1] if len(filled) else 0]) for one in (begins, ends))
            stretch, number = place_of(row, table.stretches)
            found.append(
                {
                    "code": "total_differs_from_lines",
                    **({"sheet": stretch.sheet} if stretch else {}),
                    "row": number,
                    "field": name,
                    "found": totals[row][name],
                    "expected": _shown(int(sums[0][end] - sums[0][begin]), places),
                }
            )
    return found


def _reaches(
    numbers: np.ndarray, totals: np.ndarray, row: int, stretches: tuple[Stretch, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Give the places of lines where what a total adds up may begin, and where it ends then.

    It ends with the total, and begins below another one or with the sheet. Above all lines of its sheet it begins with
    the total, and ends with another one or with the sheet.
    """
    first = max((one.above for one in stretches if one.above < row), default=0)
    last = min((one.above for one in stretches if one.above >= row), default=int(max([row, *numbers[-1:]])))
    here = int(np.searchsorted(numbers, row))
    above = np.concatenate([[first], totals[(totals < row) & (totals > first)][-_MOST_BEGINNINGS:]])
    begins = np.unique(np.searchsorted(numbers, above, side="right"))
    if begins.tolist() != [here]:
        return begins, np.full(len(begins), here)
    below = np.concatenate([totals[(totals > row) & (totals <= last)][:_MOST_BEGINNINGS], [last]])
    ends = np.unique(np.searchsorted(numbers, below, side="right"))
    return np.full(len(ends), here), ends


def _read(texts: list[str], field: str, profile: ImportProfile, decimals: int, *, typed: bool) -> Ints:
    decimal, thousands = profile.signs_of(field)
    plain = tidy(pa.array(texts, type=pa.large_string()), thousands, surely=typed).values
    column = Column.of(field, plain)
    signs = "".join(dict.fromkeys((decimal, "." if typed else decimal)))
    numbers, unread = np.arange(len(texts)), Problems()
    if field != "quantity":
        return parsing.money(column, numbers, unread, signs, decimals, NO_AMOUNT)
    pieces = parsing.quantity(column, numbers, unread, signs)
    pieces[unread.rows()] = NO_AMOUNT
    return pieces


def _shown(amount: int, places: int) -> str:
    whole, part = divmod(abs(amount), 10**places)
    return f"{'-' if amount < 0 else ''}{whole}" + (f".{part:0{places}}".rstrip("0").rstrip(".") if places else "")
