"""Grids handed from the process that read them to the one that wants them, in a file, without a copy of the cells."""

import json
import mmap
from collections.abc import Iterable, Iterator
from typing import IO, Any

import numpy as np
import pyarrow as pa

from importers.files.grid import Grid, Merge

REFUSED = 3
"""How a process that reads ends where it says why a file cannot be read."""

_ABOUT = b"kontor"
_ROW = "row"
_TEXT = "text:"
_SHOWN = "shown:"
_SIGNS = "signs:"


def hand_over(grids: Iterable[Grid], file: IO[bytes]) -> None:
    """Write grids one behind the other."""
    for grid in grids:
        table = grid.cells
        if not _counts_from_one(grid.row_number):
            table = table.append_column(_ROW, pa.array(grid.row_number))
        for column, texts in grid.texts.items():
            table = table.append_column(f"{_TEXT}{column}", pa.array(texts))
        for column, texts in grid.shown.items():
            table = table.append_column(f"{_SHOWN}{column}", texts)
        for column, texts in grid.signs.items():
            table = table.append_column(f"{_SIGNS}{column}", texts)
        about = {
            "name": grid.name,
            "rows": len(grid.cells),
            "visible": grid.visible,
            "hidden_rows": sorted(grid.hidden_rows),
            "struck_rows": sorted(grid.struck_rows),
            "merged": grid.merged,
            "unvalued": grid.unvalued,
            "typed": grid.typed,
            "from_1904": grid.from_1904,
            "encoding": grid.encoding,
        }
        table = table.replace_schema_metadata({_ABOUT: json.dumps(about).encode()})
        with pa.ipc.new_stream(file, table.schema) as writer:
            writer.write_table(table)
    file.flush()


def take_over(descriptor: int, size: int) -> Iterator[Grid]:
    """Read the grids that lie in an open file of that size."""
    if not size:
        return
    content = pa.py_buffer(mmap.mmap(descriptor, size, access=mmap.ACCESS_READ))
    reader = pa.BufferReader(content)
    while reader.tell() < size:
        with pa.ipc.open_stream(reader) as stream:
            table = stream.read_all()
        yield _grid(table, json.loads(table.schema.metadata[_ABOUT]))


def _grid(table: pa.Table, about: dict[str, Any]) -> Grid:
    texts = {at: np.asarray(column) for at, column in _beside(table, _TEXT)}
    numbers = (
        np.asarray(table.column(_ROW))
        if _ROW in table.column_names
        else np.arange(1, about["rows"] + 1, dtype=np.int32)
    )
    cells = table.select([name for name in table.column_names if name.isdecimal()]).replace_schema_metadata()
    return Grid(
        about["name"],
        cells,
        numbers,
        visible=about["visible"],
        hidden_rows=frozenset(about["hidden_rows"]),
        struck_rows=frozenset(about["struck_rows"]),
        merged=tuple(Merge(*one) for one in about["merged"]),
        unvalued=tuple((row, column) for row, column in about["unvalued"]),
        typed=about["typed"],
        from_1904=about["from_1904"],
        texts=texts,
        shown=dict(_beside(table, _SHOWN)),
        signs=dict(_beside(table, _SIGNS)),
        encoding=about["encoding"],
    )


def _beside(table: pa.Table, kind: str) -> Iterator[tuple[int, pa.ChunkedArray]]:
    """Give what is told of cells, by their column."""
    for name in table.column_names:
        if name.startswith(kind):
            yield int(name.removeprefix(kind)), table.column(name)


def _counts_from_one(row_number: np.ndarray) -> bool:
    return not len(row_number) or (row_number[0] == 1 and row_number[-1] == len(row_number))
