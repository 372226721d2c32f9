"""A sheet of a workbook as a table of text, read in a process of its own.

The reader lays a sheet out as one rectangle, however few cells it has: a file of 1.5 kB with two cells far apart asks
for gigabytes, and then the reader ends its process, which nothing can catch. So it has a process that may end, with a
limit to its memory and none of our secrets in its environment. What it read is handed over in a file without a name.
"""

import ctypes
import mmap
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import fastexcel
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

MOST_MEMORY = 4 << 30
"""Bytes that reading one sheet may take."""

_SEARCHED = os.pathsep.join(dict.fromkeys([str(Path(__file__).resolve().parent.parent), *filter(None, sys.path)]))
_MOST_SECONDS = 900
_KILLS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_PR_SET_PDEATHSIG = 1
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


def read_sheet(path: Path, sheet: str | None, *, tell_texts: bool = False) -> pa.Table:
    """Read a sheet, the first where none is named, from its very first row: columns named by position, cells as text.

    With ``tell_texts`` a further column ``text:N`` says of column N which cells hold text, where that matters: where
    something such as 1.234 stands in it, which is a number in a number cell, and in a text cell may be a thousand.

    Raises:
        SheetUnreadable: There is no such sheet, or nobody can read it.
        RuntimeError: The reader does not start, or somebody killed it: no fault of the file, which can be read again.
    """
    with tempfile.TemporaryFile(prefix="kontor-sheet-") as handed:
        descriptor = handed.fileno()
        named = [] if sheet is None else [sheet]
        telling, me = "texts" if tell_texts else "-", str(os.getpid())
        try:
            done = subprocess.run(
                [sys.executable, "-P", "-m", "importers.sheets", path.absolute(), str(descriptor), telling, me, *named],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=_MOST_SECONDS,
                check=False,
                cwd="/",
                env={"PATH": os.defpath, "PYTHONPATH": _SEARCHED, "PYTHONUTF8": "1"},
                pass_fds=[descriptor],
                start_new_session=True,  # Ctrl-C is for whoever called us
            )
        except subprocess.TimeoutExpired:
            raise SheetUnreadable(
                f"reading it takes more than {_MOST_SECONDS // 60} minutes; save the table as CSV UTF-8."
            ) from None
        if done.returncode == _REFUSED:
            raise SheetUnreadable(done.stdout)
        if "ImportError" in done.stderr or "ModuleNotFoundError" in done.stderr:
            raise RuntimeError(f"the reader of sheets does not start: {done.stderr[-1000:]}")
        if -done.returncode in _KILLS:
            raise RuntimeError("the reader of sheets was killed, by somebody or for want of memory")
        if done.returncode:
            raise SheetUnreadable(
                "no reader can open it: it is broken, or a cell far away from the table makes it larger than "
                f"{MOST_MEMORY >> 30} GiB; delete the rows and columns around the table and save it again."
            )
        content = mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
    return pa.ipc.open_file(pa.py_buffer(content)).read_all()


def main(arguments: Sequence[str]) -> int:
    """Read a sheet into an open file: ``python -m importers.sheets PATH DESCRIPTOR texts|- PID [SHEET]``."""
    path, descriptor, telling, wanted_by, *named = arguments
    _end_with(int(wanted_by))
    for limit, most, at_the_most in (
        (resource.RLIMIT_DATA, MOST_MEMORY, MOST_MEMORY),
        (resource.RLIMIT_CPU, _MOST_SECONDS, _MOST_SECONDS + 1),  # at the second it would be killed as by somebody
        (resource.RLIMIT_CORE, 0, 0),
    ):
        resource.setrlimit(limit, (most, at_the_most))
    try:
        reader = fastexcel.read_excel(path)
        if named and named[0] not in reader.sheet_names:
            return _refuse(f"no sheet is called {named[0]!r}; it has {', '.join(reader.sheet_names)}.")
        which = named[0] if named else 0
        table = _with_errors(*_load(reader, which, "string"))
        if telling == "texts":
            table = _with_texts(table, lambda kinds: _load(reader, which, kinds)[0])
    except fastexcel.FastExcelError as problem:
        return _refuse(
            f"the workbook cannot be read ({str(problem).splitlines()[0]}); open and save it again as .xlsx."
        )
    with os.fdopen(int(descriptor), "wb") as handed, pa.ipc.new_file(handed, table.schema) as writer:
        writer.write_table(table)
    return 0


def _end_with(parent: int) -> None:
    """Have this process end when whoever wants the sheet does, whatever that died of."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)


def _load(reader: fastexcel.ExcelReader, which: int | str, kinds: Any) -> tuple[Any, Any]:
    loaded = reader.load_sheet(which, dtypes=kinds, header_row=None, skip_rows=0, skip_whitespace_tail_rows=True)
    batch, errors = loaded.to_arrow_with_errors()
    return batch, errors


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


def _with_texts(table: pa.Table, load: Callable[[dict[int, str]], Any]) -> pa.Table:
    """Tell text cells from number cells in the columns where a thousand might be written with a point.

    No reader says what kind a single cell is; but a number can be read as true or false, and text such as this cannot.
    """
    doubtful = [at for at, column in enumerate(table.columns) if pc.any(_grouped(column)).as_py()]
    if not doubtful:
        return table
    kinds = dict.fromkeys(range(table.num_columns), "string") | dict.fromkeys(doubtful, "boolean")
    batch = load(kinds)
    for at in doubtful:
        is_text = pc.and_(pc.fill_null(_grouped(table.column(at)), False), batch.column(at).is_null())  # noqa: FBT003
        table = table.append_column(f"text:{at}", is_text)
    return table


def _grouped(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.match_substring_regex(column, r"^\s*[+-]?[1-9][0-9]{0,2}\.[0-9]{3}\s*$")


def _without_nul(column: pa.Array) -> pa.Array:
    """Drop NULs, which a workbook can write as ``_x0000_`` and no database stores."""
    data = column.buffers()[2]
    if data is None or not data.size or np.frombuffer(data, dtype=np.uint8).min():
        return column
    return pc.replace_substring(column, "\0", "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
