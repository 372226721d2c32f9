"""The queue of documents that wait for a person."""

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.marks import reference
from app.db.types import Instant, LongText, Named
from app.domain.states import ReviewState
from app.models.base import Base


class Review(Base):
    """A document's place in the queue. Its row stays when it is decided: it tells how long that took.

    A document that waits without a row was never looked at: it stands as one with no risk, waiting since it came.
    """

    __tablename__ = "review"
    __table_args__ = (
        Index("ix_review_program_id_open", "program_id", "risk", postgresql_where=text("closed_at IS NULL")),
        Index("ix_review_program_id_closed_at", "program_id", "closed_at"),
        CheckConstraint("risk BETWEEN 0 AND 1000", name="risk"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_has_a_moment"),
        CheckConstraint("(leased_by IS NULL) = (leased_until IS NULL)", name="a_lease_ends"),
        CheckConstraint(
            "(first_by IS NULL) = (first_reason IS NULL) AND (state <> 'second' OR first_by IS NOT NULL)",
            name="a_second_follows_a_first",
        ),
    )

    document_id: Mapped[int] = reference("sales_document", primary_key=True, autoincrement=False)
    program_id: Mapped[int] = reference("program")
    state: Mapped[ReviewState] = mapped_column(Named(ReviewState))
    risk: Mapped[int] = mapped_column(comment="what the checks found, in thousandths: 1000 is the most")
    opened_at: Mapped[Instant]
    leased_by: Mapped[LongText | None] = mapped_column(comment="who has it before them")
    leased_until: Mapped[Instant | None]
    handed_to: Mapped[LongText | None] = mapped_column(comment="login of whoever it was handed over to")
    first_by: Mapped[LongText | None] = mapped_column(comment="who accepted it first, where two people must")
    first_reason: Mapped[LongText | None]
    closed_at: Mapped[Instant | None]
