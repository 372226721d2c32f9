"""What events were given, as it stands today."""

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased

from app.models.events import EventAward
from app.models.ledger import LedgerTransaction

_UNDONE = aliased(LedgerTransaction)


def stands() -> ColumnElement[bool]:
    """Say of an event's award, in a query, that it was not taken back (`events.take_back`)."""
    taken = select(_UNDONE.id).where(_UNDONE.key == func.concat("void:", EventAward.transaction_id))
    return ~taken.correlate(EventAward).exists()
