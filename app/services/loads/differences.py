"""Differences between a provider's statement and our books, opened again when what had closed them is no more."""

import datetime as dt
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from app.models.programs import Program
from app.models.reconciling import ProviderStatement, StatementFinding
from app.services import audit


def reopen(session: Session, program: Program, *which: ColumnElement[bool], actor: str, now: dt.datetime) -> None:
    """Open differences again, and the statements that were closed over them. The caller commits."""
    of_program = select(ProviderStatement.id).where(ProviderStatement.program_id == program.id)
    opened = session.execute(
        update(StatementFinding)
        .where(StatementFinding.statement_id.in_(of_program), StatementFinding.answer.is_not(None), *which)
        .values(answer=None, reason=None, closed_by=None, closed_at=None, adjustment_id=None)
        .returning(StatementFinding.id, StatementFinding.statement_id)
        .execution_options(synchronize_session=False)
    ).all()
    of_statements: dict[int, list[int]] = {}
    for row in opened:
        of_statements.setdefault(row.statement_id, []).append(row.id)
    open_statements(session, program, of_statements, actor=actor, now=now)


def open_statements(
    session: Session, program: Program, opened: Mapping[int, Sequence[int]], *, actor: str, now: dt.datetime
) -> None:
    """Let statements be open that were closed over differences which are open now, by statement. The caller commits."""
    if not opened:
        return
    session.execute(
        update(ProviderStatement)
        .where(ProviderStatement.id.in_(list(opened)))
        .values(closing_note=None, closed_by=None, closed_at=None)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    for statement_id in sorted(opened):
        after = {"differences": sorted(opened[statement_id])}
        subject = f"provider statement {statement_id}"
        audit.note(session, actor, "reconciliation.reopen", subject, now=now, program_id=program.id, after=after)
