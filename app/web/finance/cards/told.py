"""What card providers tell by themselves: signed, taken in once, answered at once; a worker looks at it afterwards."""

from flask import Blueprint, abort, request

from app.db.transaction import transaction
from app.extensions import db
from app.jobs import messenger
from app.web.context import kontor, now, settings
from app.web.extensions import csrf
from prepaid import rounds
from prepaid.cards import healing
from prepaid.issuers.stripe_questions import NAME

bp = Blueprint("cards_told", __name__)
csrf.exempt(bp)  # a provider has no page of ours before it asks; what it sends is signed

MOST_BYTES = 1 << 18


@bp.post("/providers/stripe/events")
def stripe() -> tuple[str, int]:
    """Take in an event of Stripe. What is not signed by it is not found."""
    secret = settings().stripe_webhook_secret
    if secret is None:
        abort(404)
    request.max_content_length = MOST_BYTES
    from prepaid.issuers.stripe_events import signed_event  # its library takes a second to load

    try:
        event_id, kind, about = signed_event(
            request.get_data(), request.headers.get("Stripe-Signature", ""), secret.get_secret_value()
        )
    except ValueError:
        abort(404)
    with transaction(db.session) as writing:
        fresh = healing.receive(writing, NAME, event_id, kind, about, now=now())
        if fresh:
            rounds.ask_to_heed(writing, NAME, event_id)
    if fresh:
        messenger.wake(kontor()["addresses"].redis_url, 1)
    return "", 200
