"""Cards in words: how far they are, what happened to them, who holds them, and what stops it."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.domain.states import CardState, CardWord, Identity, TopUpStatus
from app.web import formats
from app.web.lists.describing import Badge
from app.web.words import runs as wording
from prepaid.cards.card_lives import CardMoveRefused, Moment
from prepaid.cards.cards import CardInUse
from prepaid.errors import PrepaidError

STATE: Mapping[CardState, Badge] = {
    CardState.ORDERED: Badge(_("Ordered"), "wait"),
    CardState.ISSUED: Badge(_("Card issued"), "busy"),
    CardState.ACTIVE: Badge(_("Active"), "good"),
    CardState.BLOCKED: Badge(_("Blocked"), "bad"),
    CardState.REPLACED: Badge(_("Replaced"), "plain"),
    CardState.CLOSED: Badge(_("Closed"), "plain"),
}

IDENTITY: Mapping[Identity, Badge] = {
    Identity.UNKNOWN: Badge(_("Not known"), "plain"),
    Identity.PENDING: Badge(_("The issuer asks for more"), "wait"),
    Identity.VERIFIED: Badge(_("Verified"), "good"),
    Identity.REFUSED: Badge(_("Refused"), "bad"),
}

HAPPENED: Mapping[CardWord, tuple[Any, str, str]] = {
    CardWord.REGISTERED: (_("Registered"), "card", "good"),
    CardWord.ORDERED: (_("Ordered from the provider"), "send", "busy"),
    CardWord.ISSUED: (_("Card issued"), "card", "good"),
    CardWord.ACTIVATED: (_("Activated"), "check", "good"),
    CardWord.BLOCKED: (_("Blocked"), "blocked", "bad"),
    CardWord.UNBLOCKED: (_("Unblocked"), "check", "good"),
    CardWord.REPLACED: (_("Replaced by another card"), "repeat", "wait"),
    CardWord.CLOSED: (_("Closed for good"), "lock", "plain"),
    CardWord.IDENTIFIED: (_("Who holds it"), "users", "plain"),
    CardWord.NOTE: (_("Note"), "file", "plain"),
}
"""What happened, its drawing and its tone."""


CHECK: Mapping[str, Any] = {
    "training": _("Programme for training"),
    "sandbox": _("Provider"),
    "currency": _("Currency"),
    "country": _("Country of the holders"),
    "template": _("Template of the files"),
    "account": _("Account in"),
    "key": _("Secret key"),
    "told": _("Signature of events"),
    "limits": _("Limits of a card"),
    "cards": _("Distributors without a card"),
    "statements": _("Reading of statements"),
}
"""What is checked before anybody orders."""

ADVICE: Mapping[str, Any] = {
    "training": _("A programme for training loads no real cards: choose the sandbox."),
    "sandbox": _(
        "The sandbox moves no money: what it tells as loaded is on no card. Choose a provider before you pay."
    ),
    "currency": _("This provider issues no cards in this currency. Load them by a card operator's files."),
    "country": _("This provider issues no cards to holders there. Load them by a card operator's files."),
    "template": _("The files' template is missing, or the operator would have to issue cards itself."),
    "account": _("An account there cannot issue these cards."),
    "key": _("Put it into KONTOR_STRIPE_SECRET_KEY where Kontor runs; it never stands in the programme."),
    "told": _("Put it into KONTOR_STRIPE_WEBHOOK_SECRET, and what Stripe tells is heard at once, not once a day."),
    "limits": _("The programme says none for its country. Ask the issuer what the rules ask for."),
    "cards": _("They are left out of the next run. Register their cards, or bring them in as a file."),
    "statements": _("Nobody has said yet how the provider's statements are read."),
}
"""What somebody does where a check is not fine."""

VERDICT: Mapping[bool | None, Badge] = {
    True: Badge(_("Fine"), "good"),
    False: Badge(_("Wrong"), "bad"),
    None: Badge(_("To be looked at"), "wait"),
}


def happened(moment: Moment) -> tuple[Any, str, str]:
    """Give the words, the drawing and the tone of something in a card's life."""
    if moment.kind == "event":
        return HAPPENED[CardWord(moment.what)]
    if moment.kind == "top_up":
        badge = wording.TOP_UP[TopUpStatus(moment.what)]
        return gettext("Top-up: %(state)s", state=str(badge.text).lower()), "top-ups", badge.tone
    spent = (moment.amount_minor or 0) < 0
    text = (
        gettext("Spent: %(where)s", where=moment.what) if spent else gettext("Given back: %(where)s", where=moment.what)
    )
    return text, "cart" if spent else "repeat", "plain"


def more(moment: Moment) -> Any:
    """Give what else is said of it."""
    if moment.kind == "event" and moment.what == CardWord.IDENTIFIED.value and moment.text in set(Identity):
        return IDENTITY[Identity(moment.text)].text
    if moment.kind == "top_up" and moment.text and moment.text != "compensation":
        return formats.load_failure(moment.text)
    return gettext("Tax compensation") if moment.text == "compensation" else moment.text


def refusal(error: PrepaidError) -> str:
    """Say why something cannot be done to a card."""
    if isinstance(error, CardInUse):
        return gettext("Top-ups are on their way to this card. Settle their runs first.")
    if isinstance(error, CardMoveRefused):
        return gettext(
            "Somebody was quicker: the card is %(state)s by now.", state=str(STATE[error.state].text).lower()
        )
    return wording.refusal(error)
