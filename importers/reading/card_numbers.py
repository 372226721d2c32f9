"""No file that holds the numbers of payment cards is kept: the first that is found refuses it whole."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from app.domain.typed.card_numbers import holds_issued_number
from importers.errors import CardNumbersFound
from importers.layout.tables.table import TextTable

CODES = frozenset(
    {"document_number", "corrects", "distributor", "product", "seller_tax_id", "code", "tax_id", "ean", "booking"}
)
"""Fields that number things: a long number is what is expected there."""

_LEAST = 15
"""Digits of the shortest of those numbers."""
_LONG = r"\d(?:[ \-\x{00a0}]?\d){14}"
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
        cells = table.column(header)
        if (pc.max(pc.binary_length(cells)).as_py() or 0) < _LEAST:
            continue
        texts = pc.unique(cells)  # a name that stands in a thousand rows is looked at once
        long = texts.filter(pc.fill_null(pc.match_substring_regex(texts, _LONG), False)).to_pylist()  # noqa: FBT003
        found = [text for text in long if holds_issued_number(text, is_code=header in codes)]
        if found:
            first = pc.index(pc.is_in(cells, value_set=pa.array(found, cells.type)), True).as_py()
            raise CardNumbersFound(name, int(table.row_number[first]), header)
    for row, cells_of_row in table.broken.items():
        if any(holds_issued_number(cell) for cell in cells_of_row):
            raise CardNumbersFound(name, row, None)
