"""Levels: rows that say what holds for the lines below them, each in its column, and name no goods.

A document's number, day and customer stand in a row above its lines; or a pivot table has a row for each customer,
below it one for each of their documents, below that one for its day, and last the lines, with sums beside all of them.
"""

from collections.abc import Collection, Sequence

import numpy as np

from importers.layout.rows.body import Body
from importers.layout.tables.header import empty_cells

_SAID_ONCE = ("document_number", "issued_on", "distributor", "distributor_name")


def levels(lines: Body) -> tuple[str, ...]:
    """Give the fields that are said so, from left to right; none where a line says one of them itself, or lacks one."""
    if not {"document_number", "product"} <= lines.columns.keys():
        return ()
    goods = lines.cells.column(lines.columns["product"])
    if not empty_cells(goods.slice(0, 1)).any():
        return ()  # most tables begin with a line, and are not gone through
    named = ~empty_cells(goods)
    if not named.any():
        return ()
    fields = sorted((one for one in _SAID_ONCE if one in lines.columns), key=lines.columns.__getitem__)
    said = {one: ~empty_cells(lines.cells.column(lines.columns[one])) for one in fields}
    first = int(named.argmax())
    if any((one & named).any() or not one[:first].any() for one in said.values()):
        return ()
    return tuple(fields)


def head_rows(body: Body, filled_down: Collection[str]) -> np.ndarray:
    """Mark such rows, where fields are written once for several rows and no line has a number of its own.

    What stands in them beside what is filled down is of the document, as its total: of no line. Below each stands a
    line, or a row that says what is further to the right: one that has no lines is perhaps one that lost its goods. So
    is one that has a quantity, where others have none.
    """
    none = np.zeros(len(body), dtype=bool)
    if "document_number" not in filled_down or not {"document_number", "product", "quantity"} <= body.columns.keys():
        return none
    fields = [one for one in _SAID_ONCE if one in filled_down and one in body.columns]
    said = [~empty_cells(body.cells.column(body.columns[one])) for one in fields]
    named, counted = (~empty_cells(body.cells.column(body.columns[one])) for one in ("product", "quantity"))
    if (said[0] & named).any():
        return none
    depth = _depth(said, [body.columns[one] for one in fields])
    depth[named] = body.cells.num_columns
    heads = ~named & (depth >= 0) & np.append(depth[1:] > depth[:-1], False)
    return np.asarray(heads & (~counted | counted[heads].all()), dtype=bool)


def _depth(said: Sequence[np.ndarray], places: Sequence[int]) -> np.ndarray:
    """Give the place of the last column of these in which each row says something; -1 where none does."""
    depth = np.full(len(said[0]), -1, dtype=np.int64)
    for filled, place in zip(said, places, strict=True):
        depth = np.where(filled, np.maximum(depth, place), depth)
    return depth
