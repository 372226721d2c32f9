"""No file that holds the numbers of payment cards is kept: the first that is found refuses it whole."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.domain.typed.card_numbers import holds_issued_number
from importers.errors import CardNumbersFound
from importers.files.grid import Grid
from importers.layout.laying import Laid
from importers.layout.tables.table import TextTable

CODES = frozenset(
    {"document_number", "corrects", "distributor", "product", "seller_tax_id", "code", "tax_id", "ean", "booking"}
)
"""Fields that number things: a long number is what is expected there."""

_LEAST = 15
"""Digits of the shortest of those numbers."""
_LONG = r"\d(?:[ \-\x{00a0}]?\d){14}|\d[.,]\d{9,14}[eE]\+?0*15"
"""What has fewer digits than the shortest of those numbers need not be looked at one by one."""


def refuse_card_numbers(table: TextTable, columns: Mapping[str, str], name: str) -> None:
    """Look for numbers of payment cards in every column of a file, also in those that nobody reads.

    Args:
        table: the file's rows.
        columns: our field -> the file's column.
        name: what the person calls the file.

    Raises:
        CardNumbersFound: There is one; the message says where.
    """
    codes = {header for field, header in columns.items() if field in CODES}
    for header in table.header:
        at = _first(table.column(header), is_code=header in codes)
        if at is not None:
            raise CardNumbersFound(name, int(table.row_number[at]), None if holds_issued_number(header) else header)
    _refuse_broken(table.broken, name)


def refuse_around(grid: Grid, laid: Laid | None, name: str) -> None:
    """Look for them in the rows of a sheet that are no lines: above its table, in its header, in totals and notes.

    They are not among what is read, and stand in the file that is kept. None laid: the sheet has no lines.

    Raises:
        CardNumbersFound: There is one; the message says in which row.
    """
    _refuse_broken(grid.broken, name)
    around, codes = np.ones(len(grid.row_number), dtype=bool), set[int]()
    if laid is not None:
        lines = (laid.table.row_number - 1) % laid.last_row + 1  # of a matrix each month is numbered on
        around = ~np.isin(grid.row_number, lines)
        codes = {laid.places[field] for field in CODES & laid.places.keys()}
    rows = grid.row_number[around]
    found = [
        (int(rows[first]), at)
        for at, column in enumerate(grid.cells.select(list(range(grid.width))).filter(pa.array(around)).columns)
        if (first := _first(column, is_code=at in codes)) is not None
    ]
    if found:
        raise CardNumbersFound(name, min(found)[0], None)


def _refuse_broken(broken: Mapping[int, Sequence[str]], name: str) -> None:
    for row, cells in broken.items():
        if any(map(holds_issued_number, cells)):
            raise CardNumbersFound(name, row, None)


def _first(cells: pa.Array | pa.ChunkedArray, *, is_code: bool) -> int | None:
    """Find the first cell of a column that holds one; give its position."""
    if (pc.max(pc.binary_length(cells)).as_py() or 0) < _LEAST:
        return None
    texts = pc.unique(cells)  # a name that stands in a thousand rows is looked at once
    long = texts.filter(pc.fill_null(pc.match_substring_regex(texts, _LONG), False)).to_pylist()  # noqa: FBT003
    found = [text for text in long if holds_issued_number(text, is_code=is_code)]
    if not found:
        return None
    first: int = pc.index(pc.is_in(cells, value_set=pa.array(found, cells.type)), True).as_py()
    return first
