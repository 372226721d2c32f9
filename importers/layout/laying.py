"""Laying out: the grid of a sheet becomes the table of its lines, as a profile says."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.domain.program_file.import_profile import ImportProfile, Months
from app.domain.saying.wording import Said, marked
from app.domain.typed.fields import FIGURES, MONEY, SHARES
from importers.errors import FileRefused
from importers.files.cells import without_text_mark
from importers.files.grid import Grid
from importers.layout.columns.columns import AT_ROW, columns_of, header_as, wanted_columns
from importers.layout.columns.cumulated import refuse_cumulated
from importers.layout.columns.guessing import name_the_same
from importers.layout.columns.lifted import with_lifted
from importers.layout.columns.measures import refuse_measures
from importers.layout.columns.months import (
    MONTH,
    MonthColumn,
    NoMonths,
    beside_months,
    last_day,
    month_columns,
    say_months,
    unpivot,
)
from importers.layout.columns.paid import with_tax
from importers.layout.rows.body import Body, blank_rows
from importers.layout.rows.corrected import heads_a_correction
from importers.layout.rows.headed import below_returns, returns_beside, text_of, words_over
from importers.layout.rows.labelled import says_whose
from importers.layout.rows.levels import head_rows
from importers.layout.rows.named_beside import beside, other_title
from importers.layout.rows.rows import kind_of_broken, likeness, other_header, recognise
from importers.layout.rows.short_rows import with_short_rows
from importers.layout.tables.handed_back import Proved, is_handed_back, proved_before
from importers.layout.tables.header import (
    Header,
    distinct,
    empty_cells,
    kept_columns,
    name_key,
    row_of,
    rows_above,
    top_of,
)
from importers.layout.tables.table import Kind, Recognised, Stretch, TextTable, as_frame
from importers.layout.written.amounts_named import refuse_other_amounts, with_currencies
from importers.layout.written.signed import with_signs
from importers.layout.written.taxed import refuse_taxed_beside
from importers.layout.written.units_beside import units_beside

_ = marked
_TOLD = 3
_FIRST_EMPTY = _("%(file)s: row 1 is empty, expected the header; remove what stands above the table.")
_HEADINGS_LOST = _(
    "%(place)s: rows that were handed back do not say below which heading they stood, and those below one such as "
    "Returns are read as returns; correct them in the whole file, and import that again."
)
_CORRECTION_HEADED = _(
    "%(place)s: %(heading)s says that lines are as before or after a correction, and both would count as sales; write "
    "it into a column beside each line, or leave what changed alone, with its sign."
)
_OF_ONE_ROW = (
    "quantity",
    "net_amount",
    "gross_amount",
    "amount",
    "points",
    "credit",
    "debit",
    "money_credit",
    "money_debit",
)
"""Fields that add up: what is merged over several rows counts once. A price and a document's total may be merged."""

_OF_A_NOTE = 2
"""Cells of a row that says something of all lines; of more it is a line of another table."""


@dataclass(frozen=True)
class Laid:
    """A sheet's table, how many rows the sheet has, and the columns that are read of it, by field.

    ``places`` says where these stand on the sheet.
    """

    table: TextTable
    last_row: int
    columns: Mapping[str, str]
    places: Mapping[str, int]


