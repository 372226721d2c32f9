"""What people keep and hand on while they work: saved views of lists, adjustments that await a second look."""

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.types import Big, Coded, Id, Instant, LongText, ShortText
from app.domain.states import Unit
from app.models.base import Base


class SavedView(Base):
    """The filters and the order of a list under a name; ``shared`` shows it to everybody in the programme."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("user_id", "program_id", "listing", "name"),)

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="CASCADE"))
    listing: Mapped[ShortText]
    name: Mapped[ShortText]
    query: Mapped[LongText] = mapped_column(comment="the query string of the list's address")
    shared: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Instant]


class AdjustmentRequest(Base):
    """Points or money to be given or taken by hand: asked for by one person, decided by another."""

    __tablename__ = "adjustment_request"
    __table_args__ = (
        UniqueConstraint("program_id", "key"),
        Index("ix_adjustment_request_program_id_state_id", "program_id", "state", "id"),
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributor.id", ondelete="RESTRICT"))
    unit: Mapped[Unit] = mapped_column(Coded(Unit))
    amount: Mapped[Big] = mapped_column(comment="above zero: given; below: taken")
    key: Mapped[LongText | None] = mapped_column(comment="of whoever asked by a file: asks once; none: by hand")
    reason_code: Mapped[ShortText]
    note: Mapped[LongText]
    state: Mapped[ShortText] = mapped_column(comment="waiting, approved, refused, withdrawn")
    requested_by: Mapped[LongText]
    requested_at: Mapped[Instant]
    decided_by: Mapped[LongText | None]
    decided_at: Mapped[Instant | None]
    decision_note: Mapped[LongText | None]
    transaction_id: Mapped[int | None] = mapped_column(
        ForeignKey("ledger_transaction.id", ondelete="RESTRICT"), comment="the ledger's transaction, once approved"
    )
