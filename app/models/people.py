"""People who sign in, what they may do, and the record of what they did."""

from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.marks import APPEND_ONLY
from app.db.types import Id, Instant, LongText, ShortText
from app.models.base import Base


class UserAccount(Base):
    """A person who can sign in."""

    __tablename__ = "user_account"

    id: Mapped[Id]
    login: Mapped[LongText] = mapped_column(unique=True, comment="e-mail address, lower case")
    name: Mapped[LongText]
    password_hash: Mapped[LongText | None] = mapped_column(comment="argon2id; none: cannot sign in")
    platform_owner: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[Instant]
    locale: Mapped[ShortText | None] = mapped_column(comment="language of pages and messages; none: the browser's")
    theme: Mapped[ShortText | None] = mapped_column(comment="light or dark; none: the device's")
    reminded: Mapped[bool] = mapped_column(server_default="true", comment="gets a mail before points expire")
    phone: Mapped[ShortText | None] = mapped_column(comment="E.164; codes go to a proven one alone")
    phone_proven_at: Mapped[Instant | None]
    totp_secret: Mapped[LongText | None] = mapped_column(comment="sealed with the installation's key")
    totp_since: Mapped[Instant | None] = mapped_column(comment="when a first code proved it; none: not in use")
    totp_last_step: Mapped[int | None] = mapped_column(comment="step of the last code used: none counts twice")


class Membership(Base):
    """What a person may do: in a programme, or for one distributor of it."""

    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("user_id", "program_id", "role", "distributor_id", postgresql_nulls_not_distinct=True),
    )

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    role: Mapped[ShortText] = mapped_column(comment="what the person is in the programme")
    distributor_id: Mapped[int | None] = mapped_column(ForeignKey("distributor.id", ondelete="RESTRICT"), index=True)
    known_as: Mapped[LongText | None] = mapped_column(
        comment="the name in the distributor's documents, as whoever gave the role wrote it"
    )


class AuditEvent(Base):
    """Who changed what, when, and why."""

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_event_program_id_id", "program_id", "id"),
        Index("ix_audit_event_addresses", "subject", "id", postgresql_where=text("action = 'user.email'")),
        {"info": {APPEND_ONLY: True}},
    )

    id: Mapped[Id]
    at: Mapped[Instant]
    actor: Mapped[LongText]
    program_id: Mapped[int | None] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    action: Mapped[ShortText]
    subject: Mapped[LongText]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    reason: Mapped[LongText | None]
