"""Points that became money on cards: cards, conversion runs, redemptions, top-ups, order files."""

import datetime as dt
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, MappedColumn, mapped_column

from app.db.marks import APPEND_ONLY, FROZEN, KEPT, reference
from app.db.types import Big, Coded, Id, Instant, LongText, Named, ShortText
from app.domain.states import (
    AskedState,
    CardState,
    CardWord,
    Identity,
    RunKind,
    RunStatus,
    TopUpKind,
    TopUpStatus,
    Unit,
)
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
        CheckConstraint("token is not null or state in ('ordered', 'replaced', 'closed')", name="issued_state"),
        CheckConstraint("token is null or state <> 'ordered'", name="ordered_state"),
        CheckConstraint("not active or state not in ('replaced', 'closed')", name="ended_state"),
        CheckConstraint("carried_minor >= 0", name="carried"),
        CheckConstraint("(balance_minor is null) = (balance_at is null)", name="balance_as_a_whole"),
        {
            "info": {
                KEPT: (
                    "distributor_id",
                    "token",
                    "last4",
                    "active",
                    "state",
                    "identity",
                    "holder_token",
                    "replaces_id",
                    "carried_minor",
                    "balance_minor",
                    "balance_at",
                    "issued_at",
                )
            }
        },
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributor.id", ondelete="RESTRICT"))
    provider: Mapped[ShortText]
    reference: Mapped[ShortText] = mapped_column(unique=True, comment="ours; the provider knows the order by it")
    token: Mapped[ShortText | None] = mapped_column(comment="the provider's; none: ordered, not yet issued")
    last4: Mapped[str | None] = mapped_column(String(4))
    active: Mapped[bool] = mapped_column(default=True, comment="the one that is loaded")
    state: Mapped[CardState] = mapped_column(Named(CardState))
    identity: Mapped[Identity] = mapped_column(Named(Identity), default=Identity.UNKNOWN)
    holder_token: Mapped[ShortText | None] = mapped_column(comment="the provider's, of whoever holds the card")
    replaces_id: Mapped[int | None] = mapped_column(
        ForeignKey("card.id", ondelete="RESTRICT"), index=True, comment="whose balance and history it goes on with"
    )
    carried_minor: Mapped[Big] = mapped_column(default=0, comment="moved over from the card that it replaces")
    balance_minor: Mapped[Big | None] = mapped_column(comment="as the provider said last; below zero: overdrawn")
    balance_at: Mapped[Instant | None]
    created_at: Mapped[Instant]
    issued_at: Mapped[Instant | None]


class CardEvent(Base):
    """Something that happened to a card, and who did it."""

    __tablename__ = "card_event"
    __table_args__ = (Index("ix_card_event_card_id", "card_id", "id"), {"info": {APPEND_ONLY: True}})

    id: Mapped[Id]
    card_id: Mapped[int] = mapped_column(ForeignKey("card.id", ondelete="RESTRICT"))
    word: Mapped[CardWord] = mapped_column(Named(CardWord))
    text: Mapped[LongText | None] = mapped_column(comment="why, in somebody's words")
    actor: Mapped[LongText]
    at: Mapped[Instant]


class CardLoad(Base):
    """A load that a provider is asked for by its interface, where a card's limit is the sum of all its loads.

    It is written down before the provider is asked. One a card at a time: a second one waits for the first's answer.
    """

    __tablename__ = "card_load"
    __table_args__ = (
        Index("uq_card_load_asked", "card_id", unique=True, postgresql_where=text("state = 'asked'")),
        Index("ix_card_load_card_id", "card_id"),
        CheckConstraint("amount_minor > 0 and limit_minor >= amount_minor", name="amounts"),
        CheckConstraint("(state = 'asked') = (ended_at is null)", name="ended"),
    )

    id: Mapped[Id]
    card_id: Mapped[int] = mapped_column(ForeignKey("card.id", ondelete="RESTRICT"))
    reference: Mapped[ShortText] = mapped_column(unique=True, comment="of the top-up")
    amount_minor: Mapped[Big]
    limit_minor: Mapped[Big] = mapped_column(comment="of the card, with this load")
    state: Mapped[AskedState] = mapped_column(Named(AskedState))
    failure: Mapped[LongText | None] = mapped_column(comment="the provider's code and words")
    asked_at: Mapped[Instant] = mapped_column(comment="the first time")
    ended_at: Mapped[Instant | None]


