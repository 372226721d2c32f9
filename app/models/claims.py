"""What distributors register themselves: invoices on their way to the gate, and the proofs that go with them."""

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.marks import APPEND_ONLY
from app.db.types import Big, Id, Instant, LongText, Named, ShortText
from app.domain.states import ClaimState, ClaimWay, DocumentWord
from app.models.base import Base


class Claim(Base):
    """An invoice that a distributor registers: kept as typed until it is sent, then its document's origin."""

    __tablename__ = "claim"
    __table_args__ = (
        UniqueConstraint("distributor_id", "key"),
        Index("ix_claim_program_id_changed_at", "program_id", "changed_at"),
        Index("ix_claim_device", "program_id", "device_sha256", postgresql_where=text("device_sha256 IS NOT NULL")),
        Index("ix_claim_document_id", "document_id", unique=True, postgresql_where=text("document_id IS NOT NULL")),
        CheckConstraint("(state = 'sent') = (document_id IS NOT NULL)", name="sent_has_a_document"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_has_a_moment"),
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributor.id", ondelete="RESTRICT"))
    key: Mapped[ShortText] = mapped_column(comment="made where it is typed: what is sent twice is one claim")
    state: Mapped[ClaimState] = mapped_column(Named(ClaimState))
    way: Mapped[ClaimWay] = mapped_column(Named(ClaimWay))
    content: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="header and lines as they were given")
    document_id: Mapped[int | None] = mapped_column(ForeignKey("sales_document.id", ondelete="RESTRICT"))
    author: Mapped[LongText] = mapped_column(comment="login of whoever registers it")
    person: Mapped[LongText | None] = mapped_column(comment="the sales rep it is for; none: the company")
    device_sha256: Mapped[bytes | None] = mapped_column(
        LargeBinary, comment="of the device it was sent from, where somebody of the distributor itself sent it"
    )
    created_at: Mapped[Instant]
    changed_at: Mapped[Instant]
    sent_at: Mapped[Instant | None]


class Attachment(Base):
    """A proof: a photo, a PDF or an e-invoice. Its bytes lie in the files of the installation, by their hash."""

    __tablename__ = "attachment"
    __table_args__ = (
        Index("ix_attachment_program_id_file_sha256", "program_id", "file_sha256"),
        Index("ix_attachment_claim_id", "claim_id", postgresql_where=text("claim_id IS NOT NULL")),
        Index("ix_attachment_document_id", "document_id", postgresql_where=text("document_id IS NOT NULL")),
        CheckConstraint("num_nonnulls(claim_id, document_id) >= 1", name="belongs_to_something"),
        CheckConstraint("file_bytes > 0 AND pages >= 0", name="sizes_make_sense"),
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    claim_id: Mapped[int | None] = mapped_column(ForeignKey("claim.id", ondelete="CASCADE"))
    document_id: Mapped[int | None] = mapped_column(ForeignKey("sales_document.id", ondelete="RESTRICT"))
    place: Mapped[int] = mapped_column(comment="order among the proofs of a claim, from 1")
    file_name: Mapped[LongText] = mapped_column(comment="as the person named it; never a path on our disk")
    media_type: Mapped[ShortText] = mapped_column(comment="told by its bytes, not by its name")
    file_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    file_bytes: Mapped[Big]
    picture_look: Mapped[Big | None] = mapped_column(comment="64 bits of how it looks, of its first page, as signed")
    pages: Mapped[int] = mapped_column(comment="0: it has none to show")
    pdf_maker: Mapped[LongText | None] = mapped_column(comment="the program that a PDF names as its maker")
    pdf_made_at: Mapped[Instant | None] = mapped_column(comment="as a PDF says of itself")
    pdf_changed_at: Mapped[Instant | None]
    read_number: Mapped[LongText | None] = mapped_column(comment="as its text surely says")
    read_issued_on: Mapped[dt.date | None] = mapped_column(comment="as its text surely says")
    added_by: Mapped[LongText]
    added_at: Mapped[Instant]


class SaleClaim(Base):
    """Somebody's word that a sale of the sponsor's own report was theirs.

    It is of the sale, not of a wording of it: what a later file says of the sale keeps it, for a document's key stays.
    """

    __tablename__ = "sale_claim"
    __table_args__ = (UniqueConstraint("program_id", "document_key", "person_key"),)

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    document_key: Mapped[LongText] = mapped_column(comment="of the sale: rules.md 9")
    person: Mapped[LongText] = mapped_column(comment="the name by which documents know them")
    person_key: Mapped[LongText] = mapped_column(comment="the name as it is compared: trimmed, without case")
    waited: Mapped[bool] = mapped_column(comment="whether the sale earned nothing before anybody claimed it")
    claimed_by: Mapped[LongText]
    claimed_at: Mapped[Instant]


class SoldSerial(Base):
    """The serial number of a unit that was sold, of a product whose units are told apart."""

    __tablename__ = "sold_serial"
    __table_args__ = (
        Index("ix_sold_serial_product_id_serial_key", "product_id", "serial_key"),
        {"info": {APPEND_ONLY: True}},
    )

    document_id: Mapped[int] = mapped_column(
        ForeignKey("sales_document.id", ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
    line_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    serial_key: Mapped[LongText] = mapped_column(primary_key=True, comment="as it is compared")
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="RESTRICT"))
    serial: Mapped[LongText] = mapped_column(comment="as it was typed")


class DocumentMessage(Base):
    """What was said about a document between whoever decides it and its distributor, and among those who decide."""

    __tablename__ = "document_message"
    __table_args__ = (
        Index("ix_document_message_document_id", "document_id"),
        # one appeal a document
        Index("uq_document_message_appeal", "document_id", unique=True, postgresql_where=text("kind = 'appealed'")),
        {"info": {APPEND_ONLY: True}},
    )

    id: Mapped[Id]
    document_id: Mapped[int] = mapped_column(ForeignKey("sales_document.id", ondelete="RESTRICT"))
    kind: Mapped[DocumentWord] = mapped_column(Named(DocumentWord), comment="says who may read it")
    words: Mapped[LongText]
    author: Mapped[LongText]
    said_at: Mapped[Instant]
