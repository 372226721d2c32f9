"""Notices of orders, draws and purchase credits, in a sentence each."""

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext as _

from app.web import formats


def _approved(parts: Mapping[str, Any]) -> str:
    return str(_("Your order %(number)s was approved.", number=parts["order"]))


def _shipped(parts: Mapping[str, Any]) -> str:
    if parts.get("tracking"):
        parcel = " ".join(one for one in (parts.get("carrier"), parts["tracking"]) if one)
        return str(_("Order %(number)s is on its way: parcel %(parcel)s.", number=parts["order"], parcel=parcel))
    return str(_("Order %(number)s is on its way.", number=parts["order"]))


def _points_back(parts: Mapping[str, Any]) -> str:
    points = formats.points(int(parts["points"]))
    said = {"number": parts["order"], "points": points, "why": parts["reason"]}
    return str(_("Of order %(number)s, %(points)s points came back: %(why)s", **said))


def _won(parts: Mapping[str, Any]) -> str:
    said = {"draw": parts["draw"], "number": parts["number"], "place": parts["place"]}
    return str(_("%(draw)s: your ticket %(number)s won prize %(place)s.", **said))


def _instant(parts: Mapping[str, Any]) -> str:
    said = {"reward": parts["reward"], "number": parts["document"], "order": parts["order"]}
    return str(_("For document %(number)s you get: %(reward)s. It is order %(order)s.", **said))


def _taken(parts: Mapping[str, Any]) -> str:
    said = {"number": parts["document"], "order": parts["order"]}
    return str(_("Order %(order)s is cancelled: document %(number)s brings its reward no more.", **said))


def _used(parts: Mapping[str, Any]) -> str:
    said = {"amount": formats.cash(int(parts["worth_minor"])), "number": parts["document"]}
    return str(_("%(amount)s of your balance paid for purchase %(number)s.", **said))


def _ended(parts: Mapping[str, Any]) -> str:
    amount = formats.cash(int(parts["worth_minor"]))
    return str(_("Your purchase credit of %(amount)s is over; what it set aside is back.", amount=amount))


SENTENCES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "order_approved": _approved,
    "order_shipped": _shipped,
    "order_cancelled": _points_back,
    "order_returned": _points_back,
    "draw_won": _won,
    "instant_reward": _instant,
    "instant_taken": _taken,
    "credit_used": _used,
    "credit_ended": _ended,
}
"""What makes the sentence of each kind, of the notice's parts."""
