"""Whether the money of a load is on its card: what the provider answered, and what people corrected of it since.

A statement may contradict an answer. Whoever lets an adjustment follow (`app.domain.program_file.reconciliation`) says
that the money is not there, and the points go back; or that it is there after all, and they are taken. Tax,
compensation and invoices go by that, as the points do: from the moment on in which a second person has approved the
adjustment.
"""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, Select, String, Subquery, and_, case, cast, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.util import AliasedClass

from app.domain.program_file.reconciliation import GIVES, TAKES
from app.domain.states import Correction, FindingKind, TopUpStatus
from app.models.desk import AdjustmentRequest
from app.models.prepaid import TopUp
from app.models.reconciling import StatementFinding

ENDED_WITHOUT = (TopUpStatus.FAILED, TopUpStatus.CANCELLED)
"""Loads of which nothing is on a card, by the provider's answer."""

_FOUND, _ASKED = aliased(StatementFinding), aliased(AdjustmentRequest)
_WAY = case((_FOUND.kind.in_(TAKES), 1), (_FOUND.kind.in_(GIVES), -1), else_=0)
_OTHER = _FOUND.kind == FindingKind.AMOUNT_DIFFERS
# a part that was booked back was told by itself, below zero, before all bookings of a load were told together
_MORE = case((_FOUND.theirs_minor < 0, _FOUND.theirs_minor), else_=_FOUND.theirs_minor - _FOUND.ours_minor)


def corrections() -> Subquery:
    """Give what people corrected: top_up_id, way (1: the money is there after all; -1: it is not) and decided_at.

    ``more_minor`` and ``given`` are what was corrected of the load's amount before, as `other_amounts` has them: what
    goes back, or is there after all, is that much more, and that much less was paid for it.
    """
    before = other_amounts()

    def so_far(what: ColumnElement[int]) -> ColumnElement[int]:
        of_it = before.c.top_up_id == _FOUND.top_up_id, before.c.decided_at < _ASKED.decided_at
        summed = select(cast(func.sum(what), BigInteger)).where(*of_it).correlate(_FOUND, _ASKED).scalar_subquery()
        return func.coalesce(summed, 0)

    return (
        select(
            _FOUND.top_up_id,
            _WAY.label("way"),
            _ASKED.decided_at,
            so_far(before.c.more_minor).label("more_minor"),
            so_far(before.c.given).label("given"),
        )
        .join(_ASKED, _ASKED.id == _FOUND.adjustment_id)
        .where(_ASKED.state == "approved", _FOUND.top_up_id.is_not(None))
        .subquery("corrections")
    )


def other_amounts() -> Subquery:
    """Give the loads of which another amount is on the card: top_up_id, decided_at, more_minor and given.

    ``more_minor`` is below zero where less is there; ``given`` is what the adjustment gave, below zero where it took,
    in the unit of what the load was of. What was decided in one moment is one.
    """
    more, given = (cast(func.sum(one), BigInteger) for one in (_MORE, _ASKED.amount))
    return (
        select(_FOUND.top_up_id, _ASKED.decided_at, more.label("more_minor"), given.label("given"))
        .join(_ASKED, _ASKED.id == _FOUND.adjustment_id)
        .where(_ASKED.state == "approved", _FOUND.top_up_id.is_not(None), _OTHER)
        .group_by(_FOUND.top_up_id, _ASKED.decided_at)
        .having(more != 0)
        .subquery("other_amounts")
    )


def given_for_other_amounts(session: Session, top_up_id: int, *, before_it_went: bool = False) -> int:
    """Give what adjustments give because another amount of a load is on the card; below zero: take.

    What waits for its approval is among it: whoever asks for the rest meanwhile is not to ask for all of it.
    ``before_it_went``: what was asked for before its points went back is, of which they were what was left. Since then,
    or where they went back by the provider's answer, it is beside them.
    """
    given = (
        select(func.coalesce(cast(func.sum(_ASKED.amount), BigInteger), 0))
        .select_from(_FOUND)
        .join(_ASKED, _ASKED.id == _FOUND.adjustment_id)
        .where(_FOUND.top_up_id == top_up_id, _OTHER, _ASKED.state.in_(("approved", "waiting")))
    )
    if before_it_went:
        found, asked = aliased(StatementFinding), aliased(AdjustmentRequest)
        went = select(func.max(asked.id)).join(found, found.adjustment_id == asked.id)
        of_it = (found.top_up_id == top_up_id, found.kind.in_(GIVES), asked.state == "approved")
        given = given.where(_ASKED.id < went.where(*of_it).scalar_subquery())
    return session.scalars(given).one()


