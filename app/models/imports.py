"""Files that came in: batches, their shards, and the rows that need somebody's attention."""

from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.marks import APPEND_ONLY, KEPT, reference
from app.db.types import Id, Instant, LongText, Named, ShortText
from app.domain.states import BatchStatus, ImportedThing, Outcome
from app.models.base import Base


class ImportBatch(Base):
    """One file, read once by one profile."""

    __tablename__ = "import_batch"
    __table_args__ = (
        Index("ix_import_batch_program_id_file_sha256", "program_id", "file_sha256"),
        {
            "info": {
                KEPT: (
                    "status",
                    "message",
                    "message_said",
                    "counts",
                    "stretches",
                    "warnings",
                    "problems_file",
                    "waiting_file",
                    "finished_at",
                    "undo_reason",
                    "undone_by",
                    "undone_at",
                )
            }
        },
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    kind: Mapped[ShortText] = mapped_column(comment="sales, distributors, products")
    profile_name: Mapped[ShortText]
    profile: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="as it was when the import began")
    dry_run: Mapped[bool] = mapped_column(default=False)
    file_name: Mapped[LongText] = mapped_column(comment="as the person named it; never a path on our disk")
    file_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    file_bytes: Mapped[int]
    status: Mapped[BatchStatus] = mapped_column(Named(BatchStatus))
    message: Mapped[LongText | None] = mapped_column(comment="why it failed")
    message_said: Mapped[dict[str, Any] | None] = mapped_column(
        JSONB(none_as_null=True), comment="the message as it is told in other languages: its text, and what fills it"
    )
    counts: Mapped[dict[str, Any]] = mapped_column(
        JSONB, default=dict, comment="rows and outcomes found by reading and matching; shards carry their own"
    )
    stretches: Mapped[list[dict[str, Any]] | None] = mapped_column(
        JSONB(none_as_null=True),
        comment="which sheets and months the rows are of, one beneath the other; none: one sheet",
    )
    warnings: Mapped[list[dict[str, Any]] | None] = mapped_column(
        JSONB(none_as_null=True), comment="what was noticed and stops nothing: each a code and what fills its sentence"
    )
    problems_file: Mapped[LongText | None]
    waiting_file: Mapped[LongText | None] = mapped_column(comment="typed rows that wait for names to be known")
    continues_id: Mapped[int | None] = mapped_column(
        ForeignKey("import_batch.id", ondelete="RESTRICT"),
        index=True,
        comment="the import of which this one takes rows in that were held",
    )
    created_by: Mapped[LongText]
    created_at: Mapped[Instant]
    finished_at: Mapped[Instant | None]
    undo_reason: Mapped[LongText | None]
    undone_by: Mapped[LongText | None] = mapped_column(comment="who asked for it")
    undone_at: Mapped[Instant | None]


class ImportShard(Base):
    """About 30,000 lines of a batch: one job, one transaction (docs/decisions/0005)."""

    __tablename__ = "import_shard"
    __table_args__ = (UniqueConstraint("batch_id", "position"),)

    id: Mapped[Id]
    batch_id: Mapped[int] = mapped_column(ForeignKey("import_batch.id", ondelete="RESTRICT"))
    position: Mapped[int]
    file: Mapped[LongText] = mapped_column(comment="its columns, beside the batch's file")
    lines: Mapped[int]
    documents: Mapped[int]
    counts: Mapped[dict[str, Any] | None] = mapped_column(JSONB, comment="what became of its lines; none: not yet done")


class ImportChange(Base):
    """A product, a group of products or a distributor that an import created or changed."""

    __tablename__ = "import_change"
    __table_args__ = (
        Index("ix_import_change_thing", "thing", "thing_id", postgresql_where=text("undone_at is null")),
        {"info": {KEPT: ("undone_at",)}},
    )

    batch_id: Mapped[int] = reference("import_batch", primary_key=True, autoincrement=False)
    thing: Mapped[ImportedThing] = mapped_column(Named(ImportedThing), primary_key=True)
    thing_id: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, autoincrement=False, comment="it may be gone, where its creation was undone"
    )
    code: Mapped[LongText]
    was: Mapped[dict[str, Any] | None] = mapped_column(
        JSONB(none_as_null=True), comment="what it was before, and its days; none: the import created it"
    )
    became: Mapped[dict[str, Any]] = mapped_column(JSONB)
    noted_at: Mapped[Instant] = mapped_column(comment="nothing was counted by it before")
    undone_at: Mapped[Instant | None]


class ImportProblem(Base):
    """A row that did not count, and why."""

    __tablename__ = "import_problem"
    __table_args__ = {"info": {APPEND_ONLY: True}}

    batch_id: Mapped[int] = reference("import_batch", primary_key=True, autoincrement=False)
    row_number: Mapped[int] = mapped_column(
        primary_key=True, autoincrement=False, comment="as a spreadsheet counts: the header is row 1"
    )
    outcome: Mapped[Outcome] = mapped_column(Named(Outcome))
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, comment="each a code and what fills its sentence")
