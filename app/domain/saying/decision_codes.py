"""Why people decide as they do: codes that are stored and counted, and the sentences that people read.

Words of whoever decides may stand beside a code; words alone are a reason as well.
"""

from collections.abc import Mapping

from app.domain.saying.wording import Say, marked, plain

_ = marked
ACCEPTING: Mapping[str, str] = {
    "in_order": _("Looked at, and in order."),
    "explained": _("What stood out is explained."),
    "goodwill": _("Out of goodwill."),
}
"""Why a document is accepted."""

REFUSING: Mapping[str, str] = {
    "not_proved": _("Nothing proves this sale."),
    "unreadable": _("The proof cannot be read."),
    "proof_differs": _("The proof says something else than what was registered."),
    "twice": _("This sale is here already."),
    "not_yours": _("Somebody else made this sale."),
    "no_part": _("These goods do not take part."),
    "too_late": _("It was registered too late."),
    "went_back": _("The goods went back."),
    "against_terms": _("It is against the terms of the programme."),
    "other": _("For another reason."),
}
"""Why a document, or a part of it, is refused."""

TO_DO: Mapping[str, str] = {
    "not_proved": _("Register it again with the invoice attached."),
    "unreadable": _("Register it again with a sharp picture of all pages, or with the e-invoice itself."),
    "proof_differs": _("Register it again as the invoice says."),
    "twice": _("There is nothing to do: the first one counts."),
    "not_yours": _("If it was yours, appeal and say how that can be seen."),
    "no_part": _("Look at the list of products that take part."),
    "went_back": _("There is nothing to do: goods that go back earn nothing."),
}
"""What a distributor can do about a refusal."""

AGAIN = frozenset({"not_proved", "unreadable", "proof_differs"})
"""Refusals of what can be registered once more, better."""
NOT_YOURS = "not_yours"
"""A refusal of what somebody else may register."""

SENTENCES: Mapping[str, str] = {**ACCEPTING, **REFUSING}


def said(code: str | None, words: str, say: Say = plain) -> str:
    """Say why: the sentence of the code, then the words that stand beside it."""
    return " ".join(
        part for part in (say(SENTENCES[code]) if code is not None and code in SENTENCES else "", words.strip()) if part
    )
