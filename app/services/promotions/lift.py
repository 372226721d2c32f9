"""What a promotion may have moved: sales of its days beside as many days before, inside and outside of it (K10).

Whole programmes grow and shrink by themselves: how those outside moved is taken off. Of a promotion that goes on, the
days that are over count; of it and of its base period as many as the shorter of both has, from the first day on.
"""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import BigInteger, ColumnElement, case, cast, func, select
from sqlalchemy.orm import Session

from app.domain.measures.exact import half_up_of
from app.domain.states import DocumentStatus
from app.models.promotions import Promotion, PromotionStanding
from app.models.sales import SalesDocument

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Moved:
    """Net sales before and during, in minor units."""

    before: int
    during: int

    @property
    def bp(self) -> int | None:
        """Give the growth in basis points, rounded half up; None where nothing was sold before."""
        return None if self.before <= 0 else half_up_of((self.during - self.before) * 10_000, self.before)


@dataclass(frozen=True)
class Lift:
    """How those inside of a promotion moved, and those outside of it.

    ``lift_minor`` is what those inside sold beyond what they would have, had they moved as those outside did; None
    where nobody is outside, or nothing was sold before.
    """

    before_from: dt.date
    before_until: dt.date
    during_from: dt.date
    during_until: dt.date
    inside: Moved
    outside: Moved

    @property
    def days(self) -> int:
        """Give how many days are compared with as many."""
        return (self.during_until - self.during_from).days + 1

    @property
    def lift_minor(self) -> int | None:
        """Give the sales that the promotion may have brought."""
        if self.inside.before <= 0 or self.outside.before <= 0:
            return None
        return self.inside.during - self.inside.before * self.outside.during // self.outside.before


def lift_of(session: Session, promotion: Promotion, today: dt.date) -> Lift | None:
    """Compare a promotion's days with those of its base period, or with as many days before. None: no day is over.

    All accepted sales count. ``today`` is the day in the programme's time zone.
    """
    spans = _spans(promotion, today)
    if spans is None:
        return None
    before_from, before_until, first, last = spans
    takes_part = (
        select(PromotionStanding.id)
        .where(
            PromotionStanding.promotion_id == promotion.id,
            PromotionStanding.distributor_id == SalesDocument.distributor_id,
        )
        .exists()
    )
    by_distributor = (
        select(
            SalesDocument.distributor_id,
            takes_part.label("inside"),
            _within(before_from, before_until).label("before"),
            _within(first, last).label("during"),
        )
        .where(
            SalesDocument.program_id == promotion.program_id,
            SalesDocument.status == DocumentStatus.ACCEPTED,
            SalesDocument.issued_on.between(min(before_from, first), max(before_until, last)),
        )
        .group_by(SalesDocument.distributor_id)
        .subquery()
    )
    rows = session.execute(
        select(
            by_distributor.c.inside,
            cast(func.sum(by_distributor.c.before), BigInteger),
            cast(func.sum(by_distributor.c.during), BigInteger),
        ).group_by(by_distributor.c.inside)
    ).all()
    found = {bool(inside): Moved(before, during) for inside, before, during in rows}
    nothing = Moved(0, 0)
    return Lift(*spans, found.get(True, nothing), found.get(False, nothing))


def _spans(promotion: Promotion, today: dt.date) -> tuple[dt.date, dt.date, dt.date, dt.date] | None:
    """Give the first and last days that are compared, of before and of the promotion: equally many."""
    first, last = promotion.first_on, promotion.last_on
    assert first is not None, "a published promotion has days"
    assert last is not None, "a published promotion has days"
    days = (min(last + _DAY, today) - first).days
    if days < 1:
        return None
    if promotion.base_first_on is None or promotion.base_last_on is None:
        return first - days * _DAY, first - _DAY, first, first + (days - 1) * _DAY
    days = min(days, (promotion.base_last_on - promotion.base_first_on).days + 1)
    more = (days - 1) * _DAY
    return promotion.base_first_on, promotion.base_first_on + more, first, first + more


def _within(first: dt.date, last: dt.date) -> ColumnElement[int]:
    net = case((SalesDocument.issued_on.between(first, last), SalesDocument.net_minor), else_=0)
    return func.coalesce(func.sum(net), 0)
