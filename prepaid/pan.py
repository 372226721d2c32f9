"""Numbers of payment cards: recognised so that none is ever kept."""

import re
from collections.abc import Iterable

_RUN = re.compile(r"\d(?:[ \-\u00a0]?\d)*")
_LEAST, _MOST = 13, 19
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def passes_luhn(digits: str) -> bool:
    """Say whether the last digit checks the others, as on every payment card."""
    total = sum(_DOUBLED[int(one)] if at % 2 else int(one) for at, one in enumerate(reversed(digits)))
    return total % 10 == 0


def holds_card_number(text: str) -> bool:
    """Say whether a text holds what may be the number of a payment card: 13 to 19 digits that check.

    They may stand in groups as on a card: 4111 1111 1111 1111, 3782-822463-10005. Dates, tax numbers and references
    with separators of their own are none.
    """
    for run in _RUN.finditer(text):
        groups = re.split(r"\D", run.group())
        for first in range(len(groups)):
            digits = ""
            for last in range(first, len(groups)):
                digits += groups[last]
                if len(digits) > _MOST:
                    break
                if len(digits) >= _LEAST and _as_on_a_card(groups[first : last + 1]) and passes_luhn(digits):
                    return True
    return False


def _as_on_a_card(groups: list[str]) -> bool:
    return len(groups) == 1 or (
        len(groups) >= 3 and len(groups[0]) == 4 and all(4 <= len(one) <= 6 for one in groups[1:-1])
    )


def first_card_number(texts: Iterable[str | None]) -> int | None:
    """Find the first text that holds the number of a payment card; give its position."""
    for at, text in enumerate(texts):
        if text and len(text) >= _LEAST and holds_card_number(text):
            return at
    return None
