"""Tables as a workbook (xlsx): typed cells, one look, never a formula.

A number of a workbook is a double. Amounts reach it as the double nearest to the exact decimal, which is read back as
that decimal up to 15 digits; a column with longer numbers is written as text instead, so that no digit is lost.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import rustpy_xlsxwriter as xlsx

from app.domain.measures.money import decimal_text
from app.exports.cells import fit_column, text_column
from app.exports.files import Written
from app.exports.tables import Column, Kind, Layout, Pieces, Rows, decimal_texts, local_seconds
from app.exports.totals import TotalRow, settle
from app.files import replacing

MOST_ROWS = 1_048_576
"""Rows of a sheet, its header included."""

_EXACT = 10**15
_FIRST_DAY, _LAST_DAY = dt.date(1900, 3, 1), dt.date(9999, 12, 31)  # outside, day numbers are wrong or missing
_TEXT = "@"
_LONGEST_NAME = 31  # of a sheet
_LEAST_WIDTH, _MOST_WIDTH = 8, 60


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of a workbook; its name is made fit for one. Rows that come in pieces are read twice."""

    name: str
    layout: Layout
    rows: Rows | Pieces


@dataclass(frozen=True, slots=True)
class _Source:
    """The rows of a sheet as pieces of its layout, whose texts fit; and how many texts were cut for that."""

    layout: Layout
    read: Callable[[], Iterator[tuple[Any, int]]]

    @classmethod
    def of(cls, layout: Layout, rows: Rows | Pieces) -> "_Source":
        if isinstance(rows, Pieces):
            read = rows.read
            return cls(layout, lambda: (_fitted(layout, layout.typed(piece)) for piece in read()))
        whole = _fitted(layout, layout.typed(rows))
        return cls(layout, lambda: iter((whole,)))


@dataclass(slots=True)
class _Measured:
    """What has to be known of all values of a column before the first of them is written."""

    longest: int = 0
    least: Any = None
    most: Any = None
    total: int = 0

    def add(self, column: Column, values: Any) -> None:
        """Look at some values more."""
        if column.kind is Kind.TEXT:
            self.longest = max(self.longest, int(pc.max(pc.utf8_length(values)).as_py() or 0))
            return
        extremes = pc.min_max(values).as_py()
        if extremes["min"] is not None:
            self.least = extremes["min"] if self.least is None else min(self.least, extremes["min"])
            self.most = extremes["max"] if self.most is None else max(self.most, extremes["max"])


@dataclass(frozen=True, slots=True)
class _Look:
    """How the cells of a column are written. ``as_text``: its values are more than a cell of their kind can hold."""

    column: Column
    title: str
    number_format: str
    width: int
    as_text: bool
    total: str | None
    total_as_text: bool

    def cells(self, values: Any) -> Any:
        """Give values as the writer takes them."""
        column = self.column
        if column.kind is Kind.TEXT:
            return values
        if column.kind is Kind.DATE:
            return pc.cast(values, pa.large_string()) if self.as_text else values
        if column.kind is Kind.INSTANT:
            wall = pc.local_timestamp(local_seconds(values, column.zone))
            return pc.cast(pc.strftime(wall, format="%Y-%m-%d %H:%M:%S"), pa.large_string()) if self.as_text else wall
        decimals = _decimals(column)
        if self.as_text:
            return decimal_texts(values, decimals)
        if decimals:  # both are exact doubles, so the quotient is the double nearest to the exact decimal
            return pc.divide(pc.cast(values, pa.float64()), float(10**decimals))
        return values

    @property
    def type(self) -> Any:
        """Name the type of the cells."""
        if self.as_text or self.column.kind is Kind.TEXT:
            return pa.large_string()
        if self.column.kind is Kind.DATE:
            return pa.date32()
        if self.column.kind is Kind.INSTANT:
            return pa.timestamp("s")
        return pa.float64() if _decimals(self.column) else pa.int64()


