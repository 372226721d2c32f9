"""What Kontor says to people: messages on their way out, notices in the portal, and texts in a sponsor's own words."""

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.types import Big, Id, Instant, LongText, ShortText
from app.models.base import Base


class Message(Base):
    """A mail or an SMS: written in the transaction that gave rise to it, sent after it by the sweeper."""

    __tablename__ = "message"
    __table_args__ = (
        Index("ix_message_program_id_id", "program_id", "id"),
        Index("ix_message_waiting", "id", postgresql_where=text("state = 'waiting'")),
        CheckConstraint("(attachment is null) = (attachment_name is null)", name="attached_as_a_whole"),
    )

    id: Mapped[Id]
    program_id: Mapped[int | None] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    channel: Mapped[ShortText] = mapped_column(comment="mail or sms")
    to: Mapped[LongText]
    subject: Mapped[LongText | None]
    body: Mapped[LongText]
    locale: Mapped[ShortText]
    attachment: Mapped[LongText | None] = mapped_column(comment="a file that goes with it, below the files")
    attachment_name: Mapped[LongText | None] = mapped_column(comment="as its reader sees it")
    kind: Mapped[ShortText] = mapped_column(comment="what it is about: sign_in, invitation, reset, ...")
    opens: Mapped[bytes | None] = mapped_column(LargeBinary, comment="hash of the link or the code in it")
    state: Mapped[ShortText] = mapped_column(comment="waiting, sent, failed, held (no gateway is set up)")
    failures: Mapped[int] = mapped_column(default=0)
    error: Mapped[LongText | None]
    created_at: Mapped[Instant]
    try_at: Mapped[Instant]
    sent_at: Mapped[Instant | None]


class Notice(Base):
    """A short piece of news for the people of one distributor, or for one person."""

    __tablename__ = "notice"
    __table_args__ = (
        Index("ix_notice_distributor_id_id", "distributor_id", "id"),
        Index("ix_notice_user_id_id", "user_id", "id"),
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    distributor_id: Mapped[int | None] = mapped_column(ForeignKey("distributor.id", ondelete="RESTRICT"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    kind: Mapped[ShortText]
    parts: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="figures and names that its sentence is made with")
    address: Mapped[LongText | None] = mapped_column(comment="path of the page it is about")
    created_at: Mapped[Instant]


class NoticeSeen(Base):
    """How far a person has read the notices."""

    __tablename__ = "notice_seen"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="CASCADE"), primary_key=True)
    last_id: Mapped[Big] = mapped_column(comment="the newest notice that was shown")


class TextOverride(Base):
    """A text of a page or a message as a sponsor words it, in one language."""

    __tablename__ = "text_override"
    __table_args__ = (UniqueConstraint("program_id", "key", "locale"),)

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    key: Mapped[ShortText]
    locale: Mapped[ShortText]
    text: Mapped[LongText]
    changed_at: Mapped[Instant]
    changed_by: Mapped[LongText]
