"""How people prove who they are, and where they are signed in."""

from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.types import Big, Id, Instant, LongText, ShortText
from app.models.base import Base


class SignInSession(Base):
    """A place where somebody is signed in. The cookie carries the key, the table its hash; revoking ends it at once."""

    __tablename__ = "sign_in_session"

    id: Mapped[Id]
    key_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    method: Mapped[ShortText] = mapped_column(comment="password, passkey, link, sms, invitation")
    second_factor: Mapped[ShortText | None] = mapped_column(comment="totp, passkey, recovery; none: not shown yet")
    created_at: Mapped[Instant]
    proved_at: Mapped[Instant] = mapped_column(comment="when they last proved who they are here")
    seen_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]
    address: Mapped[ShortText | None]
    agent: Mapped[LongText | None] = mapped_column(comment="what the browser says of itself")


class Passkey(Base):
    """A WebAuthn credential of a person."""

    __tablename__ = "passkey"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[Big]
    name: Mapped[LongText]
    created_at: Mapped[Instant]
    used_at: Mapped[Instant | None]


class RecoveryCode(Base):
    """A code that stands in for a lost second factor, once."""

    __tablename__ = "recovery_code"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    used_at: Mapped[Instant | None]


class OneTimeSecret(Base):
    """A link or a code that was sent to somebody and opens one thing, once: only its hash is kept."""

    __tablename__ = "one_time_secret"
    __table_args__ = (
        Index("ix_one_time_secret_user_id_purpose", "user_id", "purpose"),
        Index("ix_one_time_secret_expires_at", "expires_at", postgresql_where=text("used_at is null")),
    )

    id: Mapped[Id]
    purpose: Mapped[ShortText] = mapped_column(comment="sign_in, reset, email, phone, challenge")
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    tries: Mapped[int] = mapped_column(default=0, comment="wrong guesses of a short code")
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    used_at: Mapped[Instant | None]
