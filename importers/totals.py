"""Rows of totals are no lines, but they check them: what a total says is compared with the lines above it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from app.domain.exact import Ints
from app.domain.import_profile import ImportProfile
from app.domain.sales import NO_AMOUNT
from importers import parsing
from importers.layout.numbers import tidy
from importers.layout.table import Stretch, TextTable, place_of
from importers.parsing import Column
from importers.problems import Problems
from importers.sales_rows import SalesRows

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
    """Compare each total with the lines since the total before it, or since any above that. Gives what differs.

    Nothing is said where a line that it adds up could not be read.
    """
    totals = table.recognised.totals
    if not totals or profile.months is not None:
        return []
    at = np.sort(np.fromiter(totals, dtype=np.int64, count=len(totals)))
    unread = np.isin(rows.row_number, problems.rows())
    found: list[dict[str, Any]] = []
    for field, values in (("quantity", rows.quantity_milli), ("net_amount", rows.net_minor)):
        name = columns.get(field)
        if name is None:
            continue
        told = [row for row in at.tolist() if totals[row].get(name)]
        said = _read([totals[row][name] for row in told], field, profile, decimals, typed=table.typed)
        sums = np.concatenate([[0], np.cumsum(np.where(unread | (values == NO_AMOUNT), 0, values))])
        lost = np.concatenate([[0], np.cumsum(unread)])
        for row, amount in zip(told, said.tolist(), strict=True):
            if amount == NO_AMOUNT:
                continue
            end = int(np.searchsorted(rows.row_number, row))
            begins = _beginnings(rows.row_number, at, row, table.stretches)
            clean = begins[lost[begins] == lost[end]]
            if len(clean) and amount not in sums[end] - sums[clean]:
                begin = max(clean[clean < end].tolist(), default=end)  # a total right above adds up nothing of its own
                stretch, number = place_of(row, table.stretches)
                places = 3 if field == "quantity" else decimals
                found.append(
                    {
                        "code": "total_differs_from_lines",
                        **({"sheet": stretch.sheet} if stretch else {}),
                        "row": number,
                        "field": name,
                        "found": totals[row][name],
                        "expected": _shown(int(sums[end] - sums[begin]), places),
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
