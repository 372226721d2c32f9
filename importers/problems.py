"""Rows that do not simply count: collected by every stage, stored once, and handed back as a workbook."""

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from app.db.bulk import copy_into
from app.domain.states import Outcome
from app.models.imports import ImportProblem

_PIECE = 50_000
"""Rows that are stored at once."""

_GRAVER = {Outcome.HELD: 0, Outcome.REFUSED: 1}


class Problems:
    """The problems of a table's rows: for each row the gravest outcome and every reason."""

    def __init__(self) -> None:
        """Begin with none."""
        self.outcome: dict[int, Outcome] = {}
        self.reasons: dict[int, list[dict[str, Any]]] = {}

    def add(self, row: int, outcome: Outcome, code: str, **values: Any) -> None:
        """Note one problem of one row."""
        self._note(int(row), outcome, {"code": code, **values})

    def add_all(self, rows: Iterable[int], outcome: Outcome, code: str, **values: Any) -> None:
        """Note the same problem of several rows; they share it, for there may be a million of them."""
        reason = {"code": code, **values}
        for row in rows:
            self._note(int(row), outcome, reason)

    def _note(self, row: int, outcome: Outcome, reason: dict[str, Any]) -> None:
        was = self.outcome.get(row)
        if was is None or _GRAVER[outcome] > _GRAVER[was]:
            self.outcome[row] = outcome
        self.reasons.setdefault(row, []).append(reason)

    def merge(self, other: "Problems") -> None:
        """Take in what another stage found."""
        for row, outcome in other.outcome.items():
            for reason in other.reasons[row]:
                self._note(row, outcome, reason)

    def rows(self) -> np.ndarray:
        """Give the rows with problems, rising."""
        return np.asarray(sorted(self.outcome), dtype=np.int64)

    def count(self, outcome: Outcome) -> int:
        """Count the rows of one outcome."""
        return sum(one is outcome for one in self.outcome.values())

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
                    "outcome": [str(self.outcome[row]) for row in rows.tolist()],
                    "reasons": [write(self.reasons[row]) for row in rows.tolist()],
                },
            )


class _Writer:
    """Writes reasons as JSON; one that many rows share is written once."""

    def __init__(self) -> None:
        self._encode = json.JSONEncoder(ensure_ascii=False).encode
        self._written: dict[int, str] = {}

    def __call__(self, reasons: list[dict[str, Any]]) -> str:
        """Give the text of a row's reasons, which stay alive and as they are while this writes."""
        return f"[{','.join(map(self._one, reasons))}]"

    def _one(self, reason: dict[str, Any]) -> str:
        text = self._written.get(id(reason))
        if text is None:
            text = self._written[id(reason)] = self._encode(reason)
        return text
