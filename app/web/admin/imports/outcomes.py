"""What an import was, and what kept rows of it from counting."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from sqlalchemy import (
    column,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from app.domain.saying.reasons import sentence
from app.domain.states import Outcome
from app.models.imports import ImportBatch, ImportProblem
from app.models.sales import SalesDocument
from app.web.formats import shown
from verification.deciding import queue


@dataclass(frozen=True)
class ReasonCount:
    """How often a reason kept rows of an import from counting, with the first of them as an example."""

    code: str
    outcome: Outcome
    rows: int
    first_row: int
    example: str


def reasons_of(session: Session, batch_id: int) -> list[ReasonCount]:
    """Count the reasons of an import's problems, the most frequent first. Two queries."""
    reason = func.jsonb_array_elements(ImportProblem.reasons).table_valued(column("value", JSONB)).render_derived()
    code_ = reason.c.value["code"].astext
    count = func.count(ImportProblem.row_number.distinct())
    counted = session.execute(
        select(code_, ImportProblem.outcome, count, func.min(ImportProblem.row_number))
        .join(reason, literal_column("true"))
        .where(ImportProblem.batch_id == batch_id)
        .group_by(code_, ImportProblem.outcome)
        .order_by(count.desc(), code_)
    ).all()
    first_rows = session.execute(
        select(ImportProblem.row_number, ImportProblem.reasons).where(
            ImportProblem.batch_id == batch_id, ImportProblem.row_number.in_({row[3] for row in counted})
        )
    )
    examples = {
        (at, one["code"]): sentence(one, gettext, shown) for at, reasons in first_rows for one in reversed(reasons)
    }
    return [
        ReasonCount(code, outcome, rows, first_row, examples[first_row, code])
        for code, outcome, rows, first_row in counted
    ]


def waiting_of(session: Session, program_id: int, batch_id: int) -> int:
    """Count the documents of an import that wait for somebody to decide."""
    mine = (SalesDocument.program_id == program_id, SalesDocument.batch_id == batch_id)
    return session.scalars(select(func.count()).select_from(SalesDocument).where(*mine, queue.WAITS)).one()


@dataclass(frozen=True)
class ImportOf:
    """What an import was: by whom, of which file."""

    created_by: str
    created_at: dt.datetime
    finished_at: dt.datetime | None
    profile_name: str
    file_bytes: int
    continues_id: int | None
    undone_by: str | None
    undo_reason: str | None
    undone_at: dt.datetime | None
    profile: dict[str, Any]
    file_sha256: bytes

    @property
    def fingerprint(self) -> str:
        """Give the file's SHA-256 as it is written."""
        return self.file_sha256.hex()


def import_of(session: Session, batch_id: int) -> ImportOf:
    """Tell what an import was."""
    row = session.execute(
        select(
            ImportBatch.created_by,
            ImportBatch.created_at,
            ImportBatch.finished_at,
            ImportBatch.profile_name,
            ImportBatch.file_bytes,
            ImportBatch.continues_id,
            ImportBatch.undone_by,
            ImportBatch.undo_reason,
            ImportBatch.undone_at,
            ImportBatch.profile,
            ImportBatch.file_sha256,
        ).where(ImportBatch.id == batch_id)
    ).one()
    return ImportOf(*row)
