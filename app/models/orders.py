"""Orders of rewards: baskets, orders with their lines and what happened to them, files for suppliers, codes, draws."""

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.marks import APPEND_ONLY, KEPT, reference
from app.db.types import Big, Id, Instant, LongText, Named, ShortText
from app.domain.states import OrderState, OrderWord, RewardKind, SupplierFileState
from app.models.base import Base


class BasketItem(Base):
    """What somebody has put aside to order for their distributor."""

    __tablename__ = "basket_item"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True)
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributor.id", ondelete="RESTRICT"), primary_key=True)
    reward_id: Mapped[int] = mapped_column(ForeignKey("reward.id", ondelete="RESTRICT"), primary_key=True)
    quantity: Mapped[int]
    with_cash: Mapped[bool] = mapped_column(server_default="false", comment="at the price of points and money")


class SupplierFile(Base):
    """What one supplier is asked to send: written once, and what was given out stays what it is."""

    __tablename__ = "supplier_file"
    __table_args__ = (
        Index("ix_supplier_file_program_id_made_at_id", "program_id", "made_at", "id"),
        CheckConstraint("(state = 'written') = (sent_at IS NULL)", name="sent_as_a_whole"),
        {"info": {KEPT: ("state", "sent_at")}},
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    supplier: Mapped[ShortText | None] = mapped_column(comment="none: the sponsor sends by itself")
    state: Mapped[SupplierFileState] = mapped_column(Named(SupplierFileState))
    lines: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, comment="the workbook")
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    made_by: Mapped[LongText]
    made_at: Mapped[Instant]
    sent_at: Mapped[Instant | None]


class RewardOrder(Base):
    """What a distributor orders at once; its points are reserved line by line."""

    __tablename__ = "reward_order"
    __table_args__ = (
        UniqueConstraint("distributor_id", "key"),
        Index("ix_reward_order_program_id_placed_at_id", "program_id", "placed_at", "id"),
        Index("ix_reward_order_waiting", "program_id", postgresql_where=text("state = 'waiting'")),
        Index(
            "ix_reward_order_of_the_erased", "id", postgresql_where=text("address_by LIKE 'erased-%@erased.invalid'")
        ),
        CheckConstraint("approved_by IS NULL OR lower(trim(approved_by)) <> lower(trim(placed_by))", name="four_eyes"),
        CheckConstraint("approved_at IS NOT NULL OR state IN ('waiting', 'cancelled')", name="approved_before_it_goes"),
        CheckConstraint("points > 0 AND worth_minor >= 0", name="figures_make_sense"),
        CheckConstraint(
            "(paid_at IS NULL) = (paid_minor IS NULL) AND (paid_at IS NULL) = (paid_by IS NULL)", name="paid_as_a_whole"
        ),
        CheckConstraint("approved_at IS NULL OR cash_minor = 0 OR paid_at IS NOT NULL", name="paid_before_it_goes"),
        CheckConstraint(
            "cash_minor >= 0 AND paid_minor >= 0 AND repaid_minor >= 0 AND repaid_minor <= coalesce(paid_minor, 0)",
            name="money_makes_sense",
        ),
        {
            "info": {
                KEPT: (
                    *("distributor_id", "state", "address", "address_by", "placed_by", "note", "approved_by"),
                    *("approved_at", "cash_minor", "paid_minor", "paid_at", "paid_by", "repaid_minor"),
                )
            }
        },
    )

    id: Mapped[Id]
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id", ondelete="RESTRICT"))
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributor.id", ondelete="RESTRICT"))
    key: Mapped[ShortText] = mapped_column(comment="of the page that sent it: who presses twice orders once")
    state: Mapped[OrderState] = mapped_column(Named(OrderState), comment="of the line that is least far")
    points: Mapped[Big] = mapped_column(comment="what it cost when it was placed")
    worth_minor: Mapped[Big] = mapped_column(comment="what those points were worth then")
    cash_minor: Mapped[Big] = mapped_column(server_default="0", comment="the money that it cost besides")
    paid_minor: Mapped[Big | None] = mapped_column(comment="the money that came in; none: it has not come")
    paid_at: Mapped[Instant | None]
    paid_by: Mapped[LongText | None] = mapped_column(comment="who noted that it came")
    repaid_minor: Mapped[Big] = mapped_column(server_default="0", comment="of it, what was given back")
    address: Mapped[dict[str, Any] | None] = mapped_column(JSONB, comment="where goods go; none: nothing is sent")
    address_by: Mapped[LongText | None] = mapped_column(comment="who said where they go")
    note: Mapped[LongText | None]
    placed_by: Mapped[LongText]
    placed_at: Mapped[Instant]
    approved_by: Mapped[LongText | None] = mapped_column(comment="none: its value asked for nobody")
    approved_at: Mapped[Instant | None]


