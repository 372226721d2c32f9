"""From a profile's columns to those of a file."""

from collections.abc import Mapping, Sequence

import numpy as np

from app.domain.program_file.import_profile import CreditNote, ImportProfile
from app.domain.saying.wording import Said, marked
from app.domain.typed.fields import FIGURES, problems_of_columns
from importers.errors import ColumnsMissing, FileRefused, NoProfile
from importers.files.grid import Grid
from importers.layout.columns.months import called
from importers.layout.columns.months_seen import not_sold
from importers.layout.rows.headed import says_returns
from importers.layout.tables.handed_back import is_handed_back
from importers.layout.tables.header import (
    JOINT,
    MOST_ABOVE,
    MOST_ROWS,
    Header,
    distinct,
    find_header,
    keys_of,
    name_key,
    names_at,
    row_of,
    top_of,
)
from importers.layout.tables.table import TextTable
from importers.layout.words.synonyms import names_of, spoken
from importers.layout.written.numbers import currencies_of

_ = marked
AT_ROW = _("%(place)s: row %(row)s")


def check_profile(name: str, kind: str, profile: ImportProfile) -> None:
    """Check that a profile can serve a kind of import.

    Raises:
        NoProfile: It maps fields that this kind does not have, or leaves out what it needs.
    """
    found = problems_of_columns(kind, profile.fields)
    if found:
        raise NoProfile(_("The import profile %(profile)s: %(problems)s."), profile=repr(name), problems=found)


def wanted_columns(profile: ImportProfile) -> dict[str, str]:
    """Give the columns that a profile wants of a file, by field."""
    wanted = dict(profile.columns)
    if profile.line_number != "position":
        wanted["line_number"] = profile.line_number
    if profile.credit_note is not None:
        wanted |= kinds_of_documents(profile.credit_note)
    if profile.cancelled is not None:
        wanted["cancelled"] = profile.cancelled.column
    if profile.other_documents is not None:
        wanted["other_documents"] = profile.other_documents.column
    if profile.corrections is not None:
        wanted["corrected"] = profile.corrections.column
    return wanted


def kinds_of_documents(note: CreditNote) -> dict[str, str]:
    """Give the columns that tell credit notes, as if each were a field."""
    names = [*([note.column] if note.column is not None else ()), *note.others]
    return {f"document_kind {at}" if at else "document_kind": name for at, name in enumerate(names)}


def columns_of(header: Sequence[str], profile: ImportProfile, row: int = 1, sheet: str = "") -> dict[str, str]:
    """Find the file's column of each field that the profile maps. Names compare trimmed and without case.

    A name of several rows is found by its last as well, where no other column is called so; what no column is called by
    its own name goes by those that the profile gives it for other sheets.

    Raises:
        ColumnsMissing: The header lacks some.
    """
    wanted = wanted_columns(profile)
    found = found_in(header, wanted, profile.kind or "sales")
    by_key = {name_key(name): name for name in reversed(header)}
    for field, others in profile.also.items():
        told = (by_key[key] for key in map(name_key, others) if key in by_key)
        found[field] = found[field] or next(told, None)
    missing = {field: wanted[field] for field, name in found.items() if name is None}
    if missing:
        raise ColumnsMissing(missing, header, row, sheet)
    return {field: name for field, name in found.items() if name is not None}


def found_in(header: Sequence[str], wanted: Mapping[str, str], kind: str) -> dict[str, str | None]:
    """Find the columns of a header that are wanted, by field; None where there is none.

    A column goes by its whole name, or by that in the last row of its header where no other has it. So it does where
    other words stand over it than over the one that is wanted, as in sheets whose columns are grouped otherwise; but
    not where these words say that it holds something else.
    """
    keys = [keys_of(name) for name in header]
    last = [one[-1] for one in keys]
    alone = {one[-1]: name for name, one in zip(header, keys, strict=True) if last.count(one[-1]) == 1}
    by_key = alone | {one[0]: name for name, one in zip(header, keys, strict=True)}
    found = {field: by_key.get(name_key(name)) for field, name in wanted.items()}
    parted = {_parts(name): name for name in header}
    lasts = [keys_of(name)[-1] for name in wanted.values()]
    for field, name in wanted.items():
        if found[field] is None and JOINT in name:  # in two languages, of which each may stand first
            found[field] = parted.get(_parts(name))
        last_key = keys_of(name)[-1]
        other = alone.get(last_key) if found[field] is None and lasts.count(last_key) == 1 else None
        if other is not None and other not in found.values() and _is_the_same(field, name, other, kind):
            found[field] = other
    return found


