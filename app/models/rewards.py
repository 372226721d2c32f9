"""What points are given away for: the catalogue of rewards, the seasons in which one costs something else, pictures."""

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.marks import KEPT
from app.db.types import Big, Id, Instant, LongText, Named, ShortText, SortKey
from app.domain.states import RewardKind
from app.models.base import Base


class Reward(Base):
    """A reward, and its regular price in points."""

    __tablename__ = "reward"
    __table_args__ = (
        UniqueConstraint("program_id", "code_key"),
        CheckConstraint("points > 0", name="points_above_zero"),
        CheckConstraint("cost_minor >= 0 AND stock >= 0 AND per_person > 0", name="figures_make_sense"),
        CheckConstraint("from_on <= until_on", name="begins_before_it_ends"),
        CheckConstraint("price_by_hand OR cost_minor IS NOT NULL", name="computed_of_something"),
        CheckConstraint("(kind = 'discount') = (discount_bp IS NOT NULL)", name="discount_says_how_much"),
        CheckConstraint(
            "(cash_points IS NULL) = (cash_minor IS NULL) AND cash_points > 0 AND cash_minor > 0",
            name="cash_as_a_whole",
        ),
        CheckConstraint("discount_bp > 0 AND discount_bp <= 10000", name="discount_is_a_share"),
        CheckConstraint("(family IS NULL) = (variant IS NULL)", name="family_as_a_whole"),
        {
            "info": {
                KEPT: (
                    *("name", "sort_key", "description", "kind", "category", "points", "price_by_hand", "cost_minor"),
                    *("family", "variant"),
                    *("stock", "per_person", "from_on", "until_on", "offered", "supplier", "discount_bp"),
                    *("product_group_id", "cash_points", "cash_minor", "changed_at"),
                )
            }
        },
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    code: Mapped[LongText]
    code_key: Mapped[LongText] = mapped_column(comment="the code as it is compared: trimmed, without case")
    name: Mapped[LongText]
    sort_key: Mapped[SortKey] = mapped_column(comment="the name in the order of the programme's language")
    description: Mapped[LongText | None]
    kind: Mapped[RewardKind] = mapped_column(Named(RewardKind))
    category: Mapped[ShortText | None]
    family: Mapped[ShortText | None] = mapped_column(comment="what the catalogue shows once; none: it stands alone")
    variant: Mapped[ShortText | None] = mapped_column(comment="of a family: its size, its colour …")
    points: Mapped[Big] = mapped_column(comment="regular price, in the programme's smallest unit")
    price_by_hand: Mapped[bool] = mapped_column(server_default="true", comment="false: computed of the cost")
    cost_minor: Mapped[Big | None] = mapped_column(comment="what one costs the sponsor")
    cash_points: Mapped[Big | None] = mapped_column(comment="the other price: so many points, and money besides")
    cash_minor: Mapped[Big | None] = mapped_column(comment="the money of that price")
    stock: Mapped[int | None] = mapped_column(comment="how many are left; none: as many as are wanted")
    per_person: Mapped[int | None] = mapped_column(comment="the most that one participant gets; none: no limit")
    from_on: Mapped[dt.date | None] = mapped_column(
        comment="first day on which it can be had; none: from the beginning"
    )
    until_on: Mapped[dt.date | None] = mapped_column(comment="last day; none: to the end")
    offered: Mapped[bool] = mapped_column(server_default="true", comment="false: nobody sees it in the catalogue")
    supplier: Mapped[ShortText | None] = mapped_column(comment="who sends it; none: the sponsor")
    discount_bp: Mapped[Big | None] = mapped_column(comment="of a discount: how much of the price of goods")
    product_group_id: Mapped[int | None] = mapped_column(
        ForeignKey("product_group.id", ondelete="RESTRICT"), comment="of a discount: on which goods; none: on all"
    )
    created_at: Mapped[Instant]
    changed_at: Mapped[Instant]


class RewardSeason(Base):
    """Days, first and last included, in which a reward has another price. Seasons of one reward share no day."""

    __tablename__ = "reward_season"
    __table_args__ = (
        UniqueConstraint("reward_id", "from_on"),
        CheckConstraint("points > 0", name="points_above_zero"),
        CheckConstraint("from_on <= until_on", name="begins_before_it_ends"),
        CheckConstraint("announced_on <= from_on", name="announced_before_it_begins"),
    )

    id: Mapped[Id]
    reward_id: Mapped[int] = mapped_column(ForeignKey("reward.id", ondelete="RESTRICT"))
    points: Mapped[Big]
    from_on: Mapped[dt.date]
    until_on: Mapped[dt.date]
    announced_on: Mapped[dt.date] = mapped_column(comment="first day on which people are told of it")


class RewardAudience(Base):
    """Whom a reward is for: a group of distributors with those below it, or a tier. Without any: for everybody."""

    __tablename__ = "reward_audience"
    __table_args__ = (
        Index(
            "uq_reward_audience_whom",
            "reward_id",
            "distributor_group_id",
            "tier",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint("(distributor_group_id IS NULL) <> (tier IS NULL)", name="one_of_the_two"),
    )

    id: Mapped[Id]
    reward_id: Mapped[int] = mapped_column(ForeignKey("reward.id", ondelete="RESTRICT"))
    distributor_group_id: Mapped[int | None] = mapped_column(ForeignKey("distributor_group.id", ondelete="RESTRICT"))
    tier: Mapped[ShortText | None]


class RewardPicture(Base):
    """The picture of a reward, encoded anew: given out under its hash, as logos are."""

    __tablename__ = "reward_picture"

    reward_id: Mapped[int] = mapped_column(ForeignKey("reward.id", ondelete="RESTRICT"), primary_key=True)
    sha256: Mapped[bytes] = mapped_column(LargeBinary, index=True)
    content: Mapped[bytes] = mapped_column(LargeBinary, comment="WebP")
    changed_at: Mapped[Instant]
