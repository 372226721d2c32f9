"""Whose card a load goes to: the participant's whose points they were, or the one's that it was merged into since."""

from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import aliased

from app.models.distributors import Distributor

Recipient = aliased(Distributor, name="recipient")
"""The participant that is loaded, beside the distributor whose account it was."""

RECEIVES: ColumnElement[bool] = Recipient.id == func.coalesce(Distributor.merged_into_id, Distributor.id)
"""How the two belong together."""
