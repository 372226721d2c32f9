"""Tables as a workbook (xlsx): typed cells, one look, never a formula.

A number of a workbook is a double. Amounts reach it as the double nearest to the exact decimal, which is read back as
that decimal up to 15 digits; a column with longer numbers is written as text instead, so that no digit is lost.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import rustpy_xlsxwriter as xlsx

from app.domain.money import decimal_text
from app.exports.cells import fit_column, text_column
from app.exports.files import Written, replacing
from app.exports.tables import Column, Kind, Layout, Rows, decimal_texts, local_seconds
from app.exports.totals import TotalRow, settle_totals

MOST_ROWS = 1_048_576
"""Rows of a sheet, its header included."""

_EXACT = 10**15
_FIRST_DAY, _LAST_DAY = dt.date(1900, 3, 1), dt.date(9999, 12, 31)  # outside, day numbers are wrong or missing
_TEXT = "@"
_LEAST_WIDTH, _MOST_WIDTH = 8, 60


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of a workbook; its name is made fit for one."""

    name: str
    layout: Layout
    rows: Rows


@dataclass(frozen=True, slots=True)
class _Cells:
    """A column as the writer takes it."""

    title: str
    values: Any
    number_format: str
    width: int
    cut: int
    total: str | None
    total_as_text: bool


@dataclass(frozen=True, slots=True)
class _Page:
    """One sheet as the writer takes it: a table that is too long for one becomes several."""

    name: str
    table: Any
    cells: Sequence[_Cells]
    total_label: str | None  # none: no row of totals on this one


def write_workbook(path: Path, sheets: Sequence[Sheet], *, rows_per_sheet: int = MOST_ROWS) -> Written:
    """Write tables as the sheets of a workbook, and put the finished file in place at once.

    Each sheet has a bold, frozen header with filters, and column widths and number formats by kind. Totals are values,
    below the last row and outside the filter; a table without rows has none. A table with more rows than a sheet holds
    goes on in further sheets, named with a number; its totals stand on the last. Texts that are too long for a cell are
    cut and counted.

    Raises:
        TableError: The rows do not fit their layout.
        ValueError: There is no sheet.
    """
    if not sheets:
        raise ValueError("a workbook has at least one sheet")
    pages: list[_Page] = []
    rows, cut = 0, 0
    for sheet in sheets:
        table = sheet.layout.typed(sheet.rows)
        cells = _cells(sheet.layout, table)
        rows += table.num_rows
        cut += sum(one.cut for one in cells)
        pages.extend(_pages(sheet, cells, table.num_rows, rows_per_sheet, pages))
    with replacing(path) as part:
        _write(part, pages)
        settle_totals(part, {at: _total_row(page) for at, page in enumerate(pages) if page.total_label is not None})
        return Written.measured(part, path, rows=rows, cut_texts=cut)


def _pages(
    sheet: Sheet, cells: Sequence[_Cells], rows: int, rows_per_sheet: int, taken: Sequence[_Page]
) -> Iterator[_Page]:
    table = pa.table([one.values for one in cells], names=[one.title for one in cells])
    held = rows_per_sheet - 1 - bool(sheet.layout.totals)
    names = {page.name.casefold() for page in taken}
    for number, start in enumerate(range(0, max(rows, 1), held), start=1):
        name = sheet_name(sheet.name, names, number)
        names.add(name.casefold())
        last = start + held >= rows
        label = sheet.layout.total_label if sheet.layout.totals and rows and last else None
        yield _Page(name, table.slice(start, held), cells, label)


def sheet_name(wanted: str, taken: set[str], number: int = 1) -> str:
    """Make a name that a sheet may bear and none of those taken (case folded) has: at most 31 characters."""
    fit = (one if one.isprintable() and ord(one) < 1 << 16 and one not in "[]:*?/\\" else " " for one in wanted)
    base = "".join(fit).strip("' ") or "Sheet"
    if base.casefold() in {"history", "general"}:  # the one is the program's own, the other the writer's
        base = f"{base} -"
    while True:
        mark = f" ({number})" if number > 1 else ""
        name = base[: 31 - len(mark)].rstrip("' ") + mark
        if name.casefold() not in taken:
            return name
        number += 1