def lay(grid: Grid, profile: ImportProfile, name: str, currency: str | None = None) -> Laid | None:
    """Lay a grid out as a profile says; None where there is nothing in it that the profile knows.

    Args:
        grid: the cells of a sheet, or of a text file.
        profile: how the source writes its files.
        name: what the person calls the file; for messages.
        currency: the programme's; amounts that the table says are in another one have it written beside them.

    Raises:
        ColumnsMissing: There is a header, and it lacks columns.
        FileRefused: The header, or what is below it, cannot be read.
    """
    place = _place(grid, name)
    grid = with_lifted(grid, profile.kind or "sales", profile.last_header_row)
    header = header_as(grid, profile, place)
    if header is None:
        return None
    _refuse_lost_headings(grid, profile, place)
    kept = kept_columns(grid, header)
    wanted = wanted_columns(profile)
    names = distinct([header.names[at] for at in kept], wanted.values(), _at(place, grid, header))
    columns = columns_of(names, profile, row_of(grid, header), grid.name)
    places = {field: names.index(one) for field, one in columns.items()}
    grid = with_short_rows(grid, header, {field: kept[at] for field, at in places.items()})
    figures = {kept[at] for field, at in places.items() if field in FIGURES}
    if profile.months is not None:
        figures |= set(kept) - {kept[at] for at in places.values()}
    money = {kept[at] for field, at in places.items() if field in MONEY} | (figures if profile.months else set())
    shares = {kept[at] for field, at in places.items() if field in SHARES}
    seen = with_signs(grid.seen(figures), grid.signs, money, shares)
    cells = _without_text_marks(seen.slice(header.below).select(kept).rename_columns(names), places)
    body = Body(cells, grid.row_number[header.below :], places)
    recognised, above = _above(grid, header), top_of(grid, header.at)
    months = _months(grid, header, names, profile)
    refuse_other_amounts(_figures_named(months, columns), above, place, grid.name)
    titles = {likeness(row) for row in above}
    no_lines = recognise(body, header.of(kept), names, _wide_merges(grid, len(kept)), recognised, titles, grid.lifted)
    _mark_other_language(body, header.of(kept), profile.kind or "sales", no_lines, recognised)
    wrong_width, broken = _broken(grid, header, body, no_lines, recognised)
    body = body.without(no_lines)
    _refuse_other_header(body, header.of(kept), names, place)
    _refuse_said_beside(grid, header, body, recognised, profile, place)
    if currency is not None:
        amounts = {at for at in range(len(kept)) if kept[at] in money}
        body = replace(body, cells=with_currencies(body.cells, amounts, {*places.values()}, above, currency))
    needed = {names.index(one) for one in columns.values()} if profile.months is None else set(range(len(names)))
    _refuse_unvalued(grid, body, {kept[at]: names[at] for at in needed}, place)
    heads = head_rows(body, profile.fill_down)
    body = _filled(grid, body, kept, profile, sorted(row for row, _ in wrong_width))
    if heads.any():
        recognised.add(Kind.HEADING, body.row_number[heads])
        body = body.without(heads)
        no_lines[np.flatnonzero(~no_lines)[heads]] = True
    table = TextTable(
        as_frame(body.cells),
        body.row_number,
        wrong_width,
        broken,
        typed=grid.typed,
        from_1904=grid.from_1904,
        grouped=_grouped(grid, header, no_lines, dict(zip(kept, names, strict=True))),
        recognised=recognised,
        returned=below_returns(body.row_number, _said_of_all(grid, above, columns), recognised.headings),
        around=(name, grid.name, *map(text_of, above)),
        warnings=_warnings(grid, body) + _beside(body, place),
        proved=proved_before(grid) if is_handed_back(grid) else Proved(),
    )
    if profile.months is not None:
        refuse_cumulated(body.cells, months, (grid.name, *map(text_of, above)), place)
        _by_month(table, body, profile.months, months, set(columns.values()), grid.name, _last_row(grid), place)
    _say_of_all(table, grid, profile, above, place)
    return Laid(table, _last_row(grid), columns, {field: kept[at] for field, at in places.items()})


def _refuse_lost_headings(grid: Grid, profile: ImportProfile, place: Said) -> None:
    """Refuse rows that were handed back without the headings by which they are read."""
    if profile.headed_returns == "returned" and is_handed_back(grid):
        raise FileRefused(_HEADINGS_LOST, place=place)


def _said_of_all(grid: Grid, above: Sequence[Sequence[str]], columns: Mapping[str, str]) -> tuple[str, ...]:
    """Give what is said of all lines: by the sheet's name, above them, and over the name of the quantities."""
    return (grid.name, *map(text_of, above), words_over(columns.get("quantity")))


