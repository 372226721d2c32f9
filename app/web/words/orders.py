"""How far orders are, as lists show it and are narrowed by it: what was delivered and came back was not called off."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, String, case, literal, type_coerce

from app.domain.states import OrderState
from app.models.orders import RewardOrder
from app.services.orders.reading import CAME_BACK
from app.web.lists.describing import Badge, Choice, Column, OneOf
from app.web.words.wording import ORDER_STATE

_RETURNED = "returned"
_NAMES: Mapping[Any, Badge] = {**ORDER_STATE, _RETURNED: Badge(_("Came back"), "bad")}


def _asked(standing: str) -> ColumnElement[bool]:
    if standing == _RETURNED:
        return CAME_BACK
    found = RewardOrder.state == OrderState(standing)
    return found & ~CAME_BACK if standing == OrderState.CANCELLED else found


STATE = Column(
    "state",
    _("State"),
    case((CAME_BACK, literal(_RETURNED)), else_=type_coerce(RewardOrder.state, String)),
    badge=lambda standing: _NAMES[standing],
)
BY_STATE = OneOf(
    "state",
    _("State"),
    [Choice(str(one), badge.text, one is OrderState.WAITING) for one, badge in _NAMES.items()],
    _asked,
)
