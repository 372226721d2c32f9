"""Cells as text, in columns: what every reader of a container makes of what it finds."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_THOUSAND = r"^\s*[+-]?[1-9][0-9]{0,2}\.[0-9]{3}\s*$"


class Unreadable(Exception):
    """The file cannot be read; the text says why and what to do."""


def as_table(columns: Sequence[pa.Array | pa.ChunkedArray], first: int = 0) -> pa.Table:
    """Name columns by their place on the sheet, ``first`` empty ones before them, without empty ones at the end."""
    kept = list(columns)
    while kept and kept[-1].null_count == len(kept[-1]):
        kept.pop()
    nothing = [pa.nulls(len(kept[0]), pa.large_string())] if kept else []
    kept = nothing * first + kept
    return pa.table(kept, names=[str(at) for at in range(len(kept))])


def as_column(cells: Mapping[int, str], rows: int) -> pa.Array:
    """Make a column of the cells of some rows, counted from 0; the others are empty."""
    texts: list[str | None] = [None] * rows
    for row, text in cells.items():
        texts[row] = text
    return without_nul(pa.array(texts, type=pa.large_string()))


def without_nul(column: pa.Array) -> pa.Array:
    """Drop NULs, which a workbook can write and no database stores."""
    data = column.buffers()[2]
    if data is None or not data.size or np.frombuffer(data, dtype=np.uint8).min():
        return column
    return pc.replace_substring(column, "\0", "")


def may_be_thousand(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Tell which cells hold something such as 1.234: a number, and as a text in some countries a thousand times it."""
    return pc.match_substring_regex(column, _THOUSAND)