def _last_row(grid: Grid) -> int:
    return max([int(grid.row_number[-1]) if len(grid.row_number) else 0, *(row for row, _ in grid.wrong_width)])


def _place(grid: Grid, name: str) -> Said:
    whole = _("%(file)s, sheet %(sheet)s") if grid.name else "%(file)s"
    return Said(whole, {"file": name, "sheet": repr(grid.name)})


def _say_of_all(
    table: TextTable, grid: Grid, profile: ImportProfile, above: Sequence[Sequence[str]], place: Said
) -> None:
    """Give all rows what the profile says holds for every one of them."""
    handed_back = table if is_handed_back(grid) else None
    for field, text in profile.fixed.items():
        said = beside(text, field, grid.name, above, handed_back, place)
        table.given[field] = _constant(said, len(table.row_number)) if isinstance(said, str) else said
        headings = table.recognised.headings.values()
        if field == "distributor" and (noticed := other_title(text, above, headings, grid.lifted)):
            table.warnings.append(noticed)


def _months(grid: Grid, header: Header, names: Sequence[str], profile: ImportProfile) -> list[MonthColumn]:
    """Give the columns of months, where a profile says that there are any."""
    if profile.months is None:
        return []
    return month_columns(names, told=say_months(header.rows, top_of(grid, header.at)))


def _figures_named(months: Sequence[MonthColumn], columns: Mapping[str, str]) -> dict[str, str]:
    """Give the field of each column that is read, by its name; of months all may be amounts."""
    return {one.name: "net_amount" for one in months} | {name: field for field, name in columns.items()}


def lay_plainly(grid: Grid, name: str, decimal: str, figures: Collection[str] = ()) -> TextTable:
    """Lay out a table of one header row that nothing stands around; ``figures`` are the columns that hold them.

    Raises:
        FileRefused: It has no header, or one that names two columns alike.
    """
    blank = blank_rows(grid.cells)
    first = np.flatnonzero(~blank)
    if not len(first):
        if not grid.name:
            raise FileRefused(_FIRST_EMPTY, file=name)
        return TextTable(as_frame(pa.table({})), grid.row_number[:0])
    if not grid.name and first[0] > 0:
        raise FileRefused(_FIRST_EMPTY, file=name)
    top = top_of(grid, int(first[0]) + 1)[-1:]
    header = Header(int(first[0]), top, top[0])
    kept = kept_columns(grid, header) if grid.name else list(range(len(header.names)))
    names = distinct([header.names[at] for at in kept], None, _at(name, grid, header))
    keys = {name_key(one) for one in figures}
    places = {at for at, one in zip(kept, names, strict=True) if name_key(one) in keys}
    cells = grid.seen(places).slice(header.below).select(kept).rename_columns(names)
    body = Body(cells, grid.row_number[header.below :], {})
    no_lines = blank[header.below :]
    body = body.without(no_lines)
    return TextTable(
        as_frame(body.cells),
        body.row_number,
        list(grid.wrong_width),
        dict(grid.broken),
        typed=grid.typed,
        from_1904=grid.from_1904,
        grouped=_grouped(grid, header, no_lines, dict(zip(kept, names, strict=True))) if decimal == "," else {},
    )


def _at(place: Said | str, grid: Grid, header: Header) -> Said:
    return Said(AT_ROW, {"place": place, "row": str(row_of(grid, header))})