@dataclass(frozen=True, slots=True)
class _Page:
    """One sheet as it is written: a table that is too long for one becomes several."""

    name: str
    source: _Source
    looks: Sequence[_Look]
    start: int
    held: int
    total_label: str | None  # none: no row of totals on this one

    def stream(self, problems: list[BaseException]) -> Any:
        """Give the cells piece by piece; what goes wrong meanwhile is kept: the writer would tell of it as its own."""
        schema = pa.schema([pa.field(one.title, one.type) for one in self.looks])
        return pa.RecordBatchReader.from_batches(schema, self._batches(schema, problems))

    def _batches(self, schema: Any, problems: list[BaseException]) -> Iterator[Any]:
        try:
            for table in _between(self.source, self.start, self.held):
                cells = [one.cells(table.column(one.column.key)) for one in self.looks]
                yield from pa.table(cells, schema=schema).to_batches()
        except BaseException as problem:
            problems.append(problem)
            raise


def write_workbook(
    path: Path, sheets: Sequence[Sheet], *, rows_per_sheet: int = MOST_ROWS, made_at: dt.datetime | None = None
) -> Written:
    """Write tables as the sheets of a workbook, and put the finished file in place at once.

    Each sheet has a bold, frozen header with filters, and column widths and number formats by kind. Totals are values,
    below the last row and outside the filter; a table without rows has none. A table with more rows than a sheet holds
    goes on in further sheets, named with a number; its totals stand on the last. Texts that are too long for a cell are
    cut and counted. Of rows that come in pieces, one piece at a time is in memory. ``made_at`` is when the file says it
    was made; the same rows and the same moment are the same file.

    Raises:
        TableError: The rows do not fit their layout.
        ValueError: There is no sheet.
    """
    if not sheets:
        raise ValueError("a workbook has at least one sheet")
    pages: list[_Page] = []
    rows, cut = 0, 0
    for sheet in sheets:
        source = _Source.of(sheet.layout, sheet.rows)
        count, texts_cut, looks = _looks(source)
        rows, cut = rows + count, cut + texts_cut
        pages.extend(_pages(sheet, source, looks, count, rows_per_sheet, pages))
    with replacing(path) as part:
        _write(part, pages)
        totals = {at: _total_row(page) for at, page in enumerate(pages) if page.total_label is not None}
        settle(part, totals, made_at)
        return Written.measured(part, path, rows=rows, cut_texts=cut)


def _pages(
    sheet: Sheet, source: _Source, looks: Sequence[_Look], rows: int, rows_per_sheet: int, taken: Sequence[_Page]
) -> Iterator[_Page]:
    held = rows_per_sheet - 1 - bool(sheet.layout.totals)
    names = {page.name.casefold() for page in taken}
    for number, start in enumerate(range(0, max(rows, 1), held), start=1):
        name = sheet_name(sheet.name, names, number)
        names.add(name.casefold())
        last = start + held >= rows
        label = sheet.layout.total_label if sheet.layout.totals and rows and last else None
        yield _Page(name, source, looks, start, held, label)


def _between(source: _Source, start: int, held: int) -> Iterator[Any]:
    """Give the rows of one sheet, of all that there are."""
    before = 0
    for table, _cut in source.read():
        wanted = table.slice(max(start - before, 0), max(start + held - max(before, start), 0))
        before += table.num_rows
        if wanted.num_rows:
            yield wanted
        if before >= start + held:
            return


def sheet_name(wanted: str, taken: set[str], number: int = 1) -> str:
    """Make a name that a sheet may bear and none of those taken (case folded) has: at most 31 characters.

    A longer one ends with a whole word where more than half of it is left by that, and within a word elsewhere.
    """
    fit = (one if one.isprintable() and ord(one) < 1 << 16 and one not in "[]:*?/\\" else " " for one in wanted)
    base = "".join(fit).strip("' ") or "Sheet"
    if base.casefold() in {"history", "general"}:  # the one is the program's own, the other the writer's
        base = f"{base} -"
    while True:
        mark = f" ({number})" if number > 1 else ""
        name = _first_words(base, _LONGEST_NAME - len(mark)) + mark
        if name.casefold() not in taken:
            return name
        number += 1


