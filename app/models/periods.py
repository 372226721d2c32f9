"""Months whose books are closed, and what their totals were."""

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.marks import APPEND_ONLY, KEPT
from app.db.types import Big, Coded, Id, Instant, LongText
from app.domain.states import TransactionKind, Unit
from app.models.base import Base


class PeriodClosing(Base):
    """One closing of a month. It stands until somebody else agrees to reopen it; then the month may be closed anew."""

    __tablename__ = "period_closing"
    __table_args__ = (
        Index(
            "uq_period_closing_standing",
            "program_id",
            "month_on",
            unique=True,
            postgresql_where=text("reopened_at is null"),
        ),
        CheckConstraint("date_trunc('month', month_on)::date = month_on", name="a_month"),
        CheckConstraint(
            "(asked_at is null) = (asked_by is null) and (asked_at is null) = (asked_why is null)", name="asked"
        ),
        CheckConstraint(
            "(reopened_at is null) = (reopened_by is null) and (reopened_at is null or asked_at is not null)",
            name="reopened",
        ),
        {"info": {KEPT: ("asked_by", "asked_at", "asked_why", "reopened_by", "reopened_at")}},
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    month_on: Mapped[dt.date] = mapped_column(comment="first day of the month")
    closed_by: Mapped[LongText]
    closed_at: Mapped[Instant]
    transactions: Mapped[Big]
    rows: Mapped[Big] = mapped_column(comment="what the hash covers: one row an account, kind and bucket")
    sha256: Mapped[bytes] = mapped_column(LargeBinary, comment="of the rows' text")
    asked_by: Mapped[LongText | None] = mapped_column(comment="who wants it opened again")
    asked_at: Mapped[Instant | None]
    asked_why: Mapped[LongText | None]
    reopened_by: Mapped[LongText | None] = mapped_column(comment="who agreed: another person")
    reopened_at: Mapped[Instant | None]


class PeriodTotal(Base):
    """What one kind of movement changed in all wallets together in a closed month."""

    __tablename__ = "period_total"
    __table_args__ = {"info": {APPEND_ONLY: True}}

    closing_id: Mapped[int] = mapped_column(ForeignKey("period_closing.id", ondelete="RESTRICT"), primary_key=True)
    unit: Mapped[Unit] = mapped_column(Coded(Unit), primary_key=True)
    kind: Mapped[TransactionKind] = mapped_column(Coded(TransactionKind), primary_key=True)
    transactions: Mapped[Big]
    amount: Mapped[Big]
