"""What happened beside sales, what it earned, and who brought whom."""

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.marks import APPEND_ONLY, KEPT
from app.db.types import Big, Coded, Id, Instant, LongText, Named, ShortText
from app.domain.states import Cut, Event, Unit
from app.models.base import Base


class HappenedEvent(Base):
    """Something that happened, once: its key cannot be told a second time."""

    __tablename__ = "happened_event"
    __table_args__ = (
        UniqueConstraint("distributor_id", "event", "key"),
        Index("ix_happened_event_program_id_happened_on_id", "program_id", "happened_on", "id"),
        ForeignKeyConstraint(
            ["program_id", "distributor_id"], ["distributor.program_id", "distributor.id"], ondelete="RESTRICT"
        ),
        {"info": {APPEND_ONLY: True}},
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    distributor_id: Mapped[Big]
    event: Mapped[Event] = mapped_column(Named(Event))
    key: Mapped[LongText] = mapped_column(comment="of whoever tells it: the same key is the same happening")
    about: Mapped[ShortText | None] = mapped_column(comment="which training, survey, tier; which event of one's own")
    happened_on: Mapped[dt.date]
    told_at: Mapped[Instant]
    told_by: Mapped[LongText | None] = mapped_column(comment="a person's sign-in name; none: the machine")


class EventAward(Base):
    """What one rule version gave for one event. What a cap left nothing of has no transaction."""

    __tablename__ = "event_award"
    __table_args__ = (
        Index("ix_event_award_rule_version_id", "rule_version_id"),
        CheckConstraint("amount between 0 and uncut", name="amount"),
        CheckConstraint("(amount = 0) = (transaction_id is null)", name="posted"),
        {"info": {APPEND_ONLY: True}},
    )

    event_id: Mapped[int] = mapped_column(ForeignKey("happened_event.id", ondelete="RESTRICT"), primary_key=True)
    rule_version_id: Mapped[int] = mapped_column(
        ForeignKey("earning_rule_version.id", ondelete="RESTRICT"), primary_key=True
    )
    unit: Mapped[Unit] = mapped_column(Coded(Unit))
    amount: Mapped[Big] = mapped_column(comment="given, after stacks and caps")
    uncut: Mapped[Big] = mapped_column(comment="what it would be without caps")
    cut_by: Mapped[Cut] = mapped_column(Coded(Cut))
    transaction_id: Mapped[int | None] = mapped_column(
        ForeignKey("ledger_transaction.id", ondelete="RESTRICT"), unique=True
    )


class Referral(Base):
    """Who brought a distributor into the programme; its first accepted sale is what the event waits for."""

    __tablename__ = "referral"
    __table_args__ = (
        ForeignKeyConstraint(
            ["program_id", "distributor_id"], ["distributor.program_id", "distributor.id"], ondelete="RESTRICT"
        ),
        ForeignKeyConstraint(
            ["program_id", "referrer_id"], ["distributor.program_id", "distributor.id"], ondelete="RESTRICT"
        ),
        Index("ix_referral_referrer_id", "referrer_id"),
        CheckConstraint("referrer_id <> distributor_id", name="not_itself"),
        {"info": {KEPT: ("referrer_id", "named_by", "named_at", "rewarded_on")}},
    )

    distributor_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    referrer_id: Mapped[Big]
    named_by: Mapped[LongText]
    named_at: Mapped[Instant]
    rewarded_on: Mapped[dt.date | None] = mapped_column(comment="day of the first accepted sale, once it was told")
