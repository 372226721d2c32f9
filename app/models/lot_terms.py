"""What points are for beyond the programme's own terms, and the last days that were moved."""

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.marks import APPEND_ONLY, reference
from app.db.types import Id, Instant, LongText, ShortText
from app.models.base import Base


class LotTerms(Base):
    """What rules say of their points: when they end, who pays for them, what they may buy. Rules may share them."""

    __tablename__ = "lot_terms"
    __table_args__ = (UniqueConstraint("program_id", "sha256"), {"info": {APPEND_ONLY: True}})

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    sha256: Mapped[bytes] = mapped_column(LargeBinary, comment="of the definition: the same terms are kept once")
    definition: Mapped[dict[str, Any]] = mapped_column(JSONB)
    funded_by: Mapped[ShortText | None] = mapped_column(comment="code of a funding source; none: the sponsor")


class LotExtension(Base):
    """A last day that was moved: by a person with a reason, or by the grace for points that came back."""

    __tablename__ = "lot_extension"
    __table_args__ = (
        Index("ix_lot_extension_lot_id", "lot_id"),
        CheckConstraint("before_on is distinct from after_on or before_idle_months is not null", name="moves"),
        {"info": {APPEND_ONLY: True}},
    )

    id: Mapped[Id]
    lot_id: Mapped[int] = reference("lot")
    before_on: Mapped[dt.date | None] = mapped_column(comment="its last day until then; none: it had none of its own")
    before_idle_months: Mapped[int | None] = mapped_column(SmallInteger, comment="or the idleness that ended it")
    after_on: Mapped[dt.date | None] = mapped_column(comment="its last day from then on; none: never")
    changed_at: Mapped[Instant]
    actor: Mapped[LongText | None] = mapped_column(comment="a person's sign-in name; none: the programme's grace")
    reason: Mapped[LongText | None]
