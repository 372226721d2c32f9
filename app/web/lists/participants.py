"""What many lists show of the distributor whose a row is."""

from flask_babel import lazy_gettext as _

from app.models.distributors import Distributor
from app.web.lists.describing import Badge, Choice, Column, Kind, OneOf, To

WHOSE = (
    Column(
        "name",
        _("Distributor"),
        Distributor.name,
        sort=Distributor.sort_key,
        link=To("records.show", distributor_id="distributor_id"),
        small="code",
    ),
    Column("code", _("Code"), Distributor.code, Kind.CODE, shown=False),
    Column("distributor_id", "", Distributor.id, shown=False, exported=False),
)
"""Name and code, and the way to the record. The query has joined the distributor."""

TAKES_PART = Column(
    "blocked",
    _("State"),
    Distributor.blocked,
    badge=lambda blocked: Badge(_("Blocked"), "bad") if blocked else Badge(_("Takes part"), "good"),
    phone=False,
)
WHO_TAKES_PART = OneOf(
    "state",
    _("State"),
    (Choice("active", _("Takes part")), Choice("blocked", _("Blocked"))),
    lambda value: Distributor.blocked.is_(value == "blocked"),
)
