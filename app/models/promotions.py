"""Promotions with targets: what was published, whose target is another, what was sold by month, and who stands where.

Sums by month and standings can be made anew from documents at any time; what was paid is in the ledger.
"""

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.marks import APPEND_ONLY, KEPT, LET_GO, reference
from app.db.types import Big, Id, Instant, LongText, Named, ShortText
from app.domain.states import PromotionState
from app.models.base import Base


class Promotion(Base):
    """A promotion: the draft that somebody writes, and the days that its newest published version looks at."""

    __tablename__ = "promotion"
    __table_args__ = (
        UniqueConstraint("program_id", "code_key"),
        Index("ix_promotion_program_id_state", "program_id", "state"),
        CheckConstraint("(state = 'draft') = (first_on IS NULL)", name="published_has_days"),
        CheckConstraint("(first_on IS NULL) = (last_on IS NULL)", name="days_are_two"),
        CheckConstraint("(base_first_on IS NULL) = (base_last_on IS NULL)", name="base_days_are_two"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_has_a_moment"),
        CheckConstraint("(asked_by IS NULL) = (asked_at IS NULL)", name="asked_as_a_whole"),
        {
            "info": {
                KEPT: (
                    *("code", "code_key", "state", "draft", "version", "first_on", "last_on", "base_first_on"),
                    *("base_last_on", "closes_on", "measured", "closed_at", "closed_by", "changed_at"),
                    *("drafted_by", "asked_by", "asked_at", "note"),
                )
            }
        },
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    code: Mapped[LongText]
    code_key: Mapped[LongText] = mapped_column(comment="the code as it is compared: trimmed, without case")
    state: Mapped[PromotionState] = mapped_column(Named(PromotionState))
    draft: Mapped[dict[str, Any] | None] = mapped_column(JSONB, comment="what is not published yet; none: nothing is")
    drafted_by: Mapped[LongText | None] = mapped_column(comment="who changed the draft last")
    asked_by: Mapped[LongText | None] = mapped_column(comment="who asked for the draft to be published")
    asked_at: Mapped[Instant | None] = mapped_column(comment="it waits for a second person; none: it does not")
    note: Mapped[LongText | None] = mapped_column(comment="why the draft was sent back")
    version: Mapped[int] = mapped_column(default=0, comment="number of the newest published version; 0: none")
    first_on: Mapped[dt.date | None] = mapped_column(comment="first issue date that the newest version counts")
    last_on: Mapped[dt.date | None]
    base_first_on: Mapped[dt.date | None] = mapped_column(comment="first day of the base period, where growth counts")
    base_last_on: Mapped[dt.date | None]
    closes_on: Mapped[dt.date | None] = mapped_column(comment="day on which it is closed by itself")
    measured: Mapped[bool] = mapped_column(default=False, comment="false: all that was sold is to be measured anew")
    closed_at: Mapped[Instant | None]
    closed_by: Mapped[LongText | None] = mapped_column(comment="none: it closed by itself")
    created_at: Mapped[Instant]
    changed_at: Mapped[Instant]


class PromotionVersion(Base):
    """One published wording of a promotion. It never changes: an edit is a new version."""

    __tablename__ = "promotion_version"
    __table_args__ = (UniqueConstraint("promotion_id", "version"), {"info": {APPEND_ONLY: True}})

    id: Mapped[Id]
    promotion_id: Mapped[int] = mapped_column(ForeignKey("promotion.id", ondelete="RESTRICT"))
    version: Mapped[int]
    definition: Mapped[dict[str, Any]] = mapped_column(JSONB)
    published_at: Mapped[Instant]
    published_by: Mapped[LongText]


class PromotionTarget(Base):
    """The target of one distributor, from a sheet or typed: it stands before what the promotion says."""

    __tablename__ = "promotion_target"
    __table_args__ = (CheckConstraint("value > 0", name="value"),)

    promotion_id: Mapped[int] = mapped_column(ForeignKey("promotion.id", ondelete="RESTRICT"), primary_key=True)
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributor.id", ondelete="RESTRICT"), primary_key=True)
    value: Mapped[Big] = mapped_column(comment="in the promotion's metric: minor units, thousandths, points or ones")
    changed_at: Mapped[Instant]
    changed_by: Mapped[LongText]


class PromotionMonth(Base):
    """What one participant sold in one month in one of a promotion's scopes, less what came back of it."""

    __tablename__ = "promotion_month"

    promotion_id: Mapped[int] = reference("promotion", primary_key=True, autoincrement=False)
    distributor_id: Mapped[int] = reference("distributor", primary_key=True, autoincrement=False)
    month_on: Mapped[dt.date] = mapped_column(primary_key=True, comment="first day of the month of the sale")
    person: Mapped[LongText] = mapped_column(primary_key=True, comment="in lower case; empty: the distributor")
    measure: Mapped[int] = mapped_column(
        primary_key=True, autoincrement=False, comment="0: what counts; then the gates, then the base period"
    )
    product_id: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, autoincrement=False, comment="0: all together; else where products are counted"
    )
    net_minor: Mapped[Big]
    quantity_milli: Mapped[Big]
    points: Mapped[Big]
    documents: Mapped[int]


class PromotionTouched(Base):
    """A distributor's month in which something changed since it was measured: whoever changes it says so.

    One may stand here many times. Bringing up to date takes the rows that it sees.
    """

    __tablename__ = "promotion_touched"
    __table_args__ = (Index("ix_promotion_touched_promotion_id", "promotion_id"),)

    id: Mapped[Id]
    promotion_id: Mapped[int] = reference("promotion")
    distributor_id: Mapped[int] = reference("distributor")
    month_on: Mapped[dt.date] = mapped_column(comment="first day of the month")


class PromotionStanding(Base):
    """Where one participant stands, by the newest version, and what was paid."""

    __tablename__ = "promotion_standing"
    __table_args__ = (
        UniqueConstraint("promotion_id", "distributor_id", "person"),
        Index("ix_promotion_standing_distributor_id", "distributor_id"),
        Index("ix_promotion_standing_place", "promotion_id", "place"),
        Index("ix_promotion_standing_into_id", "into_id", postgresql_where=text("into_id is not null")),
        CheckConstraint("paid >= 0 AND forgiven >= 0 AND earned >= 0", name="figures_make_sense"),
        {
            "info": {
                KEPT: (
                    *("version", "value", "target", "base", "share_bp", "step", "is_open", "gates"),
                    *("earned", "paid", "forgiven", "payments", "place", "prize", "changed_at"),
                    *("paid_to_id", "into_id"),
                ),
                LET_GO: True,
            }
        },
    )

    id: Mapped[Id]
    promotion_id: Mapped[int] = mapped_column(ForeignKey("promotion.id", ondelete="RESTRICT"))
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributor.id", ondelete="RESTRICT"))
    person: Mapped[LongText] = mapped_column(comment="in lower case; empty: the distributor")
    version: Mapped[int] = mapped_column(comment="of the promotion, by which this was reckoned")
    value: Mapped[Big] = mapped_column(comment="what was sold, in the promotion's metric")
    target: Mapped[Big] = mapped_column(comment="0: there is none")
    base: Mapped[Big] = mapped_column(comment="what was sold in the base period")
    share_bp: Mapped[Big] = mapped_column(comment="of the target")
    step: Mapped[int] = mapped_column(comment="how many steps are reached")
    is_open: Mapped[bool] = mapped_column(comment="every gate is")
    gates: Mapped[list[int]] = mapped_column(JSONB, comment="what was sold for each gate")
    earned: Mapped[Big] = mapped_column(comment="what steps and place give, by now")
    paid: Mapped[Big] = mapped_column(comment="what was posted, less what was taken back")
    forgiven: Mapped[Big] = mapped_column(comment="paid, not earned any more, and not there to be taken back")
    payments: Mapped[int] = mapped_column(comment="how many postings there were: each has its number in its key")
    place: Mapped[int] = mapped_column(comment="in the ranking; 0: none")
    paid_to_id: Mapped[int | None] = mapped_column(
        ForeignKey("distributor.id", ondelete="RESTRICT"),
        comment="whose points its payments are, since the first: a person's account; none: the distributor's",
    )
    into_id: Mapped[int | None] = mapped_column(
        ForeignKey("promotion_standing.id", ondelete="RESTRICT"),
        comment="the standing to which its payments count since a merge; none: to itself",
    )
    prize: Mapped[Big] = mapped_column(comment="what the place would pay, or pays once it is closed")
    changed_at: Mapped[Instant]


class PromotionPayment(Base):
    """A transaction that a standing caused: what it gave, or below zero what it took back."""

    __tablename__ = "promotion_payment"
    __table_args__ = (
        Index("ix_promotion_payment_standing_id", "standing_id"),
        CheckConstraint("amount <> 0", name="amount"),
        {"info": {APPEND_ONLY: True}},
    )

    transaction_id: Mapped[int] = reference("ledger_transaction", primary_key=True, autoincrement=False)
    standing_id: Mapped[int] = reference("promotion_standing")
    version: Mapped[int] = mapped_column(comment="of the promotion, by which it was reckoned")
    amount: Mapped[Big]
    made: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="what made it: value, target, steps, earned and paid")


class PromotionGift(Base):
    """A reward of the catalogue that a standing has earned, or has lost again."""

    __tablename__ = "promotion_gift"

    standing_id: Mapped[int] = mapped_column(ForeignKey("promotion_standing.id", ondelete="RESTRICT"), primary_key=True)
    reward_code: Mapped[ShortText] = mapped_column(primary_key=True)
    earned_at: Mapped[Instant]
    handed_at: Mapped[Instant | None] = mapped_column(comment="when it was given; none: it waits")
    handed_by: Mapped[LongText | None]
