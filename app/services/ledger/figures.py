"""Sums by month, kept beside the facts so that no chart or report adds up a million lines.

Whoever changes a month says so (`touch`), in the same transaction and without waiting for anybody. A refresh takes what
was said and makes those months anew, set-wise, from documents and entries: the sums can be thrown away at any time.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Select,
    and_,
    any_,
    bindparam,
    cast,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.db.bulk import table_of
from app.db.prepared import Prepared
from app.domain.states import BatchStatus, DocumentKind, DocumentStatus
from app.models.events import EventAward, HappenedEvent
from app.models.figures import FiguresState, PointsMonth, ProductMonth, RuleMonth, SalesMonth, TouchedMonth
from app.models.imports import ImportBatch
from app.models.ledger import Account, LedgerEntry, LedgerTransaction
from app.models.sales import Award, SalesDocument, SalesLine
from app.services.ledger.event_awards import stands

_TOUCH = Prepared(
    insert(table_of(TouchedMonth)).from_select(
        ["program_id", "month_on"],
        select(bindparam("program", type_=BigInteger), func.unnest(bindparam("months", type_=ARRAY(Date)), type_=Date)),
    )
)

AT_MOST_EVERY = dt.timedelta(seconds=20)
"""While things change all the time, the sums are made anew so often and no oftener."""
AT_MOST_EVERY_WHILE_COUNTING = dt.timedelta(minutes=10)


def touch(session: Session, program_id: int, days: np.ndarray) -> None:
    """Say that something changed on these days (``datetime64[D]``). The caller commits."""
    months = np.unique(days.astype("datetime64[M]")).astype("datetime64[D]")
    if months.size:
        _TOUCH.send(session, program=program_id, months=months)


def waiting(session: Session, now: dt.datetime) -> list[int]:
    """Name the programmes of which a month was touched, and whose sums are not of this moment already.

    While a file is being counted, each shard touches every month of a year, and what adds them up takes its time from
    the import: then it is done seldom, and once more at the import's end.
    """
    made = func.coalesce(FiguresState.refreshed_at, dt.datetime.min.replace(tzinfo=dt.UTC))
    counting = (
        select(ImportBatch.id)
        .where(ImportBatch.program_id == TouchedMonth.program_id, ImportBatch.status == BatchStatus.LOADING)
        .exists()
    )
    return list(
        session.scalars(
            select(TouchedMonth.program_id)
            .outerjoin(FiguresState, FiguresState.program_id == TouchedMonth.program_id)
            .where(
                or_(
                    made > now + AT_MOST_EVERY,  # by a clock that was ahead: it does not say how old they are
                    and_(made <= now - AT_MOST_EVERY, or_(made <= now - AT_MOST_EVERY_WHILE_COUNTING, ~counting)),
                )
            )
            .distinct()
        )
    )


def refresh(session: Session, program_id: int, now: dt.datetime) -> list[dt.date]:
    """Make the touched months of a programme anew. Returns them. Safe to call at once from several places.

    What is not committed yet was not said yet either: it stays for the next refresh. The caller commits.
    """
    made = upsert(FiguresState).values(program_id=program_id, refreshed_at=now)
    # the row is held until the transaction ends: refreshes of a programme follow one another
    session.execute(made.on_conflict_do_update(index_elements=["program_id"], set_={"refreshed_at": now}))
    gone = delete(TouchedMonth).where(TouchedMonth.program_id == program_id).returning(TouchedMonth.month_on)
    months = sorted(set(session.scalars(gone)))
    if months:
        _sales(session, program_id, months)
        _products(session, program_id, months)
        _points(session, program_id, months)
        _rules(session, program_id, months)
    return months


def refreshed_at(session: Session, program_id: int) -> dt.datetime | None:
    """Tell of which moment the sums are; None where there are none yet."""
    return session.scalars(select(FiguresState.refreshed_at).where(FiguresState.program_id == program_id)).one_or_none()


def _sales(session: Session, program_id: int, months: Sequence[dt.date]) -> None:
    month = _month(SalesDocument.issued_on)
    _remake(
        session,
        SalesMonth,
        program_id,
        months,
        ["program_id", "month_on", "distributor_id", "documents", "lines", "net_minor"],
        select(
            SalesDocument.program_id,
            month,
            SalesDocument.distributor_id,
            func.count(),
            func.sum(SalesDocument.line_count),
            func.sum(SalesDocument.net_minor),
        )
        .where(*_counted(program_id, months))
        .group_by(SalesDocument.program_id, month, SalesDocument.distributor_id),
    )


def _products(session: Session, program_id: int, months: Sequence[dt.date]) -> None:
    month = _month(SalesDocument.issued_on)
    _remake(
        session,
        ProductMonth,
        program_id,
        months,
        ["program_id", "month_on", "product_id", "quantity_milli", "net_minor", "lines"],
        select(
            SalesDocument.program_id,
            month,
            SalesLine.product_id,
            func.sum(SalesLine.quantity_milli),
            func.sum(SalesLine.net_minor),
            func.count().filter(SalesDocument.kind == DocumentKind.INVOICE, SalesLine.quantity_milli > 0),
        )
        .join(SalesLine, SalesLine.document_id == SalesDocument.id)
        .where(*_counted(program_id, months))
        .group_by(SalesDocument.program_id, month, SalesLine.product_id),
    )


def _points(session: Session, program_id: int, months: Sequence[dt.date]) -> None:
    month = _month(LedgerTransaction.effective_on)
    _remake(
        session,
        PointsMonth,
        program_id,
        months,
        ["program_id", "month_on", "unit", "kind", "amount"],
        select(
            LedgerTransaction.program_id,
            month,
            Account.unit,
            LedgerTransaction.kind,
            func.sum(LedgerEntry.amount),
        )
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .join(Account, Account.id == LedgerEntry.account_id)
        .where(
            LedgerTransaction.program_id == program_id,
            LedgerTransaction.effective_on >= months[0],
            LedgerTransaction.effective_on < _after(months[-1]),
            month == any_(literal(list(months), ARRAY(Date))),
            Account.distributor_id.is_not(None),
        )
        .group_by(LedgerTransaction.program_id, month, Account.unit, LedgerTransaction.kind),
    )


def _rules(session: Session, program_id: int, months: Sequence[dt.date]) -> None:
    month = _month(SalesDocument.issued_on)
    of_sales = (
        select(SalesDocument.program_id, month, Award.rule_version_id, Award.unit, func.sum(Award.amount))
        .join(Award, Award.document_id == SalesDocument.id)
        .where(*_counted(program_id, months))
        .group_by(SalesDocument.program_id, month, Award.rule_version_id, Award.unit)
    )
    month = _month(HappenedEvent.happened_on)
    of_events = (
        select(
            HappenedEvent.program_id, month, EventAward.rule_version_id, EventAward.unit, func.sum(EventAward.amount)
        )
        .join(EventAward, EventAward.event_id == HappenedEvent.id)
        .where(
            stands(),
            HappenedEvent.program_id == program_id,
            HappenedEvent.happened_on >= months[0],
            HappenedEvent.happened_on < _after(months[-1]),
            month == any_(literal(list(months), ARRAY(Date))),
        )
        .group_by(HappenedEvent.program_id, month, EventAward.rule_version_id, EventAward.unit)
    )
    # a rule is of sales or of events, and so is each of its versions
    told = union_all(of_sales, of_events).subquery()
    columns = ["program_id", "month_on", "rule_version_id", "unit", "amount"]
    _remake(session, RuleMonth, program_id, months, columns, select(*told.c))


_Sums: TypeAlias = type[SalesMonth] | type[ProductMonth] | type[PointsMonth] | type[RuleMonth]


def _remake(
    session: Session,
    model: _Sums,
    program_id: int,
    months: Sequence[dt.date],
    names: Sequence[str],
    query: Select[*tuple[Any, ...]],
) -> None:
    session.execute(
        delete(model)
        .where(model.program_id == program_id, model.month_on == any_(literal(list(months), ARRAY(Date))))
        .execution_options(synchronize_session=False)
    )
    session.execute(insert(model).from_select(names, query))


def _counted(program_id: int, months: Sequence[dt.date]) -> tuple[ColumnElement[bool], ...]:
    return (
        SalesDocument.program_id == program_id,
        SalesDocument.status == DocumentStatus.ACCEPTED,
        SalesDocument.issued_on >= months[0],
        SalesDocument.issued_on < _after(months[-1]),
        _month(SalesDocument.issued_on) == any_(literal(list(months), ARRAY(Date))),
    )


def _month(day: Any) -> ColumnElement[dt.date]:
    return cast(func.date_trunc("month", day), Date)


def _after(month: dt.date) -> dt.date:
    return (month.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
