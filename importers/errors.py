"""What stops a whole import, as opposed to a problem of one row."""

from collections.abc import Mapping, Sequence


class ImportRefused(Exception):
    """The file cannot be taken in as it is; the message says where, what was found, what was expected, what to do."""


class FileRefused(ImportRefused):
    """The file was judged before reading: its kind, its size, its container."""


class ColumnsMissing(ImportRefused):
    """The header does not have the columns that the profile names."""

    def __init__(self, missing: Mapping[str, str], found: Sequence[str], row: int = 1, sheet: str = "") -> None:
        """Say which columns are missing, for which field, and which the file has; and where its header is."""
        self.missing = dict(missing)
        self.found = list(found)
        wanted = "; ".join(f"{header!r} (for {field})" for field, header in missing.items())
        has = ", ".join(repr(name) for name in found) or "none"
        where = f"Sheet {sheet!r}, row {row}" if sheet else f"Row {row}"
        super().__init__(
            f"{where}: the header lacks {wanted}. It has: {has}. Correct the header, or the profile's columns."
        )


class NoProfile(ImportRefused):
    """The programme has no import profile of that name, or not of that kind."""


class CardNumbersFound(ImportRefused):
    """A cell holds the number of a payment card, which is never kept: nor is the file."""

    def __init__(self, name: str, row: int, column: str | None) -> None:
        """Say where it stands, not what it is; the column where it can be told."""
        where = f"row {row}" if column is None else f"row {row}, column {column!r}"
        super().__init__(
            f"{name}, {where}: this may be the number of a payment card, which Kontor never "
            "keeps. The file was not kept either. Remove the column, or the numbers, and import it again."
        )


class QuestionOpen(ImportRefused):
    """A column can be read in more ways than one, and the profile does not say which: nobody guesses."""

    def __init__(self, column: str, asked: str, examples: Sequence[str], answer: str) -> None:
        """Say which column, what is asked, what stands in it, and how a profile answers."""
        shown = ", ".join(map(repr, examples))
        super().__init__(f"Column {column!r}: {asked}{f' (it holds {shown})' if shown else ''}; {answer}.")
