"""What pages say of the accounts by which people sign in: in a programme, and on the whole platform."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import exists, or_

from app.models.people import UserAccount
from app.models.signing_in import Passkey
from app.services.access import erasure, memberships, people
from app.web.lists.describing import Badge, Choice, OneOf


def has_second_factor() -> Any:
    """Give the SQL expression of whether the person of the row has a second factor."""
    return or_(UserAccount.totp_since.is_not(None), exists().where(Passkey.user_id == UserAccount.id))


def factor_badge(has_one: Any) -> Badge:
    """Say whether somebody has a second step."""
    return Badge(_("Set up"), "good") if has_one else Badge(_("None"), "plain")


def active_badge(active: Any) -> Badge:
    """Say whether somebody may sign in."""
    return Badge(_("May sign in"), "good") if active else Badge(_("Shut out"), "bad")


SECOND_STEP = OneOf(
    "factor",
    _("Second step"),
    (Choice("yes", _("Set up")), Choice("no", _("None"))),
    lambda value: has_second_factor() if value == "yes" else ~has_second_factor(),
)
MAY_SIGN_IN = OneOf(
    "state",
    _("State"),
    (Choice("active", _("May sign in")), Choice("out", _("Shut out"))),
    lambda value: UserAccount.active.is_(value == "active"),
)


def not_erased(problem: people.PeopleError) -> str:
    """Say why somebody cannot be erased."""
    if isinstance(problem, memberships.OwnRole):
        return gettext("Nobody erases themselves; ask somebody else who may.")
    if isinstance(problem, erasure.OwnsThePlatform):
        return gettext("They own the platform; that has to be taken from them first.")
    return gettext("They have a role in another programme as well. An owner of the platform can erase them.")


def own_role() -> str:
    """Say why somebody cannot change what they themselves may do."""
    return gettext("Nobody changes their own role; ask somebody else who may.")
