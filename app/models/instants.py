"""Rewards that sales bring at once: what brings which, and each one that was given."""

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.marks import KEPT
from app.db.types import Big, Id, Instant, LongText, Named
from app.domain.states import InstantState
from app.models.base import Base


class InstantReward(Base):
    """A document that earns so many points by a rule brings a reward. It never changes: it is stopped."""

    __tablename__ = "instant_reward"
    __table_args__ = (
        Index("ix_instant_reward_reward_id", "reward_id"),
        CheckConstraint("first_on <= last_on", name="begins_before_it_ends"),
        CheckConstraint("least > 0 AND pieces > 0 AND per_distributor > 0 AND budget > 0", name="figures_make_sense"),
        CheckConstraint("(stopped_at IS NULL) = (stopped_by IS NULL)", name="stopped_as_a_whole"),
        {"info": {KEPT: ("stopped_at", "stopped_by")}},
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"), index=True)
    reward_id: Mapped[int] = mapped_column(ForeignKey("reward.id", ondelete="RESTRICT"))
    rule_id: Mapped[int] = mapped_column(ForeignKey("earning_rule.id", ondelete="RESTRICT"))
    name: Mapped[LongText]
    least: Mapped[Big] = mapped_column(comment="points that the rule gives to a document, in their smallest unit")
    pieces: Mapped[int]
    first_on: Mapped[dt.date] = mapped_column(comment="first issue date")
    last_on: Mapped[dt.date | None] = mapped_column(comment="last issue date; none: until it is stopped")
    per_distributor: Mapped[int | None] = mapped_column(comment="for so many documents of one distributor at most")
    budget: Mapped[int | None] = mapped_column(comment="for so many documents of all together at most")
    made_by: Mapped[LongText]
    made_at: Mapped[Instant]
    stopped_by: Mapped[LongText | None]
    stopped_at: Mapped[Instant | None]


class InstantGrant(Base):
    """A document brought a reward: the order that hands it over is paid by the sponsor."""

    __tablename__ = "instant_grant"
    __table_args__ = (
        Index(
            "uq_instant_grant_instant_id_document_key",
            *("instant_id", "document_key"),
            unique=True,
            postgresql_where=text("state <> 'taken_back'"),
        ),
        Index("ix_instant_grant_order_id", "order_id"),
        {"info": {KEPT: ("distributor_id", "document_key", "order_id", "state")}},
    )

    id: Mapped[Id]
    instant_id: Mapped[int] = mapped_column(ForeignKey("instant_reward.id", ondelete="RESTRICT"))
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributor.id", ondelete="RESTRICT"), index=True)
    document_key: Mapped[LongText] = mapped_column(comment="of the sale: rules.md 9")
    number: Mapped[LongText] = mapped_column(comment="of the document, as it is written")
    order_id: Mapped[int | None] = mapped_column(ForeignKey("reward_order.id", ondelete="RESTRICT"))
    points: Mapped[Big] = mapped_column(comment="what the reward cost when it was given")
    state: Mapped[InstantState] = mapped_column(Named(InstantState))
    given_at: Mapped[Instant]


class InstantTouched(Base):
    """A document of which something changed since it was looked at: whoever changes it says so.

    One may stand here many times. Looking at it takes the rows that it sees.
    """

    __tablename__ = "instant_touched"
    __table_args__ = (Index("ix_instant_touched_instant_id_id", "instant_id", "id"),)

    id: Mapped[Id]
    instant_id: Mapped[int] = mapped_column(ForeignKey("instant_reward.id", ondelete="RESTRICT"))
    document_key: Mapped[LongText]
