"""What card providers say they booked, line by line, and where that differs from our books."""

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.types import Big, Id, Instant, LongText, Named, ShortText
from app.domain.states import BookingKind, FindingAnswer, FindingKind
from app.models.base import Base


class ProviderStatement(Base):
    """What one file of a provider says of the days that it covers."""

    __tablename__ = "provider_statement"
    __table_args__ = (
        Index("ix_provider_statement_program_id", "program_id", "provider", "from_on"),
        CheckConstraint("from_on <= to_on", name="period"),
        CheckConstraint("lines > 0", name="has_lines"),
        CheckConstraint("(closed_by is null) = (closed_at is null)", name="closed_as_a_whole"),
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    provider: Mapped[ShortText]
    file_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    from_on: Mapped[dt.date] = mapped_column(comment="what it covers: its first day, or what somebody said")
    to_on: Mapped[dt.date]
    lines: Mapped[Big]
    brought_by: Mapped[LongText]
    brought_at: Mapped[Instant]
    closed_by: Mapped[LongText | None]
    closed_at: Mapped[Instant | None]
    closing_note: Mapped[LongText | None]


class StatementLine(Base):
    """One booking of a provider, and the top-up that it is of."""

    __tablename__ = "statement_line"
    __table_args__ = (
        Index("ix_statement_line_statement_id", "statement_id", "id"),
        Index("ix_statement_line_top_up_id", "top_up_id"),
        CheckConstraint("amount_minor > 0 or kind in ('other', 'failed')", name="amount"),
    )

    id: Mapped[Id]
    statement_id: Mapped[int] = mapped_column(ForeignKey("provider_statement.id", ondelete="CASCADE"))
    row_number: Mapped[int]
    kind: Mapped[BookingKind] = mapped_column(Named(BookingKind))
    reference: Mapped[ShortText | None] = mapped_column(comment="ours, as the provider gives it back")
    booking: Mapped[ShortText | None] = mapped_column(comment="the provider's own name of the booking")
    token: Mapped[ShortText | None]
    last4: Mapped[str | None] = mapped_column(String(4))
    amount_minor: Mapped[Big] = mapped_column(comment="without a sign: kind says which way")
    currency: Mapped[str | None] = mapped_column(String(3))
    booked_on: Mapped[dt.date]
    top_up_id: Mapped[int | None] = mapped_column(ForeignKey("top_up.id", ondelete="RESTRICT"))


class StatementFinding(Base):
    """One difference between a statement and our books, and what somebody did about it."""

    __tablename__ = "statement_finding"
    __table_args__ = (
        Index(
            "uq_statement_finding_once",
            "statement_id",
            "kind",
            "line_id",
            "top_up_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_statement_finding_top_up_id", "top_up_id"),
        Index("ix_statement_finding_line_id", "line_id"),
        Index("ix_statement_finding_open", "statement_id", postgresql_where=text("answer is null")),
        CheckConstraint("num_nonnulls(line_id, top_up_id) > 0", name="about_something"),
        CheckConstraint(
            "(answer is null) = (closed_at is null) and (answer is null) = (closed_by is null)",
            name="closed_as_a_whole",
        ),
        CheckConstraint("adjustment_id is null or answer = 'adjusted'", name="adjusted"),
    )

    id: Mapped[Id]
    statement_id: Mapped[int] = mapped_column(ForeignKey("provider_statement.id", ondelete="CASCADE"))
    kind: Mapped[FindingKind] = mapped_column(Named(FindingKind))
    line_id: Mapped[int | None] = mapped_column(ForeignKey("statement_line.id", ondelete="CASCADE"))
    top_up_id: Mapped[int | None] = mapped_column(ForeignKey("top_up.id", ondelete="RESTRICT"))
    ours: Mapped[LongText | None] = mapped_column(comment="what our books say")
    theirs: Mapped[LongText | None] = mapped_column(comment="what the statement says")
    ours_minor: Mapped[Big | None]
    theirs_minor: Mapped[Big | None]
    """Of one booking, below zero: taken back; of an amount that differs, what all bookings of the load leave of it."""
    answer: Mapped[FindingAnswer | None] = mapped_column(Named(FindingAnswer), comment="none: it is open")
    reason: Mapped[LongText | None]
    closed_by: Mapped[LongText | None]
    closed_at: Mapped[Instant | None]
    adjustment_id: Mapped[int | None] = mapped_column(
        ForeignKey("adjustment_request.id", ondelete="RESTRICT"), comment="asked for when it was answered"
    )
