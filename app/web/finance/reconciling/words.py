"""Statements and their differences in words: what they are, what each says of both sides, what to do about it."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.domain.states import BookingKind, FindingAnswer, FindingKind, TopUpStatus
from app.models.reconciling import StatementFinding
from app.services.by_hand.adjustments import AdjustmentError
from app.web import formats
from app.web.lists.describing import Badge
from app.web.words import runs as wording
from prepaid.errors import PrepaidError
from prepaid.reconciling import answering

BOOKED: Mapping[BookingKind, Any] = {
    BookingKind.LOAD: _("Loads"),
    BookingKind.REVERSAL: _("Loads taken back"),
    BookingKind.FAILED: _("Loads that failed"),
    BookingKind.OTHER: _("Fees and purchases"),
}

ONE_BOOKED: Mapping[BookingKind, Badge] = {
    BookingKind.LOAD: Badge(_("Load"), "good"),
    BookingKind.REVERSAL: Badge(_("Taken back"), "wait"),
    BookingKind.FAILED: Badge(_("Failed"), "bad"),
    BookingKind.OTHER: Badge(_("Nothing of ours"), "plain"),
}

KIND: Mapping[FindingKind, Any] = {
    FindingKind.MISSING_HERE: _("Missing here"),
    FindingKind.MISSING_THERE: _("Missing there"),
    FindingKind.OPEN_HERE: _("Loaded there, open here"),
    FindingKind.NEVER_LOADED: _("Open here, not loaded there"),
    FindingKind.RETURNED_HERE: _("Loaded there, returned here"),
    FindingKind.FAILED_THERE: _("Failed there, loaded here"),
    FindingKind.NOT_ORDERED: _("Loaded there, not ordered here"),
    FindingKind.AMOUNT_DIFFERS: _("Amount differs"),
    FindingKind.TWICE: _("Loaded more than once"),
    FindingKind.REVERSED: _("Taken back by the provider"),
    FindingKind.WRONG_CARD: _("Another card"),
    FindingKind.WRONG_CURRENCY: _("Another currency"),
    FindingKind.WRONG_DATE: _("Another day"),
    FindingKind.OTHER_PROGRAM: _("Of another programme"),
    FindingKind.NO_REFERENCE: _("No reference"),
}

MEANS: Mapping[FindingKind, Any] = {
    FindingKind.MISSING_HERE: _("The provider booked a load with a reference that nothing of ours has."),
    FindingKind.MISSING_THERE: _("Here the load counts as made, and no statement has it, though it must stand in one."),
    FindingKind.OPEN_HERE: _("The provider booked the load; here nobody knows yet what became of it."),
    FindingKind.NEVER_LOADED: _("Here nobody knows what became of the load, and the provider did not make it."),
    FindingKind.RETURNED_HERE: _(
        "The points went back because the load had failed, and the provider made it all the same."
    ),
    FindingKind.FAILED_THERE: _("Here the load counts as made, and the provider says that it failed."),
    FindingKind.NOT_ORDERED: _("The provider booked a load that was not ordered here."),
    FindingKind.AMOUNT_DIFFERS: _("The provider booked another amount than was ordered."),
    FindingKind.TWICE: _("The provider booked the same load more than once."),
    FindingKind.REVERSED: _("The provider took the load back; here it counts as made."),
    FindingKind.WRONG_CARD: _("The provider booked the load on another card than it was ordered for."),
    FindingKind.WRONG_CURRENCY: _("The provider booked the load in another currency."),
    FindingKind.WRONG_DATE: _("The provider booked the load too long before its order, or after its answer."),
    FindingKind.OTHER_PROGRAM: _(
        "The reference is a load of another programme: this booking belongs to its statement."
    ),
    FindingKind.NO_REFERENCE: _("The booking names no reference of ours."),
}
"""What a difference means, in a sentence."""

TO_DO: Mapping[FindingKind, Any] = {
    FindingKind.MISSING_HERE: _("Ask the provider who ordered it. If it was nobody, have it taken back."),
    FindingKind.MISSING_THERE: _("Ask the provider. If it was never loaded, give the points back by an adjustment."),
    FindingKind.OPEN_HERE: _("Settle it: the load counts here as well, and its points are redeemed."),
    FindingKind.NEVER_LOADED: _("Give the points back. If the provider still loads it, the next statement says so."),
    FindingKind.RETURNED_HERE: _("Have the load taken back, or take the points by an adjustment: they were spent."),
    FindingKind.FAILED_THERE: _("Ask the provider. If it stays so, give the points back by an adjustment."),
    FindingKind.NOT_ORDERED: _(
        "Ask the provider where the order came from, and keep the run from being ordered again."
    ),
    FindingKind.AMOUNT_DIFFERS: _("Have the provider put it right, or give or take the points of the difference."),
    FindingKind.TWICE: _("Have the provider take back what was loaded too much."),
    FindingKind.REVERSED: _("Ask why. If it stays so, give the points back by an adjustment."),
    FindingKind.WRONG_CARD: _("Ask the provider whose card it is. Have the load moved to the card that was ordered."),
    FindingKind.WRONG_CURRENCY: _("Ask the provider at what rate it was loaded, and have it put right."),
    FindingKind.WRONG_DATE: _("Look whether the booking is of this load at all. If only the day is odd, note it."),
    FindingKind.OTHER_PROGRAM: _("Bring this booking in with the statement of the other programme."),
    FindingKind.NO_REFERENCE: _("Look for the load by card, day and amount. Ask the provider for our reference."),
}
"""What somebody does about it."""

ANSWER: Mapping[FindingAnswer | None, Badge] = {
    None: Badge(_("Open"), "wait"),
    FindingAnswer.SETTLED: Badge(_("Settled"), "good"),
    FindingAnswer.RETURNED: Badge(_("Points given back"), "good"),
    FindingAnswer.ADJUSTED: Badge(_("Adjustment asked for"), "good"),
    FindingAnswer.NOTED: Badge(_("Closed with a note"), "plain"),
    FindingAnswer.SOLVED: Badge(_("Solved by itself"), "plain"),
}

_OF_STATUS = frozenset(
    {
        *(FindingKind.OPEN_HERE, FindingKind.NEVER_LOADED, FindingKind.RETURNED_HERE, FindingKind.NOT_ORDERED),
        *(FindingKind.MISSING_THERE, FindingKind.FAILED_THERE, FindingKind.REVERSED, FindingKind.TWICE),
    }
)


def both(found: StatementFinding) -> tuple[str, str]:
    """Say what our books have, and what the statement has."""
    kind, ours, theirs = found.kind, found.ours, found.theirs
    if kind in _OF_STATUS:
        mine = str(wording.TOP_UP[TopUpStatus(ours)].text) if ours else "–"
        return mine, _net(theirs)
    if kind is FindingKind.AMOUNT_DIFFERS:
        return formats.cash(found.ours_minor or 0), formats.cash(found.theirs_minor or 0)
    if kind is FindingKind.WRONG_CURRENCY and " " in (theirs or ""):
        return formats.cash(found.ours_minor or 0), foreign(theirs or "")
    if kind is FindingKind.WRONG_DATE and ours and theirs:
        return formats.day(dt.date.fromisoformat(ours)), formats.day(dt.date.fromisoformat(theirs))
    if kind is FindingKind.WRONG_CARD:
        return _card(ours), _card(theirs)
    return ours or "–", theirs or "–"


def foreign(theirs: str) -> str:
    """Write an amount of another currency, which is kept as its file has it: 100.00 EUR."""
    amount, currency = theirs.rsplit(" ", 1)
    _, _, fraction = amount.partition(".")
    return formats.here().cash(int(amount.replace(".", "")), len(fraction), currency)


def _net(theirs: str | None) -> str:
    """Say how often a load stands in the statements, what was taken back left out."""
    if theirs is None:
        return gettext("Not in any statement")
    times = int(theirs)
    if times <= 0:
        return gettext("Not loaded, or taken back")
    return gettext("Loaded") if times == 1 else gettext("Loaded %(times)s times", times=formats.figure(times))


def _card(text: str | None) -> str:
    if text and len(text) == 4 and text.isdecimal():
        return f"••••\N{NO-BREAK SPACE}{text}"
    return text or "–"


def refusal(error: PrepaidError | AdjustmentError) -> str:
    """Say why something cannot be done."""
    if isinstance(error, answering.AnsweredBefore):
        return gettext("Somebody was quicker, or it was solved by itself.")
    if isinstance(error, answering.StillOpen):
        return gettext("Differences are open: %(count)s. Answer them first.", count=formats.figure(error.count))
    if isinstance(error, answering.HasAnswers):
        return gettext("The statement stays: somebody closed it, or answered one of its differences.")
    if isinstance(error, AdjustmentError):
        return gettext("This cannot be asked for. Say how much.")
    return wording.refusal(error)
