"""Reading: a judged file becomes a table of text, laid out as a profile says, or as it stands where there is none."""

from collections.abc import Collection, Iterator, Sequence

from app.domain.program_file.import_profile import ImportProfile
from app.domain.saying.wording import either, marked
from app.domain.typed.fields import KINDS
from importers.errors import ColumnsMissing, FileRefused
from importers.files.grid import Grid
from importers.files.guard import Judged
from importers.files.opening import grids, sheet_names, whole
from importers.files.texts.delimited import DELIMITERS
from importers.layout.columns.columns import wanted_columns
from importers.layout.columns.spans import side_by_side
from importers.layout.documents.series import refuse_several_series
from importers.layout.laying import lay, lay_plainly
from importers.layout.looks.looking import NothingSeen, Seen, look
from importers.layout.rows.body import blank_rows
from importers.layout.stacking import aligned, stack
from importers.layout.tables.handed_back import PROBLEMS_SHEETS, is_handed_back
from importers.layout.tables.header import top_of
from importers.layout.tables.records import kinds_of_records
from importers.layout.tables.table import TextTable
from importers.layout.tables.turned import lies_turned
from importers.layout.tables.twice import refuse_twice
from importers.layout.written.price_units import refuse_price_units
from importers.layout.written.signed import signs_wanted
from importers.reading.card_numbers import refuse_around
from importers.reading.patterns import fits

_ = marked
_NOTHING_PARTS = _(
    "%(file)s: no sign parts its rows, such as %(row)s, into the cells of a table; expected %(signs)s between them; "
    "save it so, or as a workbook."
)
_TURNED = _(
    "%(file)s: names of columns stand one beneath the other, expected side by side in one row, and a row for each "
    "line; turn the table, as spreadsheet programs do with Paste special, Transpose."
)
_DAYS_BESIDE = _(
    "%(file)s: days, weeks or quarters stand side by side, such as %(found)s, expected months side by side, or a row "
    "for each sale with its date; export the report so."
)
_OF_RECORDS = _(
    "%(file)s: what its rows hold is told by the letters in front of each (%(found)s), expected one table: a row for "
    "each line, with number, date and customer of its document beside it; export the lines so."
)
_MOST_SHOWN, _LONGEST_SHOWN = 20, 80
_FEW = 3
"""Columns of a text that nothing parts: a sign stands in its numbers, perhaps."""
_OF_A_SALE = frozenset({"document_number", "issued_on", "distributor", "product"})
NO_TABLE = _("%(file)s: there is no table in it; expected names of columns, and rows below them.")


def read(
    judged: Judged, name: str, sheet: str | None, decimal: str = ".", *, figures: Collection[str] = ()
) -> TextTable:
    """Read the table of a file that Kontor knows: one header row, then lines.

    Args:
        judged: the file.
        name: what the person calls it; for messages.
        sheet: the sheet; None is the first that people see.
        decimal: the sign of its numbers.
        figures: the columns that hold numbers; in any other a number cell is a text, as people see it.

    Raises:
        FileRefused: The file cannot be read as a table; the message says why and what to do.
    """
    named = None if sheet is None else [sheet]
    grid = next(grids(judged, name, sheets=named, most=1, header_first=True, tell_texts=decimal == ","), None)
    if grid is None:
        raise _no_sheet(name)
    return lay_plainly(grid, name, decimal, figures)


