"""Sheets of .xlsx, .xlsb, .xls and .ods workbooks, read by calamine. Runs in the process that may end.

It lays a sheet out as one rectangle, however few cells it has: a file of 1.5 kB with two cells far apart asks for
gigabytes, and then it ends its process, which nothing can catch.
"""

import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import fastexcel
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.domain.saying.wording import marked
from importers.files.cells import Unreadable, as_shown, as_table, may_be_thousand, too_long, without_nul
from importers.files.grid import Grid

_ = marked
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


def read_workbook(
    path: Path, form: str, sheets: Sequence[str] | None, *, tell_texts: bool = False, hidden: bool = False
) -> Iterator[Grid]:
    """Read sheets of a workbook of that form, all that people see where none is named; with ``hidden`` the others too.

    With ``tell_texts``, text cells are told from number cells where that matters: where something such as 1.234 stands.

    Raises:
        Unreadable: Nobody can read it, or it has no such sheet.
    """
    try:
        reader = _open(path, form)
        for name in reader.sheet_names if sheets is None else sheets:
            if name not in reader.sheet_names:
                raise Unreadable(
                    _("no sheet is called %(sheet)s; it has %(has)s."), sheet=repr(name), has=list(reader.sheet_names)
                )
            sheet = _load(reader, name, "string")
            visible = sheet.visible == "visible"
            if sheets is None and not visible and not hidden:
                continue
            first = min((column.absolute_index for column in sheet.available_columns()), default=0)
            batch, errors = sheet.to_arrow_with_errors()
            del sheet  # it has all cells once more
            cells = _without_lost_digits(reader, name, _cells(batch, errors, first), first)
            texts = _texts(reader, name, cells, first) if tell_texts else {}
            numbers = np.arange(1, len(cells) + 1, dtype=np.int32)
            yield Grid(name, cells, numbers, visible=visible, typed=True, texts=texts)
    except fastexcel.FastExcelError as problem:
        said = str(problem).splitlines()[0]
        if "password" in said.lower():
            raise Unreadable(_("the workbook is protected by a password; save it without one.")) from None
        words = _("the workbook cannot be read (%(found)s); open and save it again as .xlsx.")
        raise Unreadable(words, found=said) from None


def _open(path: Path, form: str) -> fastexcel.ExcelReader:
    """Open a workbook as what it is: calamine goes by the ending of a name, and what a file is called says nothing."""
    with tempfile.TemporaryDirectory(prefix="kontor-sheet-") as folder:
        named = Path(folder, f"book.{form}")
        named.symlink_to(path)
        return fastexcel.read_excel(named)


def _load(reader: fastexcel.ExcelReader, name: str, kinds: Any) -> fastexcel.ExcelSheet:
    return reader.load_sheet(name, dtypes=kinds, header_row=None, skip_rows=0, skip_whitespace_tail_rows=True)


def _cells(batch: Any, errors: Any, first: int) -> pa.Table:
    """Write into cells that hold an error what the spreadsheet program shows in them: they are not empty."""
    columns = [without_nul(column.cast(pa.large_string())) for column in batch.columns]
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
    return as_table(columns, first)


def _texts(reader: fastexcel.ExcelReader, name: str, cells: pa.Table, first: int) -> dict[int, np.ndarray]:
    """Tell text cells from number cells in the columns where a thousand might be written with a point.

    No reader says what kind a single cell is; but a number can be read as true or false, and text such as this cannot.
    """
    doubtful = [at for at in range(first, cells.num_columns) if pc.any(may_be_thousand(cells.column(at))).as_py()]
    return {
        at: np.asarray(pc.and_(pc.fill_null(may_be_thousand(cells.column(at)), False), is_text))  # noqa: FBT003
        for at, is_text in _are_texts(reader, name, cells, first, doubtful).items()
    }


def _are_texts(
    reader: fastexcel.ExcelReader, name: str, cells: pa.Table, first: int, columns: Sequence[int]
) -> dict[int, pa.Array]:
    """Mark in some columns the cells that hold text, or nothing."""
    if not columns:
        return {}
    kinds = dict.fromkeys(range(first, cells.num_columns), "string") | dict.fromkeys(columns, "boolean")
    batch: Any = _load(reader, name, kinds).to_arrow()
    return {at: batch.column(at - first).is_null() for at in columns}


def _without_lost_digits(reader: fastexcel.ExcelReader, name: str, cells: pa.Table, first: int) -> pa.Table:
    """Write numbers of more digits than a number cell keeps as programs show them: what follows is made up."""
    long = {at: marked for at in range(first, cells.num_columns) if (marked := too_long(cells.column(at))) is not None}
    for at, is_text in _are_texts(reader, name, cells, first, list(long)).items():
        lost = np.asarray(pc.and_not(long[at], is_text))
        if lost.any():
            column = cells.column(at).combine_chunks()
            shown = [as_shown(one) for one in column.filter(pa.array(lost)).to_pylist()]
            column = pc.replace_with_mask(column, pa.array(lost), pa.array(shown, type=pa.large_string()))
            cells = cells.set_column(at, cells.column_names[at], column)
    return cells
