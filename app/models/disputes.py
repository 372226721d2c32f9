"""Disputes: a distributor says that an award is wrong, or missing, and somebody answers."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.types import Big, Id, Instant, LongText, Named
from app.domain.states import DisputeState
from app.models.base import Base


class Dispute(Base):
    """What somebody says of one award, of a line that earned nothing, or of a document; and what was answered.

    Without a rule version it is about what the line does not have; without a line, about the whole document. What
    promotions, events and hands gave belongs to no document: then it is about a transaction.
    """

    __tablename__ = "dispute"
    __table_args__ = (
        Index(
            "uq_dispute_open",
            "document_id",
            "line_number",
            "rule_version_id",
            "transaction_id",
            unique=True,
            postgresql_where=text("state = 'open'"),
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_dispute_program_id_state_id", "program_id", "state", "id"),
        Index("ix_dispute_distributor_id", "distributor_id", "id"),
        CheckConstraint("num_nonnulls(document_id, transaction_id) = 1", name="about_one_thing"),
        CheckConstraint("line_number is null or document_id is not null", name="a_line_has_a_document"),
        CheckConstraint("rule_version_id is null or line_number is not null", name="an_award_has_a_line"),
        CheckConstraint("(state = 'open') = (answered_at is null)", name="answered"),
        CheckConstraint("(state = 'granted') = (adjustment_id is not null)", name="granted"),
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributor.id", ondelete="RESTRICT"))
    document_id: Mapped[int | None] = mapped_column(ForeignKey("sales_document.id", ondelete="RESTRICT"))
    line_number: Mapped[int | None]
    rule_version_id: Mapped[int | None] = mapped_column(ForeignKey("earning_rule_version.id", ondelete="RESTRICT"))
    transaction_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_transaction.id", ondelete="RESTRICT"))
    amount: Mapped[Big] = mapped_column(comment="what had been given when it was disputed")
    words: Mapped[LongText]
    state: Mapped[DisputeState] = mapped_column(Named(DisputeState))
    asked_by: Mapped[LongText]
    asked_at: Mapped[Instant]
    answer: Mapped[LongText | None]
    answered_by: Mapped[LongText | None]
    answered_at: Mapped[Instant | None]
    adjustment_id: Mapped[int | None] = mapped_column(
        ForeignKey("adjustment_request.id", ondelete="RESTRICT"), comment="asked for when it was granted"
    )