def amounts_corrected(top_ups: Select[Any]) -> Subquery:
    """Give how much more of loads our books have than was ordered: top_up_id and more_minor, below zero for less.

    What waits for its approval is among it, as in `given_for_other_amounts`.
    """
    more = cast(func.sum(_MORE), BigInteger)
    return (
        select(_FOUND.top_up_id, more.label("more_minor"))
        .join(_ASKED, _ASKED.id == _FOUND.adjustment_id)
        .where(_FOUND.top_up_id.in_(top_ups), _OTHER, _ASKED.state.in_(("approved", "waiting")))
        .group_by(_FOUND.top_up_id)
        .subquery("amounts_corrected")
    )


def corrected_loads() -> Subquery:
    """Give the loads that people corrected: top_up_id, way, more_minor, what (the newest `Correction`) and decided_at.

    A booking of another amount says how much more, or less, is on the card.
    """
    what = case((_WAY > 0, Correction.THERE), (_WAY < 0, Correction.NOT_THERE), else_=Correction.OTHER_AMOUNT)
    newest = aggregate_order_by(cast(what, String), _ASKED.decided_at.desc(), _FOUND.id.desc())
    return (
        select(
            _FOUND.top_up_id,
            cast(func.sum(_WAY), Integer).label("way"),
            cast(func.coalesce(func.sum(_MORE).filter(_OTHER), 0), BigInteger).label("more_minor"),
            func.array_agg(newest, type_=ARRAY(String))[1].label("what"),
            func.max(_ASKED.decided_at).label("decided_at"),
        )
        .join(_ASKED, _ASKED.id == _FOUND.adjustment_id)
        .where(_ASKED.state == "approved", _FOUND.top_up_id.is_not(None))
        .group_by(_FOUND.top_up_id)
        .subquery("corrected_loads")
    )


def arrived_minor(load: type[TopUp] | AliasedClass[TopUp], corrected: Subquery) -> ColumnElement[int]:
    """Give how much of a load is on its card, in minor units, where ``corrected_loads`` are joined by an outer join."""
    way, whole = func.coalesce(corrected.c.way, 0), load.amount_minor + func.coalesce(corrected.c.more_minor, 0)
    there = or_(
        and_(load.status == TopUpStatus.LOADED, way >= 0),
        and_(load.status.in_(ENDED_WITHOUT), way > 0),
    )
    return case((there, func.greatest(whole, 0)), else_=0)


def is_there(load: type[TopUp] | AliasedClass[TopUp]) -> ColumnElement[bool]:
    """Say that the money of a load is on its card."""
    corrected = _corrected(load)
    return or_(
        and_(load.status == TopUpStatus.LOADED, corrected >= 0),
        and_(load.status.in_(ENDED_WITHOUT), corrected > 0),
    )


def on_card_minor(load: type[TopUp] | AliasedClass[TopUp]) -> ColumnElement[int]:
    """Give how much of a load is on its card, in minor units, as `arrived_minor` does, of loads one by one."""
    more = _summed(load, case((_OTHER, _MORE), else_=0))
    return case((is_there(load), func.greatest(load.amount_minor + more, 0)), else_=0)


def stands(load: type[TopUp] | AliasedClass[TopUp]) -> ColumnElement[bool]:
    """Say that the money of a load is on its card, or on its way there."""
    corrected = _corrected(load)
    return or_(
        and_(load.status.not_in(ENDED_WITHOUT), corrected >= 0),
        and_(load.status.in_(ENDED_WITHOUT), corrected > 0),
    )


def _corrected(load: Any) -> ColumnElement[int]:
    """Sum which ways a load was corrected."""
    return _summed(load, _WAY)


def _summed(load: Any, what: ColumnElement[int]) -> ColumnElement[int]:
    """Sum something of a load's corrections; there is an index, and of nearly every load there is nothing."""
    return func.coalesce(
        select(cast(func.sum(what), BigInteger))
        .select_from(_FOUND)
        .join(_ASKED, _ASKED.id == _FOUND.adjustment_id)
        .where(_FOUND.top_up_id == load.id, _ASKED.state == "approved")
        .correlate(load)
        .scalar_subquery(),
        0,
    )
