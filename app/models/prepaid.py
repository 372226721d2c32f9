"""Points that became money on cards: cards, conversion runs, redemptions, top-ups, order files."""

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.types import Big, Coded, Id, Instant, LongText, Named, ShortText
from app.domain.states import RunStatus, TopUpKind, TopUpStatus, Unit
from app.models.base import Base


class Card(Base):
    """A prepaid card. Only the provider's token and the last four digits are kept, never the number.

    A card that is ordered has its reference before the provider is asked: an answer that was lost is asked for again.
    """

    __tablename__ = "card"
    __table_args__ = (
        UniqueConstraint("provider", "token"),
        Index("ix_card_distributor_id", "distributor_id"),
        Index("uq_card_active", "distributor_id", "provider", unique=True, postgresql_where=text("active")),
        CheckConstraint("last4 ~ '^[0-9]{4}$'", name="last4"),
        CheckConstraint(
            "(token is null) = (last4 is null) and (token is null) = (issued_at is null)", name="issued_as_a_whole"
        ),
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributor.id", ondelete="RESTRICT"))
    provider: Mapped[ShortText]
    reference: Mapped[ShortText] = mapped_column(unique=True, comment="ours; the provider knows the order by it")
    token: Mapped[ShortText | None] = mapped_column(comment="the provider's; none: ordered, not yet issued")
    last4: Mapped[str | None] = mapped_column(String(4))
    active: Mapped[bool] = mapped_column(default=True, comment="the one that is loaded")
    created_at: Mapped[Instant]
    issued_at: Mapped[Instant | None]


class ConversionRun(Base):
    """All points of a period turned into top-ups: frozen, previewed, approved by a second person, ordered, settled."""

    __tablename__ = "conversion_run"
    __table_args__ = (
        CheckConstraint(
            "approved_by is null or lower(trim(approved_by)) <> lower(trim(previewed_by))", name="four_eyes"
        ),
        CheckConstraint("(approved_by is null) = (approved_at is null)", name="approved_as_a_whole"),
        CheckConstraint(
            "approved_by is not null or status in ('preview', 'empty', 'cancelled')", name="approved_before_ordered"
        ),
        CheckConstraint("from_on <= to_on", name="period"),
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"), index=True)
    key: Mapped[ShortText] = mapped_column(unique=True, comment="begins every reference of the run; never used again")
    unit: Mapped[Unit] = mapped_column(Coded(Unit))
    from_on: Mapped[dt.date]
    to_on: Mapped[dt.date]
    status: Mapped[RunStatus] = mapped_column(Named(RunStatus))
    provider: Mapped[ShortText]
    terms: Mapped[dict[str, Any]] = mapped_column(
        JSONB, comment="point value, limits, cards and tax rules as they were"
    )
    accounts: Mapped[Big]
    points: Mapped[Big]
    amount_minor: Mapped[Big] = mapped_column(comment="rewards to load")
    compensation_minor: Mapped[Big] = mapped_column(comment="compensations to load")
    withheld_minor: Mapped[Big] = mapped_column(comment="kept back from rewards for the tax office")
    currency: Mapped[str] = mapped_column(String(3))
    exceptions: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, comment="accounts left out, each with a code")
    previewed_by: Mapped[LongText]
    previewed_at: Mapped[Instant]
    approved_by: Mapped[LongText | None]
    approved_at: Mapped[Instant | None]
    closed_at: Mapped[Instant | None] = mapped_column(comment="settled or cancelled")


class Redemption(Base):
    """Points of one account exchanged for money, with the tax computed then and frozen."""

    __tablename__ = "redemption"
    __table_args__ = (
        UniqueConstraint("run_id", "account_id"),
        Index("ix_redemption_account_id", "account_id", "redeemed_on"),
        CheckConstraint("points > 0 and amount_minor > 0", name="amounts"),
        CheckConstraint("compensation_minor >= 0 and withheld_minor >= 0 and counted_minor >= 0", name="tax_amounts"),
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    run_id: Mapped[int | None] = mapped_column(ForeignKey("conversion_run.id", ondelete="RESTRICT"))
    redeemed_on: Mapped[dt.date] = mapped_column(comment="in the programme's time zone; its year is the tax year")
    points: Mapped[Big]
    point_value_micro: Mapped[Big] = mapped_column(comment="millionths of a minor unit")
    amount_minor: Mapped[Big] = mapped_column(comment="loaded as the reward")
    compensation_minor: Mapped[Big] = mapped_column(comment="the extra top-up that pays the tax back")
    withheld_minor: Mapped[Big] = mapped_column(comment="kept back from the reward for the tax office")
    counted_minor: Mapped[Big] = mapped_column(comment="what counts towards the recipient's total of the year")
    currency: Mapped[str] = mapped_column(String(3))
    tax_rule: Mapped[LongText] = mapped_column(comment="code and version: PL-PREMIUM-SALE v1")
    tax_trace: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="every figure of the computation")
    reserve_transaction_id: Mapped[int] = mapped_column(ForeignKey("ledger_transaction.id", ondelete="RESTRICT"))
    created_at: Mapped[Instant]


class LoadBatch(Base):
    """An order file for a card provider."""

    __tablename__ = "load_batch"

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    run_id: Mapped[int | None] = mapped_column(ForeignKey("conversion_run.id", ondelete="RESTRICT"), index=True)
    provider: Mapped[ShortText]
    file: Mapped[LongText] = mapped_column(comment="below the folder of files")
    file_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    lines: Mapped[Big]
    amount_minor: Mapped[Big]
    created_at: Mapped[Instant]
    created_by: Mapped[LongText]
    sent_at: Mapped[Instant | None] = mapped_column(comment="when the provider had it and answered")


class LoadResponse(Base):
    """A response file of a card provider, as it came, and what became of its rows."""

    __tablename__ = "load_response"
    __table_args__ = (UniqueConstraint("run_id", "file_sha256"),)

    id: Mapped[Id]
    run_id: Mapped[int] = mapped_column(ForeignKey("conversion_run.id", ondelete="RESTRICT"))
    file: Mapped[LongText] = mapped_column(comment="below the folder of files")
    file_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    rows: Mapped[Big]
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    problems: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, comment="rows that could not be taken as they are")
    received_at: Mapped[Instant]
    received_by: Mapped[LongText]


