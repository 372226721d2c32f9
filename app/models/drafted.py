"""What drafts have in common, whatever they change: who wrote one, who asked for it to be published, who decided."""

from typing import Any

from sqlalchemy import CheckConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.types import Instant, LongText, Named
from app.domain.states import RuleDraftState


class Drafted:
    """A part of a programme as it is to be. What was published or dropped stays: it tells who did it."""

    document: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="what is to be, as the programme file has it")
    state: Mapped[RuleDraftState] = mapped_column(Named(RuleDraftState))
    changed_by: Mapped[LongText]
    changed_at: Mapped[Instant]
    asked_by: Mapped[LongText | None] = mapped_column(comment="who wants it published: another person does it")
    asked_at: Mapped[Instant | None]
    decided_by: Mapped[LongText | None]
    decided_at: Mapped[Instant | None]
    note: Mapped[LongText | None] = mapped_column(comment="why it was sent back")


def lives() -> tuple[CheckConstraint, CheckConstraint]:
    """Give the checks of its life, for the table of each kind."""
    return (
        CheckConstraint("state <> 'waiting' or asked_by is not null", name="asked"),
        CheckConstraint("(state in ('published', 'dropped')) = (decided_by is not null)", name="decided"),
    )
