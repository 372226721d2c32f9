"""Checks of what a document comes to."""

from collections.abc import Iterator

import numpy as np

from app.domain.money import decimal_text
from app.domain.sales import NO_AMOUNT
from app.domain.verification_settings import Tuned
from verification.checks.facts import Facts, Finding


def total_differs(facts: Facts, _: Tuned) -> Iterator[Finding]:
    """Find documents whose stated total is not the sum of their lines."""
    stated, found = facts.total_minor, facts.sales.net_of_documents()
    for at in np.flatnonzero((stated != NO_AMOUNT) & (stated != found)).tolist():
        yield Finding(
            at,
            {
                "found": decimal_text(int(found[at]), facts.decimals),
                "expected": decimal_text(int(stated[at]), facts.decimals),
            },
        )
