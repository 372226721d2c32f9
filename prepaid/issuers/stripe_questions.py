"""What Stripe is asked for, in its words."""

from typing import Any

from prepaid.issuers.provider_books import Load, Order

NAME = "stripe"
"""How programme files and our books call it."""


def new_holder(order: Order) -> Any:
    """Ask for whoever is to hold a card."""
    settings, place = order.settings, order.settings.billing
    return {
        "type": settings.holders,
        "name": holder_name(order.holder),
        "billing": {
            "address": {
                "line1": place.line1,
                "city": place.city,
                "postal_code": place.postal_code,
                "country": place.country,
            }
        },
        "metadata": {"kontor": order.holder_reference},
    }


def new_card(order: Order, holder: str, carried_minor: int) -> Any:
    """Ask for a card that nobody can pay with yet."""
    return {
        "cardholder": holder,
        "currency": order.currency,
        "type": "virtual",
        "status": "inactive",
        "spending_controls": _limit(carried_minor),
        "metadata": {"kontor": order.reference},
    }


def _limit(amount_minor: int) -> dict[str, Any]:
    """Give the whole of a card's controls: Stripe puts them in the place of those before."""
    return {"spending_limits": [{"amount": amount_minor, "interval": "all_time"}]}


def raised(load: Load) -> Any:
    """Ask for the limit that a card has with a load, under the reference of that."""
    asked: dict[str, Any] = {"spending_controls": _limit(load.limit_minor), "metadata": {"load": load.reference}}
    return asked | ({"status": "active"} if load.activates else {})


def holder_name(name: str) -> str:
    """Fit a name to what Stripe prints on a card: at most 24 letters, without digits and signs."""
    kept = "".join(one if one.isalpha() or one in " -'." else " " for one in name)
    return " ".join(kept.split())[:24].strip(" -'.") or "Cardholder"
