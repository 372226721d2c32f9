"""Redemptions in words: their states, what happened to them, why points cannot be redeemed, and their tax."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.web import formats
from app.web.lists.describing import Badge
from app.web.words import runs as wording
from prepaid.errors import PrepaidError
from prepaid.redeeming.quoting import Means, RedemptionRefused
from prepaid.redeeming.redemption_stories import State, Word
from prepaid.redeeming.redemptions import NotWaiting

STATE: Mapping[str, Badge] = {
    State.WAITING: Badge(_("Waits for approval"), "wait"),
    State.TAKEN: Badge(_("In a run that waits for approval"), "wait"),
    State.RESERVED: Badge(_("Approved, waits for its file"), "busy"),
    State.GOING: Badge(_("Approved, on its way"), "busy"),
    State.ORDERED: Badge(_("Ordered"), "busy"),
    State.SENDING: Badge(_("With the card provider"), "busy"),
    State.LOADED: Badge(_("Loaded"), "good"),
    State.FAILED: Badge(_("Failed, points are back"), "bad"),
    State.UNKNOWN: Badge(_("Not known yet"), "wait"),
    State.WITHDRAWN: Badge(_("Withdrawn"), "plain"),
    State.REFUSED: Badge(_("Called off"), "bad"),
    State.CANCELLED: Badge(_("Cancelled"), "plain"),
}

MEANS: Mapping[State, Any] = {
    State.WAITING: _("The points are reserved. Somebody of the programme looks at it next."),
    State.TAKEN: _("A conversion run has taken it. The points stay reserved until somebody approves that run."),
    State.RESERVED: _("It is approved, and goes to the card provider with the next order file."),
    State.GOING: _("It is approved, and on its way to the card provider."),
    State.ORDERED: _("The order for the card provider is written."),
    State.SENDING: _("The card provider was asked to load the card, and has not answered yet."),
    State.LOADED: _("The money is on the card."),
    State.FAILED: _("The card could not be loaded. The points are back where they came from."),
    State.UNKNOWN: _("The provider's answer was lost. It is asked again; until then the points stay reserved."),
    State.WITHDRAWN: _("It was withdrawn. The points are back where they came from."),
    State.REFUSED: _("It was called off. The points are back where they came from."),
    State.CANCELLED: _("It was cancelled. The points are back where they came from."),
}
"""What a state means, and what comes next."""

STEPS = (_("Asked for"), _("Approved"), _("On its way"), _("Loaded"))

STEP: Mapping[State, int] = {
    State.WAITING: 1,
    State.TAKEN: 1,
    State.RESERVED: 2,
    State.GOING: 3,
    State.ORDERED: 3,
    State.SENDING: 3,
    State.UNKNOWN: 3,
    State.LOADED: 5,
}
"""Which of the four steps it has come to, 5 when all are behind it; none where it ended otherwise."""

WORD: Mapping[Word, tuple[Any, str, str]] = {
    Word.ASKED: (_("Asked for, points reserved"), "coin", "plain"),
    Word.TAKEN: (_("Taken into a conversion run, points reserved"), "runs", "plain"),
    Word.APPROVED: (_("Approved"), "check", "good"),
    Word.LET_GO: (_("Goes on without approval"), "check", "good"),
    Word.ORDERED: (_("Order for the card provider written"), "file", "busy"),
    Word.SENT: (_("With the card provider"), "send", "busy"),
    Word.UNKNOWN: (_("Answer of the provider not known"), "question", "wait"),
    Word.RECONCILED: (_("Reconciled: the provider was asked again"), "repeat", "good"),
    Word.LOADED: (_("Loaded onto the card"), "check-circle", "good"),
    Word.FAILED: (_("Could not be loaded, points are back"), "cross-circle", "bad"),
    Word.COMPENSATED: (_("Tax compensation loaded"), "check-circle", "good"),
    Word.NOT_COMPENSATED: (_("Tax compensation could not be loaded"), "cross-circle", "bad"),
    Word.WITHDRAWN: (_("Withdrawn, points are back"), "undo", "plain"),
    Word.REFUSED: (_("Called off, points are back"), "cross", "bad"),
    Word.CANCELLED: (_("Cancelled with its run, points are back"), "cross", "plain"),
}
"""What happened: the words, the drawing, the tone."""


def refusal(error: PrepaidError, means: Means | None = None, points: int = 0) -> str:
    """Say why ``points`` cannot be redeemed, for whoever asks; ``means`` says how many could be."""
    if isinstance(error, NotWaiting):
        return gettext("Somebody was quicker: it does not wait for this any more. Look at it again.")
    if not isinstance(error, RedemptionRefused):
        return wording.refusal(error)
    if means is not None and error.code in ("too_many", "below_minimum", "over_limit", "over_card_limit"):
        if means.most < means.least:
            return gettext("You can convert nothing now: %(why)s", why=standing(means))
        if means.least <= points <= means.most:
            return gettext("With the tax compensation this is over the limit of your card. Convert fewer points.")
        return gettext(
            "Between %(least)s and %(most)s points can be converted now.",
            least=formats.points(means.least),
            most=formats.points(means.most),
        )
    known = {
        "no_points": gettext("There are no points that can be converted now."),
        "not_offered": gettext("The programme converts points by itself, for everybody at once."),
        "same_person": gettext("You asked for it: a second person must approve it."),
        **{code: str(text) for code, text in wording.EXCEPTION.items()},
    }
    return known.get(error.code, str(error))


def standing(means: Means) -> str:
    """Say in a sentence what keeps somebody from converting anything."""
    if means.available <= 0:
        return gettext("there are no points on the account.")
    if means.room_minor is not None and means.room_minor == 0:
        return gettext("the limit of your card for this month is used up.")
    return gettext("the least is %(points)s points.", points=formats.points(means.least))
