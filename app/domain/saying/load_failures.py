"""Why a load failed: a code is kept, with what a provider says of it, and a sentence is made when somebody reads it.

Kept is ``code: words``, either alone where there is no other. The codes of this file are ours; any other is the
provider's, whose words are told as they are, in quotes.
"""

import re
from collections.abc import Mapping

from app.domain.saying.wording import Amount, Said, marked

_ = marked
SENTENCES: Mapping[str, str] = {
    "card_blocked": _("The card is blocked."),
    "card_closed": _("The card is closed."),
    "limit_exceeded": _("The load would exceed the card's limit."),
    "unknown_card": _("No card has this token."),
    "wrong_currency": _("The card is in another currency."),
    "required_load_missing": _("The load that this one requires was not made."),
    "reference_reused": _("The reference was used for another card or amount."),
    "amount_differs": _("The answer names another amount than was ordered."),
    "says_both": _("The response says both loaded and failed."),
    "reward_failed": _("Its reward failed."),
    "hidden_number": _("The provider's words look like a card number; they are not kept."),
}
"""What a code says. The sandbox answers in these codes and words."""

_AMOUNTS = re.compile(r"(.+) / (.+)")
_MONEY = re.compile(r"(\d{1,18})(?:\.(\d{1,6}))? (\S+)")
_NAMED = _("The answer names %(said)s, ordered were %(ordered)s; ask the provider.")
_WORDS = _("The provider says: “%(words)s”.")


def amounts_differ(said: str, ordered: str) -> str:
    """Give what is kept of an answer that names another amount; both are written with their currency."""
    return f"amount_differs: {said} / {ordered}"


def failure(kept: str) -> Said:
    """Give the sentence of what is kept."""
    code, _colon, words = kept.partition(": ")
    if code not in SENTENCES:
        return Said(_WORDS, {"words": kept})
    amounts = _AMOUNTS.fullmatch(words) if code == "amount_differs" else None
    if amounts is not None:
        return Said(_NAMED, {"said": _money(amounts[1]), "ordered": _money(amounts[2])})
    sentence = Said(SENTENCES[code])
    if not words or words == SENTENCES[code]:
        return sentence
    return Said("%(sentence)s %(words)s", {"sentence": sentence, "words": Said(_WORDS, {"words": words})})


def _money(kept: str) -> Said | str:
    """Read an amount that is kept as files have it, so that it is written as whoever reads it does."""
    found = _MONEY.fullmatch(kept)
    if found is None:
        return kept
    whole, part, currency = found[1], found[2] or "", found[3]
    return Said("%(amount)s %(currency)s", {"amount": Amount(int(whole + part), len(part)), "currency": currency})