class ProviderKey(Base):
    """Under which key a provider is asked for something: the same key again is the same question."""

    __tablename__ = "provider_key"
    __table_args__ = (UniqueConstraint("provider", "about"),)

    id: Mapped[Id]
    provider: Mapped[ShortText]
    about: Mapped[ShortText] = mapped_column(comment="what is asked for, and our reference of it")
    attempt: Mapped[int] = mapped_column(SmallInteger, default=1, comment="part of the key")
    asked_at: Mapped[Instant] = mapped_column(comment="the first time")


class ProviderEvent(Base):
    """Something that a provider told us by itself: only what it is about is kept, the rest is read when it is done."""

    __tablename__ = "provider_event"
    __table_args__ = (
        UniqueConstraint("provider", "token"),
        Index("ix_provider_event_waiting", "id", postgresql_where=text("done_at is null")),
    )

    id: Mapped[Id]
    provider: Mapped[ShortText]
    token: Mapped[ShortText] = mapped_column(comment="the provider's name of it; what comes again is known by it")
    kind: Mapped[ShortText]
    about: Mapped[ShortText | None] = mapped_column(comment="the provider's name of the card or of its holder")
    received_at: Mapped[Instant]
    done_at: Mapped[Instant | None]


class CardMovement(Base):
    """Something spent from a card or given back to it, as its provider tells."""

    __tablename__ = "card_movement"
    __table_args__ = (
        UniqueConstraint("card_id", "token"),
        Index("ix_card_movement_card_id", "card_id", "happened_at"),
    )

    id: Mapped[Id]
    card_id: Mapped[int] = mapped_column(ForeignKey("card.id", ondelete="RESTRICT"))
    token: Mapped[ShortText] = mapped_column(comment="the provider's name of it")
    amount_minor: Mapped[Big] = mapped_column(comment="below zero: spent")
    merchant: Mapped[LongText]
    happened_at: Mapped[Instant]


_PREVIEWED = (
    "accounts",
    "points",
    "amount_minor",
    "compensation_minor",
    "deferred_minor",
    "withheld_minor",
    "exceptions",
)
"""What a run comes to: added up when its pieces are frozen, and never changed after."""


class ConversionRun(Base):
    """All points of a period turned into top-ups: frozen, previewed, approved by a second person, ordered, settled.

    A run of compensations goes the same way; it loads the tax on what the period's loads and goods were.
    """

    __tablename__ = "conversion_run"
    __table_args__ = (
        UniqueConstraint("program_id", "scheduled_on"),
        CheckConstraint(
            "approved_by is null or lower(trim(approved_by)) <> lower(trim(previewed_by))", name="four_eyes"
        ),
        CheckConstraint("(approved_by is null) = (approved_at is null)", name="approved_as_a_whole"),
        CheckConstraint(
            "approved_by is not null or kind = 'redemptions' "
            "or status in ('preparing', 'preview', 'empty', 'cancelled')",
            name="approved_before_ordered",
        ),
        CheckConstraint("from_on <= to_on", name="period"),
        Index(
            "uq_conversion_run_preparing",
            "program_id",
            unique=True,
            postgresql_where=text("status = 'preparing'"),
        ),
        {
            "info": {
                KEPT: ("status", *_PREVIEWED, "scheduled_on", "approved_by", "approved_at", "closed_at"),
                FROZEN: ("status <> 'preparing'", (*_PREVIEWED, "scheduled_on")),
            }
        },
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    kind: Mapped[RunKind] = mapped_column(Named(RunKind), default=RunKind.PERIOD)
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
    deferred_minor: Mapped[Big] = mapped_column(default=0, comment="compensations that a run of their own loads later")
    withheld_minor: Mapped[Big] = mapped_column(comment="kept back from rewards for the tax office")
    currency: Mapped[str] = mapped_column(String(3))
    exceptions: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, comment="accounts left out, each with a code")
    scheduled_on: Mapped[dt.date | None] = mapped_column(
        comment="first day of the month whose schedule made it; none: a person did"
    )
    previewed_by: Mapped[LongText]
    previewed_at: Mapped[Instant]
    approved_by: Mapped[LongText | None]
    approved_at: Mapped[Instant | None]
    closed_at: Mapped[Instant | None] = mapped_column(comment="settled or cancelled")


