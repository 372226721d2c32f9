"""What the rules gave of what documents gave: where each of several people gets the whole, awards are stored grown.

Caps and budgets hold what the rules give: they know nothing of how many people claimed a sale.
"""

from sqlalchemy import ColumnElement, func

from app.models.sales import Award, PersonShare

NOTED: ColumnElement[bool] = (PersonShare.document_id == Award.document_id) & (PersonShare.place == 1)
"""By what an award is joined, from the outside, with how its document was shared: all its shares say it alike."""

_part = 2 * Award.amount * PersonShare.once_weight + PersonShare.of_weight
BY_RULES: ColumnElement[int] = func.coalesce(_part // (2 * PersonShare.of_weight), Award.amount)
"""What the rules gave of an award, exactly: growing never makes less of it, so rounding leads back to one number."""
