"""How points are earned: rules and their versions. A published version never changes (rules.md 2, Versions)."""

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.marks import APPEND_ONLY, KEPT
from app.db.types import Big, Coded, Id, Instant, LongText, ShortText
from app.domain.states import Cut
from app.models.base import Base


class EarningRule(Base):
    """The lasting identity of a rule: what its versions have in common is the code."""

    __tablename__ = "earning_rule"
    __table_args__ = (UniqueConstraint("program_id", "code"), {"info": {KEPT: ("retired_at",)}})

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    code: Mapped[ShortText]
    retired_at: Mapped[Instant | None] = mapped_column(comment="taken out of the programme file: earns no more")


class EarningRuleVersion(Base):
    """One wording of a rule. The newest version whose `valid_from` a document's date has reached counts."""

    __tablename__ = "earning_rule_version"
    __table_args__ = (UniqueConstraint("rule_id", "version"), {"info": {APPEND_ONLY: True}})

    id: Mapped[Id]
    rule_id: Mapped[int] = mapped_column(ForeignKey("earning_rule.id", ondelete="RESTRICT"))
    version: Mapped[int]
    valid_from: Mapped[dt.date | None] = mapped_column(comment="first issue date it judges; none: all")
    definition: Mapped[dict[str, Any]] = mapped_column(JSONB)
    terms_id: Mapped[int | None] = mapped_column(
        ForeignKey("lot_terms.id", ondelete="RESTRICT"), comment="what its points are for; none: as all the programme's"
    )
    published_at: Mapped[Instant]
    published_by: Mapped[LongText]


class CapUsage(Base):
    """What a capped rule has given within a span: kept so that a cap is one look-up, whatever the history's length."""

    __tablename__ = "cap_usage"

    rule_id: Mapped[int] = mapped_column(ForeignKey("earning_rule.id", ondelete="RESTRICT"), primary_key=True)
    span: Mapped[Cut] = mapped_column(Coded(Cut), primary_key=True)
    distributor_id: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, autoincrement=False, comment="0: a budget, for all together"
    )
    period: Mapped[int] = mapped_column(
        primary_key=True,
        autoincrement=False,
        comment="number of the span: of days, months, quarters or years since 1970",
    )
    used: Mapped[Big]
