"""What moved points and why, as the machine noted it, in words: what a person typed is shown as it was typed."""

import re

from flask_babel import get_locale, gettext

from app.domain.rules.rule_sentences import EVENT_WORDS
from app.domain.states import Event
from app.services.telling import movement_notes
from app.services.telling.languages import DEFAULT
from app.services.tracing.chain import Movement
from app.web.context import scope_or_none
from app.web.words import tiers as tier_words
from app.web.words.reasons import reasons

_BY_HAND = re.compile(r"(?P<code>[^:]+): (?P<typed>.+)", re.DOTALL)


def movement_reason(noted: str) -> str:
    """Say why something was, in the reader's language where the machine noted it, or a reason with a code."""
    return movement_notes.in_words(noted, str(get_locale() or DEFAULT)) or _by_hand(noted)


def _by_hand(noted: str) -> str:
    """Name the reason of an adjustment, which stands by its code before what was typed."""
    found = _BY_HAND.fullmatch(noted)
    name = dict(reasons()).get(found["code"]) if found is not None and scope_or_none() is not None else None
    return noted if found is None or name is None else f"{name}: {found['typed']}"


def movement_name(movement: Movement) -> str | None:
    """Say what a movement was about: an event by what it was about, and by its kind where nothing else says it."""
    if movement.event is None:
        return movement.name
    if movement.event is Event.TIER_REACHED and movement.name:
        return tier_words.name(movement.name)
    return movement.name or gettext(EVENT_WORDS[movement.event])
