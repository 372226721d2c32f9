"""Where products and distributors stood, and since when: groups and tiers by day.

The present group stands on the product and the distributor, the present tier on the distributor. What never moved has
no row here: it was where it is from the beginning.
"""

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.types import Big, Id, Instant, LongText, Named, ShortText
from app.domain.states import TierReason
from app.models.base import Base


class ProductPlacement(Base):
    """From a day on a product is in this group."""

    __tablename__ = "product_placement"
    __table_args__ = (
        UniqueConstraint("product_id", "from_on", postgresql_nulls_not_distinct=True),
        Index("ix_product_placement_program_id_from_on", "program_id", "from_on"),
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="RESTRICT"))
    from_on: Mapped[dt.date | None] = mapped_column(comment="first issue date; none: from the beginning")
    group_id: Mapped[int | None] = mapped_column(ForeignKey("product_group.id", ondelete="RESTRICT"))
    noted_at: Mapped[Instant]
    noted_by: Mapped[LongText | None] = mapped_column(comment="a person's sign-in name; none: a file or the machine")
    reason: Mapped[LongText | None]


class DistributorPlacement(Base):
    """From a day on a distributor is in this group."""

    __tablename__ = "distributor_placement"
    __table_args__ = (
        UniqueConstraint("distributor_id", "from_on", postgresql_nulls_not_distinct=True),
        Index("ix_distributor_placement_program_id_from_on", "program_id", "from_on"),
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributor.id", ondelete="RESTRICT"))
    from_on: Mapped[dt.date | None] = mapped_column(comment="first issue date; none: from the beginning")
    group_id: Mapped[int | None] = mapped_column(ForeignKey("distributor_group.id", ondelete="RESTRICT"))
    noted_at: Mapped[Instant]
    noted_by: Mapped[LongText | None] = mapped_column(comment="a person's sign-in name; none: a file or the machine")
    reason: Mapped[LongText | None]


class TierChange(Base):
    """From a day on a distributor is in this tier, and why. Of two on one day the later one holds."""

    __tablename__ = "tier_change"
    __table_args__ = (
        Index("ix_tier_change_distributor_id", "distributor_id", "id"),
        Index("ix_tier_change_program_id", "program_id", "id"),
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributor.id", ondelete="RESTRICT"))
    from_on: Mapped[dt.date | None] = mapped_column(comment="first issue date; none: from the beginning")
    tier: Mapped[ShortText | None] = mapped_column(comment="its code; none: no tier")
    why: Mapped[TierReason] = mapped_column(Named(TierReason))
    metric: Mapped[Big | None] = mapped_column(comment="what was counted, in its smallest unit")
    threshold: Mapped[Big | None] = mapped_column(comment="what that tier took")
    until_on: Mapped[dt.date | None] = mapped_column(comment="given by hand: the last day")
    noted_at: Mapped[Instant]
    noted_by: Mapped[LongText | None] = mapped_column(comment="a person's sign-in name; none: a file or the machine")
    reason: Mapped[LongText | None]


class TierStanding(Base):
    """Where a distributor stands among the tiers: what was counted last, and when it is looked at again."""

    __tablename__ = "tier_standing"
    __table_args__ = (
        CheckConstraint("given_until_on IS NULL OR given", name="only_what_is_given_ends"),
        Index("ix_tier_standing_program_id_review_on", "program_id", "review_on"),
    )

    distributor_id: Mapped[int] = mapped_column(
        ForeignKey("distributor.id", ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    earned_tier: Mapped[ShortText | None] = mapped_column(comment="what the rules say, whatever a person gave")
    since_on: Mapped[dt.date] = mapped_column(comment="since when the present tier is held")
    review_on: Mapped[dt.date | None] = mapped_column(
        comment="on this day it may fall; none: never, or there is nothing to lose"
    )
    metric: Mapped[Big] = mapped_column(comment="in the span that runs, in its smallest unit")
    keeping: Mapped[Big] = mapped_column(comment="so far in the span that the next review looks at")
    given: Mapped[bool] = mapped_column(comment="a person gave the present tier; it stays until they say")
    given_tier: Mapped[ShortText | None]
    given_until_on: Mapped[dt.date | None] = mapped_column(comment="last day; none: until somebody takes it back")
    seen: Mapped[Big] = mapped_column(comment="tells whether anything was earned since it was judged")
    judged_on: Mapped[dt.date]
