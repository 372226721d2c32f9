"""The last four digits of a card, however a cell has them: a number that lost its zeros, or behind what is hidden."""

import re

EXPECTED = "0042, **** 0042"
"""How they may be written, for messages."""

_MOST = 10
"""Digits that may be shown of a card: the first six, and the last four."""
_LAST_FOUR = re.compile(r"^[^0-9]*(?:[0-9X*•][0-9X*•\s-]*[^0-9]+)?([0-9]{4})$")


def last_four(text: str) -> str | None:
    """Read the last digits of a card; None where a text does not end with them, or shows more of a number."""
    found = _LAST_FOUR.match(text.strip().zfill(4))
    return None if found is None or sum(map(str.isdecimal, text)) > _MOST else found[1]
