"""What was noted in the ledger, in the language of whoever reads it; what a person typed stays as it was typed."""

import functools
import re
from collections.abc import Sequence

from app.domain.saying.decision_codes import SENTENCES
from app.domain.saying.movement_notes import NOTES
from app.services.telling.languages import LANGUAGES
from app.services.telling.texts import translated


@functools.cache
def of_machines(language: str) -> Sequence[tuple[str, str]]:
    """Give patterns of what machines note, as Python and PostgreSQL read them, and what takes their place."""
    return tuple((pattern, translated(said, language) % {"number": r"\1"}) for pattern, said in NOTES.items())


@functools.cache
def of_decisions(language: str) -> Sequence[tuple[str, str]]:
    """Give patterns of why documents were decided, likewise; what was typed beside stands behind.

    They were noted in the programme's language once, which may have been any.
    """
    return tuple(
        (f"^{re.escape(noted)}(?= |$)", translated(sentence, language))
        for sentence in SENTENCES.values()
        for noted in sorted({translated(sentence, one) for one in LANGUAGES})
        if noted != translated(sentence, language)
    )


def in_words(noted: str, language: str) -> str | None:
    """Say what was noted; None where no machine noted it so."""
    for pattern, said in (*of_machines(language), *of_decisions(language)):
        words, found = re.subn(pattern, said, noted)
        if found:
            return words
    return None
