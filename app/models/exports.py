"""Files that finance made of its histories, each with what was asked and its hash; and plans to make them anew."""

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.marks import KEPT
from app.db.types import Big, Id, Instant, LongText, Named, ShortText
from app.domain.states import ExportForm, ExportRhythm, ExportSpan, ExportState, ExportSubject, ExportWay
from app.models.base import Base


class ExportPlan(Base):
    """What is asked for again and again: a history with filters and columns, under a name; perhaps by itself."""

    __tablename__ = "export_plan"
    __table_args__ = (
        UniqueConstraint("program_id", "name"),
        Index("ix_export_plan_due", "next_on", postgresql_where=text("next_on is not null")),
        CheckConstraint("(rhythm = 'never') = (next_on is null)", name="due"),
        CheckConstraint(
            "rhythm not in ('weekly', 'monthly') or day between 1 and case rhythm when 'weekly' then 7 else 31 end",
            name="day",
        ),
        CheckConstraint("(way = 'none') = (target is null)", name="target"),
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    name: Mapped[ShortText]
    shape: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="what is asked for, but for its days")
    span: Mapped[ExportSpan] = mapped_column(Named(ExportSpan), comment="which days, by the day it is made on")
    rhythm: Mapped[ExportRhythm] = mapped_column(Named(ExportRhythm))
    day: Mapped[int] = mapped_column(SmallInteger, default=1, comment="weekday (Monday 1) or day of the month")
    next_on: Mapped[dt.date | None] = mapped_column(comment="in the programme's time zone")
    way: Mapped[ExportWay] = mapped_column(Named(ExportWay))
    target: Mapped[LongText | None] = mapped_column(comment="a folder's name, or addresses")
    changed_by: Mapped[LongText] = mapped_column(comment="in whose name it is made")
    changed_at: Mapped[Instant]


class Export(Base):
    """A file that was made once, and can be made again: its rows are kept as they were read."""

    __tablename__ = "export"
    __table_args__ = (
        Index("ix_export_program_id_id", "program_id", "id"),
        Index("ix_export_plan_id", "plan_id"),
        CheckConstraint(
            "(rows is null) = (read_at is null) and (rows is null) = (kept_sha256 is null)", name="read_as_a_whole"
        ),
        CheckConstraint(
            "(made_at is null) = (sha256 is null) and (made_at is null) = (bytes is null)", name="made_as_a_whole"
        ),
        CheckConstraint("(state = 'made') = (made_at is not null)", name="made"),
        CheckConstraint("(state = 'failed') = (failure is not null)", name="failed"),
        CheckConstraint("(again_at is null) = (again_same is null)", name="again_as_a_whole"),
        CheckConstraint("(sent_to is null) = (sent_at is null)", name="sent_as_a_whole"),
        {
            "info": {
                KEPT: (
                    "plan_id",
                    "state",
                    "read_at",
                    "rows",
                    "sums",
                    "kept_sha256",
                    "made_at",
                    "sha256",
                    "bytes",
                    "cut_texts",
                    "failure",
                    "again_at",
                    "again_by",
                    "again_same",
                    "sent_to",
                    "sent_at",
                    "not_sent",
                )
            }
        },
    )

    id: Mapped[Id]
    program_id: Mapped[int | None] = mapped_column(
        ForeignKey("program.id", ondelete="RESTRICT"), comment="whose pages have it; none: made of all by a command"
    )
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("export_plan.id", ondelete="RESTRICT"))
    subject: Mapped[ExportSubject] = mapped_column(Named(ExportSubject))
    form: Mapped[ExportForm] = mapped_column(Named(ExportForm))
    wish: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="what was asked for")
    state: Mapped[ExportState] = mapped_column(Named(ExportState))
    asked_by: Mapped[LongText]
    asked_at: Mapped[Instant]
    read_at: Mapped[Instant | None] = mapped_column(comment="of which moment its rows are")
    rows: Mapped[Big | None]
    sums: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list, comment="by what its history sums by")
    kept_sha256: Mapped[bytes | None] = mapped_column(LargeBinary, comment="of the rows as they were read")
    made_at: Mapped[Instant | None]
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    bytes: Mapped[Big | None]
    cut_texts: Mapped[int] = mapped_column(default=0, comment="too long for a cell")
    failure: Mapped[LongText | None]
    again_at: Mapped[Instant | None] = mapped_column(comment="when it was made again last")
    again_by: Mapped[LongText | None]
    again_same: Mapped[bool | None] = mapped_column(comment="whether it was the same, byte for byte")
    sent_to: Mapped[LongText | None]
    sent_at: Mapped[Instant | None]
    not_sent: Mapped[LongText | None] = mapped_column(comment="why it did not get where its plan says")
