"""What the link or the code of a message opens: a message does not go out once that is over.

An invitation may be withdrawn, accepted, or sent anew with another link, and a code be followed by a newer one, while
the message that brings it still waits, or is held because nothing could send it.
"""

import datetime as dt

from sqlalchemy import ColumnElement, select

from app.models.joining import Invitation
from app.models.messages import Message
from app.models.signing_in import OneTimeSecret


def opens_nothing(now: dt.datetime) -> ColumnElement[bool]:
    """Say, as a part of a query, that what a message opened is over; false for those that never opened anything."""
    invites = select(Invitation.id).where(
        Invitation.secret_hash == Message.opens,
        Invitation.accepted_at.is_(None),
        Invitation.withdrawn_at.is_(None),
        Invitation.expires_at > now,
    )
    lets_in = select(OneTimeSecret.id).where(
        OneTimeSecret.secret_hash == Message.opens, OneTimeSecret.used_at.is_(None), OneTimeSecret.expires_at > now
    )
    return Message.opens.is_not(None) & ~invites.exists() & ~lets_in.exists()
