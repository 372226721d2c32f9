"""Whether a row that is called a total adds up the rows above it, or is one of them: a code may read like that.

A distributor of TotalEnergies is perhaps coded TOTAL. Where its code is all that says of what a row is, as in a file of
targets, the word alone does not tell: a line fills what a total leaves empty, and its figures are no sum.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importers.layout.numbers import tidy
from importers.layout.settling import NUMBERS, OF_LINES
from importers.layout.words import WHOLE_TOTAL

_LEAST = 2
"""Lines that a total adds up: a figure that is that of one line proves nothing."""
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