def _warnings(grid: Grid, body: Body) -> list[dict[str, Any]]:
    sheet = {"sheet": grid.name} if grid.name else {}
    warnings: list[dict[str, Any]] = []
    unseen = int(np.isin(body.row_number, list(grid.hidden_rows)).sum()) if grid.hidden_rows else 0
    if unseen:
        warnings.append({"code": "hidden_rows", **sheet, "rows": unseen})
    if struck := sorted(set(body.row_number.tolist()) & grid.struck_rows if grid.struck_rows else ()):
        first = ", ".join(map(str, struck[:_TOLD])) + (" …" if len(struck) > _TOLD else "")
        warnings.append({"code": "struck_rows", **sheet, "rows": len(struck), "found": first})
    if grid.encodings:
        warnings.append({"code": "encoding_unsure", "found": grid.encoding, "expected": ", ".join(grid.encodings)})
    if grid.pasted:
        lines, row = grid.pasted
        warnings.append({"code": "lines_in_utf8", "rows": lines, "found": str(row), "expected": grid.encoding})
    return warnings


def _beside(body: Body, place: Said) -> list[dict[str, Any]]:
    """Warn of columns that say that lines, or their amounts, are not what they seem."""
    names = {field: body.cells.column_names[at] for field, at in body.columns.items()}
    noticed = returns_beside(body.cells, body.columns) + units_beside(body.cells, body.columns)
    return noticed + with_tax(body.cells, names, place)


def _notes(grid: Grid, header: Header, recognised: Recognised) -> list[str]:
    """Give what rows below the header say in a cell or two that are no lines."""
    rows = recognised.rows.get(Kind.HEADING, np.zeros(0, dtype=np.int64))
    rows = rows[rows > row_of(grid, header)]
    there = grid.cells.select(list(range(grid.width))).filter(pa.array(np.isin(grid.row_number, rows)))
    said = [*zip(*(column.to_pylist() for column in there.columns), strict=True)]
    said += [tuple(grid.broken[row]) for row in rows.tolist() if row in grid.broken]
    filled = ([cell.strip() for cell in cells if cell and cell.strip()] for cells in said)
    return [text_of(cells) for cells in filled if len(cells) <= _OF_A_NOTE]


def _above(grid: Grid, header: Header) -> Recognised:
    recognised = Recognised()
    rows = rows_above(grid, header)
    blank = blank_rows(grid.cells.slice(0, header.at)) if len(rows) else np.zeros(0, dtype=bool)
    recognised.add(Kind.HEADING, rows[~blank])
    recognised.add(Kind.BLANK, np.concatenate([rows[blank], grid.blank]))
    return recognised


def _mark_other_language(body: Body, header: Header, kind: str, no_lines: np.ndarray, recognised: Recognised) -> None:
    """Mark the row below a header of one row that says it once more, in another language."""
    if len(header.rows) > 1 or not len(body) or no_lines[0]:
        return
    if name_the_same(header.rows[0], body.cells_of(np.zeros(1, dtype=np.int64))[0], kind):
        no_lines[0] = True
        recognised.add(Kind.REPEATED_HEADER, body.row_number[:1])


def _without_text_marks(cells: pa.Table, places: Mapping[str, int]) -> pa.Table:
    """Drop what says only that a cell is a text, in all that is read but names: 's-Hertogenbosch begins so."""
    for field, at in places.items():
        if not field.endswith("name"):
            cells = cells.set_column(at, cells.column_names[at], without_text_mark(cells.column(at)))
    return cells


def _wide_merges(grid: Grid, columns: int) -> set[int]:
    return {one.first_row for one in grid.merged if 2 * (one.last_column - one.first_column + 1) >= columns}


def _broken(
    grid: Grid, header: Header, body: Body, no_lines: np.ndarray, recognised: Recognised
) -> tuple[list[tuple[int, int]], dict[int, list[str]]]:
    """Part the rows of another width into those that are no lines, and those that nobody can read."""
    lines = body.row_number[~no_lines]
    last = int(lines[-1]) if len(lines) else 0
    header_row = row_of(grid, header)
    tops = _page_tops(grid, recognised)
    wrong: list[tuple[int, int]] = []
    broken: dict[int, list[str]] = {}
    for row, width in grid.wrong_width:
        cells = list(grid.broken.get(row, ()))
        kind = kind_of_broken(cells, above=row < header_row, trailing=row > last, on_page_top=row in tops)
        if kind is None:
            wrong.append((row, width))
            broken[row] = cells
        else:
            recognised.add(kind, [row])
            if kind is Kind.HEADING and header_row < row and (row <= last or says_whose(list(filter(None, cells)))):
                recognised.headings[row] = text_of(cells)
    return wrong, broken


