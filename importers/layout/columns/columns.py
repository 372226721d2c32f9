"""From a profile's columns to those of a file."""

from collections.abc import Sequence

from app.domain.program_file.import_profile import CreditNote, ImportProfile
from app.domain.saying.wording import marked
from app.domain.typed.fields import problems_of_columns
from importers.errors import ColumnsMissing, NoProfile
from importers.layout.columns.months import called
from importers.layout.tables.header import keys_of, name_key
from importers.layout.tables.table import TextTable

_ = marked


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

    A name of several rows is found by its last as well, where no other column is called so.

    Raises:
        ColumnsMissing: The header lacks some.
    """
    keys = [keys_of(name) for name in header]
    last = [one[-1] for one in keys]
    by_key = {one[-1]: name for name, one in zip(header, keys, strict=True) if last.count(one[-1]) == 1}
    by_key |= {one[0]: name for name, one in zip(header, keys, strict=True)}
    wanted = wanted_columns(profile)
    found = {field: by_key.get(name_key(name)) for field, name in wanted.items()}
    missing = {field: wanted[field] for field, name in found.items() if name is None}
    if missing:
        raise ColumnsMissing(missing, header, row, sheet)
    return {field: name for field, name in found.items() if name is not None}


def mapped(table: TextTable, profile: ImportProfile) -> dict[str, str]:
    """Find the column of each field in a table that was read by the profile, or by none."""
    columns = columns_of(table.header, profile)
    return columns if profile.months is None else columns | called(profile.months)