def _first_words(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    words = text[: most + 1].rpartition(" ")[0]
    return (words if 2 * len(words) > most else text[:most]).rstrip("',;:(–- ")


def _write(part: Path, pages: Sequence[_Page]) -> None:
    bold = xlsx.Format().set_bold().set_border_bottom("thin").set_align("top").set_text_wrap()
    formats = {
        text: xlsx.Format().set_num_format(text) for page in pages for text in {c.number_format for c in page.looks}
    }
    problems: list[BaseException] = []
    try:
        xlsx.write_worksheets(
            [(page.name, page.stream(problems)) for page in pages],
            str(part),
            freeze_panes={"general": {"row": 1, "col": 0}},
            header_format={page.name: bold for page in pages},
            column_formats={page.name: [formats[one.number_format] for one in page.looks] for page in pages},
            column_widths={page.name: [float(one.width) for one in page.looks] for page in pages},
            autofilter={page.name: True for page in pages},
            ignore_errors={
                page.name: [one.title for one in page.looks if one.number_format == _TEXT] for page in pages
            },
            totals_row={
                page.name: {one.title: "sum" for one in page.looks if one.total}
                for page in pages
                if page.total_label is not None
            },
            totals_label={
                page.name: page.total_label
                for page in pages
                if page.total_label is not None and page.looks[0].total is None
            },
        )
    except Exception:
        if problems:
            raise problems[0] from None
        raise


def _total_row(page: _Page) -> TotalRow:
    return TotalRow(
        tuple(one.total for one in page.looks),
        tuple(one.total_as_text for one in page.looks),
    )


def _fitted(layout: Layout, table: Any) -> tuple[Any, int]:
    cut = 0
    for at, column in enumerate(layout.columns):
        if column.kind is Kind.TEXT:
            fit, texts_cut = fit_column(table.column(at))
            table, cut = table.set_column(at, column.key, fit), cut + texts_cut
    return table, cut


def _looks(source: _Source) -> tuple[int, int, list[_Look]]:
    """Look at all rows once: how many there are, how many texts were cut, and how each column is written."""
    layout = source.layout
    rows, cut, found = 0, 0, [_Measured() for _ in layout.columns]
    for table, texts_cut in source.read():
        rows, cut = rows + table.num_rows, cut + texts_cut
        sums = layout.sums(table)
        for column, measured in zip(layout.columns, found, strict=True):
            measured.add(column, table.column(column.key))
            measured.total += sums.get(column.key, 0)
    return rows, cut, [_look(layout, *pair) for pair in zip(layout.columns, found, strict=True)]


def _look(layout: Layout, column: Column, found: _Measured) -> _Look:
    title = fit_column(text_column([column.title]))[0][0].as_py()
    number_format, longest, as_text = _format(column, found)
    width = max(_LEAST_WIDTH, min(_MOST_WIDTH, max(longest, len(title) + 3)))  # the filter's button covers some
    total = decimal_text(found.total, column.decimals) if column.key in layout.totals else None
    return _Look(column, title, number_format, width + 1, as_text, total, abs(found.total) >= _EXACT)


def _format(column: Column, found: _Measured) -> tuple[str, int, bool]:
    """Give the number format of a column, its longest text, and whether its values have to be written as text."""
    if column.kind is Kind.TEXT:
        return _TEXT, found.longest, False
    if column.kind is Kind.DATE:
        sound = _countable(found.least, found.most)
        return "yyyy-mm-dd" if sound else _TEXT, 10, not sound
    if column.kind is Kind.INSTANT:
        sound = _countable(*(None if at is None else at.date() for at in (found.least, found.most)))
        return "yyyy-mm-dd hh:mm:ss" if sound else _TEXT, 19, not sound
    decimals, largest = _decimals(column), max(abs(found.least or 0), abs(found.most or 0))
    digits = len(decimal_text(-max(largest, abs(found.total)), decimals))
    if largest >= _EXACT:
        return _TEXT, digits, True
    if column.kind is Kind.PERCENT_BP:
        return "0.00%", digits + 1, False
    if column.kind is Kind.INTEGER:
        return "0", digits, False
    return "#,##0" + ("." + "0" * decimals if decimals else ""), digits * 4 // 3 + 1, False


def _decimals(column: Column) -> int:
    return 4 if column.kind is Kind.PERCENT_BP else column.decimals


def _countable(first: dt.date | None, last: dt.date | None) -> bool:
    return first is None or last is None or _FIRST_DAY <= first <= last <= _LAST_DAY
