"""How long property tests search: the same examples on every run, unless KONTOR_HYPOTHESIS=long asks for thousands."""

import os
from typing import Any

from hypothesis import HealthCheck, settings

LONG = os.environ.get("KONTOR_HYPOTHESIS") == "long"


def searching(examples: int, **more: Any) -> settings:
    """Give the settings of a property test that tries so many examples, or twenty times as many in a long run."""
    return settings(
        max_examples=examples * 20 if LONG else examples,
        derandomize=not LONG,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        **more,
    )
