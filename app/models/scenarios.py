"""Scenarios: a past period replayed under other rules. Nothing here moves a point; all of it can be thrown away."""

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.types import Big, Coded, Id, Instant, LongText, Named
from app.domain.states import RulesOf, SumOf, Unit
from app.models.base import Base


class Scenario(Base):
    """What was asked: which rules, over which period; and what came of it as a whole."""

    __tablename__ = "scenario"
    __table_args__ = (
        Index("ix_scenario_program_id_id", "program_id", "id"),
        CheckConstraint("from_on <= to_on", name="period"),
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    name: Mapped[LongText]
    rules_of: Mapped[RulesOf] = mapped_column(Named(RulesOf))
    rules: Mapped[dict[str, Any]] = mapped_column(
        JSONB, comment="definitions with the day each begins to judge, stacks and named days, as they were"
    )
    from_on: Mapped[dt.date] = mapped_column(comment="first issue date that is replayed")
    to_on: Mapped[dt.date] = mapped_column(comment="last one")
    codes: Mapped[list[str]] = mapped_column(
        JSONB, default=list, comment="of its rules and of those that really gave: sums name them by position"
    )
    forecast: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    asked_by: Mapped[LongText]
    asked_at: Mapped[Instant]
    finished_at: Mapped[Instant | None]


class ScenarioPiece(Base):
    """A stretch of a scenario's documents in counting order: replayed in one go, and not again once it is done."""

    __tablename__ = "scenario_piece"

    scenario_id: Mapped[int] = mapped_column(ForeignKey("scenario.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    stretch: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="where it begins and ends")
    lines: Mapped[Big]
    measured: Mapped[bytes | None] = mapped_column(
        LargeBinary, comment="what promotions measured of it, until all of it is put together"
    )
    cap_usage: Mapped[bytes | None] = mapped_column(
        LargeBinary, comment="what its awards used of caps, for the pieces after it; none: not yet done"
    )


class ScenarioSum(Base):
    """What drafted rules would have given, beside what was really given, about one rule, product or distributor."""

    __tablename__ = "scenario_sum"

    scenario_id: Mapped[int] = mapped_column(ForeignKey("scenario.id", ondelete="CASCADE"), primary_key=True)
    piece: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="-1: of all pieces together")
    about: Mapped[SumOf] = mapped_column(Coded(SumOf), primary_key=True)
    key: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    other: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False, comment="the second of a pair; else 0")
    unit: Mapped[Unit] = mapped_column(Coded(Unit), primary_key=True)
    drafted: Mapped[Big] = mapped_column(comment="points or minor units, less what returns take back")
    given: Mapped[Big] = mapped_column(comment="likewise, really")
    lines: Mapped[Big] = mapped_column(comment="that sell; of a rule or a pair: that it pays")
    net_minor: Mapped[Big] = mapped_column(comment="of those lines")
    unpaid_lines: Mapped[Big] = mapped_column(comment="that sell and that no rule pays")
    unpaid_minor: Mapped[Big]