class TopUp(Base):
    """One load of one card. A load that failed and is ordered again is a new one, with a reference of its own."""

    __tablename__ = "top_up"
    __table_args__ = (
        UniqueConstraint("redemption_id", "kind", "attempt"),
        Index(
            "uq_top_up_live",
            "redemption_id",
            "kind",
            unique=True,
            postgresql_where=text("status not in ('failed', 'cancelled')"),
        ),
        Index("ix_top_up_card_id", "card_id"),
        Index("ix_top_up_load_batch_id", "load_batch_id"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint(
            "status in ('reserved', 'cancelled') or (card_id is not null and load_batch_id is not null)", name="ordered"
        ),
        CheckConstraint("(settled_at is not null) = (status in ('loaded', 'failed', 'cancelled'))", name="settled"),
    )

    id: Mapped[Id]
    redemption_id: Mapped[int] = mapped_column(ForeignKey("redemption.id", ondelete="RESTRICT"))
    kind: Mapped[TopUpKind] = mapped_column(Named(TopUpKind))
    attempt: Mapped[int] = mapped_column(SmallInteger, default=1, comment="how many times it was ordered")
    card_id: Mapped[int | None] = mapped_column(
        ForeignKey("card.id", ondelete="RESTRICT"), comment="none: a card will be issued when it is ordered"
    )
    amount_minor: Mapped[Big]
    status: Mapped[TopUpStatus] = mapped_column(Named(TopUpStatus))
    reference: Mapped[ShortText] = mapped_column(
        unique=True, comment="ours; the provider keeps it: the idempotency key"
    )
    failure: Mapped[LongText | None] = mapped_column(comment="the provider's code and words")
    load_batch_id: Mapped[int | None] = mapped_column(ForeignKey("load_batch.id", ondelete="RESTRICT"))
    created_at: Mapped[Instant]
    settled_at: Mapped[Instant | None] = mapped_column(comment="loaded, failed or cancelled")


class SandboxCard(Base):
    """The sandbox provider's own record of a card: it plays an outside company, so nothing of ours refers to it."""

    __tablename__ = "sandbox_card"

    token: Mapped[ShortText] = mapped_column(primary_key=True)
    reference: Mapped[ShortText] = mapped_column(unique=True, comment="of the customer's order for the card")
    last4: Mapped[str] = mapped_column(String(4))
    currency: Mapped[str] = mapped_column(String(3))
    balance_minor: Mapped[Big] = mapped_column(default=0)


class SandboxLoad(Base):
    """The sandbox provider's own record of a load, by the reference its customer gave."""

    __tablename__ = "sandbox_load"
    __table_args__ = (Index("ix_sandbox_load_token", "token"),)

    reference: Mapped[ShortText] = mapped_column(primary_key=True)
    token: Mapped[ShortText]
    amount_minor: Mapped[Big]
    result: Mapped[ShortText] = mapped_column(comment="loaded, or the code of the failure")
