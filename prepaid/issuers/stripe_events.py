"""Events that Stripe sends by itself: whether it was Stripe, and which card or holder one is about.

What has become of that is asked and not read from the event: events come late, twice, and in any order.
"""

from typing import Any

import stripe


def signed_event(payload: bytes, signature: str, secret: str) -> tuple[str, str, str | None]:
    """Give the id and the kind of an event that Stripe signed, and the card or the holder that it is about.

    Raises:
        ValueError: It is not signed with this secret, or not lately.
    """
    try:
        event = stripe.Webhook.construct_event(payload, signature, secret)
    except (stripe.SignatureVerificationError, ValueError, TypeError):  # a signature that is not ASCII is a TypeError
        raise ValueError("not signed by Stripe") from None
    return event.id, event.type, _about(event.data.object.to_dict())


def _about(thing: dict[str, Any]) -> str | None:
    kind = thing.get("object")
    if kind in ("issuing.card", "issuing.cardholder"):
        return str(thing["id"])
    card = thing.get("card") if kind in ("issuing.transaction", "issuing.authorization") else None
    return str(card["id"] if isinstance(card, dict) else card) if card else None
