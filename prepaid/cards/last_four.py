"""The last four digits of a card, however a cell has them: a number that lost its zeros, or behind what is hidden."""

import re

EXPECTED = "0042, **** 0042"
"""How they may be written, for messages."""

_LAST_FOUR = re.compile(r"^[^0-9]*(?:[0-9X*•]+[^0-9]*)?([0-9]{4})$")


def last_four(text: str) -> str | None:
    """Read the last digits of a card; None where a text does not end with them."""
    found = _LAST_FOUR.match(text.strip().zfill(4))
    return None if found is None else found[1]