class ConversionPiece(Base):
    """Some of the accounts of a run that is being prepared: they are judged and frozen together, once."""

    __tablename__ = "conversion_piece"

    run_id: Mapped[int] = mapped_column(ForeignKey("conversion_run.id", ondelete="RESTRICT"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    account_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), comment="in the order of the preview")
    redemption_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), comment="drawn for them, rising with the run")
    first_number: Mapped[int] = mapped_column(comment="of the first account within the run: references begin with it")
    outcome: Mapped[dict[str, Any] | None] = mapped_column(
        JSONB(none_as_null=True), comment="what it adds to the run, its exceptions among that; none: not yet frozen"
    )


def _of_trace(name: str) -> MappedColumn[Any]:
    """Keep an amount of the frozen computation as a column: sums over a year need not open every trace."""
    return mapped_column(BigInteger, Computed(f"(tax_trace ->> '{name}'::text)::bigint", persisted=True))


class Redemption(Base):
    """Points of one account exchanged for money, with the tax computed then and frozen.

    A run took them, or somebody asked for them: then it is approved by itself, and goes out in a run that gathers such
    ones. One with an order line is of goods that were delivered: only the compensation of their tax is loaded, by the
    run that judged them.
    """

    __tablename__ = "redemption"
    __table_args__ = (
        Index(
            "uq_redemption_run_id_account_id",
            "run_id",
            "account_id",
            unique=True,
            postgresql_where=text("key is null and order_line_id is null"),
        ),
        Index(
            "uq_redemption_order_line",
            "order_line_id",
            unique=True,
            postgresql_where=text("order_line_id is not null and ended_at is null"),
        ),
        Index("ix_redemption_run_id", "run_id"),
        Index("ix_redemption_account_id", "account_id", "redeemed_on"),
        Index("ix_redemption_program_id", "program_id", "redeemed_on", "id"),
        UniqueConstraint("account_id", "key"),
        Index("ix_redemption_waiting", "program_id", postgresql_where=text("run_id is null and ended_at is null")),
        CheckConstraint("(key is null) = (asked_by is null) and (key is not null or run_id is not null)", name="asked"),
        CheckConstraint(
            "approved_by is null or (approved_at is not null and lower(trim(approved_by)) <> lower(trim(asked_by)))",
            name="approved",
        ),
        CheckConstraint("run_id is null or key is null or approved_at is not null", name="gathered"),
        CheckConstraint("(ended_at is null) = (ended_by is null)", name="ended_as_a_whole"),
        CheckConstraint("not withdrawn or (ended_at is not null and key is not null)", name="withdrawn_is_ended"),
        CheckConstraint("points > 0 and amount_minor > 0", name="amounts"),
        CheckConstraint("compensation_minor >= 0 and withheld_minor >= 0 and counted_minor >= 0", name="tax_amounts"),
        {
            "info": {
                KEPT: ("run_id", "approved_by", "approved_at", "ended_by", "ended_at", "ended_why", "withdrawn"),
            }
        },
    )

    id: Mapped[Id]
    program_id: Mapped[int] = reference("program")
    account_id: Mapped[int] = reference("account")
    run_id: Mapped[int | None] = reference("conversion_run", moves=True)
    order_line_id: Mapped[int | None] = mapped_column(
        ForeignKey("order_line.id", ondelete="RESTRICT"), comment="the goods; none: money on a card"
    )
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
    tax_value_minor: Mapped[int | None] = _of_trace("value_minor")
    tax_gross_minor: Mapped[int | None] = _of_trace("gross_minor")
    tax_base_minor: Mapped[int | None] = _of_trace("base_minor")
    tax_levied_minor: Mapped[int | None] = _of_trace("levied_minor")
    tax_withheld_minor: Mapped[int | None] = _of_trace("withheld_minor")
    tax_remitted_minor: Mapped[int | None] = _of_trace("remitted_minor")
    tax_declared_minor: Mapped[int | None] = _of_trace("declared_minor")
    tax_form: Mapped[str | None] = mapped_column(Text, Computed("tax_trace #>> '{forms,0}'::text[]", persisted=True))
    taxed_as: Mapped[str | None] = mapped_column(Text, Computed("tax_trace ->> 'participant'::text", persisted=True))
    reserve_transaction_id: Mapped[int] = reference("ledger_transaction")
    created_at: Mapped[Instant]
    key: Mapped[ShortText | None] = mapped_column(comment="made with the form that asked for it; none: a run took it")
    asked_by: Mapped[LongText | None]
    approved_by: Mapped[LongText | None] = mapped_column(comment="none: the programme wants nobody's approval")
    approved_at: Mapped[Instant | None]
    ended_by: Mapped[LongText | None] = mapped_column(comment="who called it off, before a provider was asked")
    ended_at: Mapped[Instant | None]
    ended_why: Mapped[LongText | None]
    withdrawn: Mapped[bool] = mapped_column(
        server_default="false", comment="called off by its own distributor's people"
    )


