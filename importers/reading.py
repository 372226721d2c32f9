"""Reading: a judged file becomes a table of text. The only module that opens a spreadsheet, by way of its `sheets`."""

import csv
import io
import mmap
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as pa_csv

from app.exports.cells import unescape_column
from importers.errors import FileRefused
from importers.guard import Judged, row_at
from importers.layout.table import TextTable
from importers.sheets import SheetUnreadable, read_sheet

HEADER_ROWS = 1

_DELIMITERS = ",;\t|"
_BLOCK = 1 << 20
_LARGEST_BLOCK = (1 << 31) - 1


def read(judged: Judged, name: str, sheet: str | None, decimal: str = ".") -> TextTable:
    """Read the table of a file: one header row, then lines. ``decimal`` is the decimal sign of whoever wrote it.

    Raises:
        FileRefused: The file cannot be read as a table; the message says why and what to do.
    """
    if judged.form == "xlsx":
        return _read_workbook(judged.path, name, sheet, decimal)
    return _read_text(judged.path, name)


def _read_workbook(path: Path, name: str, sheet: str | None, decimal: str) -> TextTable:
    """Read a sheet from its very first row, so that rows are counted as the spreadsheet program counts them."""
    try:
        sheet_table = read_sheet(path, sheet, tell_texts=decimal == ",")
    except SheetUnreadable as problem:
        raise FileRefused(f"{name}: {problem}") from None
    told = [column for column in sheet_table.column_names if column.startswith("text:")]
    texts = {int(column.removeprefix("text:")): np.asarray(sheet_table.column(column)) for column in told}
    sheet_table = sheet_table.drop_columns(told)
    numbers = np.arange(len(sheet_table), dtype=np.int32) + 1
    whole = _without_empty_rows(_as_frame(sheet_table), numbers)
    if not len(whole.frame):
        return TextTable(whole.frame.iloc[:, :0], whole.row_number)
    # what stands without a header and without a value is no column: only the look of cells reaches so far
    first = [str(cell).strip() if pd.notna(cell) else "" for cell in whole.frame.iloc[0].tolist()]
    below = whole.frame.iloc[HEADER_ROWS:]
    kept = [at for at, cell in enumerate(first) if cell or below.iloc[:, at].notna().any()]
    frame = below.iloc[:, kept].reset_index(drop=True)
    names = _distinct([first[at] for at in kept], name, int(whole.row_number[0]))
    frame.columns = pd.Index(names)
    rows = whole.row_number[HEADER_ROWS:]
    grouped = {names[place]: texts[at][rows - 1] for place, at in enumerate(kept) if at in texts}
    return TextTable(frame, rows, typed=True, grouped=grouped)


@dataclass
class _Wrong:
    """A row whose number of cells is not the header's. Its number is known only where one thread reads."""

    row: int
    cells: int
    text: str


def _read_text(path: Path, name: str) -> TextTable:
    header, delimiter = _header(path, name)
    table, wrong = _parse(path, name, header, delimiter, threads=True)
    if wrong:
        table, wrong = _parse(path, name, header, delimiter, threads=False)
    rows = np.arange(len(table) + len(wrong), dtype=np.int32) + HEADER_ROWS + 1
    last = wrong[-1].text if wrong and wrong[-1].row == rows[-1] else _last_cell(table)
    _refuse_open_quote(path, name, delimiter, last + "".join(header))
    rows = np.delete(rows, [one.row - HEADER_ROWS - 1 for one in wrong])
    found = _without_empty_rows(_as_frame(_as_said(table)), rows)
    # a line of nothing but separators says nothing: not a row with a problem
    said = [one for one in wrong if one.text.strip(f'{delimiter}" \t\r\n')]
    found.wrong_width = [(one.row, one.cells) for one in said]
    found.broken = {one.row: next(csv.reader(io.StringIO(one.text, newline=""), delimiter=delimiter)) for one in said}
    return found


