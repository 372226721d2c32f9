"""Sheets whose few cells lie far apart: written anew without the empty rows and columns between them, then read.

Whoever reads a sheet lays out the whole rectangle; a note in the last corner would ask for gigabytes.
"""

import re
import tempfile
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from importers.files.containers.parts import Parts
from importers.files.containers.scan import filled
from importers.files.grid import Grid
from importers.files.limits import Limits
from importers.files.readers.calamine import read_workbook
from importers.files.shown.looks import with_shown

_PLACE = re.compile(rb"""\sr\s*=\s*["'][A-Z0-9]*["']""")
_BEFORE = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
_BEHIND = b"</sheetData></worksheet>"


def read_sparse(
    path: Path, sheet: str, part: str, limits: Limits, signs: Collection[str] = (), *, tell_texts: bool
) -> Iterator[Grid]:
    """Read one such sheet of an .xlsx."""
    parts = Parts(path, path.name, limits)
    places = {(cell.row, cell.column) for cell in filled(parts.stream(part))}
    rows = np.array(sorted({row for row, _ in places}), dtype=np.int32)
    columns = sorted({column for _, column in places})
    with tempfile.NamedTemporaryFile(prefix="kontor-sheet-", suffix=".xlsx") as copy:
        with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as container:
            for other in parts.names:
                with container.open(other, "w", force_zip64=True) as written:
                    for piece in _moved(parts, part, rows, columns) if other == part else parts.stream(other):
                        written.write(piece)
        read = read_workbook(Path(copy.name), "xlsx", [sheet], tell_texts=tell_texts)
        for grid in with_shown(read, Path(copy.name), {sheet: part}, limits, signs):
            yield _spread(grid, rows, columns)


def _moved(parts: Parts, part: str, rows: np.ndarray, columns: list[int]) -> Iterator[bytes]:
    """Write the sheet's filled cells as if nothing lay between them."""
    column_at = {column: at for at, column in enumerate(columns)}
    cells: dict[int, list[bytes]] = {}
    for cell in filled(parts.stream(part)):
        row = int(np.searchsorted(rows, cell.row)) + 1
        place = b"%b%d" % (_letters(column_at[cell.column]), row)
        attributes = _PLACE.sub(b"", cell.attributes)
        cells.setdefault(row, []).append(b'<c r="%b"%b>%b</c>' % (place, attributes, cell.content or b""))
    yield _BEFORE
    for row in sorted(cells):
        yield b'<row r="%d">%b</row>' % (row, b"".join(cells[row]))
    yield _BEHIND


def _spread(grid: Grid, rows: np.ndarray, columns: list[int]) -> Grid:
    """Give each column its place on the sheet, and each row its number."""
    nothing = pa.nulls(len(grid.cells), pa.large_string())
    spread = [nothing] * (columns[-1] if columns else 0)
    for at, column in enumerate(grid.cells.columns):
        spread[columns[at] - 1] = column
    return replace(
        grid,
        cells=pa.table(spread, names=[str(at) for at in range(len(spread))]),
        row_number=rows[: len(grid.cells)],
        struck_rows=frozenset(rows[row - 1].item() for row in grid.struck_rows),
        texts={columns[at] - 1: texts for at, texts in grid.texts.items()},
        shown={columns[at] - 1: texts for at, texts in grid.shown.items()},
        signs={columns[at] - 1: texts for at, texts in grid.signs.items()},
    )


def _letters(column: int) -> bytes:
    """Write a column, counted from 0, in letters."""
    letters = b""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = bytes([65 + rest]) + letters
    return letters
