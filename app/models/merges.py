"""Two distributors that turn out to be one: who asked, who did it, and which documents were the other's."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.marks import APPEND_ONLY, reference
from app.db.types import Id, Instant, LongText, ShortText
from app.models.base import Base


class DistributorMerge(Base):
    """All that is one distributor's becomes another's: asked for by one person, done by a second, never undone."""

    __tablename__ = "distributor_merge"
    __table_args__ = (
        Index("ix_distributor_merge_program_id_id", "program_id", "id"),
        Index(
            "uq_distributor_merge_merged",
            "merged_id",
            unique=True,
            postgresql_where=text("state in ('waiting', 'done')"),
        ),
        Index("ix_distributor_merge_survivor_id", "survivor_id"),
        CheckConstraint("merged_id <> survivor_id", name="two_distributors"),
        CheckConstraint("state <> 'done' or lower(decided_by) <> lower(requested_by)", name="four_eyes"),
        CheckConstraint("(state = 'waiting') = (decided_by is null)", name="decided_as_a_whole"),
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    merged_id: Mapped[int] = mapped_column(ForeignKey("distributor.id", ondelete="RESTRICT"))
    survivor_id: Mapped[int] = mapped_column(ForeignKey("distributor.id", ondelete="RESTRICT"))
    note: Mapped[LongText]
    choices: Mapped[dict[str, Any]] = mapped_column(
        JSONB, comment="of documents that both have with other content: number of the merged one's -> whose counts"
    )
    state: Mapped[ShortText] = mapped_column(comment="waiting, done, refused, withdrawn")
    requested_by: Mapped[LongText]
    requested_at: Mapped[Instant]
    decided_by: Mapped[LongText | None]
    decided_at: Mapped[Instant | None]
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSONB, comment="how much of each kind has moved")


class MergedDocument(Base):
    """A document that was another distributor's before a merge, and the key that it had there."""

    __tablename__ = "merged_document"
    __table_args__ = ({"info": {APPEND_ONLY: True}},)

    document_id: Mapped[int] = reference("sales_document", primary_key=True, autoincrement=False)
    merge_id: Mapped[int] = mapped_column(
        BigInteger,
        ForeignKey("distributor_merge.id", ondelete="RESTRICT"),
        primary_key=True,
        autoincrement=False,
    )
    document_key: Mapped[LongText]
