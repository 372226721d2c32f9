"""Rows that name a document, whose lines stand below it: the number, the day and the customer, and no goods."""

from collections.abc import Collection

import numpy as np

from importers.layout.rows.body import Body
from importers.layout.tables.header import empty_cells


def document_heads(body: Body, filled_down: Collection[str]) -> np.ndarray:
    """Mark such rows, where fields are written once for several rows and no line has a number of its own.

    What stands in them beside what is filled down is of the document, as its total: of no line.
    """
    none = np.zeros(len(body), dtype=bool)
    if "document_number" not in filled_down or not {"document_number", "product", "quantity"} <= body.columns.keys():
        return none
    numbered, named, counted = (
        ~empty_cells(body.cells.column(body.columns[field])) for field in ("document_number", "product", "quantity")
    )
    if (numbered & named).any():
        return none
    lines_follow = np.append((named & ~numbered)[1:], False)
    return np.asarray(numbered & ~counted & lines_follow, dtype=bool)
