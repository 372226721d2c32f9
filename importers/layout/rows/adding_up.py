"""Whether a row that is called a total adds up the rows above it, or is one of them: a code may read like that.

A distributor of TotalEnergies is perhaps coded TOTAL. Where its code is all that says of what a row is, as in a file of
targets, the word alone does not tell: a line fills what a total leaves empty, and its figures are no sum.
"""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal, InvalidOperation

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importers.layout.words.around import WHOLE_TOTAL
from importers.layout.written.numbers import tidy
from importers.layout.written.settling import NUMBERS, OF_LINES

_LEAST = 2
"""Lines that a total adds up: a figure that is that of one line proves nothing."""
_MOST_CALLED, _MOST_ADDED = 2_000, 2_000
"""Rows that are called totals, and lines that each of them adds up: of more they are goods that are called so."""
_EACH = frozenset({"unit_price", "line_number"})
"""Figures that nobody adds up."""
_NAMES = frozenset({"distributor_name", "product_name"})
"""Fields in which a total may be called one once more."""
_PARTED = str.maketrans("", "", " '\u00a0\u202f")


def lines_called_totals(
    cells: pa.Table, columns: Mapping[str, int], key: str, called: np.ndarray, named: np.ndarray
) -> np.ndarray:
    """Mark the rows that are called totals, and are lines.

    Args:
        cells: the rows below the header.
        columns: the places of our fields.
        key: the one field that says of what a row is.
        called: the rows in which it says that it is a total.
        named: the rows in which it says something else: what may be added up.
    """
    lines = np.zeros(len(called), dtype=bool)
    others = sorted(columns.keys() - {key} - _NAMES)
    if key == "product" or not others or set(others) & set(OF_LINES) or not called.any():
        # goods by month, or sales: whatever a total says there, it is noted where it differs from the lines
        return lines
    texts = {field: pc.utf8_trim_whitespace(cells.column(columns[field]).combine_chunks()) for field in others}
    figures = {field: tidy(column).values.to_pylist() for field, column in texts.items() if field in NUMBERS}
    words = [column.to_pylist() for field, column in texts.items() if field not in figures]
    said = [any(column[at] for column in (*figures.values(), *words)) for at in range(len(called))]
    added = np.flatnonzero(named & np.asarray(said, dtype=bool))  # a note below the table says nothing more
    last = int(added[-1]) if len(added) else -1
    for at in np.flatnonzero(called).tolist():
        filled = [column for column in figures.values() if column[at]]
        above = added[added < at].tolist()
        lines[at] = any(column[at] and not WHOLE_TOTAL.fullmatch(column[at]) for column in words) or (
            bool(filled)
            and (at < last or not all(_is_sum([column[row] for row in above], column[at]) for column in filled))
        )
    return lines


def subtotals(
    cells: pa.Table, columns: Mapping[str, int], keys: Collection[str], called: np.ndarray, named: np.ndarray
) -> np.ndarray:
    """Mark the rows whose goods are called as a total of some may be, such as ``Total Oils``, and that add up others.

    Goods may be called so as well: what tells is that the row has the sums of those above it, back to any of them.

    Args:
        cells: the rows below the header.
        columns: the places of our fields.
        keys: those that say of what a row is, and have no figures.
        called: the rows that are called so.
        named: the lines that may be added up.
    """
    marked = np.zeros(len(called), dtype=bool)
    places = np.flatnonzero(called)
    if not 0 < len(places) <= _MOST_CALLED:
        return marked
    none = {columns[field] for field in (*keys, *_NAMES, *_EACH) if field in columns}
    figures = [cells.column(at) for at in range(cells.num_columns) if at not in none]
    lines, after, alone = named.copy(), 0, []
    for at in places.tolist():
        above = np.flatnonzero(lines[:at])[: -_MOST_ADDED - 1 : -1].tolist()
        count = _added_up(figures, at, above)
        if count >= _LEAST or (count == 1 and not lines[after : above[0]].any()):
            marked[at], after = True, at
            alone += [at] * (count == 1)
        else:
            lines[at] = True
    if len(alone) == marked.sum():
        marked[alone] = False  # figures of one line prove nothing where no others are added up
    return marked


def _added_up(figures: Sequence[pa.ChunkedArray], at: int, above: Sequence[int]) -> int:
    """Say of how many lines above it, from the nearest on, a row's figures are the sums; 0 where they are of none."""
    total = [(column, text) for column in figures if (text := (column[at].as_py() or "").strip())]
    for decimal, thousands in ((".", ","), (",", ".")):
        read = [(column, _read(text, decimal, thousands)) for column, text in total]
        left = [[column, value] for column, value in read if value is not None]
        if not left or len(left) < len(total) or not any(value for _, value in left):
            continue
        for count, row in enumerate(above, 1):
            for one in left:
                value = _read((one[0][row].as_py() or "0").strip() or "0", decimal, thousands)
                if value is None:
                    break
                one[1] -= value
            else:
                if not any(value for _, value in left):
                    return count
                continue
            break
    return 0


def _is_sum(cells: Sequence[str | None], total: str) -> bool:
    """Say whether a figure is the sum of others, by one sign of decimals or by the other."""
    figures = [cell for cell in cells if cell]
    if len(figures) < _LEAST:
        return False
    for decimal, thousands in ((".", ","), (",", ".")):
        read = [_read(figure, decimal, thousands) for figure in (*figures, total)]
        known = [one for one in read if one is not None]
        if len(known) == len(read) and sum(known[:-1]) == known[-1]:
            return True
    return False


def _read(text: str, decimal: str, thousands: str) -> Decimal | None:
    try:
        return Decimal(text.translate(_PARTED).replace(thousands, "").replace(decimal, "."))
    except InvalidOperation:
        return None
