"""No file that holds the numbers of payment cards is kept: the first that is found refuses it whole."""

from collections.abc import Mapping

import numpy as np
import pyarrow.compute as pc

from app.domain.card_numbers import holds_issued_number
from importers.errors import CardNumbersFound
from importers.reading import TextTable

CODES = frozenset({"document_number", "corrects", "distributor", "product", "seller_tax_id", "code", "tax_id", "ean"})
"""Fields that number things: a long number is what is expected there."""

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
        long = np.flatnonzero(np.asarray(pc.fill_null(pc.match_substring_regex(cells, _LONG), False)))  # noqa: FBT003
        for at in long.tolist():
            if holds_issued_number(cells[at].as_py(), is_code=header in codes):
                raise CardNumbersFound(name, int(table.row_number[at]), header)
    for row, cells_of_row in table.broken.items():
        if any(holds_issued_number(cell) for cell in cells_of_row):
            raise CardNumbersFound(name, row, None)
