"""Checks of when a document was issued."""

from collections.abc import Iterator

import numpy as np

from app.domain.verification_settings import Tuned
from verification.checks.facts import Facts, Finding


def outside_program(facts: Facts, _: Tuned) -> Iterator[Finding]:
    """Find documents issued outside the programme's dates (rules.md 2: there nothing earns).

    What comes back after the end still takes back what it had earned.
    """
    issued = facts.sales.documents.issued_on
    outside = issued < facts.starts_on
    if facts.ends_on is not None:
        outside |= (issued > facts.ends_on) & ~facts.sales.gives_back_only()
    for at in np.flatnonzero(outside).tolist():
        yield Finding(
            at,
            {
                "found": str(issued[at]),
                "from_on": str(facts.starts_on),
                "until_on": "no end" if facts.ends_on is None else str(facts.ends_on),
            },
        )
