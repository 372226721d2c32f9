"""Sentences that the domain makes, in whatever language somebody reads: the domain knows the words, not the language.

A function that makes sentences takes ``say``, which gives a text in a language; without one they are English. Texts are
marked with `marked` where they stand, for the translators.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Say: TypeAlias = Callable[[str], str]

_STOPPED_TWICE = re.compile(r"(?<=\sг\.)\.(?!\.)")
"""A Russian day or month, which ends with a shortened word, at the end of a sentence."""


def marked(text: str) -> str:
    """Mark a text for the translators, and give it back."""
    return text


def plain(text: str) -> str:
    """Say a text in English."""
    return text


def stopped_once(said: str) -> str:
    """Give a text whose sentences end with one full stop, where what fills them ends with a stop of its own."""
    return _STOPPED_TWICE.sub("", said) if ".." in said else said


@dataclass(frozen=True)
class Said:
    """A sentence that is kept to be said later, in whatever language: its text, marked, and what fills it."""

    text: str
    values: Mapping[str, Any]

    def words(self, say: Say = plain) -> str:
        """Say it."""
        return stopped_once(say(self.text) % self.values) if self.values else say(self.text)

    def kept(self) -> dict[str, Any]:
        """Write it down; `said_of` says it again."""
        return {"text": self.text, "values": dict(self.values)}


def said_of(kept: Mapping[str, Any] | None, otherwise: str, say: Say) -> str:
    """Say what was written down; ``otherwise`` stands where it was not yet written down so."""
    return Said(kept["text"], kept["values"]).words(say) if kept else otherwise
