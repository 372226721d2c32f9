"""Further sheets that perhaps hold lines too, whose columns are called otherwise than those of the first one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from importers.layout.columns.columns import found_in
from importers.layout.columns.naming import Guesses
from importers.layout.looks.questions import LINES_OR_NOT, Question, about_sheets
from importers.layout.looks.sheets import Sheet

_OF_A_SALE = {"document_number", "product", "quantity"}


@dataclass(frozen=True)
class Doubtful:
    """Sheets of which several columns may hold the same: what their others are called, and the choices, by field."""

    sheets: tuple[str, ...]
    names: dict[str, str]
    choices: dict[str, tuple[str, ...]]

    @property
    def questions(self) -> Iterator[Question]:
        """Ask which columns they are, or whether these sheets are left out."""
        for field, options in self.choices.items():
            yield Question(self.key(field), "sheet", field, (*options, LINES_OR_NOT[1]), self.sheets)

    def key(self, field: str) -> str:
        """Give the key of the question about a field."""
        return f"sheet:{self.sheets[0]}:{field}"

    def settled(self, answers: Mapping[str, str]) -> dict[str, dict[str, str]]:
        """Give what all columns are called by what was answered, of each sheet; nothing of sheets that are left out."""
        said = {field: answers.get(self.key(field)) for field in self.choices}
        columns = {field: name for field, name in said.items() if name and name != LINES_OR_NOT[1]}
        return dict.fromkeys(self.sheets, self.names | columns) if columns.keys() == said.keys() else {}


def called_otherwise(
    read: Mapping[str, str], beside: Sequence[Sheet], kind: str, guess_of: Callable[[Sheet], Guesses | None]
) -> tuple[dict[str, dict[str, str]], tuple[Doubtful, ...]]:
    """Give what the columns that are read seem to be called in other sheets that have them all, and what is doubtful.

    Args:
        read: the columns of the first sheet, by field.
        beside: the other sheets.
        kind: of import.
        guess_of: gives what the columns of a sheet seem to hold; None of one that surely holds no lines.
    """
    found: dict[str, dict[str, str]] = {}
    doubts: list[Doubtful] = []
    for sheet in beside if read.keys() >= _OF_A_SALE else ():
        own = guess_of(sheet)
        if own is None:
            continue
        sure = {field: name for field, name in own.columns.items() if field in read and field not in own.choices}
        # what is doubtful by itself is not where it is called as in the first sheet
        names = sure | {field: name for field, name in found_in(sheet.names, read, kind).items() if name}
        choices = {field: tuple(own.choices[field]) for field in read if field not in names and field in own.choices}
        each_once = len(set(names.values())) == len(names)
        if not each_once or names.keys() | choices.keys() != read.keys():
            continue
        if not choices:
            found[sheet.grid.name] = names
            continue
        alike = next((one for one in doubts if (one.names, one.choices) == (names, choices)), None)
        if alike is not None:
            doubts.remove(alike)
        doubts.append(Doubtful((*(alike.sheets if alike else ()), sheet.grid.name), names, choices))
    return found, tuple(doubts)


def asked_of_sheets(called: Mapping[str, Mapping[str, str]], doubtful: Sequence[Doubtful]) -> list[Question]:
    """Ask whether further sheets hold lines, and which of their columns are the doubtful ones."""
    return [*about_sheets(called), *(one for doubt in doubtful for one in doubt.questions)]
