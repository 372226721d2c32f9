"""Reading: a judged file becomes a table of text. The only module that opens a spreadsheet."""

import csv
import mmap
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fastexcel
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as pa_csv

from importers.errors import FileRefused
from importers.guard import Judged

HEADER_ROWS = 1


@dataclass
class TextTable:
    """A file's table as text.

    Attributes:
        frame: one column a header, in the file's order and with the file's names; ``str`` cells, missing where empty.
        row_number: the row of each line as a spreadsheet counts: the first below the header is 2.
        wrong_width: rows whose number of cells is not the header's: (row, cells found).
    """

    frame: pd.DataFrame
    row_number: np.ndarray
    wrong_width: list[tuple[int, int]] = field(default_factory=list)

    @property
    def header(self) -> list[str]:
        """Give the names of the columns."""
        return [str(name) for name in self.frame.columns]

    def column(self, name: str) -> pa.Array:
        """Give one column as an Arrow array, without copying."""
        return pa.array(self.frame[name].array)


def read(judged: Judged, name: str, sheet: str | None) -> TextTable:
    """Read the table of a file: one header row, then lines.

    Raises:
        FileRefused: The file cannot be read as a table; the message says why and what to do.
    """
    if judged.form == "xlsx":
        return _read_workbook(judged.path, name, sheet)
    return _read_text(judged.path, name)


def _read_workbook(path: Path, name: str, sheet: str | None) -> TextTable:
    try:
        reader = fastexcel.read_excel(path)
        if sheet is not None and sheet not in reader.sheet_names:
            raise FileRefused(f"{name}: no sheet is called {sheet!r}; it has {', '.join(reader.sheet_names)}.")
        loaded = reader.load_sheet(sheet or 0, dtypes="string", header_row=0, skip_whitespace_tail_rows=True)
        table = pa.table(loaded.to_arrow())
    except fastexcel.FastExcelError as problem:
        raise FileRefused(
            f"{name}: the workbook cannot be read ({problem}); open and save it again as .xlsx."
        ) from None
    rows = np.arange(len(table), dtype=np.int32) + HEADER_ROWS + 1
    return _without_empty_rows(_as_frame(table), rows)


def _read_text(path: Path, name: str) -> TextTable:
    header, delimiter = _header(path, name)
    wrong: list[tuple[int, int]] = []

    def note(row: pa_csv.InvalidRow) -> str:
        # the number is known only where one thread reads; see below
        wrong.append((row.number or 0, row.actual_columns))
        return "skip"

    table = _parse(path, header, delimiter, note, threads=True)
    if wrong:
        wrong.clear()
        table = _parse(path, header, delimiter, note, threads=False)
    rows = np.arange(len(table) + len(wrong), dtype=np.int32) + HEADER_ROWS + 1
    rows = np.delete(rows, [row - HEADER_ROWS - 1 for row, _ in wrong])
    found = _without_empty_rows(_as_frame(table), rows)
    # a line of nothing is one empty cell: not a row with a problem
    found.wrong_width = [(row, cells) for row, cells in wrong if cells > 1]
    return found


def _parse(path: Path, header: Sequence[str], delimiter: str, note: Any, *, threads: bool) -> pa.Table:
    try:
        return pa_csv.read_csv(
            path,
            read_options=pa_csv.ReadOptions(
                column_names=list(header), skip_rows_after_names=HEADER_ROWS, use_threads=threads
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=delimiter,
                newlines_in_values=_has_quotes(path),
                ignore_empty_lines=False,
                invalid_row_handler=note,
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.large_string()), strings_can_be_null=True, null_values=[""]
            ),
        )
    except pa.ArrowInvalid as problem:
        raise FileRefused(f"{path.name}: not CSV in UTF-8 ({problem}); save it again as CSV UTF-8.") from None


def _has_quotes(path: Path) -> bool:
    """Tell whether a cell may hold a line break: without a quote none does, and the file can be cut at its lines."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(b'"') >= 0


def _header(path: Path, name: str) -> tuple[list[str], str]:
    """Read the first row, and tell the delimiter from it: the candidate that parts it into most cells."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline()
        if not first.strip():
            raise FileRefused(f"{name}: row 1 is empty, expected the header; remove what stands above the table.")
        delimiter = max(",;\t|", key=first.count)
        file.seek(0)
        header = [cell.strip() for cell in next(csv.reader(file, delimiter=delimiter))]
    return _distinct(header, name), delimiter


def _distinct(header: list[str], name: str) -> list[str]:
    named = [cell or f"column {at}" for at, cell in enumerate(header, 1)]
    repeated = sorted({cell for cell in named if named.count(cell) > 1})
    if repeated:
        raise FileRefused(
            f"{name}: row 1 names {', '.join(map(repr, repeated))} more than once; give each column a name of its own."
        )
    return named


def _as_frame(table: pa.Table) -> pd.DataFrame:
    columns = {str(name): pc.cast(table[name], pa.large_string()) for name in table.column_names}
    return pd.DataFrame(
        {name: pd.array(column, dtype=pd.ArrowDtype(pa.large_string())) for name, column in columns.items()}
    )


def _without_empty_rows(frame: pd.DataFrame, row_number: np.ndarray) -> TextTable:
    if len(frame.columns) == 0:
        return TextTable(frame, row_number)
    some = np.zeros(len(frame), dtype=bool)
    for name in frame.columns:
        some |= frame[name].notna().to_numpy(dtype=bool)
        if some.all():
            return TextTable(frame, row_number)
    return TextTable(frame[some].reset_index(drop=True), row_number[some])
