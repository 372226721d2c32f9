"""The table in which an import's problems are handed back: by what it is told, and what the whole file proved.

Few rows come back, and few rows prove less than all did: 03.04.2026 alone does not say what 25.04.2026 said for it. So
the title over the reasons says how the file was read, such as ``Reason [dates dmy; numbers 1.234,5]``. Whoever corrects
a row sees how it will be read, and whatever program saves the table keeps it, as a text without sheets does.

It is written in the programme's language, and somebody may bring it back after that changed: it is known by the names
of every language.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from app.domain.program_file.import_profile import DATE_ORDERS, ImportProfile, NumberForm
from importers.files.grid import Grid
from importers.layout.tables.header import top_of


@dataclass(frozen=True)
class Names:
    """The names in one language: of the sheet, and of the columns for the reason, and for where a row stood."""

    problems: str
    reason: str
    sheet: str
    row: str


NAMES: Mapping[str, Names] = {
    "en": Names("Problems", "Reason", "Sheet", "Row"),
    "pl": Names("Problemy", "Powód", "Arkusz", "Wiersz"),
    "es": Names("Problemas", "Motivo", "Hoja", "Fila"),
    "ru": Names("Проблемы", "Причина", "Лист", "Строка"),
}
"""They stand here, not among the translations: one that is worded anew must still be known."""

PROBLEMS_SHEETS = frozenset(one.problems for one in NAMES.values())
_REASONS = tuple(one.reason for one in NAMES.values())
_READ_AS = re.compile(rf"(?:{'|'.join(_REASONS)}) \[(?P<said>[^\[\]]*)\](?: \(\d+\))?")
_PART = re.compile(r"(?P<what>[a-z_]+) (?P<how>\S+)")
_WRITTEN = {
    "1234.5": NumberForm(decimal="."),
    "1,234.5": NumberForm(decimal=".", thousands=","),
    "1234,5": NumberForm(decimal=","),
    "1.234,5": NumberForm(decimal=",", thousands="."),
}
"""A number as each form writes it."""


@dataclass(frozen=True)
class Proved:
    """What a file proved of what its profile leaves to be found; what it did not prove is none.

    Attributes:
        dates: the order of day, month and year.
        numbers: how most of its columns write numbers.
        others: how those fields do that write them otherwise.
    """

    dates: str | None = None
    numbers: NumberForm | None = None
    others: Mapping[str, NumberForm] = field(default_factory=dict)

    @property
    def said(self) -> str:
        """Put it into words; nothing where nothing was proved."""
        parts = [f"dates {self.dates}"] if self.dates else []
        if self.numbers is not None:
            parts += [f"numbers {_sample(self.numbers)}"]
            parts += [f"{name} {_sample(form)}" for name, form in sorted(self.others.items())]
        return "; ".join(parts)

    @staticmethod
    def of(said: str) -> "Proved":
        """Read such words back; what somebody made of them that says nothing is not there."""
        found = Proved()
        for part in said.split(";"):
            named = _PART.fullmatch(part.strip())
            if named is None:
                continue
            what, how = named["what"], named["how"]
            if what == "dates":
                found = replace(found, dates=how if how in DATE_ORDERS else None)
            elif how in _WRITTEN:
                form = _WRITTEN[how]
                more = {"numbers": form} if what == "numbers" else {"others": {**found.others, what: form}}
                found = replace(found, **more)
        return found

    def settles(self, profile: ImportProfile) -> ImportProfile:
        """Give a profile that leaves no more to be found than this does not say. What it says itself stands."""
        found: dict[str, object] = {}
        if profile.dates == "found" and self.dates is not None:
            found["dates"] = self.dates
        if profile.decimal == "found" and self.numbers is not None:
            found |= {"decimal": self.numbers.decimal, "thousands": self.numbers.thousands}
            found["numbers"] = {name: form for name, form in self.others.items() if name in profile.fields}
        return profile.model_copy(update=found)


def names_in(language: str) -> Names:
    """Give the names in a language; the English ones where Kontor does not speak it."""
    return NAMES.get(language, NAMES["en"])


def title_of(said: str, names: Names) -> str:
    """Give the title over the reasons of a file of which that was proved."""
    return f"{names.reason} [{said}]" if said else names.reason


def is_reason(column: str) -> bool:
    """Say whether a column of such a table is the one with the reasons."""
    return column.startswith(_REASONS)


def is_handed_back(grid: Grid) -> bool:
    """Say whether this is the table in which an import's problems were handed back, perhaps saved as text."""
    first = top_of(grid, 1) if grid.name in {*PROBLEMS_SHEETS, ""} else []
    if not first:
        return False
    return any(is_reason(cell) if grid.name else _READ_AS.fullmatch(cell) for cell in first[0])


def proved_before(grid: Grid) -> Proved:
    """Give what the file proved of which this table hands back problems; of what came back twice the last says it."""
    told = (_READ_AS.fullmatch(cell) for cell in reversed(top_of(grid, 1)[0]))
    return next((Proved.of(one["said"]) for one in told if one), Proved())


def _sample(form: NumberForm) -> str:
    return next(sample for sample, one in _WRITTEN.items() if one == form)
