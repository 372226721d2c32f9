"""A sheet of a workbook as a table of text, read in a process of its own.

The reader lays a sheet out as one rectangle, however few cells it has: a file of 1.5 kB with two cells far apart asks
for gigabytes, and then the reader ends its process, which nothing can catch. So it has a process that may end, with a
limit to its memory and none of our secrets in its environment. What it read is handed over in a file without a name.
"""

import mmap
import os
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fastexcel  # noqa: TID251  # for importers/reading.py alone, in a process of its own
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

MOST_MEMORY = 4 << 30
"""Bytes that reading one sheet may take."""

_PROJECT = Path(__file__).resolve().parent.parent
_MOST_SECONDS = 900
_REFUSED = 3
_ERRORS = {
    "Div0": "#DIV/0!",
    "NA": "#N/A",
    "Name": "#NAME?",
    "Null": "#NULL!",
    "Num": "#NUM!",
    "Ref": "#REF!",
    "Value": "#VALUE!",
    "GettingData": "#GETTING_DATA",
}
_ERROR = re.compile(r"Error\((\w+)\)")


class SheetUnreadable(Exception):
    """The sheet cannot be read; the text says why and what to do."""


def read_sheet(path: Path, sheet: str | None) -> pa.Table:
    """Read a sheet, the first where none is named, from its very first row: columns named by position, cells as text.

    Raises:
        SheetUnreadable: There is no such sheet, or nobody can read it.
    """
    with tempfile.TemporaryFile(prefix="kontor-sheet-") as handed:
        descriptor = handed.fileno()
        named = [] if sheet is None else [sheet]
        try:
            done = subprocess.run(
                [sys.executable, "-P", "-m", "importers.sheets", path.absolute(), str(descriptor), *named],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=_MOST_SECONDS,
                check=False,
                cwd="/",
                env={"PATH": os.defpath, "PYTHONPATH": str(_PROJECT), "PYTHONUTF8": "1"},
                pass_fds=[descriptor],
            )
        except subprocess.TimeoutExpired:
            raise SheetUnreadable(
                f"reading it takes more than {_MOST_SECONDS // 60} minutes; save the table as CSV UTF-8."
            ) from None
        if done.returncode == _REFUSED:
            raise SheetUnreadable(done.stdout)
        if done.returncode:
            raise SheetUnreadable(
                "no reader can open it: it is broken, or a cell far away from the table makes it larger than "
                f"{MOST_MEMORY >> 30} GiB; delete the rows and columns around the table and save it again."
            )
        content = mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
    return pa.ipc.open_file(pa.py_buffer(content)).read_all()


def main(arguments: Sequence[str]) -> int:
    """Read a sheet into an open file: ``python -m importers.sheets PATH DESCRIPTOR [SHEET]``."""
    path, descriptor, *named = arguments
    for limit, most in (
        (resource.RLIMIT_DATA, MOST_MEMORY),
        (resource.RLIMIT_CPU, _MOST_SECONDS),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    try:
        reader = fastexcel.read_excel(path)
        if named and named[0] not in reader.sheet_names:
            return _refuse(f"no sheet is called {named[0]!r}; it has {', '.join(reader.sheet_names)}.")
        loaded = reader.load_sheet(
            named[0] if named else 0, dtypes="string", header_row=None, skip_rows=0, skip_whitespace_tail_rows=True
        )
        table = _with_errors(*loaded.to_arrow_with_errors())
    except fastexcel.FastExcelError as problem:
        return _refuse(
            f"the workbook cannot be read ({str(problem).splitlines()[0]}); open and save it again as .xlsx."
        )
    with os.fdopen(int(descriptor), "wb") as handed, pa.ipc.new_file(handed, table.schema) as writer:
        writer.write_table(table)
    return 0


def _refuse(why: str) -> int:
    sys.stdout.write(why)
    return _REFUSED


def _with_errors(batch: Any, errors: Any) -> pa.Table:
    """Write into cells that hold an error what the spreadsheet program shows in them: they are not empty."""
    columns = [_without_nul(column.cast(pa.large_string())) for column in batch.columns]
    found: dict[int, dict[int, str]] = {}
    for error in errors.errors if errors is not None else ():
        row, column = error.offset_position
        said = _ERROR.search(error.detail)
        found.setdefault(column, {})[row] = _ERRORS.get(said.group(1), "#ERROR!") if said else "#ERROR!"
    for column, cells in found.items():
        marked = np.zeros(len(batch), dtype=bool)
        marked[list(cells)] = True
        texts = pa.array([cells[row] for row in sorted(cells)], type=pa.large_string())
        columns[column] = pc.replace_with_mask(columns[column], pa.array(marked), texts)
    return pa.table(columns, names=[str(at) for at in range(len(columns))])


def _without_nul(column: pa.Array) -> pa.Array:
    """Drop NULs, which a workbook can write as ``_x0000_`` and no database stores."""
    data = column.buffers()[2]
    if data is None or not data.size or np.frombuffer(data, dtype=np.uint8).min():
        return column
    return pc.replace_substring(column, "\0", "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
