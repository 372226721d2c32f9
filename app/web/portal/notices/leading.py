"""Where a notice leads: to the page of what it is about, for those who may open it."""

from collections.abc import Mapping
from typing import Any

from flask import url_for

from app.domain.roles import Permission
from app.models.messages import Notice
from app.web.access.guarding import permitted

_ORDER = ("portal_orders.show", Permission.ORDER_REWARDS)
_CARD = ("portal_card.show", Permission.SEE_CARD)
_STATEMENT = ("statements.show", Permission.SEE_STATEMENT)
_DISPUTES = ("portal_disputes.index", Permission.SEE_STATEMENT)
_TEAM = ("portal_team.index", Permission.MANAGE_TEAM)
_CREDITS = ("portal_purchases.index", Permission.CONVERT_POINTS)

_PLACES: Mapping[str, tuple[str, Permission]] = {
    "order_approved": _ORDER,
    "order_shipped": _ORDER,
    "order_cancelled": _ORDER,
    "order_returned": _ORDER,
    "draw_won": _ORDER,
    "instant_reward": _ORDER,
    "instant_taken": _ORDER,
    "top_up_loaded": _CARD,
    "top_up_failed": _CARD,
    "compensation_loaded": _CARD,
    "conversion_asked": _CARD,
    "redemption_refused": _CARD,
    "rep_left": _TEAM,
    "adjusted": _STATEMENT,
    "transferred": _STATEMENT,
    "points_expire": _STATEMENT,
    "dispute_granted": _DISPUTES,
    "dispute_declined": _DISPUTES,
    "dispute_reopened": _DISPUTES,
    "credit_used": _CREDITS,
    "credit_ended": _CREDITS,
}
"""By the kind of a notice: which page of the portal tells more, and who may open it."""


def leads_to(one: Notice, own: Mapping[str, Any]) -> str | None:
    """Give the address of what a notice is about, where it was not written with one; ``own`` is whose portal it is."""
    if one.address is not None or one.kind not in _PLACES:
        return one.address
    place = _PLACES[one.kind]
    endpoint, permission = place
    if permission not in permitted():
        return None
    if place is not _ORDER:
        return url_for(endpoint, **own)
    order = one.parts.get("order")
    return None if order is None else url_for(endpoint, reward_order_id=order, **own)
