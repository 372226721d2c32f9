"""Whether the money of a load is on its card: what the provider answered, and what people corrected of it since.

A statement may contradict an answer. Whoever lets an adjustment follow (`app.domain.reconciliation`) says that the
money is not there, and the points go back; or that it is there after all, and they are taken. Tax, compensation and
invoices go by that, as the points do: from the moment on in which a second person has approved the adjustment.
"""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Subquery, and_, case, cast, func, or_, select
from sqlalchemy.orm import aliased
from sqlalchemy.orm.util import AliasedClass

from app.domain.reconciliation import GIVES, TAKES
from app.domain.states import TopUpStatus
from app.models.desk import AdjustmentRequest
from app.models.prepaid import TopUp
from app.models.reconciling import StatementFinding

ENDED_WITHOUT = (TopUpStatus.FAILED, TopUpStatus.CANCELLED)
"""Loads of which nothing is on a card, by the provider's answer."""

_FOUND, _ASKED = aliased(StatementFinding), aliased(AdjustmentRequest)
_WAY = case((_FOUND.kind.in_(TAKES), 1), (_FOUND.kind.in_(GIVES), -1), else_=0)


def corrections() -> Subquery:
    """Give what people corrected: top_up_id, way (1: the money is there after all; -1: it is not) and decided_at."""
    return (
        select(_FOUND.top_up_id, _WAY.label("way"), _ASKED.decided_at)
        .join(_ASKED, _ASKED.id == _FOUND.adjustment_id)
        .where(_ASKED.state == "approved", _FOUND.top_up_id.is_not(None))
        .subquery("corrections")
    )


def is_there(load: type[TopUp] | AliasedClass[TopUp]) -> ColumnElement[bool]:
    """Say that the money of a load is on its card."""
    way = corrected(load)
    return or_(
        and_(load.status == TopUpStatus.LOADED, way >= 0),
        and_(load.status.in_(ENDED_WITHOUT), way > 0),
    )


def stands(load: type[TopUp] | AliasedClass[TopUp]) -> ColumnElement[bool]:
    """Say that the money of a load is on its card, or on its way there."""
    way = corrected(load)
    return or_(
        and_(load.status.not_in(ENDED_WITHOUT), way >= 0),
        and_(load.status.in_(ENDED_WITHOUT), way > 0),
    )


def corrected(load: Any) -> ColumnElement[int]:
    """Sum what was corrected of a load: above zero its money is there after all, below it is not.

    There is an index, and of nearly every load there is nothing.
    """
    return func.coalesce(
        select(cast(func.sum(_WAY), BigInteger))
        .select_from(_FOUND)
        .join(_ASKED, _ASKED.id == _FOUND.adjustment_id)
        .where(_FOUND.top_up_id == load.id, _ASKED.state == "approved")
        .correlate(load)
        .scalar_subquery(),
        0,
    )
