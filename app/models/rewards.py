"""What points are given away for: the catalogue of rewards, and the seasons in which one costs something else."""

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
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
        CheckConstraint(
            "(season_points IS NULL) = (season_from_on IS NULL) AND (season_points IS NULL) = (season_until_on IS NULL)"
            " AND season_points > 0 AND season_from_on <= season_until_on",
            name="a_season_is_whole",
        ),
        {
            "info": {
                KEPT: (
                    *("name", "sort_key", "description", "kind", "category", "points", "cost_minor", "stock"),
                    *(
                        "per_person",
                        "from_on",
                        "until_on",
                        "season_points",
                        "season_from_on",
                        "season_until_on",
                        "changed_at",
                    ),
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
    points: Mapped[Big] = mapped_column(comment="regular price, in the programme's smallest unit")
    cost_minor: Mapped[Big | None] = mapped_column(comment="what one costs the sponsor")
    stock: Mapped[int | None] = mapped_column(comment="how many there are; none: as many as are wanted")
    per_person: Mapped[int | None] = mapped_column(comment="the most that one participant gets; none: no limit")
    from_on: Mapped[dt.date | None] = mapped_column(
        comment="first day on which it can be had; none: from the beginning"
    )
    until_on: Mapped[dt.date | None] = mapped_column(comment="last day; none: to the end")
    season_points: Mapped[Big | None] = mapped_column(comment="its price in its season")
    season_from_on: Mapped[dt.date | None]
    season_until_on: Mapped[dt.date | None]
    created_at: Mapped[Instant]
    changed_at: Mapped[Instant]
