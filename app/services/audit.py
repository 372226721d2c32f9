"""The record of who changed what: written in the transaction of the change."""

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from app.models.people import AuditEvent


def note(
    session: Session,
    actor: str,
    action: str,
    subject: str,
    *,
    now: dt.datetime,
    program_id: int | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    """Note a change. The caller commits."""
    session.add(
        AuditEvent(
            at=now,
            actor=actor,
            program_id=program_id,
            action=action,
            subject=subject,
            before=before,
            after=after,
            reason=reason,
        )
    )
