"""Checks of who sold, and to whom."""

from collections.abc import Iterator

import numpy as np

from app.domain.verification_settings import Tuned
from verification.checks.facts import Facts, Finding


def distributor_blocked(facts: Facts, _: Tuned) -> Iterator[Finding]:
    """Find what blocked distributors sold. What comes back still counts."""
    for at in np.flatnonzero(facts.blocked & ~facts.sales.gives_back_only()).tolist():
        yield Finding(at)