def _parse(
    path: Path, name: str, header: Sequence[str], delimiter: str, *, threads: bool
) -> tuple[pa.Table, list[_Wrong]]:
    """Parse below the header; where a single row is larger than a block, all of the file in one."""
    wrong: list[_Wrong] = []

    def note(row: pa_csv.InvalidRow) -> str:
        wrong.append(_Wrong(row.number or 0, row.actual_columns, row.text))
        return "skip"

    quotes, size = _has_quotes(path), path.stat().st_size
    for block in (_BLOCK, min(size + _BLOCK, _LARGEST_BLOCK)):
        wrong.clear()
        try:
            table = pa_csv.read_csv(
                path,
                read_options=pa_csv.ReadOptions(
                    column_names=list(header), skip_rows_after_names=HEADER_ROWS, use_threads=threads, block_size=block
                ),
                parse_options=pa_csv.ParseOptions(
                    delimiter=delimiter,
                    newlines_in_values=quotes,
                    ignore_empty_lines=False,
                    invalid_row_handler=note,
                ),
                convert_options=pa_csv.ConvertOptions(
                    column_types=dict.fromkeys(header, pa.large_string()), strings_can_be_null=True, null_values=[""]
                ),
            )
        except pa.ArrowInvalid as problem:
            if "straddling" not in str(problem):
                raise FileRefused(f"{name}: not CSV in UTF-8 ({problem}); save it again as CSV UTF-8.") from None
        else:
            return table, wrong
    # not even one block holds two rows: there is nothing below the header
    return pa.table({one: pa.array([], type=pa.large_string()) for one in header}), []


def _as_said(table: pa.Table) -> pa.Table:
    """Take away what exports put before a text that a spreadsheet would take for a formula."""
    return pa.table([unescape_column(column) for column in table.columns], names=table.column_names)


def _last_cell(table: pa.Table) -> str:
    return str(table.column(table.num_columns - 1)[-1].as_py() or "") if len(table) else ""


def _refuse_open_quote(path: Path, name: str, delimiter: str, last: str) -> None:
    """Refuse a file whose last quote is never closed: the rows below it would vanish into one cell.

    Only a last row (or a header) that goes over several lines can hide that, and few do; so the file is seldom looked
    through.
    """
    if "\n" not in last and "\r" not in last:
        return
    cut = re.escape(delimiter.encode())
    quoted = re.compile(b'(?<![^%s\\r\\n])"[^"]*(?:""[^"]*)*("|\\Z)' % cut)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        open_at = next((found.start() for found in quoted.finditer(content) if not found.group(1)), None)
        if open_at is not None:
            raise FileRefused(
                f"{name}: a quote in row {row_at(content, open_at)} is never closed, "
                "so all rows below it read as one cell; close or remove it."
            )


def _has_quotes(path: Path) -> bool:
    """Tell whether a cell may hold a line break: without a quote none does, and the file can be cut at its lines."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(b'"') >= 0


def _header(path: Path, name: str) -> tuple[list[str], str]:
    """Read the first row, and tell the delimiter from it: the candidate that parts it into most cells."""
    rows: dict[str, list[str]] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        for delimiter in _DELIMITERS:
            file.seek(0)
            try:
                rows[delimiter] = [cell.strip() for cell in next(csv.reader(file, delimiter=delimiter), [])]
            except csv.Error as problem:
                raise FileRefused(
                    f"{name}: row 1 is no header ({problem}); put the names of the columns there."
                ) from None
    delimiter = max(_DELIMITERS, key=lambda one: len(rows[one]))
    if not any(rows[delimiter]):
        raise FileRefused(f"{name}: row 1 is empty, expected the header; remove what stands above the table.")
    return _distinct(rows[delimiter], name, 1), delimiter


def _distinct(header: list[str], name: str, row: int) -> list[str]:
    """Name every column; names compare without case, as the profile's do."""
    named = [cell or f"column {at}" for at, cell in enumerate(header, 1)]
    keys = [cell.casefold() for cell in named]
    repeated = sorted({cell for cell, key in zip(named, keys, strict=True) if keys.count(key) > 1})
    if repeated:
        raise FileRefused(
            f"{name}: row {row} names {', '.join(map(repr, repeated))} more than once; "
            "give each column a name of its own."
        )
    return named


def _as_frame(table: pa.Table) -> pd.DataFrame:
    columns = {str(name): pc.cast(table[name], pa.large_string()) for name in table.column_names}
    return pd.DataFrame(
        {name: pd.array(column, dtype=pd.ArrowDtype(pa.large_string())) for name, column in columns.items()}
    )


def _without_empty_rows(frame: pd.DataFrame, row_number: np.ndarray) -> TextTable:
    """Leave out the rows in which nothing stands, or nothing but spaces."""
    if len(frame.columns) == 0:
        return TextTable(frame, row_number)
    some = np.zeros(len(frame), dtype=bool)
    for name in frame.columns:
        texts = pa.array(frame[name].array)
        some |= np.asarray(pc.fill_null(pc.not_equal(pc.utf8_trim_whitespace(texts), ""), False), dtype=bool)  # noqa: FBT003
        if some.all():
            return TextTable(frame, row_number)
    return TextTable(frame[some].reset_index(drop=True), row_number[some])
