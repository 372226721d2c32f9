"""The round that sends what is due: a message is taken and committed, sent outside of any transaction, then noted."""

import datetime as dt
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.db.transaction import Sessions, transaction
from app.outbox.gateways import Gateway, NotSent
from app.services.telling import messages
from app.services.telling.messages import Channel

MOST_AT_ONCE = 50
"""How many messages one round sends, so that whoever calls it gets on with other things."""

MOST_SECONDS = 15.0
"""How long a round begins with another message: a gateway that does not answer takes that long to say nothing."""

_log = logging.getLogger(__name__)


@dataclass
class Round:
    """What one round came to."""

    sent: int = 0
    failed: int = 0
    held: int = 0


def send_due(registry: Sessions, gateways: Mapping[Channel, Gateway], clock: Callable[[], dt.datetime]) -> Round:
    """Send what is due, hold what nothing could send, and give up what opens nothing any more.

    Several processes may do it at once.
    """
    done = Round()
    with transaction(registry) as session:
        done.held = sum(messages.hold(session, channel) for channel in Channel if channel not in gateways)
        done.failed = messages.give_up_what_opens_nothing(session, clock())
    until, most = time.monotonic() + MOST_SECONDS, done.failed + MOST_AT_ONCE
    while gateways and done.sent + done.failed < most and time.monotonic() < until:
        with transaction(registry) as session:
            message = messages.take(session, list(gateways), clock())
        if message is None:
            break
        problem = _send(gateways[message.channel], message)
        with transaction(registry) as session:
            if problem is None:
                messages.sent(session, message, clock())
                done.sent += 1
            else:
                messages.failed(session, message, str(problem), clock(), for_good=problem.for_good)
                done.failed += 1
    return done


def _send(gateway: Gateway, message: messages.Outgoing) -> NotSent | None:
    """Send a message; give why it could not be sent. A fault of ours is one reason: the others have their turn."""
    try:
        gateway.send(message)
    except NotSent as problem:
        _log.warning("message %s (%s) could not be sent: %s", message.id, message.kind, problem)
        return problem
    except Exception as fault:  # noqa: BLE001  # it is tried again, and given up in the end, as others are
        _log.exception("message %s (%s) met something unexpected", message.id, message.kind)
        return NotSent(f"{type(fault).__name__}: {fault}")
    return None
