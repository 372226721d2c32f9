"""Rows of a text file that leave out their last cells because nothing stands in them, as some programs write them.

A row is shorter as well where a separator was lost within it, and then all behind it stands in another column. Which of
the two it is, its cells tell: those of the columns that are read look as theirs do, and the last one looks like none of
the table's last column, into whose place it would else have moved.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.domain.typed.fields import FIGURES, KINDS
from importers.files.grid import Grid
from importers.layout.tables.header import Header
from importers.layout.written.dates import read_moment

_LOOKED_AT = 2_000
"""Distinct texts of a column that tell how its cells look."""
_WHOLE = re.compile(r"[-+(]?\d{1,9}\)?-?")
_NUMBER = re.compile(r"[-+(]?\s*\d[\d\s.,']*\)?-?(?:\s?\S{1,4})?")
_NEEDED = frozenset().union(*(kind.required for kind in KINDS.values()))


def with_short_rows(grid: Grid, header: Header, columns: Mapping[str, int]) -> Grid:
    """Give a grid with the rows that leave out cells at their end which nobody needs; ``columns`` are those read."""
    width = grid.width
    short = [
        row
        for row, cells in grid.wrong_width
        if cells < width and row > int(grid.row_number[header.at]) and row in grid.broken
    ]
    if not short or (grid.lifted is not None and grid.lifted.each):
        return grid
    looks: dict[int, set[str]] = {}

    def looks_of(at: int) -> set[str]:
        if at not in looks:
            texts = pc.unique(grid.cells.column(at).slice(header.below)).slice(0, _LOOKED_AT).to_pylist()
            looks[at] = {_look(text or "") for text in texts}
        return looks[at]

    def fits(cells: list[str]) -> bool:
        held = {at: field for field, at in columns.items() if at < width}
        if any(field in _NEEDED or field in FIGURES for at, field in held.items() if at >= len(cells)):
            return False
        for at, field in held.items():
            if at >= len(cells):
                continue
            look = _look(cells[at])
            if look not in looks_of(at) or (not look and (field in _NEEDED or field in FIGURES)):
                return False
        return _look(cells[-1]) not in looks_of(width - 1)

    whole = {row: list(grid.broken[row]) for row in short if fits(list(grid.broken[row]))}
    return _taken_in(grid, whole) if whole else grid


def _look(text: str) -> str:
    """Say how a cell looks: as a whole number, another number, a day or a text; empty where nothing stands in it."""
    text = text.strip()
    if not text:
        return ""
    if _WHOLE.fullmatch(text):
        return "whole"
    if read_moment(text).days:
        return "day"
    return "number" if _NUMBER.fullmatch(text) else "text"


def _taken_in(grid: Grid, rows: Mapping[int, list[str]]) -> Grid:
    """Put rows into their places among the others."""
    padded = [[*cells, *[""] * (grid.width - len(cells))] for cells in rows.values()]
    columns = [pa.array([cell or None for cell in column], pa.large_string()) for column in zip(*padded, strict=True)]
    columns += grid.lifted.of(np.asarray(list(rows))) if grid.lifted is not None else []
    numbers = np.concatenate([grid.row_number, np.asarray(list(rows), dtype=grid.row_number.dtype)])
    order = np.argsort(numbers, kind="stable")
    cells = pa.concat_tables([grid.cells, pa.table(columns, names=grid.cells.column_names)])
    return replace(
        grid,
        cells=cells.take(pa.array(order)),
        row_number=numbers[order],
        wrong_width=tuple(one for one in grid.wrong_width if one[0] not in rows),
        broken={row: kept for row, kept in grid.broken.items() if row not in rows},
    )
