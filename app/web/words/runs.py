"""States of runs and top-ups, and what stops them, in words."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.domain.states import RunKind, RunStatus, TopUpKind, TopUpStatus
from app.web import formats
from app.web.lists.describing import Badge
from prepaid.conversions.preparing import HowFar
from prepaid.errors import (
    BlockedMeanwhile,
    CardNumberFound,
    CardsMissing,
    NotAllowedNow,
    OrderFileChanged,
    PrepaidError,
    PreparedAlready,
    SamePerson,
    SettingsChanged,
    TermsInvalid,
    TotalsDiffer,
)
from prepaid.redeeming.quoting import EVER

RUN: Mapping[RunStatus, Badge] = {
    RunStatus.PREPARING: Badge(_("Being prepared"), "busy"),
    RunStatus.PREVIEW: Badge(_("Waits for approval"), "wait"),
    RunStatus.EMPTY: Badge(_("Nothing to convert"), "plain"),
    RunStatus.APPROVED: Badge(_("Approved"), "busy"),
    RunStatus.ORDERED: Badge(_("Order file written"), "busy"),
    RunStatus.SENDING: Badge(_("Waits for an answer"), "wait"),
    RunStatus.SENT: Badge(_("Answered in part"), "wait"),
    RunStatus.SETTLED: Badge(_("Settled"), "good"),
    RunStatus.CANCELLED: Badge(_("Cancelled"), "plain"),
}

RUN_KIND: Mapping[RunKind, Any] = {
    RunKind.PERIOD: _("All points of a period"),
    RunKind.REDEMPTIONS: _("Redemptions that were approved one by one"),
    RunKind.COMPENSATIONS: _("Compensation of the tax"),
}

MOST_NAMED = 10
_NOTHING_TO_PAY_BACK = Badge(_("Nothing to compensate"), "plain")

TOP_UP: Mapping[TopUpStatus, Badge] = {
    TopUpStatus.RESERVED: Badge(_("Reserved"), "plain"),
    TopUpStatus.ORDERED: Badge(_("Ordered"), "busy"),
    TopUpStatus.SENDING: Badge(_("Waits for an answer"), "wait"),
    TopUpStatus.LOADED: Badge(_("Loaded"), "good"),
    TopUpStatus.FAILED: Badge(_("Failed"), "bad"),
    TopUpStatus.UNKNOWN: Badge(_("Unknown"), "wait"),
    TopUpStatus.CANCELLED: Badge(_("Cancelled"), "plain"),
}

KIND: Mapping[TopUpKind, Any] = {
    TopUpKind.REWARD: _("Reward"),
    TopUpKind.COMPENSATION: _("Tax compensation"),
}

EXCEPTION: Mapping[str, Any] = {
    "no_card": _("No card is registered"),
    "blocked": _("The distributor is blocked"),
    "tier_share": _("Its tier's share of points is redeemed"),
    "owes": _("The account owes points"),
    "below_minimum": _("Below the programme's least conversion"),
    "nothing_whole": _("Worth less than the smallest coin"),
    "over_limit": _("Over the most of one top-up"),
    "card_number": _("Code or name looks like a card number"),
    "no_tax_rule": _("No tax rule fits"),
    "no_value": _("Nobody said what the goods cost; say so at the reward"),
    "card_blocked": _("The card is blocked"),
    "tax_refused": _("The tax cannot be computed"),
    "nothing_after_tax": _("The tax would leave nothing"),
    "over_card_limit": _("Over the programme's limit of a card"),
    "not_identified": _("Over the limit while the issuer has not verified who holds the card"),
}
"""Why an account is left out of a run, by the code that the run keeps."""


def refusal(error: PrepaidError) -> str:
    """Say what stops a run, for the person who must solve it."""
    if isinstance(error, SamePerson):
        return gettext("You previewed this run; a second person must approve it.")
    if isinstance(error, CardsMissing):
        return gettext(
            "These distributors have no card that can be loaded: %(codes)s. Register their cards, lift the block of a "
            "card, or cancel the run.",
            codes=formats.some_of(error.codes, MOST_NAMED),
        )
    if isinstance(error, BlockedMeanwhile):
        return gettext(
            "These distributors were blocked since the preview: %(codes)s. Cancel the run and preview it again.",
            codes=formats.some_of(error.codes, MOST_NAMED),
        )
    if isinstance(error, NotAllowedNow):
        return gettext("Somebody was quicker: the run is in another state by now. Look at it again.")
    if isinstance(error, CardNumberFound):
        return gettext("This looks like the number of a payment card. Card numbers are never kept here.")
    if isinstance(error, TermsInvalid):
        return gettext("The programme's prepaid or tax settings cannot be used: %(why)s", why=formats.told(error.said))
    if isinstance(error, PreparedAlready):
        return gettext(
            "Run %(number)s is being prepared. Wait until it is, or cancel it; then prepare this one.",
            number=error.run_id,
        )
    if isinstance(error, TotalsDiffer):
        return gettext("What would be ordered is not what was previewed. Nothing is ordered.")
    if isinstance(error, OrderFileChanged):
        return gettext("The order file is missing or is not what was written. It is not sent.")
    return formats.told(error.said)


def stopped(found: HowFar) -> str:
    """Say what stopped the preparation of a run."""
    if found.stopped_by is None:
        return gettext("Whoever runs the installation finds the reason in its log.")
    if str(found.stopped_by) == str(SettingsChanged(found.run_id)):
        return gettext(
            "The programme’s settings changed while the run was being prepared. "
            "Put them back and go on, or cancel this run and prepare it anew."
        )
    return formats.told(found.stopped_by)


def run_badge(kind: RunKind, status: RunStatus) -> Badge:
    """Say how far a run is, in the words of its kind."""
    empty = kind is RunKind.COMPENSATIONS and status is RunStatus.EMPTY
    return _NOTHING_TO_PAY_BACK if empty else RUN[status]


def period(from_on: dt.date, to_on: dt.date) -> str:
    """Name the days of which a run takes the points."""
    if (from_on, to_on) == EVER:
        return gettext("All that was available")
    if from_on == EVER[0]:
        return gettext("Earned until %(day)s", day=formats.day(to_on))
    return f"{formats.day(from_on)} – {formats.day(to_on)}"
