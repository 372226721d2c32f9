"""Purchase credits as lists and sentences show them: their columns, their states, why nothing can be done with one."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext as pgettext
from sqlalchemy import case, func

from app.domain.states import CreditState, Unit
from app.models.purchases import PurchaseCredit
from app.services.orders.purchase_credits import CreditError
from app.web import formats
from app.web.lists.describing import Badge, Column, Kind, OneOf

CREDIT_STATE: Mapping[CreditState, Badge] = {
    CreditState.OPEN: Badge(_("Open"), "busy"),
    CreditState.USED: Badge(_("Used"), "good"),
    CreditState.ENDED: Badge(_("Given back"), "plain"),
}

ASKED_AT = Column(
    "asked_at", pgettext("state", "Set aside"), PurchaseCredit.asked_at, Kind.INSTANT, PurchaseCredit.asked_at
)
WORTH = (
    Column("worth", _("Off the purchase"), PurchaseCredit.worth_minor, Kind.MONEY, PurchaseCredit.worth_minor),
    Column(
        "points",
        _("Points"),
        case((PurchaseCredit.unit == Unit.POINTS, PurchaseCredit.amount)),
        Kind.POINTS,
        phone=False,
    ),
    Column("document", _("Purchase"), func.coalesce(PurchaseCredit.document, "")),
)
"""What a credit takes off which purchase, and of which balance."""
STATE = Column("state", _("State"), PurchaseCredit.state, badge=lambda state: CREDIT_STATE[state])
IN_STATE = OneOf.named("state", _("State"), PurchaseCredit.state, CREDIT_STATE)

_WHY: Mapping[str, Any] = {
    "not_offered": _("This programme does not let balances pay for purchases."),
    "blocked": _("Your company takes part no more at present: nothing can be paid with its balance."),
    "pool": _("The points of your pool are spent by its holder alone."),
    "nothing": _("That is worth less than the smallest coin. Take more."),
    "unknown": _("No purchase credit and no discount of this programme has this code."),
    "not_open": _("This code was used, given back, or is over."),
    "document": _("Write the number of the purchase, without the number of a card."),
}


def why_not(error: CreditError) -> str:
    """Say why something cannot be done with a credit."""
    if error.code == "balance":
        return gettext("You do not have that much to spend.")
    if error.code == "least":
        return gettext("A purchase credit is worth %(amount)s or more.", amount=formats.cash(error.figure))
    if error.code == "small":
        return gettext("It pays for a purchase of %(amount)s or more.", amount=formats.cash(error.figure))
    if error.code == "amount":
        amount = formats.cash(error.figure)
        return gettext("It was said before that this purchase costs %(amount)s. Look at its number.", amount=amount)
    return str(_WHY[error.code])
