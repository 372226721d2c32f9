"""What is sold: product groups (a tree) and products."""

from sqlalchemy import ForeignKey, Text, UniqueConstraint, false
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.db.marks import KEPT, LET_GO
from app.db.types import Id, LongText, ShortText, SortKey
from app.models.base import Base


class ProductGroup(Base):
    """A group of products; a rule for a group holds for the groups below it."""

    __tablename__ = "product_group"
    __table_args__ = (UniqueConstraint("program_id", "code_key"),)

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    code: Mapped[LongText]
    code_key: Mapped[LongText] = mapped_column(comment="the code as it is compared: trimmed, without case")
    name: Mapped[LongText]
    aliases: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("product_group.id", ondelete="RESTRICT"))


class Product(Base):
    """A product or a service that takes part."""

    __tablename__ = "product"
    __table_args__ = (
        UniqueConstraint("program_id", "code_key"),
        {"info": {KEPT: ("name", "sort_key", "ean", "group_id", "has_serials"), LET_GO: True}},
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    code: Mapped[LongText]
    code_key: Mapped[LongText] = mapped_column(comment="the code as it is compared: trimmed, without case")
    name: Mapped[LongText]
    sort_key: Mapped[SortKey] = mapped_column(comment="the name in the order of the programme's language")
    ean: Mapped[ShortText | None]
    group_id: Mapped[int | None] = mapped_column(ForeignKey("product_group.id", ondelete="RESTRICT"), index=True)
    has_serials: Mapped[bool] = mapped_column(server_default=false(), comment="each unit has a number, and counts once")