class OrderLine(Base):
    """So many of one reward, at the price of the moment."""

    __tablename__ = "order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        Index("ix_order_line_approved", "order_id", postgresql_where=text("state = 'approved'")),
        CheckConstraint("quantity > 0 AND cancelled >= 0 AND cancelled <= quantity", name="quantity"),
        CheckConstraint("(state = 'cancelled') = (cancelled = quantity)", name="cancelled_as_a_whole"),
        CheckConstraint("returned >= 0 AND returned <= cancelled", name="returned_are_cancelled"),
        CheckConstraint("returned = 0 OR delivered_on IS NOT NULL", name="returned_had_come"),
        CheckConstraint("unit_points > 0", name="points_above_zero"),
        CheckConstraint("unit_cash_minor >= 0", name="money_makes_sense"),
        {
            "info": {
                KEPT: (
                    *("state", "cancelled", "returned", "supplier_file_id", "carrier", "tracking", "shipped_on"),
                    "delivered_on",
                )
            }
        },
    )

    id: Mapped[Id]
    order_id: Mapped[int] = mapped_column(ForeignKey("reward_order.id", ondelete="RESTRICT"))
    position: Mapped[int] = mapped_column(Integer)
    reward_id: Mapped[int] = mapped_column(ForeignKey("reward.id", ondelete="RESTRICT"), index=True)
    name: Mapped[LongText] = mapped_column(comment="what the reward was called")
    kind: Mapped[RewardKind] = mapped_column(Named(RewardKind), comment="what it was, whatever it became since")
    quantity: Mapped[int]
    cancelled: Mapped[int] = mapped_column(server_default="0", comment="so many of them will not come")
    returned: Mapped[int] = mapped_column(server_default="0", comment="of those, so many had come and went back")
    unit_points: Mapped[Big] = mapped_column(comment="what one cost")
    unit_cash_minor: Mapped[Big] = mapped_column(server_default="0", comment="the money that one cost besides")
    priced: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="what computed that: regular price, season, cost …")
    reservation_id: Mapped[int] = reference("ledger_transaction")
    state: Mapped[OrderState] = mapped_column(Named(OrderState))
    supplier: Mapped[ShortText | None]
    supplier_file_id: Mapped[int | None] = mapped_column(
        ForeignKey("supplier_file.id", ondelete="RESTRICT"), index=True
    )
    carrier: Mapped[ShortText | None]
    tracking: Mapped[ShortText | None]
    shipped_on: Mapped[dt.date | None]
    delivered_on: Mapped[dt.date | None]


class OrderEvent(Base):
    """One thing that happened to an order, or to one of its lines."""

    __tablename__ = "order_event"
    __table_args__ = ({"info": {APPEND_ONLY: True}},)

    id: Mapped[Id]
    order_id: Mapped[int] = mapped_column(ForeignKey("reward_order.id", ondelete="RESTRICT"), index=True)
    line_id: Mapped[int | None] = mapped_column(ForeignKey("order_line.id", ondelete="RESTRICT"))
    word: Mapped[OrderWord] = mapped_column(Named(OrderWord))
    quantity: Mapped[int | None]
    words: Mapped[LongText | None]
    actor: Mapped[LongText | None] = mapped_column(comment="none: the machine")
    at: Mapped[Instant]


class VoucherCode(Base):
    """A code that somebody can be given, once. Its text is sealed; nobody but its owner is shown it."""

    __tablename__ = "voucher_code"
    __table_args__ = (
        UniqueConstraint("reward_id", "code_hash"),
        Index("ix_voucher_code_free", "reward_id", "id", postgresql_where=text("line_id IS NULL")),
        CheckConstraint("(line_id IS NULL) = (given_at IS NULL)", name="given_as_a_whole"),
        CheckConstraint(
            "(used_at IS NULL) = (used_for IS NULL) AND (used_at IS NULL OR given_at IS NOT NULL)",
            name="used_as_a_whole",
        ),
        {"info": {KEPT: ("line_id", "given_at", "used_at", "used_for")}},
    )

    id: Mapped[Id]
    reward_id: Mapped[int] = mapped_column(ForeignKey("reward.id", ondelete="RESTRICT"))
    sealed: Mapped[LongText]
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, comment="tells whether it is here already")
    usable_until: Mapped[LongText | None] = mapped_column(comment="as its issuer says it")
    line_id: Mapped[int | None] = mapped_column(ForeignKey("order_line.id", ondelete="RESTRICT"), index=True)
    given_at: Mapped[Instant | None]
    used_at: Mapped[Instant | None]
    used_for: Mapped[LongText | None] = mapped_column(comment="of a discount: the number of the purchase that had it")


class Draw(Base):
    """A draw among the tickets of one reward. The hash of its seed stands there before the first ticket."""

    __tablename__ = "draw"
    __table_args__ = (
        CheckConstraint("prizes > 0", name="prizes"),
        CheckConstraint(
            "(drawn_at IS NULL) = (seed IS NULL) AND (drawn_at IS NULL) = (list_hash IS NULL)"
            " AND (drawn_at IS NULL) = (drawn_by IS NULL)",
            name="drawn_as_a_whole",
        ),
        {"info": {KEPT: ("prizes", "seed", "list_hash", "drawn_by", "drawn_at")}},
    )

    id: Mapped[Id]
    reward_id: Mapped[int] = mapped_column(ForeignKey("reward.id", ondelete="RESTRICT"), unique=True)
    prizes: Mapped[int]
    promised_hash: Mapped[bytes] = mapped_column(LargeBinary, comment="SHA-256 of the seed")
    sealed_seed: Mapped[LongText]
    seed: Mapped[bytes | None] = mapped_column(LargeBinary, comment="shown once it is drawn")
    list_hash: Mapped[bytes | None] = mapped_column(LargeBinary, comment="SHA-256 of the tickets that took part")
    drawn_by: Mapped[LongText | None]
    drawn_at: Mapped[Instant | None]
    created_at: Mapped[Instant]


class DrawTicket(Base):
    """A ticket: its number is what is drawn."""

    __tablename__ = "draw_ticket"
    __table_args__ = (
        UniqueConstraint("draw_id", "number"),
        UniqueConstraint("draw_id", "place"),
        CheckConstraint("number > 0 AND place > 0", name="numbers"),
        {"info": {KEPT: ("place",)}},
    )

    id: Mapped[Id]
    draw_id: Mapped[int] = mapped_column(ForeignKey("draw.id", ondelete="RESTRICT"))
    number: Mapped[int]
    line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id", ondelete="RESTRICT"), index=True)
    place: Mapped[int | None] = mapped_column(comment="what it won: 1 is the first prize")