def _write(part: Path, pages: Sequence[_Page]) -> None:
    bold = xlsx.Format().set_bold().set_border_bottom("thin").set_align("top").set_text_wrap()
    formats = {
        text: xlsx.Format().set_num_format(text) for page in pages for text in {c.number_format for c in page.cells}
    }
    xlsx.write_worksheets(
        [(page.name, page.table) for page in pages],
        str(part),
        freeze_panes={"general": {"row": 1, "col": 0}},
        header_format={page.name: bold for page in pages},
        column_formats={page.name: [formats[one.number_format] for one in page.cells] for page in pages},
        column_widths={page.name: [float(one.width) for one in page.cells] for page in pages},
        autofilter={page.name: True for page in pages},
        ignore_errors={page.name: [one.title for one in page.cells if one.number_format == _TEXT] for page in pages},
        totals_row={
            page.name: {one.title: "sum" for one in page.cells if one.total}
            for page in pages
            if page.total_label is not None
        },
        totals_label={
            page.name: page.total_label
            for page in pages
            if page.total_label is not None and page.cells[0].total is None
        },
    )


def _total_row(page: _Page) -> TotalRow:
    return TotalRow(
        tuple(one.total for one in page.cells),
        tuple(one.total_as_text for one in page.cells),
    )


def _cells(layout: Layout, table: Any) -> list[_Cells]:
    sums = layout.sums(table)
    return [_column_cells(one, table.column(one.key), sums.get(one.key)) for one in layout.columns]


def _column_cells(column: Column, values: Any, total: int | None) -> _Cells:
    title = fit_column(text_column([column.title]))[0][0].as_py()
    cut = 0
    if column.kind is Kind.TEXT:
        values, cut = fit_column(values)
        number_format, longest = _TEXT, _longest(values)
    elif column.kind is Kind.DATE:
        values, number_format, longest = _day_cells(values)
    elif column.kind is Kind.INSTANT:
        values, number_format, longest = _instant_cells(values, column.zone)
    else:
        values, number_format, longest = _number_cells(column, values, total or 0)
    width = max(_LEAST_WIDTH, min(_MOST_WIDTH, max(longest, len(title) + 3)))  # the filter's button covers some
    text = None if total is None else decimal_text(total, column.decimals)
    return _Cells(title, values, number_format, width + 1, cut, text, abs(total or 0) >= _EXACT)


def _day_cells(values: Any) -> tuple[Any, str, int]:
    if not _countable(values):
        return pc.cast(values, pa.large_string()), _TEXT, 10
    return values, "yyyy-mm-dd", 10


def _instant_cells(values: Any, zone: str) -> tuple[Any, str, int]:
    wall = pc.local_timestamp(local_seconds(values, zone))
    if not _countable(pc.cast(wall, pa.date32(), safe=False)):
        return pc.strftime(wall, format="%Y-%m-%d %H:%M:%S"), _TEXT, 19
    return wall, "yyyy-mm-dd hh:mm:ss", 19


def _countable(days: Any) -> bool:
    extremes = pc.min_max(days).as_py()
    return extremes["min"] is None or bool(_FIRST_DAY <= extremes["min"] <= extremes["max"] <= _LAST_DAY)


def _number_cells(column: Column, values: Any, total: int) -> tuple[Any, str, int]:
    extremes = pc.min_max(values).as_py()
    largest = max(abs(extremes["min"] or 0), abs(extremes["max"] or 0))
    decimals = 4 if column.kind is Kind.PERCENT_BP else column.decimals
    digits = len(decimal_text(-max(largest, abs(total)), decimals))
    if largest >= _EXACT:
        return decimal_texts(values, decimals), _TEXT, digits
    if decimals:  # both are exact doubles, so the quotient is the double nearest to the exact decimal
        values = pc.divide(pc.cast(values, pa.float64()), float(10**decimals))
    if column.kind is Kind.PERCENT_BP:
        return values, "0.00%", digits + 1
    if column.kind is Kind.INTEGER:
        return values, "0", digits
    return values, "#,##0" + ("." + "0" * decimals if decimals else ""), digits * 4 // 3 + 1


def _longest(texts: Any) -> int:
    return int(pc.max(pc.utf8_length(texts)).as_py() or 0)
