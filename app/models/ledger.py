"""The ledger: accounts, transactions, entries, lots, and the blocks that seal them.

Double entry and append-only. Every transaction sums to zero within its unit; the database refuses anything else. An
account row caches what the entries say and is changed in the same transaction; `kontor ledger check` proves it.
"""

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, LargeBinary, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.marks import APPEND_ONLY, KEPT, LET_GO, reference
from app.db.types import Big, Coded, Instant, LongText
from app.domain.states import Bucket, LotState, TransactionKind, Unit
from app.models.base import Base


class Account(Base):
    """A distributor's wallet in one unit, or (without a distributor) the programme's side of every transaction.

    A wallet carries its balances. The programme's account does not: every award of every worker would queue for that
    one row, and its balances are sums over the entries, wanted by reports alone.
    """

    __tablename__ = "account"
    __table_args__ = (
        Index(
            "uq_account_owner", "program_id", "distributor_id", "unit", unique=True, postgresql_nulls_not_distinct=True
        ),
        CheckConstraint("pending >= 0", name="pending"),
        CheckConstraint("reserved >= 0", name="reserved"),
        CheckConstraint("available >= 0 or may_owe", name="available"),
        CheckConstraint("pending + available + reserved = earned - spent - expired + adjusted", name="identity"),
        CheckConstraint(
            "leads_to_id is null or (pending = 0 and available = 0 and reserved = 0)", name="empty_where_it_leads_away"
        ),
        CheckConstraint("leads_to_id <> id", name="leads_elsewhere"),
        Index("ix_account_leading", "distributor_id", postgresql_where=text("leads_to_id is not null")),
        {
            "info": {
                KEPT: (
                    "pending",
                    "available",
                    "reserved",
                    "earned",
                    "spent",
                    "expired",
                    "adjusted",
                    "gifts",
                    "carried",
                    "may_owe",
                    "active_on",
                    "version",
                    "leads_to_id",
                ),
                LET_GO: True,
            },
            "postgresql_with": {"fillfactor": "70"},
        },
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    distributor_id: Mapped[int | None] = mapped_column(
        ForeignKey("distributor.id", ondelete="RESTRICT"), index=True, comment="none: the programme's own account"
    )
    unit: Mapped[Unit] = mapped_column(Coded(Unit))
    pending: Mapped[Big] = mapped_column(server_default="0")
    available: Mapped[Big] = mapped_column(server_default="0", comment="below zero: the account owes")
    reserved: Mapped[Big] = mapped_column(server_default="0")
    earned: Mapped[Big] = mapped_column(server_default="0", comment="awards less reversals and voids")
    spent: Mapped[Big] = mapped_column(server_default="0")
    expired: Mapped[Big] = mapped_column(server_default="0")
    adjusted: Mapped[Big] = mapped_column(server_default="0")
    gifts: Mapped[Big] = mapped_column(
        server_default="0", comment="of what was earned, points that came with a reward for a sale, for it alone"
    )
    carried: Mapped[Big] = mapped_column(
        server_default="0",
        comment="spent elsewhere of points that came from other wallets; below zero: here, of points that went",
    )
    may_owe: Mapped[bool] = mapped_column(comment="rules.md 6: the policy `negative`")
    active_on: Mapped[dt.date | None] = mapped_column(comment="when it last earned or spent (rules.md 8)")
    version: Mapped[Big] = mapped_column(server_default="0")
    leads_to_id: Mapped[int | None] = mapped_column(
        ForeignKey("account.id", ondelete="RESTRICT"),
        index=True,
        comment="where its distributor's points stand: with its pool, or whoever it was merged into; none: here",
    )


class LedgerTransaction(Base):
    """Why points moved, once: the key cannot be recorded twice."""

    __tablename__ = "ledger_transaction"
    __table_args__ = (
        Index("uq_ledger_transaction_key", "key", unique=True),
        Index("ix_ledger_transaction_document_id", "document_id", postgresql_where=text("document_id is not null")),
        Index(
            "ix_ledger_transaction_booked_on", "program_id", "booked_on", postgresql_where=text("booked_on is not null")
        ),
        # what was given back of a reservation before: few are, and whoever settles one asks
        Index("ix_ledger_transaction_cancelled", "reverses_id", postgresql_where=text("kind = 7")),
        {"info": {APPEND_ONLY: True}},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    program_id: Mapped[int] = reference("program")
    kind: Mapped[TransactionKind] = mapped_column(Coded(TransactionKind))
    key: Mapped[LongText] = mapped_column(comment="made from where it came from, e.g. award:8841")
    effective_on: Mapped[dt.date] = mapped_column(comment="the day it belongs to: an award's is the sale's")
    booked_on: Mapped[dt.date | None] = mapped_column(
        comment="first day of the month whose books have it, where its own month was closed; none: its own"
    )
    recorded_at: Mapped[Instant] = mapped_column(server_default=text("now()"))
    document_id: Mapped[int | None] = reference("sales_document")
    reverses_id: Mapped[int | None] = reference("ledger_transaction")
    actor: Mapped[LongText | None] = mapped_column(comment="a person's sign-in name; none: the machine")
    reason: Mapped[LongText | None]


class LedgerEntry(Base):
    """One leg of a transaction."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        Index("ix_ledger_entry_account_id_transaction_id", "account_id", "transaction_id"),
        CheckConstraint("amount <> 0", name="amount"),
        {"info": {APPEND_ONLY: True}},
    )

    transaction_id: Mapped[int] = reference("ledger_transaction", primary_key=True, autoincrement=False)
    account_id: Mapped[int] = reference("account")
    amount: Mapped[Big]
    lot_id: Mapped[int | None] = reference("lot")
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    bucket: Mapped[Bucket] = mapped_column(Coded(Bucket))


class Lot(Base):
    """The points that one transaction brought; spending takes the lot that expires first, then the oldest.

    A lot bears the number of its transaction: points of another expiry come in a transaction of their own.
    """

    __tablename__ = "lot"
    __table_args__ = (
        Index("ix_lot_spendable", "account_id", "expires_on", "id", postgresql_where=text("state = 2")),
        Index("ix_lot_idle", "account_id", postgresql_where=text("state = 2 and idle_months is not null")),
        CheckConstraint("expires_on is null or idle_months is null", name="ends_in_one_way"),
        CheckConstraint("remaining >= 0 and remaining <= amount", name="remaining"),
        CheckConstraint("(state = 3) = (remaining = 0)", name="closed"),
        {"info": {KEPT: ("state", "remaining", "expires_on", "idle_months")}, "postgresql_with": {"fillfactor": "70"}},
    )

    id: Mapped[int] = reference("ledger_transaction", primary_key=True, autoincrement=False)
    account_id: Mapped[int] = reference("account")
    state: Mapped[LotState] = mapped_column(Coded(LotState))
    earned_on: Mapped[dt.date] = mapped_column(comment="the sale's date: what a conversion of a period goes by")
    expires_on: Mapped[dt.date | None] = mapped_column(comment="last day on which it can be spent")
    unit_value_micro: Mapped[Big] = mapped_column(comment="worth of a point when earned, millionths of a minor unit")
    amount: Mapped[Big]
    remaining: Mapped[Big] = mapped_column(comment="what the entries of this lot leave as pending or available")
    terms_id: Mapped[int | None] = reference("lot_terms")
    idle_months: Mapped[int | None] = mapped_column(
        SmallInteger, comment="ends so long after the account's last activity; none: by its last day, or never"
    )


class LedgerBlock(Base):
    """A seal over a stretch of the ledger: each block's hash covers the one before it."""

    __tablename__ = "ledger_block"
    __table_args__ = {"info": {APPEND_ONLY: True}}

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    last_transaction_id: Mapped[Big] = mapped_column(comment="covers ids up to here that earlier blocks do not")
    late_ids: Mapped[list[int]] = mapped_column(
        JSONB, comment="ids at or below the previous block's last that were not committed when it was sealed"
    )
    open_ranges: Mapped[list[Any]] = mapped_column(
        JSONB, comment="[first, last, until] of ids not seen yet: writers numbered below until may still bring them"
    )
    transactions: Mapped[Big]
    entries: Mapped[Big]
    hash: Mapped[bytes] = mapped_column(LargeBinary, comment="SHA-256 of the previous hash and the rows' text")
    sealed_at: Mapped[Instant]