def _parts(name: str) -> frozenset[str]:
    """Give what the rows of a header call a column, in whatever order."""
    return frozenset(map(name_key, name.split(JOINT)))


def _is_the_same(field: str, name: str, other: str, kind: str) -> bool:
    """Say whether two columns hold the same that are called alike but for the words over them."""
    heads = [one.rpartition(JOINT)[0] for one in (name, other)]
    if says_returns(heads[0]) != says_returns(heads[1]) or not_sold(heads[0]) != not_sold(heads[1]):
        return False
    if field in FIGURES and _currencies(heads[0]) != _currencies(heads[1]):
        return False
    return not any(spoken(other) in names for one, names in names_of(kind).items() if one != field)


def _currencies(head: str) -> set[str]:
    return {one for word in head.split() for one in currencies_of(word)}


def mapped(table: TextTable, profile: ImportProfile) -> dict[str, str]:
    """Find the column of each field in a table that was read by the profile, or by none."""
    columns = columns_of(table.header, profile)
    return columns if profile.months is None else columns | called(profile.months)


def header_as(grid: Grid, profile: ImportProfile, place: Said) -> Header | None:
    """Find the header of a sheet as a profile says; None where the sheet has nothing that the profile knows.

    It has as many rows as the profile says, or as few or many as name more of the columns: the sheets of one workbook
    may differ in that.

    Raises:
        ColumnsMissing: There is one, and it lacks columns.
        FileRefused: It is not where the profile says, or names two columns alike.
    """
    wanted = wanted_columns(profile)
    if is_handed_back(grid):
        top = top_of(grid, 1)
        return Header(0, top, top[0])
    if profile.header is not None:
        top = top_of(grid, profile.header + profile.header_rows)
        at = int(np.searchsorted(grid.row_number, profile.header))
        if at + profile.header_rows > len(top) or int(grid.row_number[at]) != profile.header:
            words = _("%(place)s: row %(row)s is empty, expected the header; correct the profile's header.")
            raise FileRefused(words, place=place, row=str(profile.header))
        rows = top[at : at + profile.header_rows]
        return Header(at, rows, names_at(grid, top, at, profile.header_rows))
    top = top_of(grid, MOST_ABOVE)
    found, hits = _most_named(grid, top, wanted, profile)
    if found is not None and 2 * hits >= len(wanted):
        return found
    first = next((at for at, row in enumerate(top) if any(row)), None)
    if first is None or (profile.sheets != "first" and hits == 0):
        return None
    if found is None:
        found = Header(first, top[first : first + 1], top[first])
    distinct(found.names, wanted.values(), Said(AT_ROW, {"place": place, "row": str(row_of(grid, found))}))
    raise ColumnsMissing(_lacking(found, wanted), [one for one in found.names if one], row_of(grid, found), grid.name)


def _most_named(
    grid: Grid, top: list[list[str]], wanted: Mapping[str, str], profile: ImportProfile
) -> tuple[Header | None, int]:
    keys = [keys_of(name) for name in wanted.values()]
    lasts = [one[-1] for one in keys]
    called = {last: one[0] for one, last in zip(keys, lasts, strict=True) if lasts.count(last) == 1}
    called |= {name_key(JOINT.join(reversed(name.split(JOINT)))): name_key(name) for name in wanted.values()}
    called |= {
        name_key(other): name_key(wanted[field])
        for field, others in profile.also.items()
        if field in wanted
        for other in others
    }
    found, hits = find_header(grid, top, wanted.values(), profile.header_rows, called)
    whole = len(set(map(name_key, wanted.values())))
    for rows in range(1, MOST_ROWS + 1):
        if hits < whole and rows != profile.header_rows:
            other, named = find_header(grid, top, wanted.values(), rows, called)
            found, hits = (other, named) if named > hits else (found, hits)
    return found, hits


def _lacking(header: Header, wanted: Mapping[str, str]) -> dict[str, str]:
    return {field: one for field, one in wanted.items() if one not in header.names}
