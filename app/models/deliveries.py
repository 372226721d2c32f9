"""What the sponsor delivered to distributors (sell-in): what they may sell on, and no more."""

import datetime as dt

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.types import Big, Id, Instant, LongText
from app.models.base import Base


class Delivery(Base):
    """So much of a product, delivered to a distributor with one document of the sponsor's."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("distributor_id", "product_id", "number_key"),
        Index("ix_delivery_program_id_delivered_on_id", "program_id", "delivered_on", "id"),
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributor.id", ondelete="RESTRICT"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="RESTRICT"), index=True)
    number: Mapped[LongText] = mapped_column(comment="as the sponsor writes it")
    number_key: Mapped[LongText] = mapped_column(comment="normalised: rules.md 9")
    delivered_on: Mapped[dt.date]
    quantity_milli: Mapped[Big] = mapped_column(comment="below zero: it came back")
    file_sha256: Mapped[bytes] = mapped_column(LargeBinary, comment="of the file that said so last")
    changed_at: Mapped[Instant]
