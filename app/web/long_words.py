"""Words too long for a narrow place, as addresses are: they break where their parts meet, and anywhere only at last."""

import re
from typing import Any

from markupsafe import Markup, escape

_LONG = 16
_PARTS = re.compile(r"(?<=[^\W_])[@._]+(?=[^\W_])")
_WORD = re.compile(rf"\S{{{_LONG + 1},}}")


def has_long_word(text: str) -> bool:
    """Say whether a text has a word that a column should not be as wide as."""
    return len(text) > _LONG and _WORD.search(text) is not None


def breakable(value: Any) -> Markup:
    """Write a value, whose long words may break after what parts them: after the @ and the dots of an address.

    What is HTML already stays what it is.
    """
    if not isinstance(value, str) or isinstance(value, Markup) or not has_long_word(value):
        return escape(value)
    return Markup(_WORD.sub(_with_breaks, escape(value)))  # noqa: S704  # it is escaped


def _with_breaks(word: re.Match[str]) -> str:
    return _PARTS.sub(r"\g<0><wbr>", word[0])
