"""Outlines: customers, documents and goods below each other in one column, with sums beside each of them.

1C groups reports so: ``ООО Север``, below it ``Реализация 12 от 05.01.2026``, below that the goods. Figures alone tell
the levels: the goods of a document are the rows below it that add up to what stands beside it, and the row before one,
or before several, that these add up to says whose they are. It is believed where pieces, or amounts, add up everywhere.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importers.files.grid import Grid
from importers.layout.columns.proving import as_floats
from importers.layout.rows.blocks import Rows
from importers.layout.rows.labelled import (
    CUSTOMERS,
    Labelled,
    beginnings,
    field_of,
    labelled,
    names_document,
    says_day,
)
from importers.layout.rows.named_beside import GROUP
from importers.layout.tables.header import JOINT, MOST_ABOVE, Header, empty_cells
from importers.layout.words.around import TOTAL
from importers.layout.words.synonyms import names_of, spoken

_GOODS = "Product"
"""What the column of goods is called where it says that it is of something else."""
_PARTS = re.compile(rf"{re.escape(JOINT)}|[,;/]\s*")
_EXACT = 10_000
"""Figures are compared to so many parts of one."""


@dataclass(frozen=True)
class Outline:
    """An outline whose sums prove it.

    Attributes:
        grid: it, with the column called after its goods alone.
        header: the same of the header, whose last row is ``header_row``.
        said: what the rows of documents and of customers say, by row.
        others: the rows that name the levels, or groups of customers.
    """

    grid: Grid
    header: Header
    header_row: int
    said: Rows
    others: tuple[int, ...]


@dataclass(frozen=True)
class _Levels:
    """Which rows are documents, and of which of these the last row before them says whose they are."""

    documents: np.ndarray
    customers: np.ndarray
    groups: np.ndarray


def outlined(grid: Grid, header: Header, header_rows: Sequence[int]) -> Outline | None:
    """Find the documents, customers and goods of an outline; None where the table below a header is none.

    ``header_rows`` are the numbers of the header's rows.
    """
    first = int(np.searchsorted(grid.row_number, header_rows[-1], side="right"))
    below = replace(grid, cells=grid.cells.slice(first), row_number=grid.row_number[first:])
    column = _column(below)
    if column is None:
        return None
    texts = pc.fill_null(pc.utf8_trim_whitespace(below.cells.column(column)), "")
    told = _documents(texts)
    figures = [one for at in range(grid.width) if at != column if (one := _figures(below, at, [*told])) is not None]
    levels = _proved(figures, np.asarray([*told], dtype=np.int64))
    if levels is None:
        return None
    lone = ~np.any([one != 0 for one in figures], axis=0) & np.asarray(pc.not_equal(texts, ""), dtype=bool)
    naming = np.flatnonzero(lone[: levels.documents[0]])
    names = [part for name in [header.names[column], *texts.take(naming).to_pylist()] for part in _PARTS.split(name)]
    label = next((one for one in names if field_of(one) in CUSTOMERS), GROUP)
    said = told | {at: [Labelled(label, "distributor", texts[at].as_py())] for at in levels.customers.tolist()}
    groups = [at for at in levels.groups.tolist() if not TOTAL.match(texts[at].as_py())]
    return Outline(
        *_called(grid, header, header_rows, column, _goods(names)),
        header_rows[-1],
        {int(below.row_number[at]): pairs for at, pairs in sorted(said.items())},
        tuple(below.row_number[[*naming, *groups]].tolist()),
    )


def _column(below: Grid) -> int | None:
    """Find the first column that names documents in the first rows, with their days, and none right below another."""
    for at, texts in enumerate(below.head(MOST_ABOVE).cells.columns[: below.width]):
        if found := [*_documents(pc.fill_null(pc.utf8_trim_whitespace(texts), ""))]:
            return at if (np.diff(found) > 1).all() else None
    return None


def _documents(texts: pa.ChunkedArray) -> dict[int, Sequence[Labelled]]:
    """Give what those say that name a document, and its day, by their places."""
    places = np.flatnonzero(np.asarray(pc.match_substring_regex(texts, beginnings()), dtype=bool))
    said = {at: labelled([text]) for at, text in zip(places.tolist(), texts.take(places).to_pylist(), strict=True)}
    return {at: one for at, one in said.items() if any(map(names_document, one)) and any(map(says_day, one))}


def _figures(below: Grid, column: int, documents: Sequence[int]) -> np.ndarray | None:
    """Read the figures of a column, 0 where nothing stands; None where some are none, or a document has none."""
    texts = below.cells.column(column)
    read, empty = as_floats(texts), empty_cells(texts)
    if empty[documents].any() or np.isnan(read[~empty]).any():
        return None
    figures: np.ndarray = np.rint(np.where(empty, 0.0, read) * _EXACT).astype(np.int64)
    return figures


def _proved(columns: list[np.ndarray], documents: np.ndarray) -> _Levels | None:
    """Find the levels by figures that add up; columns that hold prices, say, are dropped from the list."""
    columns[:] = [one for one in columns if all(len(ends) for ends in _ends([one], documents))]
    if not columns or not all(column[documents].any() for column in columns):
        return None
    ends = [int(one[0]) if len(one) else -1 for one in _ends(columns, documents)]
    if min(ends) < 0:
        return None
    filled = np.any([one != 0 for one in columns], axis=0)
    begins = [0, *(end + 1 for end in ends[:-1])]
    before = [np.flatnonzero(filled[start:at]) + start for start, at in zip(begins, documents.tolist(), strict=True)]
    first = np.asarray([at for at, rows in enumerate(before) if len(rows)], dtype=np.int64)
    customers = np.asarray([before[at][-1] for at in first], dtype=np.int64)
    for column in columns if len(first) else ():
        if (np.add.reduceat(column[documents], first) != column[customers]).any():
            return None
    return _Levels(documents, customers, np.asarray([row for rows in before for row in rows[:-1]], dtype=np.int64))


def _ends(columns: Sequence[np.ndarray], documents: np.ndarray) -> Iterator[np.ndarray]:
    """Give of each document the rows up to which those below it add up to what stands beside it, in all columns."""
    sums = [np.cumsum(one) for one in columns]
    for at, next_ in zip(documents.tolist(), [*documents[1:].tolist(), len(columns[0])], strict=True):
        equal = [added[at + 1 : next_] - added[at] == one[at] for added, one in zip(sums, columns, strict=True)]
        yield np.flatnonzero(np.all(equal, axis=0)) + at + 1


def _goods(names: Sequence[str]) -> str:
    """Give what the goods are called: the last level, where it is known to be theirs."""
    known = {*names_of("sales")["product"], *names_of("sales")["product_name"]}
    return next((one for one in reversed(names) if spoken(one) in known), _GOODS)


def _called(grid: Grid, header: Header, header_rows: Sequence[int], column: int, name: str) -> tuple[Grid, Header]:
    """Call a column otherwise, in the last row of the header alone."""
    rows = [[*row[:column], "", *row[column + 1 :]] for row in header.rows]
    rows[-1][column] = name
    names = [*header.names[:column], name, *header.names[column + 1 :]]
    texts = grid.cells.column(column).to_pylist()
    for number, row in zip(header_rows, rows, strict=True):
        texts[int(np.searchsorted(grid.row_number, number))] = row[column] or None
    cells = grid.cells.set_column(column, grid.cells.column_names[column], pa.array(texts, pa.large_string()))
    return replace(grid, cells=cells), Header(header.at, rows, names)
