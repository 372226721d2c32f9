"""What distributors earned or sold within spans of days: what tiers count, set-wise for as many as are asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Numeric,
    Select,
    and_,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased

from app.domain.measures.exact import Ints
from app.domain.program_file.tier_settings import Metric
from app.domain.rules.tiers import Span
from app.domain.states import COUNTING, DocumentStatus, TransactionKind, Unit
from app.models.distributors import Distributor
from app.models.events import EventAward, HappenedEvent
from app.models.ledger import Account, LedgerEntry, LedgerTransaction
from app.models.promotions import PromotionPayment, PromotionStanding
from app.models.sales import AwardReversal, ReturnMatch, SalesDocument, SalesLine
from app.services.ledger.event_awards import stands
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
    Amounts are those of sales that earn: one that waits to be claimed is none of them. What goods of a sale went back
    with that counts no more lowers nothing: neither does the sale count.
    """
    if not questions:
        return np.zeros(0, dtype=np.int64)
    asked = _Asked(questions)
    by_points = (_by_documents, _not_taken, _by_events, _by_aims)
    parts = [part(asked) for part in ((_sold, _not_returned) if metric is Metric.AMOUNT else by_points)]
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


_SALE = aliased(SalesDocument)
"""What goods were sold with that went back."""


def _not_returned(asked: _Asked) -> Select[int, int]:
    """Give what lines of returns come to as far as they return what counts no more, above zero; rounded half up."""
    whole, part = func.abs(SalesLine.quantity_milli), func.sum(ReturnMatch.quantity_milli)
    size = func.div(2 * func.abs(SalesLine.net_minor) * cast(part, Numeric) + whole, 2 * whole)
    amount = cast(-func.sign(SalesLine.net_minor) * size, BigInteger)
    return (
        select(asked.table.c.number, amount.label("amount"))
        .join(SalesDocument, and_(*_documents(asked)))
        .join(ReturnMatch, ReturnMatch.return_document_id == SalesDocument.id)
        .join(_SALE, and_(_SALE.id == ReturnMatch.sale_document_id, _SALE.status.not_in(COUNTING)))
        .join(
            SalesLine,
            and_(
                SalesLine.document_id == ReturnMatch.return_document_id,
                SalesLine.line_number == ReturnMatch.return_line_number,
            ),
        )
        .group_by(
            asked.table.c.number,
            *(SalesLine.document_id, SalesLine.line_number, SalesLine.net_minor, SalesLine.quantity_milli),
        )
    )


def _not_taken(asked: _Asked) -> Select[int, int]:
    """Give what returns took of sales that count no more: no more than they took at all, for some may be forgiven."""
    took = (
        select(-func.sum(LedgerEntry.amount))
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .join(Account, Account.id == LedgerEntry.account_id)
        .where(
            LedgerTransaction.document_id == SalesDocument.id,
            LedgerTransaction.kind == TransactionKind.REVERSAL,
            Account.unit == Unit.POINTS,
            Account.distributor_id.is_not(None),
        )
        .scalar_subquery()
    )
    amount = func.least(func.sum(AwardReversal.amount), func.coalesce(took, 0))
    return (
        select(asked.table.c.number, cast(amount, BigInteger).label("amount"))
        .join(SalesDocument, and_(*_documents(asked)))
        .join(AwardReversal, AwardReversal.return_document_id == SalesDocument.id)
        .join(_SALE, and_(_SALE.id == AwardReversal.sale_document_id, _SALE.status.not_in(COUNTING)))
        .where(AwardReversal.unit == Unit.POINTS)
        .group_by(asked.table.c.number, SalesDocument.id)
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
        .where(EventAward.unit == Unit.POINTS, stands(), asked.within(HappenedEvent.happened_on))
    )


def _by_aims(asked: _Asked) -> Select[int, int]:
    return (
        select(asked.table.c.number, PromotionPayment.amount.label("amount"))
        .join(PromotionStanding, PromotionStanding.distributor_id == asked.table.c.distributor_id)
        .join(PromotionPayment, PromotionPayment.standing_id == PromotionStanding.id)
        .join(LedgerTransaction, LedgerTransaction.id == PromotionPayment.transaction_id)
        .where(asked.within(LedgerTransaction.effective_on))
    )
