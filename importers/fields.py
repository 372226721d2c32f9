"""From a profile's columns to those of a file."""

from app.domain.definition import ImportProfile
from app.domain.fields import problems_of_columns
from importers.errors import ColumnsMissing, NoProfile
from importers.reading import TextTable


def check_profile(name: str, kind: str, profile: ImportProfile) -> None:
    """Check that a profile can serve a kind of import.

    Raises:
        NoProfile: It maps fields that this kind does not have, or leaves out what it needs.
    """
    found = problems_of_columns(kind, profile.fields)
    if found:
        raise NoProfile(f"The import profile {name!r} {'; it '.join(found)}.")


def mapped(table: TextTable, profile: ImportProfile) -> dict[str, str]:
    """Find the file's column of each field that the profile maps. Headers compare trimmed and without case.

    Raises:
        ColumnsMissing: The header lacks some.
    """
    by_key = {header.strip().casefold(): header for header in table.header}
    wanted = dict(profile.columns)
    if profile.line_number != "position":
        wanted["line_number"] = profile.line_number
    if profile.credit_note is not None and profile.credit_note.column is not None:
        wanted["document_kind"] = profile.credit_note.column
    found = {field: by_key.get(header.strip().casefold()) for field, header in wanted.items()}
    missing = {field: wanted[field] for field, header in found.items() if header is None}
    if missing:
        raise ColumnsMissing(missing, table.header)
    return {field: header for field, header in found.items() if header is not None}