class LoadBatch(Base):
    """An order file for a card provider."""

    __tablename__ = "load_batch"
    __table_args__ = (
        {
            "info": {
                KEPT: ("file_sha256", "sent_at", "accepted_at", "refused_at", "refusal"),
                FROZEN: ("file_sha256 <> ''", ("file_sha256",)),
            }
        },
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    run_id: Mapped[int | None] = mapped_column(ForeignKey("conversion_run.id", ondelete="RESTRICT"), index=True)
    provider: Mapped[ShortText]
    file: Mapped[LongText] = mapped_column(comment="below the folder of files")
    file_sha256: Mapped[bytes] = mapped_column(LargeBinary, comment="empty while it is written")
    lines: Mapped[Big]
    amount_minor: Mapped[Big]
    created_at: Mapped[Instant]
    created_by: Mapped[LongText]
    sent_at: Mapped[Instant | None] = mapped_column(comment="when the provider had it and answered")
    accepted_at: Mapped[Instant | None] = mapped_column(comment="when the provider took the file as a whole")
    refused_at: Mapped[Instant | None] = mapped_column(comment="when it refused the file as a whole")
    refusal: Mapped[LongText | None] = mapped_column(comment="its words")


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
        Index("ix_top_up_run_id", "run_id"),
        Index("ix_top_up_card_id", "card_id"),
        Index("ix_top_up_load_batch_id", "load_batch_id"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint(
            "status in ('reserved', 'cancelled') or (card_id is not null and load_batch_id is not null)", name="ordered"
        ),
        CheckConstraint("(settled_at is not null) = (status in ('loaded', 'failed', 'cancelled'))", name="settled"),
    )

    id: Mapped[Id]
    redemption_id: Mapped[int] = reference("redemption")
    run_id: Mapped[int | None] = reference(
        "conversion_run",
        moves=True,
        comment="the run that it goes out with: the redemption's, or one of compensations",
    )
    kind: Mapped[TopUpKind] = mapped_column(Named(TopUpKind))
    attempt: Mapped[int] = mapped_column(SmallInteger, default=1, comment="how many times it was ordered")
    card_id: Mapped[int | None] = reference(
        "card", moves=True, comment="none: a card will be issued when it is ordered"
    )
    load_batch_id: Mapped[int | None] = reference("load_batch", moves=True)
    amount_minor: Mapped[Big]
    status: Mapped[TopUpStatus] = mapped_column(Named(TopUpStatus))
    reference: Mapped[ShortText] = mapped_column(
        unique=True, comment="ours; the provider keeps it: the idempotency key"
    )
    failure: Mapped[LongText | None] = mapped_column(comment="the provider's code and words")
    created_at: Mapped[Instant]
    unknown_at: Mapped[Instant | None] = mapped_column(
        comment="when nobody knew its answer, last; it stays there after"
    )
    settled_at: Mapped[Instant | None] = mapped_column(comment="loaded, failed or cancelled")


class SandboxCard(Base):
    """The sandbox provider's own record of a card: it plays an outside company, so nothing of ours refers to it."""

    __tablename__ = "sandbox_card"

    token: Mapped[ShortText] = mapped_column(primary_key=True)
    reference: Mapped[ShortText] = mapped_column(unique=True, comment="of the customer's order for the card")
    last4: Mapped[str] = mapped_column(String(4))
    currency: Mapped[str] = mapped_column(String(3))
    balance_minor: Mapped[Big] = mapped_column(default=0)
    state: Mapped[ShortText] = mapped_column(default="active", comment="active, blocked or closed")


class SandboxLoad(Base):
    """The sandbox provider's own record of a load, by the reference its customer gave."""

    __tablename__ = "sandbox_load"
    __table_args__ = (Index("ix_sandbox_load_token", "token"),)

    reference: Mapped[ShortText] = mapped_column(primary_key=True)
    token: Mapped[ShortText]
    amount_minor: Mapped[Big]
    result: Mapped[ShortText] = mapped_column(comment="loaded, or the code of the failure")