def read_as(judged: Judged, name: str, profile: ImportProfile, *, currency: str | None = None) -> TextTable:
    """Read the lines of a file as a profile says.

    ``currency`` is the programme's: where not the amount itself says that it is in another one, but the format of its
    cell, or a name above it, that is written beside the amount.

    Raises:
        CardNumbersFound: The number of a payment card stands around the lines.
        ColumnsMissing: No header has the columns that the profile names.
        FileRefused: The file cannot be read as a table; the message says why and what to do.
    """
    laid, beside = [], []
    lacking: ColumnsMissing | None = None
    for grid in _wanted(judged, name, profile, signs_wanted(profile, currency)):
        try:
            found = lay(grid, profile, name, currency)
        except ColumnsMissing as problem:
            if profile.sheets != "visible" or 2 * len(problem.missing) <= len(wanted_columns(profile)):
                raise
            lacking, found = lacking or problem, None  # a summary beside the sheets of months has few of the columns
        refuse_around(grid, found, name)
        if found is None:
            beside.append(grid)
        else:
            laid.append((grid.name, found))
        if is_handed_back(grid):
            break
    if not laid and lacking is not None:
        raise lacking
    if not laid:
        words = _("%(file)s: there is no table with the profile's columns; expected %(columns)s.")
        raise FileRefused(words, file=name, columns=_columns(profile))
    laid = aligned(laid)
    if len(laid) > 1 and "document_number" in profile.columns:
        read = {name for _, one in laid for name in one.columns.values()}
        refuse_twice([(sheet, one.table) for sheet, one in laid], read, name)
        if profile.sheets == "visible" and profile.columns.keys() >= _OF_A_SALE:
            sold = [(sheet, one) for sheet, one in laid if one.table.returned is None]
            told = {one.columns[field] for _, one in sold for field in _OF_A_SALE}
            refuse_twice([(sheet, one.table) for sheet, one in sold], told, name)  # a plan beside what was sold, say
    table = stack(laid)
    refuse_several_series(table, laid[0][1].columns, name)
    refuse_price_units(table, laid[0][1].columns, name)
    for grid in beside:
        rows = int((~blank_rows(grid.cells)).sum())
        table.warnings.append({"code": "sheet_without_table", "sheet": grid.name, "rows": rows})
    if profile.sheet is None and profile.sheets == "first" and laid[0][0]:
        table.warnings += [
            {"code": "sheet_not_read", "sheet": one.name, "rows": one.rows}
            for one in sheet_names(judged, name)
            if one.visible and one.name != laid[0][0] and (one.rows or 0) > 1
        ]
    return table


def look_at(judged: Judged, name: str, kind: str) -> Seen:
    """Look at a file that no profile knows yet.

    Raises:
        FileRefused: It cannot be read, or there is no table in it.
    """
    found, sheets = whole(judged, name)
    try:
        return look(found, sheets, kind)
    except NothingSeen:
        raise no_table(found, name) from None


def _wanted(judged: Judged, name: str, profile: ImportProfile, signs: Collection[str]) -> Iterator[Grid]:
    """Read the sheets that a profile wants."""
    named: list[str] | None = None
    patterns = [profile.sheet] if profile.sheet is not None else profile.sheets
    if not isinstance(patterns, str):
        there = sheet_names(judged, name)
        known = [one.name for one in there]
        named = [one for one in known if any(fits(one, pattern) for pattern in patterns)]
        if not named and known and known[0] in {*PROBLEMS_SHEETS, ""}:
            named = None  # what was handed back, or a text, which has no sheets
        elif not named:
            words = _("%(file)s: no sheet is called %(sheets)s; it has %(has)s.")
            raise FileRefused(words, file=name, sheets=either(*map(repr, patterns)), has=known)
    first = named is None and profile.sheets != "visible"
    found = grids(
        judged,
        name,
        sheets=named,
        most=1 if first else None,
        encoding=profile.encoding,
        delimiter=profile.delimiter,
        tell_texts=profile.decimal != "." or bool(profile.numbers),
        signs=signs,
    )
    empty = True
    for grid in found:
        empty = False
        yield grid
    if empty:
        raise _no_sheet(name)


def no_table(found: Sequence[Grid], name: str) -> FileRefused:
    """Say why there is no table: it lies on its side, or has days in it, or of a text nothing parts the cells."""
    if any(lies_turned(grid, kind) for grid in found for kind in KINDS):
        return FileRefused(_TURNED, file=name)
    if beside := next(filter(None, (side_by_side(top_of(grid, _MOST_SHOWN)) for grid in found)), ()):
        return FileRefused(_DAYS_BESIDE, file=name, found=list(map(repr, beside)))
    if kinds := next(filter(None, map(kinds_of_records, found)), ()):
        return FileRefused(_OF_RECORDS, file=name, found=list(map(repr, kinds)))
    grid = found[0] if found and found[0].cells.num_columns <= _FEW else None
    parting = (grid.delimiter or "") if grid is not None else ""
    longest = (
        max((parting.join(row).rstrip(parting) for row in top_of(grid, _MOST_SHOWN)), key=len)
        if grid and parting
        else ""
    )
    if not longest:
        return FileRefused(NO_TABLE, file=name)
    signs = either(*map(repr, DELIMITERS))
    shown = repr(longest if len(longest) <= _LONGEST_SHOWN else longest[:_LONGEST_SHOWN] + "…")
    return FileRefused(_NOTHING_PARTS, file=name, row=shown, signs=signs)


def _no_sheet(name: str) -> FileRefused:
    words = _("%(file)s: it has no sheet that people see; show the one with the table and save it again.")
    return FileRefused(words, file=name)


def _columns(profile: ImportProfile) -> list[str]:
    return list(map(repr, profile.columns.values()))
