"""Rows that do not simply count: collected by every stage, stored once, and handed back as a workbook."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from app.db.bulk import copy_into
from app.domain.states import Outcome
from app.models.imports import ImportProblem
from importers.layout.tables.table import Stretch, place_of

_PIECE = 50_000
"""Rows that are stored at once."""

_GRAVER = {Outcome.HELD: 0, Outcome.REFUSED: 1}


class Problems:
    """The problems of a table's rows: for each row the gravest outcome and every reason.

    Rows that were found together share what is said of them, for there may be a million of them.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.outcome: dict[int, Outcome] = {}
        self.reasons: dict[int, tuple[dict[str, Any], ...]] = {}

    def add(self, row: int, outcome: Outcome, code: str, **values: Any) -> None:
        """Note one problem of one row."""
        self._note([int(row)], outcome, {"code": code, **values})

    def add_all(self, rows: Iterable[int], outcome: Outcome, code: str, **values: Any) -> None:
        """Note the same problem of several rows."""
        self._note(list(rows), outcome, {"code": code, **values})

    def _note(self, rows: Sequence[int], outcome: Outcome, reason: dict[str, Any]) -> None:
        known = [row for row in rows if row in self.outcome]
        before = {row: (self.outcome[row], self.reasons[row]) for row in known}
        self.outcome.update(dict.fromkeys(rows, outcome))
        self.reasons.update(dict.fromkeys(rows, (reason,)))
        for row, (was, said) in before.items():
            self.outcome[row] = max(was, outcome, key=_GRAVER.__getitem__)
            self.reasons[row] = (*said, reason)

    def merge(self, other: "Problems") -> None:
        """Take in what another stage found."""
        for row, outcome in other.outcome.items():
            for reason in other.reasons[row]:
                self._note([row], outcome, reason)

    def saying(self, *codes: str) -> np.ndarray:
        """Give the rows of which one of these codes is said, rising."""
        wanted = frozenset(codes)
        said = [row for row, reasons in self.reasons.items() if any(one["code"] in wanted for one in reasons)]
        return np.sort(np.asarray(said, dtype=np.int64))

    def only(self, rows: np.ndarray) -> "Problems":
        """Give the problems of these rows."""
        found = Problems()
        for row in rows.tolist():
            if row in self.outcome:
                found.outcome[row], found.reasons[row] = self.outcome[row], self.reasons[row]
        return found

    def name_sheets(self, stretches: Sequence[Stretch]) -> None:
        """Say of which sheet the row is because of which others wait, where there are several sheets."""
        if not stretches:
            return
        named: dict[int, tuple[dict[str, Any], ...]] = {}
        for row, reasons in self.reasons.items():
            if id(reasons) not in named:
                named[id(reasons)] = tuple(_named(reason, stretches) for reason in reasons)
            self.reasons[row] = named[id(reasons)]

    def rows(self) -> np.ndarray:
        """Give the rows with problems, rising."""
        return np.sort(np.fromiter(self.outcome, dtype=np.int64, count=len(self.outcome)))

    def count(self, outcome: Outcome) -> int:
        """Count the rows of one outcome."""
        return list(self.outcome.values()).count(outcome)

    def __len__(self) -> int:
        """Count the rows with problems."""
        return len(self.outcome)

    def store(self, session: Session, batch_id: int) -> None:
        """Write the problems of a batch. The caller commits."""
        everything = self.rows()
        write = _Writer()
        for start in range(0, len(everything), _PIECE):
            rows = everything[start : start + _PIECE]
            copy_into(
                session,
                ImportProblem,
                {
                    "batch_id": np.full(len(rows), batch_id, dtype=np.int64),
                    "row_number": rows,
                    "outcome": [self.outcome[row].value for row in rows.tolist()],
                    "reasons": [write(self.reasons[row]) for row in rows.tolist()],
                },
            )


def _named(reason: dict[str, Any], stretches: Sequence[Stretch]) -> dict[str, Any]:
    because = reason.get("because")
    if because is None:
        return reason
    stretch, row = place_of(because, stretches)
    return reason | {"because": f"{stretch.sheet}!{row}" if stretch else row}


class _Writer:
    """Writes reasons as JSON; those that many rows share are written once."""

    def __init__(self) -> None:
        self._encode = json.JSONEncoder(ensure_ascii=False).encode
        self._written: dict[int, str] = {}

    def __call__(self, reasons: tuple[dict[str, Any], ...]) -> str:
        """Give the text of a row's reasons, which stay alive and as they are while this writes."""
        text = self._written.get(id(reasons))
        if text is None:
            text = self._written[id(reasons)] = self._encode(reasons)
        return text
