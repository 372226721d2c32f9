"""Sums by month that reports and charts read, so that no page adds up a million lines.

They can be made anew at any time: `app.services.ledger.figures` refreshes the months in which something changed. The
ledger and the documents stay the truth.
"""

import datetime as dt

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db.types import Big, Coded, Id, Instant
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
    lines: Mapped[int] = mapped_column(comment="that sold it; those of returns are not counted")


class PointsMonth(Base):
    """What one kind of movement changed in all wallets together in one month, by effective date."""

    __tablename__ = "points_month"

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="CASCADE"), primary_key=True)
    month_on: Mapped[dt.date] = mapped_column(primary_key=True, comment="first day of the month")
    unit: Mapped[Unit] = mapped_column(Coded(Unit), primary_key=True)
    kind: Mapped[TransactionKind] = mapped_column(Coded(TransactionKind), primary_key=True)
    amount: Mapped[Big]


class RuleMonth(Base):
    """What one version of a rule gave in one month, by the sale's or the event's date; returns are not subtracted."""

    __tablename__ = "rule_month"

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="CASCADE"), primary_key=True)
    month_on: Mapped[dt.date] = mapped_column(primary_key=True, comment="first day of the month")
    rule_version_id: Mapped[int] = mapped_column(
        ForeignKey("earning_rule_version.id", ondelete="CASCADE"), primary_key=True
    )
    unit: Mapped[Unit] = mapped_column(Coded(Unit), primary_key=True)
    amount: Mapped[Big]


class TouchedMonth(Base):
    """A month in which something changed since the sums were last made: whoever changes it says so, without waiting.

    One month may stand here many times. Refreshing takes the rows that it sees and makes their months anew.
    """

    __tablename__ = "touched_month"
    __table_args__ = (Index("ix_touched_month_program_id_month_on", "program_id", "month_on"),)

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="CASCADE"))
    month_on: Mapped[dt.date] = mapped_column(comment="first day of the month")


class FiguresState(Base):
    """When the sums of a programme were last made."""

    __tablename__ = "figures_state"

    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="CASCADE"), primary_key=True)
    refreshed_at: Mapped[Instant]
