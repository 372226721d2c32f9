"""What a document is linked to: returns of it, and the sales that it returns."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Select,
    bindparam,
    case,
    cast,
    func,
    literal,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from app.db.first import First
from app.db.questions import Question
from app.domain.states import COUNTING, Unit
from app.models.sales import AwardReversal, SalesDocument

MOST_SHOWN = 50
"""Documents that are shown; a credit note of a year's bonus takes back from hundreds."""


@dataclass(frozen=True)
class Linked:
    """Another document that a document took points from, or that took points from it."""

    id: int
    number: str
    issued_on: dt.date
    points: int


@dataclass(frozen=True)
class Links:
    """What a document is linked to: the documents that took points of it back, and those whose points it took back."""

    returns: First[Linked]
    sales: First[Linked]


def links_of(session: Session, document_id: int) -> Links:
    """Give what a document is linked to by returned goods: returns of it that count, and what it returns. One query."""
    rows = _LINKS.ask(session, document_id=document_id)
    return Links(_of([row for row in rows if row.returned]), _of([row for row in rows if not row.returned]))


def _of(rows: Sequence[Any]) -> First[Linked]:
    linked = First(Linked(one.id, one.number, one.issued_on, one.points) for one in rows)
    linked.more = rows[0].documents - len(rows) if rows else 0
    return linked


def _linked(other: Any, this: Any, *, returned: bool) -> Select[*tuple[Any, ...]]:
    # a return that was refused, corrected or undone took nothing of it; of such a sale nothing is taken any more
    counts = SalesDocument.status.in_(COUNTING)
    taken = func.sum(AwardReversal.amount)
    found = (
        select(
            literal(returned).label("returned"),
            SalesDocument.id,
            SalesDocument.number,
            SalesDocument.issued_on,
            cast(taken if returned else case((counts, taken), else_=0), BigInteger).label("points"),
            func.count().over().label("documents"),  # all of them, however many are shown
        )
        .join(AwardReversal, other == SalesDocument.id)
        .where(this == bindparam("document_id"), AwardReversal.unit == Unit.POINTS, *((counts,) if returned else ()))
        .group_by(SalesDocument.id)
        .order_by(SalesDocument.issued_on, SalesDocument.id)
        .limit(MOST_SHOWN)
        .subquery()
    )
    return select(*found.c)


_LINKS = Question(
    union_all(
        _linked(AwardReversal.return_document_id, AwardReversal.sale_document_id, returned=True),
        _linked(AwardReversal.sale_document_id, AwardReversal.return_document_id, returned=False),
    ).order_by(literal_column("issued_on"), literal_column("id"))
)
