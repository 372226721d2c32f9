"""What two rows of a file say of one thing that each calls by another name."""

from collections.abc import Hashable, Mapping

from app.domain.states import Outcome
from importers.kinds.rows import Cells, ThingRows
from importers.problems.problems import Problems


class Twice:
    """Finds rows that say something of what a row before them was of."""

    def __init__(self, rows: ThingRows, field: str, figures: Mapping[int, int], problems: Problems) -> None:
        """Take the rows, and the field whose figures they say."""
        self.repeated = 0
        self._rows, self._field, self._figures, self._problems = rows, field, figures, problems
        self._first: dict[Hashable, tuple[int, Cells]] = {}

    def found(self, thing: Hashable, row: int, cells: Cells) -> bool:
        """Say whether a row before was of this thing; one with another figure is refused, and names that row."""
        before, said = self._first.setdefault(thing, (row, cells))
        if before == row:
            return False
        if self._figures[row] == self._figures[before]:
            self.repeated += 1
        else:
            told = {"field": self._rows.columns[self._field], "because": before}
            figures = {"found": repr(cells[self._field]), "expected": repr(said[self._field])}
            self._problems.add(row, Outcome.REFUSED, "said_otherwise", **told, **figures)
        return True
