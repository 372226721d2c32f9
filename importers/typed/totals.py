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
        end = int(np.searchsorted(row_number, row))
        begins = _beginnings(row_number, at, row, table.stretches)
        clean = begins[lost[begins] == lost[end]]
        if len(clean) and not any(np.isin((amount, other), one[end] - one[clean]).any() for one in sums):
            begin = max(clean[clean < end].tolist(), default=end)  # a total right above adds up nothing of its own
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


def _beginnings(numbers: np.ndarray, totals: np.ndarray, row: int, stretches: tuple[Stretch, ...]) -> Ints:
    stretch, _ = place_of(row, stretches)
    first = stretch.above if stretch else 0
    above = totals[(totals < row) & (totals > first)][-_MOST_BEGINNINGS:]
    return np.unique(np.searchsorted(numbers, np.concatenate([[first], above]), side="right")).astype(np.int64)


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
