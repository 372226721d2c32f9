"""Points that one participant gives to another: asked for, then decided by a second person."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.types import Big, Coded, Id, Instant, LongText, ShortText
from app.domain.states import Unit
from app.models.base import Base


class PointsTransfer(Base):
    """So many points of one distributor, to be given to another. Its movements bear the number of this row."""

    __tablename__ = "points_transfer"
    __table_args__ = (
        UniqueConstraint("program_id", "key"),
        Index("ix_points_transfer_program_id_state_id", "program_id", "state", "id"),
        Index("ix_points_transfer_giver_id", "giver_id", "requested_at"),
        Index("ix_points_transfer_receiver_id", "receiver_id"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("giver_id <> receiver_id", name="two_participants"),
        CheckConstraint("state <> 'approved' or lower(decided_by) <> lower(requested_by)", name="four_eyes"),
        CheckConstraint("(state = 'waiting') = (decided_by is null)", name="decided_as_a_whole"),
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    giver_id: Mapped[int] = mapped_column(ForeignKey("distributor.id", ondelete="RESTRICT"))
    receiver_id: Mapped[int] = mapped_column(ForeignKey("distributor.id", ondelete="RESTRICT"))
    unit: Mapped[Unit] = mapped_column(Coded(Unit))
    amount: Mapped[Big]
    key: Mapped[LongText] = mapped_column(comment="made where it is asked for: what is sent twice is asked once")
    note: Mapped[LongText]
    state: Mapped[ShortText] = mapped_column(comment="waiting, approved, refused, withdrawn")
    requested_by: Mapped[LongText]
    requested_at: Mapped[Instant]
    decided_by: Mapped[LongText | None]
    decided_at: Mapped[Instant | None]
    decision_note: Mapped[LongText | None]
