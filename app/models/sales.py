"""What was sold: documents, their lines, the awards they earned and the returns that took awards back.

Lines, awards, returns and reversals are facts: they are written once, with the document they belong to.
"""

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, LargeBinary, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.marks import APPEND_ONLY, KEPT, reference
from app.db.types import Big, Coded, Instant, LongText, ShortText
from app.domain.states import Cut, DocumentKind, DocumentStatus, Unit
from app.models.base import Base


class SalesDocument(Base):
    """An invoice, a credit note, or a report's group of lines with one number."""

    __tablename__ = "sales_document"
    __table_args__ = (
        # rules.md 9: the same key is the same document. A corrected document leaves the key to its successor,
        # and a refused one to another attempt.
        Index(
            "uq_sales_document_key",
            "program_id",
            "document_key",
            unique=True,
            postgresql_where=text("status in (1, 2)"),
        ),
        Index("ix_sales_document_distributor_id_issued_on", "distributor_id", "issued_on"),
        Index("ix_sales_document_program_id_issued_on_id", "program_id", "issued_on", "id"),
        Index(
            "ix_sales_document_number", "program_id", "number_key", postgresql_ops={"number_key": "text_pattern_ops"}
        ),
        # whatever has the same sum: on the same day, or of the same distributor
        Index("ix_sales_document_sum", "program_id", "net_minor", "issued_on", "distributor_id"),
        Index("ix_sales_document_claims", "distributor_id", "counted_at", postgresql_where=text("source <> 'import'")),
        Index("ix_sales_document_review", "program_id", "id", postgresql_where=text("status = 2")),
        Index(
            "ix_sales_document_seller_named",
            "program_id",
            "number_key",
            postgresql_where=text("strpos(document_key, '|tax:') > 0"),
        ),
        Index("ix_sales_document_refused", "program_id", "document_key", postgresql_where=text("status = 3")),
        Index("ix_sales_document_superseded", "program_id", "document_key", postgresql_where=text("status = 4")),
        {"info": {KEPT: ("status", "reasons", "release_on", "distributor_id", "document_key", "person")}},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    program_id: Mapped[int] = reference("program")
    distributor_id: Mapped[int] = reference("distributor")
    kind: Mapped[DocumentKind] = mapped_column(Coded(DocumentKind))
    number: Mapped[LongText] = mapped_column(comment="as the source writes it")
    number_key: Mapped[LongText] = mapped_column(comment="normalised: rules.md 9")
    document_key: Mapped[LongText] = mapped_column(
        comment="rules.md 9: kind, seller (tax id or distributor) and normalised number"
    )
    issued_on: Mapped[dt.date]
    issued_minute: Mapped[int | None] = mapped_column(SmallInteger, comment="minute of the day, where the source says")
    net_minor: Mapped[Big] = mapped_column(comment="sum of the lines")
    line_count: Mapped[int]
    content_hash: Mapped[bytes] = mapped_column(LargeBinary, comment="of the lines, in any order")
    source: Mapped[ShortText] = mapped_column(comment="import, portal, api")
    batch_id: Mapped[int | None] = reference("import_batch")
    status: Mapped[DocumentStatus] = mapped_column(Coded(DocumentStatus))
    reasons: Mapped[list[dict[str, Any]] | None] = mapped_column(
        JSONB, comment="codes and values; none: plainly accepted"
    )
    corrects_number: Mapped[LongText | None] = mapped_column(comment="the document that a credit note names")
    person: Mapped[LongText | None]
    outlet: Mapped[LongText | None]
    channel: Mapped[LongText | None]
    supersedes_id: Mapped[int | None] = reference("sales_document")
    counted_at: Mapped[Instant] = mapped_column(server_default=text("now()"))
    release_on: Mapped[dt.date | None] = mapped_column(comment="cooling-off: accepted points become available then")


class SalesLine(Base):
    """One line of a document."""

    __tablename__ = "sales_line"
    __table_args__ = {"info": {APPEND_ONLY: True}}

    document_id: Mapped[int] = reference("sales_document", primary_key=True, autoincrement=False)
    line_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    product_id: Mapped[int] = reference("product")
    quantity_milli: Mapped[Big]
    unit_price_micro: Mapped[Big | None] = mapped_column(comment="millionths of a minor unit")
    net_minor: Mapped[Big]
    gross_minor: Mapped[Big | None]
    discounted: Mapped[bool | None]
    source_row: Mapped[int | None] = mapped_column(comment="row of the file, counted as a spreadsheet counts")
    corrects_number: Mapped[LongText | None] = mapped_column(
        comment="the document that the line names, where its own document names another"
    )
    outlet: Mapped[LongText | None] = mapped_column(comment="of the line, where its document has another")
    channel: Mapped[LongText | None] = mapped_column(comment="of the line, where its document has another")


class Award(Base):
    """What one rule version gave to one line, with what is needed to say why.

    The largest table: its columns stand in the order that leaves no gaps between them.
    """

    __tablename__ = "award"
    __table_args__ = {"info": {APPEND_ONLY: True}}

    document_id: Mapped[int] = reference("sales_document", primary_key=True, autoincrement=False)
    line_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rule_version_id: Mapped[int] = reference("earning_rule_version", small=True, primary_key=True, autoincrement=False)
    amount: Mapped[Big] = mapped_column(comment="given, after stacks and caps")
    uncut: Mapped[Big] = mapped_column(comment="what it would be without caps")
    set_amount: Mapped[Big] = mapped_column(comment="what the rule gave the whole set of lines that shares it")
    basis: Mapped[Big] = mapped_column(
        comment="what it was computed from: sum in minor units, count of lines, base points"
    )
    cell: Mapped[int] = mapped_column(comment="row of the matrix's rate list; -1: the rule is not a matrix")
    unit: Mapped[Unit] = mapped_column(Coded(Unit))
    cut_by: Mapped[Cut] = mapped_column(Coded(Cut))


class ReturnMatch(Base):
    """Which sale a returned quantity belongs to (rules.md 6)."""

    __tablename__ = "return_match"
    __table_args__ = (
        Index("ix_return_match_sale_document_id", "sale_document_id"),
        CheckConstraint("quantity_milli > 0", name="positive"),
        {"info": {APPEND_ONLY: True}},
    )

    return_document_id: Mapped[int] = reference("sales_document", primary_key=True, autoincrement=False)
    return_line_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sale_document_id: Mapped[int] = reference("sales_document", primary_key=True, autoincrement=False)
    sale_line_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    quantity_milli: Mapped[Big]


class AwardReversal(Base):
    """How much of one award a return took back (rules.md 6)."""

    __tablename__ = "award_reversal"
    __table_args__ = (
        Index("ix_award_reversal_sale_document_id", "sale_document_id"),
        {"info": {APPEND_ONLY: True}},
    )

    return_document_id: Mapped[int] = reference("sales_document", primary_key=True, autoincrement=False)
    return_line_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sale_document_id: Mapped[int] = reference("sales_document", primary_key=True, autoincrement=False)
    sale_line_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rule_version_id: Mapped[int] = reference("earning_rule_version", small=True, primary_key=True, autoincrement=False)
    unit: Mapped[Unit] = mapped_column(Coded(Unit))
    amount: Mapped[Big] = mapped_column(comment="taken back by this return; never negative")


class PersonShare(Base):
    """Whose account got a part of what a document earned, and how much of it, as the programme said then.

    The company has what is not the people's. Where each of several people got the whole, all weights together are more
    than the weight of what the rules gave once.
    """

    __tablename__ = "person_share"
    __table_args__ = (
        Index("ix_person_share_person_id", "person_id"),
        CheckConstraint("weight > 0 and weight <= of_weight", name="part_of_all"),
        CheckConstraint("once_weight > 0 and once_weight <= of_weight", name="at_least_once"),
        {"info": {APPEND_ONLY: True}},
    )

    document_id: Mapped[int] = reference("sales_document", primary_key=True, autoincrement=False)
    place: Mapped[int] = mapped_column(
        primary_key=True, autoincrement=False, comment="from 1, in the order in which they claimed it"
    )
    person_id: Mapped[int] = reference("distributor")
    weight: Mapped[Big] = mapped_column(comment="of the person's part")
    of_weight: Mapped[Big] = mapped_column(comment="of all that was given")
    once_weight: Mapped[Big] = mapped_column(comment="of what the rules gave")


class PersonReversal(Base):
    """How much of what a return took back it took from a person's account, by the document that had given it."""

    __tablename__ = "person_reversal"
    __table_args__ = (
        Index("ix_person_reversal_sale_document_id", "sale_document_id"),
        CheckConstraint("amount > 0", name="amount"),
        {"info": {APPEND_ONLY: True}},
    )

    return_document_id: Mapped[int] = reference("sales_document", primary_key=True, autoincrement=False)
    sale_document_id: Mapped[int] = reference("sales_document", primary_key=True, autoincrement=False)
    unit: Mapped[Unit] = mapped_column(Coded(Unit), primary_key=True, autoincrement=False)
    terms: Mapped[int] = mapped_column(
        primary_key=True, autoincrement=False, comment="number of the lots' terms; 0: the programme's own"
    )
    person_id: Mapped[int] = reference("distributor", primary_key=True, autoincrement=False)
    amount: Mapped[Big]


class Decision(Base):
    """What a person or a later check decided about a document after its first decision."""

    __tablename__ = "decision"
    __table_args__ = (
        Index("ix_decision_document_id", "document_id"),
        {"info": {APPEND_ONLY: True}},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    document_id: Mapped[int] = reference("sales_document")
    was: Mapped[DocumentStatus] = mapped_column(Coded(DocumentStatus))
    becomes: Mapped[DocumentStatus] = mapped_column(Coded(DocumentStatus))
    reason: Mapped[LongText]
    reason_code: Mapped[ShortText | None] = mapped_column(comment="of the reasons that are counted; none: words alone")
    decided_by: Mapped[LongText]
    decided_at: Mapped[Instant]