def _page_tops(grid: Grid, recognised: Recognised) -> set[int]:
    """Give the rows of another width between a line and a header that comes again: what a page begins with."""
    headers = recognised.rows.get(Kind.REPEATED_HEADER)
    if headers is None or not grid.wrong_width:
        return set()
    other = {row for row, _ in grid.wrong_width}
    around = other.union(*(rows.tolist() for rows in recognised.rows.values()))
    tops: set[int] = set()
    for header in headers.tolist():
        row = header - 1
        while row in around and row not in tops:
            tops.add(row)
            row -= 1
    return tops & other


def _refuse_unvalued(grid: Grid, body: Body, columns: Mapping[int, str], place: Said) -> None:
    """Refuse a workbook that nobody computed: its cells would be read as empty ones."""
    if not grid.unvalued:
        return
    rows = set(body.row_number.tolist())
    found = next(((row, columns[at]) for row, at in grid.unvalued if at in columns and row in rows), None)
    if found is not None:
        words = _(
            "%(place)s, row %(row)s, column %(column)s: found a formula whose value was never computed, expected a "
            "value; open the workbook in a spreadsheet program, save it there, and import it again."
        )
        raise FileRefused(words, place=place, row=str(found[0]), column=repr(found[1]))


def _refuse_other_header(body: Body, header: Header, names: Sequence[str], place: Said) -> None:
    """Refuse a table below which another one stands, with the same columns in other places."""
    row = other_header(body, header, names)
    if row is not None:
        words = _(
            "%(place)s, row %(row)s: found another header, whose columns stand in other places than those above it, "
            "expected one table; move what is below it to a file of its own."
        )
        raise FileRefused(words, place=place, row=str(row))


def _refuse_headed_corrections(grid: Grid, profile: ImportProfile, headings: Mapping[int, str], place: Said) -> None:
    """Refuse lines before and after a correction that only headings, or the names of sheets, tell from each other."""
    named = [grid.name] if profile.sheets == "visible" else []
    said = next((text for text in (*headings.values(), *named) if heads_a_correction(text)), None)
    if said is not None:
        raise FileRefused(_CORRECTION_HEADED, place=place, heading=repr(said))


def _refuse_said_beside(
    grid: Grid, header: Header, body: Body, recognised: Recognised, profile: ImportProfile, place: Said
) -> None:
    """Refuse lines that are no sales, or amounts with a tax, by what headings say, notes, and columns left unread."""
    _refuse_headed_corrections(grid, profile, recognised.headings, place)
    names = body.cells.column_names
    columns = {field: names[at] for field, at in body.columns.items()}
    unread = {name: body.cells.column(name) for name in names if name not in columns.values()}
    if (profile.kind or "sales") == "sales":
        refuse_measures(unread, place, months=profile.months is not None)
    months = _months(grid, header, names, profile)
    refuse_taxed_beside(_figures_named(months, columns), _notes(grid, header, recognised), unread, place)


def _filled(grid: Grid, body: Body, kept: Sequence[int], profile: ImportProfile, unread: Sequence[int] = ()) -> Body:
    """Give every row what is written once for several: in merged cells, and in fields that are filled down.

    Over a row that is ``unread`` nothing is filled down: it may be the first of another document.

    An amount that is written once for several rows is the amount of all of them together: it is of none alone, and the
    rows below it have none.
    """
    cells = body.cells
    mapped = {kept[at]: at for field, at in body.columns.items() if field not in _OF_ONE_ROW}
    tall = [one for one in grid.merged if one.last_row > one.first_row and one.first_column in mapped]
    for column in sorted({one.first_column for one in tall}):
        source = np.arange(len(body))
        for one in tall:
            start = int(np.searchsorted(body.row_number, one.first_row))
            if one.first_column == column and start < len(body) and body.row_number[start] == one.first_row:
                source[start : np.searchsorted(body.row_number, one.last_row, side="right")] = start
        cells = _taken(cells, mapped[column], source)
    return replace(body, cells=_filled_down(cells, body, profile.fill_down, unread))


