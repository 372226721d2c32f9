"""What distributors earned or sold within spans of days: what tiers count, set-wise for as many as are asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, ColumnElement, Date, Select, and_, cast, func, literal, or_, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.domain.exact import Ints
from app.domain.states import DocumentStatus, TransactionKind, Unit
from app.domain.tier_settings import Metric
from app.domain.tiers import Span
from app.models.distributors import Distributor
from app.models.events import EventAward, HappenedEvent
from app.models.ledger import Account, LedgerEntry, LedgerTransaction
from app.models.promotions import PromotionPayment, PromotionStanding
from app.models.sales import SalesDocument
from app.services.waiting_sales import SALE_WAITS

BY_SALES = (TransactionKind.AWARD, TransactionKind.REVERSAL, TransactionKind.VOID)


@dataclass(frozen=True)
class Question:
    """How much somebody has within a span."""

    distributor_id: int
    span: Span


def counted(session: Session, metric: Metric, questions: Sequence[Question]) -> Ints:
    """Answer questions, in their order, in the smallest unit. What was merged into a distributor counts as its own.

    Points are counted as they were earned, whoever's account they stand on: what accepted documents gave, less what
    returns took back, and what promotions and events gave. What was spent, expired or booked by hand is none of it.
    Amounts are those of sales that earn: one that waits to be claimed is none of them.
    """
    if not questions:
        return np.zeros(0, dtype=np.int64)
    asked = _Asked(questions)
    parts = [_sold(asked)] if metric is Metric.AMOUNT else [_by_documents(asked), _by_events(asked), _by_aims(asked)]
    every = union_all(*parts).subquery()
    total = cast(func.sum(every.c.amount), BigInteger)
    found: dict[int, int] = dict(session.execute(select(every.c.number, total).group_by(every.c.number)).all())
    return np.asarray([found.get(at, 0) for at in range(len(questions))], dtype=np.int64)


class _Asked:
    """The questions as a table, with everybody who counts for whom they are about."""

    def __init__(self, questions: Sequence[Question]) -> None:
        def column(values: list[Any], of: Any) -> ColumnElement[Any]:
            return literal(values, ARRAY(of))

        rows = (
            func.unnest(
                column([one.distributor_id for one in questions], BigInteger),
                column([one.span[0] for one in questions], Date),
                column([one.span[1] for one in questions], Date),
            )
            .table_valued("distributor_id", "first_on", "last_on", with_ordinality="number")
            .render_derived()
        )
        self.table = (
            select(
                (rows.c.number - 1).label("number"),
                Distributor.id.label("distributor_id"),
                rows.c.first_on,
                rows.c.last_on,
            )
            .join(Distributor, func.coalesce(Distributor.merged_into_id, Distributor.id) == rows.c.distributor_id)
            .cte("asked")
        )

    def within(self, day: Any) -> ColumnElement[bool]:
        """Give the condition that a day lies in the span."""
        of = self.table.c
        return and_(or_(of.first_on.is_(None), day >= of.first_on), or_(of.last_on.is_(None), day <= of.last_on))


def _documents(asked: _Asked) -> tuple[ColumnElement[bool], ...]:
    return (
        SalesDocument.distributor_id == asked.table.c.distributor_id,
        SalesDocument.status == DocumentStatus.ACCEPTED,
        asked.within(SalesDocument.issued_on),
    )


def _sold(asked: _Asked) -> Select[int, int]:
    return select(asked.table.c.number, SalesDocument.net_minor.label("amount")).join(
        SalesDocument, and_(*_documents(asked), SALE_WAITS.is_(False))
    )


def _by_documents(asked: _Asked) -> Select[int, int]:
    return (
        select(asked.table.c.number, LedgerEntry.amount.label("amount"))
        .join(SalesDocument, and_(*_documents(asked)))
        .join(LedgerTransaction, LedgerTransaction.document_id == SalesDocument.id)
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .join(Account, Account.id == LedgerEntry.account_id)
        .where(LedgerTransaction.kind.in_(BY_SALES), Account.unit == Unit.POINTS, Account.distributor_id.is_not(None))
    )


def _by_events(asked: _Asked) -> Select[int, int]:
    return (
        select(asked.table.c.number, EventAward.amount.label("amount"))
        .join(HappenedEvent, HappenedEvent.distributor_id == asked.table.c.distributor_id)
        .join(EventAward, EventAward.event_id == HappenedEvent.id)
        .where(EventAward.unit == Unit.POINTS, asked.within(HappenedEvent.happened_on))
    )


def _by_aims(asked: _Asked) -> Select[int, int]:
    return (
        select(asked.table.c.number, PromotionPayment.amount.label("amount"))
        .join(PromotionStanding, PromotionStanding.distributor_id == asked.table.c.distributor_id)
        .join(PromotionPayment, PromotionPayment.standing_id == PromotionStanding.id)
        .join(LedgerTransaction, LedgerTransaction.id == PromotionPayment.transaction_id)
        .where(asked.within(LedgerTransaction.effective_on))
    )
