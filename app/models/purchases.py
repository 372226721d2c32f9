"""What participants pay for purchases with: points or money set aside under a code, until a seller takes it."""

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.marks import KEPT, reference
from app.db.types import Big, Coded, Id, Instant, LongText, Named, ShortText
from app.domain.states import CreditState, Unit
from app.models.base import Base


class PurchaseCredit(Base):
    """So much of one balance, reserved for one purchase; whoever sells takes its code, once."""

    __tablename__ = "purchase_credit"
    __table_args__ = (
        UniqueConstraint("distributor_id", "key"),
        UniqueConstraint("program_id", "code_hash"),
        Index("ix_purchase_credit_program_id_asked_at_id", "program_id", "asked_at", "id"),
        Index("ix_purchase_credit_open", "program_id", "last_on", postgresql_where=text("state = 'open'")),
        CheckConstraint("amount > 0 AND worth_minor > 0", name="amounts"),
        CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended_as_a_whole"),
        CheckConstraint(
            "(state = 'used') = (document IS NOT NULL) AND (state = 'used') = (purchase_minor IS NOT NULL)",
            name="used_for_something",
        ),
        CheckConstraint("purchase_minor >= worth_minor", name="no_more_than_the_purchase"),
        {
            "info": {
                KEPT: (
                    *("distributor_id", "asked_by"),
                    *("state", "document", "purchase_minor", "ended_by", "ended_at", "ended_why"),
                )
            }
        },
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributor.id", ondelete="RESTRICT"))
    key: Mapped[ShortText] = mapped_column(comment="of the page that sent it: who presses twice asks once")
    unit: Mapped[Unit] = mapped_column(Coded(Unit))
    amount: Mapped[Big] = mapped_column(comment="what is reserved, in the unit's smallest")
    worth_minor: Mapped[Big] = mapped_column(comment="what is taken off the purchase for it")
    sealed: Mapped[LongText] = mapped_column(comment="the code, for its owner's eyes")
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    reservation_id: Mapped[int] = reference("ledger_transaction")
    state: Mapped[CreditState] = mapped_column(Named(CreditState))
    last_on: Mapped[dt.date] = mapped_column(comment="last day; after it the points come back by themselves")
    asked_by: Mapped[LongText]
    asked_at: Mapped[Instant]
    document: Mapped[LongText | None] = mapped_column(comment="number of what was paid with it")
    purchase_minor: Mapped[Big | None] = mapped_column(comment="what the whole purchase cost")
    ended_by: Mapped[LongText | None] = mapped_column(comment="none: its days were over")
    ended_at: Mapped[Instant | None]
    ended_why: Mapped[LongText | None]
