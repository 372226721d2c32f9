"""What a load is called to the provider: the key of what it belongs to, a number in it, the kind, the attempt."""

import re

from app.domain.states import TopUpKind

_LETTER = {TopUpKind.REWARD: "R", TopUpKind.COMPENSATION: "C"}


def reference(key: str, number: int, kind: TopUpKind, attempt: int) -> str:
    """Make a top-up's reference: the run's key, the number in the run, the kind, and how often it was ordered."""
    return f"{key}-{number}{_LETTER[kind]}{attempt}"


def ordered_again(old_reference: str, attempt: int) -> str:
    """Make the reference of a top-up that is ordered again: the old one with another attempt."""
    before, letter = re.fullmatch(r"(.*)([RC])\d+", old_reference).group(1, 2)  # type: ignore[union-attr]  # ours
    return f"{before}{letter}{attempt}"
