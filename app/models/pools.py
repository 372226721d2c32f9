"""Pools: distributors that share one balance, when each joined and left, and whose doing a shared movement is."""

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.marks import APPEND_ONLY
from app.db.types import Big, Id, Instant, LongText, ShortText
from app.models.base import Base


class Pool(Base):
    """Distributors whose points stand on one account: that of its holder, who is the first of its members."""

    __tablename__ = "pool"
    __table_args__ = (
        UniqueConstraint("program_id", "name"),
        Index("uq_pool_holder", "holder_id", unique=True, postgresql_where=text("closed_on is null")),
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    name: Mapped[LongText]
    holder_id: Mapped[int] = mapped_column(
        ForeignKey("distributor.id", ondelete="RESTRICT"), comment="whose account has the points of all"
    )
    spending: Mapped[ShortText] = mapped_column(comment="who may spend: holder, members")
    opened_on: Mapped[dt.date]
    closed_on: Mapped[dt.date | None]
    opened_by: Mapped[LongText]
    opened_at: Mapped[Instant]


class PoolMember(Base):
    """A distributor in a pool, from a day until a day, and what it brought and took away."""

    __tablename__ = "pool_member"
    __table_args__ = (
        Index("ix_pool_member_pool_id", "pool_id"),
        Index("uq_pool_member_now", "distributor_id", unique=True, postgresql_where=text("left_on is null")),
        CheckConstraint("left_on >= joined_on", name="days"),
        CheckConstraint("(left_on is null) = (left_by is null)", name="left_as_a_whole"),
    )

    id: Mapped[Id]
    pool_id: Mapped[int] = mapped_column(ForeignKey("pool.id", ondelete="RESTRICT"))
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributor.id", ondelete="RESTRICT"))
    joined_on: Mapped[dt.date]
    joined_by: Mapped[LongText]
    brought: Mapped[Big] = mapped_column(comment="points that moved to the pool when it joined; below zero: a debt")
    left_on: Mapped[dt.date | None]
    left_by: Mapped[LongText | None]
    took: Mapped[Big] = mapped_column(server_default="0", comment="points that moved with it when it left")


class OnBehalf(Base):
    """Whose doing a movement of a shared account is, where no document says it: who earned, or who spent."""

    __tablename__ = "on_behalf"
    __table_args__ = (
        Index("ix_on_behalf_distributor_id", "distributor_id"),
        {"info": {APPEND_ONLY: True}},
    )

    transaction_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("ledger_transaction.id", ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
    account_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("account.id", ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributor.id", ondelete="RESTRICT"))
