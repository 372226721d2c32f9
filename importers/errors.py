"""What stops a whole import, as opposed to a problem of one row. Each is told in the language of whoever reads it."""

from collections.abc import Mapping, Sequence

from app.domain.saying.wording import Said, Told, marked

_ = marked


class ImportRefused(Told):
    """The file cannot be taken in as it is; the message says where, what was found, what was expected, what to do."""


class FileRefused(ImportRefused):
    """The file was judged before reading: its kind, its size, its container."""


class ColumnsMissing(ImportRefused):
    """The header does not have the columns that the profile names."""

    def __init__(self, missing: Mapping[str, str], found: Sequence[str], row: int = 1, sheet: str = "") -> None:
        """Say which columns are missing, for which field, and which the file has; and where its header is."""
        self.missing = dict(missing)
        self.found = list(found)
        lacks = _(
            "%(where)s: the header lacks %(wanted)s. It has: %(has)s. Correct the header, or the profile's columns."
        )
        one = _("%(header)s (for %(field)s)")
        wanted = [Said(one, {"header": repr(header), "field": Said(field)}) for field, header in missing.items()]
        if sheet:
            where = Said(_("Sheet %(sheet)s, row %(row)s"), {"sheet": repr(sheet), "row": str(row)})
        else:
            where = Said(_("Row %(row)s"), {"row": str(row)})
        has = [repr(name) for name in found] or Said(_("none"))
        super().__init__(lacks, where=where, wanted=wanted, has=has)


class NoProfile(ImportRefused):
    """The programme has no import profile of that name, or not of that kind."""


class CardNumbersFound(ImportRefused):
    """A cell holds the number of a payment card, which is never kept: nor is the file."""

    def __init__(self, name: str, row: int, column: str | None) -> None:
        """Say where it stands, not what it is; the column where it can be told."""
        found = _(
            "%(file)s, %(where)s: this may be the number of a payment card, which Kontor never keeps. The file was not "
            "kept either. Remove the column, or the numbers, and import it again."
        )
        where = Said(_("row %(row)s"), {"row": str(row)})
        if column is not None:
            where = Said(_("row %(row)s, column %(column)s"), {"row": str(row), "column": repr(column)})
        super().__init__(found, file=name, where=where)


class QuestionOpen(ImportRefused):
    """A column can be read in more ways than one, and the profile does not say which: nobody guesses."""

    def __init__(self, column: str, asked: Said, examples: Sequence[str], answer: Said) -> None:
        """Say which column, what is asked, what stands in it, and how a profile answers."""
        if examples:
            asked = Said(
                _("%(asked)s (it holds %(examples)s)"), {"asked": asked, "examples": list(map(repr, examples))}
            )
        super().__init__(
            _("Column %(column)s: %(asked)s; %(answer)s."), column=repr(column), asked=asked, answer=answer
        )
