"""Reasons for adjustments in words: the programme's own names, or ours for the standard ones."""

from collections.abc import Sequence
from typing import Any

from app.services.by_hand.adjustments import reasons_of
from app.web.context import scope
from app.web.words.wording import ADJUSTMENT_REASON


def reasons() -> Sequence[tuple[str, Any]]:
    """Give the codes of the programme's reasons in order, each with its name."""
    return [(code, name or ADJUSTMENT_REASON[code]) for code, name in reasons_of(scope().program).reasons()]


def reason_name(code: str) -> Any:
    """Name a reason; one that the programme has no more is named as it was written."""
    return dict(reasons()).get(code) or ADJUSTMENT_REASON.get(code, code)
