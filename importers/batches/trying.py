"""Trying: what a dry run saw that is gone once nothing of it is kept.

Of its lines: the first that are new, here already or changed. Of its points: what each rule would award.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.program_file.import_profile import ImportProfile
from app.domain.states import COUNTING, Outcome, Unit
from app.models.imports import ImportBatch, ImportProblem, ImportShard
from importers.batches.store import BatchFiles
from importers.layout.columns.columns import wanted_columns
from verification.gate import Admission
from verification.incoming import Incoming

TRIED = "tried"
"""Under this name it stands among what a shard, or a whole batch, counted."""
SHOWN = 5
"""Rows that are shown of each kind."""
NEW, SAME, CHANGED, HELD, REFUSED = "new", "same", "changed", "held", "refused"
_MOST_COLUMNS = 8


@dataclass(frozen=True)
class AwardedBy:
    """What one rule would award."""

    rule: str
    unit: Unit
    amount: int
    lines: int


@dataclass(frozen=True)
class Shown:
    """The first rows of one kind: their numbers, and what stands in the columns that are read."""

    what: str
    rows: Sequence[tuple[int, Sequence[str]]]


@dataclass(frozen=True)
class Tried:
    """What a dry run saw."""

    columns: Sequence[str]
    shown: Sequence[Shown]
    awarded: Sequence[AwardedBy]


def noted(incoming: Incoming, admission: Admission) -> dict[str, Any]:
    """Note of a shard the first rows of documents that are new, here already, or changed, and what each rule gave."""
    lines = incoming.sales.lines
    changed = admission.conflict.copy()
    changed[admission.correcting] = True
    new = np.isin(admission.status, COUNTING) & ~changed
    found = {NEW: new, SAME: admission.duplicate, CHANGED: changed}
    return {
        "rows": {
            what: np.sort(lines.source_row[marked[lines.document]])[:SHOWN].tolist()
            for what, marked in found.items()
            if marked.any()
        },
        "awards": [
            {"rule": rule, "unit": int(unit), "amount": gave.amount, "lines": gave.lines}
            for (rule, unit), gave in admission.by_rule.items()
        ],
    }


def tried(session: Session, batch: ImportBatch, files: BatchFiles) -> Tried:
    """Tell what a dry run saw."""
    parts = [batch.counts, *_of_shards(session, batch.id)]
    found = [part[TRIED] for part in parts if part and TRIED in part]
    rows: dict[str, list[int]] = {what: [] for what in (NEW, SAME, CHANGED, HELD, REFUSED)}
    sums: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0])
    for part in found:
        for what, listed in part.get("rows", {}).items():
            rows[what] += listed
        for one in part.get("awards", ()):
            of_rule = sums[one["rule"], one["unit"]]
            of_rule[0] += one["amount"]
            of_rule[1] += one["lines"]
    for what, outcome in ((HELD, Outcome.HELD), (REFUSED, Outcome.REFUSED)):
        rows[what] = _first_problems(session, batch.id, outcome)
    awarded = [AwardedBy(rule, Unit(unit), amount, lines) for (rule, unit), (amount, lines) in sums.items()]
    columns, cells = _cells(batch, files, {what: sorted(listed)[:SHOWN] for what, listed in rows.items()})
    return Tried(columns, cells, sorted(awarded, key=lambda one: (one.unit, -one.amount, one.rule)))


def _of_shards(session: Session, batch_id: int) -> Sequence[Mapping[str, Any] | None]:
    return session.scalars(select(ImportShard.counts).where(ImportShard.batch_id == batch_id)).all()


def _first_problems(session: Session, batch_id: int, outcome: Outcome) -> list[int]:
    query = select(ImportProblem.row_number).where(ImportProblem.batch_id == batch_id, ImportProblem.outcome == outcome)
    return list(session.scalars(query.order_by(ImportProblem.row_number).limit(SHOWN)))


def _cells(
    batch: ImportBatch, files: BatchFiles, rows: Mapping[str, Sequence[int]]
) -> tuple[Sequence[str], Sequence[Shown]]:
    """Give what stands in these rows, in the columns that the profile reads."""
    wanted = np.unique(np.asarray([row for listed in rows.values() for row in listed], dtype=np.int64))
    if not len(wanted) or not files.rows.exists():
        return (), ()
    kept = files.load_rows(wanted)
    profile = ImportProfile.model_validate(batch.profile)
    read = {name.casefold() for name in wanted_columns(profile).values()}
    names = [name for name in kept if name.casefold() in read] or list(kept)
    names = list(islice(names, _MOST_COLUMNS))
    cells = {row: [kept[name][at].as_py() or "" for name in names] for at, row in enumerate(wanted.tolist())}
    return names, [Shown(what, [(row, cells[row]) for row in listed]) for what, listed in rows.items() if listed]
