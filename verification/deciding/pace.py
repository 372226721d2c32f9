"""How the queue goes: what waits longest, how long decisions take, what takes no person, and what was not paid."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Interval, cast, func, literal_column, select, text
from sqlalchemy.orm import Session, aliased

from app.domain.states import DocumentStatus, Unit
from app.models.reviews import Review
from app.models.sales import Award, Decision, SalesDocument
from verification.deciding.queue import WAITS

DAYS = 30
"""So many days back decisions are looked at."""
LATEST = 5_000
"""Of so many documents, those that were issued last, it is told how many took no person."""


@dataclass(frozen=True)
class Pace:
    """How the queue of a programme goes.

    ``by_machine`` of ``looked_at`` documents were decided without a person. ``refused`` counts refusals of people by
    the code of their reason, ``refused_by_checks`` those that took no person; ``kept_points`` is what documents, and
    parts, that people refused would have given.
    """

    waiting: int
    oldest_at: dt.datetime | None
    decided: int
    median: dt.timedelta | None
    by_machine: int
    looked_at: int
    refused: Sequence[tuple[str | None, int]]
    refused_by_checks: int
    kept_points: int

    @property
    def by_machine_bp(self) -> int | None:
        """Give how many took no person, in hundredths of a per cent; None where nothing came yet."""
        return 10_000 * self.by_machine // self.looked_at if self.looked_at else None


def pace(session: Session, program_id: int, *, now: dt.datetime) -> Pace:
    """Tell how the queue of a programme goes."""
    since = now - dt.timedelta(days=DAYS)
    waiting, oldest = session.execute(
        select(func.count(), func.min(func.coalesce(Review.opened_at, SalesDocument.counted_at)))
        .select_from(SalesDocument)
        .outerjoin(Review, Review.document_id == SalesDocument.id)
        .where(SalesDocument.program_id == program_id, WAITS)
    ).one()
    decided, median = usual(session, program_id, now=now)
    by_machine, looked_at = session.execute(_by_machine(program_id)).one()
    refusals = session.execute(
        select(Decision.reason_code, func.count())
        .join(Review, Review.document_id == Decision.document_id)
        .where(
            Review.program_id == program_id,
            Review.closed_at >= since,
            Decision.decided_at >= since,
            Decision.becomes.in_((DocumentStatus.REFUSED, DocumentStatus.SUPERSEDED)),
        )
        .group_by(Decision.reason_code)
        .order_by(func.count().desc(), Decision.reason_code)
    ).all()
    by_checks, kept = session.execute(
        select(_refused_by_checks(program_id, since).scalar_subquery(), _kept(program_id, since).scalar_subquery())
    ).one()
    return Pace(
        waiting=waiting,
        oldest_at=oldest,
        decided=decided,
        median=median,
        by_machine=by_machine,
        looked_at=looked_at,
        refused=[(code, count) for code, count in refusals],
        refused_by_checks=by_checks,
        kept_points=kept,
    )


def usual(session: Session, program_id: int, *, now: dt.datetime) -> tuple[int, dt.timedelta | None]:
    """Tell how many documents people decided in the last `DAYS`, and how long half of them took at most. One query."""
    middle: Any = func.percentile_disc(literal_column("0.5"))
    # what another wording took the place of is decided with that one
    decided, median = session.execute(
        select(func.count(), cast(middle.within_group(Review.closed_at - Review.opened_at), Interval))
        .join(SalesDocument, SalesDocument.id == Review.document_id)
        .where(
            Review.program_id == program_id,
            Review.closed_at >= now - dt.timedelta(days=DAYS),
            SalesDocument.status != DocumentStatus.SUPERSEDED,
        )
    ).one()
    return decided, median


def _by_machine(program_id: int) -> Any:
    latest = (
        select(SalesDocument.id, SalesDocument.status)
        .where(SalesDocument.program_id == program_id)
        .order_by(SalesDocument.issued_on.desc(), SalesDocument.id.desc())
        .limit(LATEST)
        .subquery()
    )
    alone = Review.document_id.is_(None) & (latest.c.status != DocumentStatus.REVIEW)
    return select(func.count().filter(alone), func.count()).select_from(
        latest.outerjoin(Review, Review.document_id == latest.c.id)
    )


def _refused_by_checks(program_id: int, since: dt.datetime) -> Any:
    return (
        select(func.count())
        .select_from(SalesDocument)
        .outerjoin(Review, Review.document_id == SalesDocument.id)
        .where(
            SalesDocument.program_id == program_id,
            text("sales_document.status = 3"),  # as the index says it
            SalesDocument.counted_at >= since,
            Review.document_id.is_(None),
            ~select(Decision.id).where(Decision.document_id == SalesDocument.id).exists(),
        )
    )


def _kept(program_id: int, since: dt.datetime) -> Any:
    """Sum what refused documents would have given, and of those that were accepted in part what they lost."""
    part = aliased(SalesDocument)

    def decided(becomes: DocumentStatus) -> Any:
        return (
            select(SalesDocument.id, SalesDocument.program_id, SalesDocument.document_key)
            .join(Review, Review.document_id == SalesDocument.id)
            .join(Decision, Decision.document_id == SalesDocument.id)
            .where(Review.program_id == program_id, Review.closed_at >= since)
            .where(Decision.becomes == becomes, SalesDocument.status == becomes)
            .distinct()
            .subquery()
        )

    refused, whole = decided(DocumentStatus.REFUSED), decided(DocumentStatus.SUPERSEDED)
    parts = (
        select(part.id)
        .join(whole, (part.program_id == whole.c.program_id) & (part.document_key == whole.c.document_key))
        .where(part.supersedes_id == whole.c.id, part.status == DocumentStatus.ACCEPTED)
        .subquery()
    )
    lost = _points_of(refused.c.id) + _points_of(whole.c.id) - _points_of(parts.c.id)
    return select(cast(lost, BigInteger))


def _points_of(document_ids: Any) -> Any:
    return (
        select(func.coalesce(func.sum(Award.amount), 0))
        .join_from(document_ids.table, Award, Award.document_id == document_ids)
        .where(Award.unit == Unit.POINTS)
        .scalar_subquery()
    )
