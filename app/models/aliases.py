"""Names that sources have for products and distributors: aliases that are known, and names that nobody knows yet."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.types import Big, Id, Instant, LongText, Named, ShortText
from app.domain.states import NamedThing, UnknownState
from app.models.base import Base


class ProductAlias(Base):
    """What a source calls a product: the files of a profile, the rows of a distributor, or everybody."""

    __tablename__ = "product_alias"
    __table_args__ = (
        Index(
            "uq_product_alias_source",
            "program_id",
            "profile_name",
            "source_distributor_id",
            "alias_key",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_product_alias_product_id", "product_id"),
        CheckConstraint("profile_name is null or source_distributor_id is null", name="one_source"),
        CheckConstraint("unit_milli > 0", name="unit"),
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    profile_name: Mapped[ShortText | None] = mapped_column(comment="files read by this profile")
    source_distributor_id: Mapped[int | None] = mapped_column(
        ForeignKey("distributor.id", ondelete="RESTRICT"), comment="rows of this distributor, in whatever file"
    )
    alias: Mapped[LongText] = mapped_column(comment="as the source writes it")
    alias_key: Mapped[LongText] = mapped_column(comment="as it is compared: trimmed, without case")
    product_id: Mapped[int | None] = mapped_column(
        ForeignKey("product.id", ondelete="RESTRICT"), comment="none: documents that name it do not count"
    )
    unit_milli: Mapped[Big] = mapped_column(
        comment="how much of ours one unit of the source's is: a box of 12 is 12000"
    )
    reason: Mapped[LongText | None] = mapped_column(comment="why documents that name it do not count")
    created_by: Mapped[LongText]
    created_at: Mapped[Instant]


class DistributorAlias(Base):
    """What a source calls a distributor: the files of a profile, or everybody."""

    __tablename__ = "distributor_alias"
    __table_args__ = (
        Index(
            "uq_distributor_alias_source",
            "program_id",
            "profile_name",
            "alias_key",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_distributor_alias_distributor_id", "distributor_id"),
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    profile_name: Mapped[ShortText | None] = mapped_column(comment="files read by this profile")
    alias: Mapped[LongText] = mapped_column(comment="as the source writes it")
    alias_key: Mapped[LongText] = mapped_column(comment="as it is compared: trimmed, without case")
    distributor_id: Mapped[int | None] = mapped_column(
        ForeignKey("distributor.id", ondelete="RESTRICT"), comment="none: documents that name it do not count"
    )
    reason: Mapped[LongText | None] = mapped_column(comment="why documents that name it do not count")
    created_by: Mapped[LongText]
    created_at: Mapped[Instant]


class UnknownName(Base):
    """A name in the files of a profile that means nothing here yet, and what it may mean."""

    __tablename__ = "unknown_name"
    __table_args__ = (
        UniqueConstraint("program_id", "what", "profile_name", "name_key", name="uq_unknown_name_source"),
        CheckConstraint("score between 0 and 100", name="score"),
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    what: Mapped[NamedThing] = mapped_column(Named(NamedThing))
    profile_name: Mapped[ShortText]
    written: Mapped[LongText] = mapped_column(comment="as the source writes it")
    name_key: Mapped[LongText] = mapped_column(comment="as it is compared: trimmed, without case")
    called: Mapped[LongText | None] = mapped_column(comment="the name that stands beside the code in the file")
    state: Mapped[UnknownState] = mapped_column(Named(UnknownState))
    product_id: Mapped[int | None] = mapped_column(
        ForeignKey("product.id", ondelete="RESTRICT"), comment="the product that it most likely is"
    )
    distributor_id: Mapped[int | None] = mapped_column(
        ForeignKey("distributor.id", ondelete="RESTRICT"), comment="the distributor that it most likely is"
    )
    score: Mapped[int] = mapped_column(SmallInteger, comment="how likely, of 100; 0: nothing is like it")
    why: Mapped[ShortText | None] = mapped_column(comment="what is alike")
    first_seen_at: Mapped[Instant]


class UnknownInBatch(Base):
    """How much of an import waits for a name to be known."""

    __tablename__ = "unknown_in_batch"

    unknown_name_id: Mapped[int] = mapped_column(
        ForeignKey("unknown_name.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    batch_id: Mapped[int] = mapped_column(
        ForeignKey("import_batch.id", ondelete="RESTRICT"), primary_key=True, autoincrement=False, index=True
    )
    lines: Mapped[Big]
    documents: Mapped[Big]
    amount_minor: Mapped[Big] = mapped_column(comment="net, of the lines that bear the name")
    first_row: Mapped[int] = mapped_column(comment="as a spreadsheet counts")
