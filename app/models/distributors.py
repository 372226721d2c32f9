"""Who sells: distributor groups and distributors."""

import datetime as dt

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.db.marks import KEPT, LET_GO
from app.db.types import Id, LongText, Named, ShortText, SortKey
from app.domain.states import TaxStatus
from app.models.base import Base


class DistributorGroup(Base):
    """A group of distributors; rules and the matrix tell them apart by it."""

    __tablename__ = "distributor_group"
    __table_args__ = (UniqueConstraint("program_id", "code_key"),)

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    code: Mapped[LongText]
    code_key: Mapped[LongText] = mapped_column(comment="the code as it is compared: trimmed, without case")
    name: Mapped[LongText]
    aliases: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("distributor_group.id", ondelete="RESTRICT"))


class Distributor(Base):
    """A company that earns in one programme."""

    __tablename__ = "distributor"
    __table_args__ = (
        UniqueConstraint("program_id", "code_key"),
        UniqueConstraint("program_id", "id"),  # for the key below: a head office is of the same programme
        ForeignKeyConstraint(
            ["program_id", "head_office_id"], ["distributor.program_id", "distributor.id"], ondelete="RESTRICT"
        ),
        CheckConstraint("head_office_id <> id", name="not_its_own_head_office"),
        CheckConstraint("merged_into_id <> id", name="merged_into_another"),
        ForeignKeyConstraint(
            ["program_id", "person_of_id"], ["distributor.program_id", "distributor.id"], ondelete="RESTRICT"
        ),
        CheckConstraint("(person_of_id is null) = (person_key is null)", name="a_person_has_a_name"),
        CheckConstraint("person_of_id is null or head_office_id is null", name="a_person_is_no_branch"),
        Index("uq_distributor_person", "person_of_id", "person_key", unique=True),
        Index("ix_distributor_program_id_sort_key", "program_id", "sort_key"),
        {
            "info": {
                LET_GO: True,
                KEPT: (
                    "name",
                    "sort_key",
                    "head_office_id",
                    "group_id",
                    "tier",
                    "tax_id",
                    "tax_status",
                    "country",
                    "region",
                    "city",
                    "blocked",
                    "merged_into_id",
                    "person_of_id",
                    "person_key",
                    "birthday_on",
                    "enrolled_on",
                ),
            }
        },
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    code: Mapped[LongText]
    code_key: Mapped[LongText] = mapped_column(comment="the code as it is compared: trimmed, without case")
    name: Mapped[LongText]
    sort_key: Mapped[SortKey] = mapped_column(comment="the name in the order of the programme's language")
    head_office_id: Mapped[int | None] = mapped_column(
        BigInteger, index=True, comment="whose branch it is; a branch has no branches"
    )
    group_id: Mapped[int | None] = mapped_column(ForeignKey("distributor_group.id", ondelete="RESTRICT"), index=True)
    tier: Mapped[ShortText | None]
    tax_id: Mapped[ShortText | None]
    tax_status: Mapped[TaxStatus] = mapped_column(Named(TaxStatus), default=TaxStatus.COMPANY)
    country: Mapped[str | None] = mapped_column(String(64), comment="as the source writes it")
    region: Mapped[LongText | None]
    city: Mapped[LongText | None]
    blocked: Mapped[bool] = mapped_column(default=False, comment="may neither earn nor redeem")
    enrolled_on: Mapped[dt.date]
    merged_into_id: Mapped[int | None] = mapped_column(
        ForeignKey("distributor.id", ondelete="RESTRICT"), index=True, comment="closed: all of it is that one's now"
    )
    person_of_id: Mapped[int | None] = mapped_column(
        BigInteger, comment="a person's account beside this company's; none: it is a company"
    )
    person_key: Mapped[LongText | None] = mapped_column(
        comment="the person's name in the company's documents, trimmed and in lower case"
    )
    birthday_on: Mapped[dt.date | None] = mapped_column(comment="of its owner: day and month count")
