"""Sums by month that reports and charts read, so that no page adds up a million lines.

They can be made anew at any time: `app.services.figures` refreshes the months in which something changed. The ledger
and the documents stay the truth.
"""

import datetime as dt

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.types import Big, Coded, Instant
from app.domain.states import TransactionKind, Unit
from app.models.base import Base


class SalesMonth(Base):
    """Accepted sales of one distributor in one month, returns subtracted."""

    __tablename__ = "sales_month"
    __table_args__ = (Index("ix_sales_month_program_id_distributor_id", "program_id", "distributor_id"),)

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="CASCADE"), primary_key=True)
    month_on: Mapped[dt.date] = mapped_column(primary_key=True, comment="first day of the month")
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributor.id", ondelete="CASCADE"), primary_key=True)
    documents: Mapped[int]
    lines: Mapped[int]
    net_minor: Mapped[Big]


class ProductMonth(Base):
    """Accepted sales of one product in one month, returns subtracted."""

    __tablename__ = "product_month"

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="CASCADE"), primary_key=True)
    month_on: Mapped[dt.date] = mapped_column(primary_key=True, comment="first day of the month")
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"), primary_key=True)
    quantity_milli: Mapped[Big]
    net_minor: Mapped[Big]


class PointsMonth(Base):
    """What one kind of movement changed in all wallets together in one month, by effective date."""

    __tablename__ = "points_month"

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="CASCADE"), primary_key=True)
    month_on: Mapped[dt.date] = mapped_column(primary_key=True, comment="first day of the month")
    unit: Mapped[Unit] = mapped_column(Coded(Unit), primary_key=True)
    kind: Mapped[TransactionKind] = mapped_column(Coded(TransactionKind), primary_key=True)
    amount: Mapped[Big]


class FiguresState(Base):
    """How far the sums of a programme have come."""

    __tablename__ = "figures_state"

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="CASCADE"), primary_key=True)
    document_id: Mapped[Big] = mapped_column(comment="the newest document that was looked at")
    decision_id: Mapped[Big] = mapped_column(comment="the newest decision that was looked at")
    transaction_id: Mapped[Big] = mapped_column(comment="the newest transaction that was looked at")
    refreshed_at: Mapped[Instant]
