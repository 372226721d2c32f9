"""Sentences that the domain makes, in whatever language somebody reads: the domain knows the words, not the language.

A function that makes sentences takes ``say``, which gives a text in a language; without one they are English. Texts are
marked with `marked` where they stand, for the translators.
"""

from collections.abc import Callable
from typing import TypeAlias

Say: TypeAlias = Callable[[str], str]


def marked(text: str) -> str:
    """Mark a text for the translators, and give it back."""
    return text


def plain(text: str) -> str:
    """Say a text in English."""
    return text
