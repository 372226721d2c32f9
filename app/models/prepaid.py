"""Points that became money on cards: cards, conversion runs, redemptions, top-ups, order files."""

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.types import Big, Coded, Id, Instant, LongText, Named, ShortText
from app.domain.states import RunStatus, TopUpKind, TopUpStatus, Unit
from app.models.base import Base


class Card(Base):
    """A prepaid card. Only the provider's token and the last four digits are kept, never the number."""

    __tablename__ = "card"
    __table_args__ = (
        UniqueConstraint("provider", "token"),
        Index("ix_card_distributor_id", "distributor_id"),
        CheckConstraint("last4 ~ '^[0-9]{4}$'", name="last4"),
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributor.id", ondelete="RESTRICT"))
    provider: Mapped[ShortText]
    token: Mapped[ShortText]
    last4: Mapped[str] = mapped_column(String(4))
    active: Mapped[bool] = mapped_column(default=True)
    issued_at: Mapped[Instant]


class ConversionRun(Base):
    """All points of a period turned into top-ups: frozen, previewed, approved by a second person, ordered, settled."""

    __tablename__ = "conversion_run"
    __table_args__ = (CheckConstraint("approved_by is null or approved_by <> previewed_by", name="four_eyes"),)

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"), index=True)
    unit: Mapped[Unit] = mapped_column(Coded(Unit))
    from_on: Mapped[dt.date]
    to_on: Mapped[dt.date]
    status: Mapped[RunStatus] = mapped_column(Named(RunStatus))
    provider: Mapped[ShortText]
    accounts: Mapped[Big]
    points: Mapped[Big]
    amount_minor: Mapped[Big]
    compensation_minor: Mapped[Big]
    currency: Mapped[str] = mapped_column(String(3))
    exceptions: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, comment="accounts left out, each with a code")
    previewed_by: Mapped[LongText]
    previewed_at: Mapped[Instant]
    approved_by: Mapped[LongText | None]
    approved_at: Mapped[Instant | None]


class Redemption(Base):
    """Points of one account exchanged for money, with the tax computed then and frozen."""

    __tablename__ = "redemption"
    __table_args__ = (
        UniqueConstraint("run_id", "account_id"),
        Index("ix_redemption_account_id", "account_id"),
        CheckConstraint("points > 0 and amount_minor > 0 and compensation_minor >= 0", name="amounts"),
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    run_id: Mapped[int | None] = mapped_column(ForeignKey("conversion_run.id", ondelete="RESTRICT"))
    points: Mapped[Big]
    point_value_micro: Mapped[Big] = mapped_column(comment="millionths of a minor unit")
    amount_minor: Mapped[Big] = mapped_column(comment="what the participant keeps after tax")
    compensation_minor: Mapped[Big] = mapped_column(comment="the extra top-up that pays the tax back")
    currency: Mapped[str] = mapped_column(String(3))
    tax_rule: Mapped[ShortText]
    tax_trace: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="every figure of the computation")
    reserve_transaction_id: Mapped[Big]
    created_at: Mapped[Instant]


class LoadBatch(Base):
    """An order file for a card provider."""

    __tablename__ = "load_batch"

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    run_id: Mapped[int | None] = mapped_column(ForeignKey("conversion_run.id", ondelete="RESTRICT"), index=True)
    provider: Mapped[ShortText]
    file: Mapped[LongText]
    file_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    lines: Mapped[Big]
    amount_minor: Mapped[Big]
    created_at: Mapped[Instant]
    sent_at: Mapped[Instant | None]


class TopUp(Base):
    """One load of one card."""

    __tablename__ = "top_up"
    __table_args__ = (
        UniqueConstraint("redemption_id", "kind"),
        Index("ix_top_up_card_id", "card_id"),
        Index("ix_top_up_load_batch_id", "load_batch_id"),
        CheckConstraint("amount_minor > 0", name="amount"),
    )

    id: Mapped[Id]
    redemption_id: Mapped[int] = mapped_column(ForeignKey("redemption.id", ondelete="RESTRICT"))
    kind: Mapped[TopUpKind] = mapped_column(Named(TopUpKind))
    card_id: Mapped[int] = mapped_column(ForeignKey("card.id", ondelete="RESTRICT"))
    amount_minor: Mapped[Big]
    status: Mapped[TopUpStatus] = mapped_column(Named(TopUpStatus))
    reference: Mapped[ShortText] = mapped_column(
        unique=True, comment="ours; the provider keeps it: the idempotency key"
    )
    failure: Mapped[LongText | None] = mapped_column(comment="the provider's code and words")
    load_batch_id: Mapped[int | None] = mapped_column(ForeignKey("load_batch.id", ondelete="RESTRICT"))
    settled_at: Mapped[Instant | None]


class SandboxCard(Base):
    """The sandbox provider's own record of a card: it plays an outside company, so nothing of ours refers to it."""

    __tablename__ = "sandbox_card"

    token: Mapped[ShortText] = mapped_column(primary_key=True)
    last4: Mapped[str] = mapped_column(String(4))
    currency: Mapped[str] = mapped_column(String(3))
    balance_minor: Mapped[Big] = mapped_column(default=0)


class SandboxLoad(Base):
    """The sandbox provider's own record of a load, by the reference its customer gave."""

    __tablename__ = "sandbox_load"

    reference: Mapped[ShortText] = mapped_column(primary_key=True)
    token: Mapped[ShortText]
    amount_minor: Mapped[Big]
    result: Mapped[ShortText] = mapped_column(comment="loaded, or the code of the failure")
