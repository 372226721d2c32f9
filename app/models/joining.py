"""How people come into a programme: invitations, its registration form, applications, and the terms they accept."""

from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.marks import APPEND_ONLY
from app.db.types import Id, Instant, LongText, ShortText
from app.models.base import Base


class Invitation(Base):
    """Somebody was asked to join: with a role in a programme, or for one distributor of it."""

    __tablename__ = "invitation"
    __table_args__ = (
        Index("ix_invitation_program_id_id", "program_id", "id"),
        Index("ix_invitation_distributor_id", "distributor_id"),
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    login: Mapped[LongText]
    name: Mapped[LongText]
    role: Mapped[ShortText]
    distributor_id: Mapped[int | None] = mapped_column(ForeignKey("distributor.id", ondelete="RESTRICT"))
    invited_by: Mapped[LongText]
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    accepted_at: Mapped[Instant | None]
    withdrawn_at: Mapped[Instant | None]
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)


class RegistrationForm(Base):
    """The form with which distributors apply to a programme: fields and questions as the administrator set them."""

    __tablename__ = "registration_form"

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"), primary_key=True)
    fields: Mapped[list[dict[str, Any]]] = mapped_column(
        JSONB, comment="in order: key, kind, label by language, required, choices"
    )
    intro: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="text above the form by language")
    published: Mapped[bool] = mapped_column(Boolean, server_default="false")
    employer_consent: Mapped[bool] = mapped_column(
        Boolean, server_default="true", comment="sales reps name an employer who must agree"
    )
    changed_at: Mapped[Instant]
    changed_by: Mapped[LongText]


class Application(Base):
    """An answer to a registration form, vetted by an administrator."""

    __tablename__ = "application"
    __table_args__ = (Index("ix_application_program_id_state_id", "program_id", "state", "id"),)

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    kind: Mapped[ShortText] = mapped_column(comment="company or rep")
    login: Mapped[LongText]
    name: Mapped[LongText]
    company: Mapped[LongText]
    tax_id: Mapped[ShortText | None]
    phone: Mapped[ShortText | None]
    locale: Mapped[ShortText]
    answers: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[ShortText] = mapped_column(comment="new, consent (waits for the employer), accepted, refused")
    distributor_id: Mapped[int | None] = mapped_column(ForeignKey("distributor.id", ondelete="RESTRICT"))
    consent_by: Mapped[LongText | None]
    consent_at: Mapped[Instant | None]
    decided_by: Mapped[LongText | None]
    decided_at: Mapped[Instant | None]
    reason: Mapped[LongText | None]
    created_at: Mapped[Instant]
    address: Mapped[ShortText | None]


class TermsVersion(Base):
    """The terms of a programme as they were published; a newer version is asked to be accepted anew."""

    __tablename__ = "terms_version"
    __table_args__ = (UniqueConstraint("program_id", "number"), {"info": {APPEND_ONLY: True}})

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    number: Mapped[int]
    texts: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="language -> text")
    published_at: Mapped[Instant]
    published_by: Mapped[LongText]


class TermsAcceptance(Base):
    """Who accepted which terms, when, from where."""

    __tablename__ = "terms_acceptance"
    __table_args__ = (UniqueConstraint("terms_id", "user_id"), {"info": {APPEND_ONLY: True}})

    id: Mapped[Id]
    terms_id: Mapped[int] = mapped_column(ForeignKey("terms_version.id", ondelete="RESTRICT"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="RESTRICT"))
    locale: Mapped[ShortText]
    accepted_at: Mapped[Instant]
    address: Mapped[ShortText | None]