def _filled_down(cells: pa.Table, body: Body, fields: Sequence[str], unread: Sequence[int]) -> pa.Table:
    """Fill fields down, each up to where a new document begins; what stands before its number holds for several."""
    places, begins = np.arange(len(body)), np.zeros(len(body), dtype=np.int64)
    behind = np.searchsorted(body.row_number, np.asarray(unread, dtype=np.int64))
    outer = fields[: fields.index("document_number") + 1] if "document_number" in fields else fields[:1]
    said = {field: ~empty_cells(cells.column(body.columns[field])) for field in fields}
    for field in fields:
        at = body.columns[field]
        last = np.maximum.accumulate(np.where(said[field], places, -1))
        read = np.searchsorted(behind, last, side="right") == np.searchsorted(behind, places, side="right")
        cells = _taken(cells, at, np.where((last >= begins) & (last >= 0) & read, last, places))
        if field in outer:
            begins = np.where(read, np.maximum(begins, last), len(body))
    return cells


def _taken(cells: pa.Table, at: int, source: np.ndarray) -> pa.Table:
    return cells.set_column(at, cells.column_names[at], cells.column(at).take(pa.array(source)))


def _grouped(grid: Grid, header: Header, no_lines: np.ndarray, names: Mapping[int, str]) -> dict[str, np.ndarray]:
    return {
        names[at]: np.asarray(marked)[header.below :][~no_lines] for at, marked in grid.texts.items() if at in names
    }


def _by_month(
    table: TextTable,
    body: Body,
    months: Months,
    found: Sequence[MonthColumn],
    mapped: Collection[str],
    sheet: str,
    last_row: int,
    place: Said,
) -> None:
    """Make lines of a matrix, each month numbered as if it were a sheet of its own beneath the one before."""
    if MONTH in table.header:
        month = [str(text) for text in pc.fill_null(table.column(MONTH), "").to_pylist()]
    else:
        try:
            lines = unpivot(body.cells, found, months)
        except NoMonths as problem:
            raise FileRefused("%(place)s: %(why)s.", place=place, why=problem.said) from None
        empty = np.setdiff1d(np.arange(len(body)), lines.row)
        table.recognised.add(Kind.BLANK, body.row_number[empty])
        table.frame = as_frame(lines.cells)
        table.row_number = body.row_number[lines.row].astype(np.int64) + lines.month * last_row
        table.stretches = tuple(Stretch(sheet, at * last_row, one) for at, one in enumerate(lines.months))
        table.grouped = lines.marked(table.grouped)
        table.returned = None if table.returned is None else table.returned[lines.row]
        for unread in beside_months(body.cells.column_names, found):
            if unread not in mapped and (example := _number_in(body.cells.column(unread))):
                table.warnings.append({"code": "column_beside_months", "field": unread, "found": example})
        month = [lines.months[at] for at in lines.month.tolist()]
    table.given |= {
        "document_number": pa.array([f"{months.series}-{one}" for one in month], type=pa.large_string()),
        "issued_on": pa.array([last_day(one) for one in month], type=pa.large_string()),
    }


def _number_in(column: pa.ChunkedArray) -> str | None:
    """Give a number that stands in a column; None where there is none."""
    numbers = pc.filter(column, pc.match_substring_regex(column, r"^\s*[+-]?\d[\d\s.,]*\s*$"))
    return str(numbers[0].as_py()) if len(numbers) else None


def _constant(text: str, rows: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(np.zeros(rows, dtype=np.int32), pa.array([text], type=pa.large_string()))
